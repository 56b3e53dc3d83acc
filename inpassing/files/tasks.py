"""The tasks that read files: each claims its rows one by one and stores what came of them."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from inpassing.queue import claim_oldest

from . import storage
from .inspector import inspect_stream, sentence
from .models import StoredFile
from .page_pictures import claim_next_picture, draw_one
from .storage import open_stored, save_preview

logger = logging.getLogger(__name__)

CLAIM = timedelta(minutes=2)
MAX_ATTEMPTS = 3
BATCH = 50


@shared_task
def inspect_due() -> None:
    """Inspect every waiting file that no other worker holds; harmless when run twice."""
    for _ in range(BATCH):
        row = claim_next()
        if row is None:
            return
        inspect_one(row)


@shared_task
def draw_due() -> None:
    """Draw every page that somebody waits for and no other worker draws; harmless when run
    twice."""
    for _ in range(BATCH):
        picture = claim_next_picture()
        if picture is None:
            return
        draw_one(picture)


@shared_task
def forget_interrupted() -> None:
    """Remove uploads that never arrived whole; harmless when run twice."""
    storage.forget_interrupted()


def claim_next() -> StoredFile | None:
    """The oldest waiting file that nobody holds, now held by the caller."""
    return claim_oldest(StoredFile.objects.waiting(), "created_at", lease=CLAIM)


def inspect_one(row: StoredFile) -> None:
    """Judge one claimed file and store the verdict, unless another worker did so meanwhile."""
    if row.attempts > MAX_ATTEMPTS:
        _conclude(row, StoredFile.State.REFUSED, "too_complex", sentence("too_complex"), None, "")
        return
    person = f"user {row.uploaded_by_id}" if row.uploaded_by_id else ""
    with open_stored(row) as file:
        result = inspect_stream(file, person=person)
    preview = save_preview(row, result.preview) if result.preview else ""
    state = StoredFile.State.ACCEPTED if result.accepted else StoredFile.State.REFUSED
    _conclude(row, state, result.code or "", result.message or "", result.pages, preview)
    logger.info(
        "file.inspected",
        extra={"file": str(row.pk), "verdict": state, "code": result.code, "s": result.seconds},
    )


def _conclude(
    row: StoredFile, state: str, code: str, message: str, pages: int | None, preview: str
) -> None:
    StoredFile.objects.waiting().filter(pk=row.pk).update(
        state=state,
        code=code,
        message=message,
        pages=pages,
        preview_path=preview,
        inspected_at=timezone.now(),
        claimed_at=None,
    )
