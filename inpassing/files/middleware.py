"""Refuses an over-size upload by its declared length, before a byte of the body is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.datastructures import MultiValueDict

from .storage import ReceivedFile

MULTIPART_OVERHEAD = 64 * 1024


def limit_upload(
    max_bytes: int,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Mark a view that takes one file of at most `max_bytes`.

    When the declared length is beyond it, the view runs with `request.upload_too_large` set and an
    empty POST: it must change nothing and answer 413 with a sentence at the field. The same mark is
    set when the bytes themselves turn out to be more; ask for it after `request.FILES`.
    """

    def mark(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        view.max_upload_bytes = max_bytes  # type: ignore[attr-defined]
        return view

    return mark


class ReceivingHandler(FileUploadHandler):
    """Writes a file once, where the storage can keep it by renaming, and hashes it on the way.

    Stops when more comes than may be, whatever was declared.
    """

    def __init__(self, request: HttpRequest, max_bytes: int) -> None:
        super().__init__(request)
        self.max_bytes = max_bytes
        self.received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        # By this name Django closes it when the parsing is broken off.
        self.file = ReceivedFile(
            self.file_name, self.content_type, self.charset, self.content_type_extra
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > self.max_bytes:
            self.request.upload_too_large = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=False)
        self.file.take(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile:
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()


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
        else:
            request.upload_handlers = [ReceivingHandler(request, limit)]
