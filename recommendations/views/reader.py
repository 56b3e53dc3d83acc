"""Who looks at a page that is not public."""

from __future__ import annotations

from django.http import HttpRequest

from inpassing.accounts.models import User


def user_of(request: HttpRequest) -> User:
    """The person who is signed in; the middleware lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user
