"""The pages of a file as pictures; the stages' views decide who may see the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from .inspector import PAGE_WIDTH
from .models import PagePicture, StoredFile
from .page_pictures import ask_for, page_count, pictures_of
from .storage import serve_page

# So many pages stand in a viewer and on one page of pictures; a long document goes on there.
WINDOW = 10


@dataclass(frozen=True)
class Paper:
    """A file in words and addresses: its own, and that of its pages, below which the pictures lie
    by number."""

    file: StoredFile
    title: str
    url: str
    pages_url: str

    @property
    def page_count(self) -> int:
        return page_count(self.file)

    @property
    def width(self) -> int:
        return PAGE_WIDTH

    @property
    def more_pages(self) -> bool:
        """Whether the viewer leaves pages to the page of pictures."""
        return self.page_count > WINDOW

    @property
    def pictures(self) -> list[dict[str, Any]]:
        """The pages for the viewer, each with its picture if there is one: one query."""
        numbers = range(1, min(self.page_count, WINDOW) + 1)
        return [self.figure(row) for row in pictures_of(self.file, numbers)]

    def figure(self, row: PagePicture, *, asked: bool = False) -> dict[str, Any]:
        """One page for `files/_page_picture.html`; `asked` when the worker has been told."""
        return {
            "picture": row,
            "url": f"{self.pages_url}{row.number}/",
            "height": row.height or round(PAGE_WIDTH * 1.414),
            "trigger": "load delay:1s" if asked else "intersect once",
        }


def show_pages(request: HttpRequest, paper: Paper, *, back_url: str, back: str) -> HttpResponse:
    """The pages as pictures, ten at a time; opening it has the missing ones drawn."""
    if not paper.page_count:
        raise Http404
    text = request.GET.get("dari", "")
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
    first = min(max(wanted, 1), paper.page_count)
    last = min(first + WINDOW - 1, paper.page_count)
    rows = ask_for(paper.file, range(first, last + 1))
    return render(
        request,
        "files/pages.html",
        {
            "paper": paper,
            "figures": [paper.figure(row, asked=True) for row in rows],
            "waiting": sum(row.is_waiting for row in rows),
            "done": sum(not row.is_waiting for row in rows),
            "total": len(rows),
            "range_text": f"Halaman {first} sampai {last} dari {paper.page_count}",
            "self_url": f"{paper.pages_url}?dari={first}",
            "prev_url": f"{paper.pages_url}?dari={max(first - WINDOW, 1)}" if first > 1 else "",
            "next_url": f"{paper.pages_url}?dari={last + 1}" if last < paper.page_count else "",
            "back_url": back_url,
            "back": back,
        },
    )


def show_page(request: HttpRequest, paper: Paper, number: int) -> HttpResponseBase:
    """The picture of one page; to htmx the part that shows it, having it drawn when it is missing.

    404 for a page that the file does not have, and for a picture that is not drawn yet.
    """
    if not 1 <= number <= paper.page_count:
        raise Http404
    numbers = range(number, number + 1)
    if getattr(request, "htmx", False):
        row = ask_for(paper.file, numbers)[0]
        context = {"paper": paper, "figure": paper.figure(row, asked=True)}
        return render(request, "files/_page_picture.html", context)
    row = pictures_of(paper.file, numbers)[0]
    if not row.is_drawn:
        raise Http404
    return serve_page(request, row)
