"""What happens to every answer of the application."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class GzipPagesMiddleware(GZipMiddleware):
    """Compresses pages, never files: PDF, pictures and ZIP are compressed already, and a download
    keeps its length. Django pads each answer at random, so that its size tells no secret."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
