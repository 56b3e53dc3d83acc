"""The menu of the page header, by the roles of the person who is signed in."""

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, object]:
    return {"nav_items": []}
