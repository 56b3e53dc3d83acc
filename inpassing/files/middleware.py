"""Refuses an over-size upload by its declared length, before a byte of the body is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.datastructures import MultiValueDict

MULTIPART_OVERHEAD = 64 * 1024


def limit_upload(
    max_bytes: int,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Mark a view that takes one file of at most `max_bytes`.

    When the declared length is beyond it, the view runs with `request.upload_too_large` set and an
    empty POST: it must change nothing and answer 413 with a sentence at the field.
    """

    def mark(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        view.max_upload_bytes = max_bytes  # type: ignore[attr-defined]
        return view

    return mark


class UploadLimitMiddleware:
    """Stands before the CSRF check, which would read the whole body to find its token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.upload_too_large = False  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> None:
        limit = getattr(view, "max_upload_bytes", None)
        if limit is None or request.method != "POST":
            return
        try:
            declared = int(request.headers.get("Content-Length") or 0)
        except ValueError:
            declared = 0
        if declared > limit + MULTIPART_OVERHEAD:
            request.upload_too_large = True  # type: ignore[attr-defined]
            # Nothing is read and nothing will be changed, so there is no token to check.
            request._post = QueryDict()  # type: ignore[attr-defined]
            request._files = MultiValueDict()  # type: ignore[attr-defined]
            request.csrf_processing_done = True  # type: ignore[attr-defined]
