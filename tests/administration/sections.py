"""What the tests of a period's sections share: the form of a page as a browser would send it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.urls import reverse


def address(period, slug):
    return reverse("administration:period_section", args=[period.pk, slug])


class Filled(HTMLParser):
    """The successful controls of the page's own form, as HTML defines them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.data: dict[str, Any] = {}
        self.select: str | None = None
        self.area: str | None = None
        self.inside = False
        main = html.index("<main")
        self.feed(html[main : html.index("</main>")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        name = a.get("name") or ""
        if tag == "input" and name:
            if a.get("type") in {"checkbox", "radio"}:
                if "checked" in a:
                    self.data[name] = a.get("value", "on")
            else:
                self.data[name] = a.get("value", "")
        elif tag == "select":
            self.select = name
            self.data[name] = ""
        elif tag == "option" and self.select and "selected" in a:
            self.data[self.select] = a.get("value", "")
        elif tag == "textarea":
            self.area = name
            self.data[name] = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.data[self.area] += data.removeprefix("\r\n").removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None


def form_of(client, period, slug) -> dict[str, Any]:
    """What the page of a section sends back when nothing is touched."""
    page = client.get(address(period, slug))
    assert page.status_code == 200
    return Filled(page.content.decode()).data


def row_of(data: dict[str, Any], **values: str) -> str:
    """The prefix ("baris-3-") of the row that holds these values."""
    for index in range(int(data["baris-TOTAL_FORMS"])):
        prefix = f"baris-{index}-"
        if all(data.get(prefix + name) == value for name, value in values.items()):
            return prefix
    raise AssertionError(f"No row with {values}")
