"""A bare Django site with one view that takes a file, hashes and writes it: the yardstick.

No middleware, no session, no database. BENCH_FOLDER says where the files go.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path


def health(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok")


def upload(request: HttpRequest) -> HttpResponse:
    """Hash and write the file of the form; answers its SHA-256."""
    digest = hashlib.sha256()
    target = Path(os.environ["BENCH_FOLDER"]) / f"{uuid.uuid4().hex}.pdf"
    with target.open("wb") as written:
        for chunk in request.FILES["file"].chunks():  # type: ignore[union-attr]  # one file
            digest.update(chunk)
            written.write(chunk)
    return HttpResponse(digest.hexdigest())


urlpatterns = [path("healthz/", health), path("upload/", upload)]

if not settings.configured:
    settings.configure(
        SECRET_KEY="only-for-a-benchmark",
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["127.0.0.1"],
    )
    application = get_wsgi_application()
