"""Pictures of the pages of a file, for whoever has no viewer of PDF in the page.

A picture is asked for by looking at its page, drawn by the worker in the inspector's child, and
kept. The web process never draws.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import transaction

from inpassing.queue import claim_oldest, hint

from .inspector import draw_page
from .models import PagePicture, StoredFile
from .storage import open_stored, save_preview

logger = logging.getLogger(__name__)

CLAIM = timedelta(minutes=2)
MAX_ATTEMPTS = 3
State = PagePicture.State


def page_count(file: StoredFile) -> int:
    """How many pages of the file can be looked at: none before it was accepted."""
    return (file.pages or 1) if file.is_accepted else 0


def pictures_of(file: StoredFile, numbers: range) -> list[PagePicture]:
    """A row per page, saved or not, in order; asks for nothing: one query."""
    known = {row.number: row for row in file.page_pictures.filter(number__in=numbers)}
    return [known.get(number) or PagePicture(file=file, number=number) for number in numbers]


@transaction.atomic
def ask_for(file: StoredFile, numbers: range) -> list[PagePicture]:
    """The same, with every picture that is missing asked for from the worker."""
    rows = pictures_of(file, numbers)
    missing = [row for row in rows if row._state.adding]
    if missing:
        PagePicture.objects.bulk_create(missing, ignore_conflicts=True)
        rows = pictures_of(file, numbers)
    if any(row.is_waiting for row in rows):
        hint("inpassing.files.tasks.draw_due")
    return rows


def claim_next_picture() -> PagePicture | None:
    """The picture that is waited for longest and that nobody draws, now the caller's."""
    waiting = PagePicture.objects.filter(state=State.WAITING)
    return claim_oldest(waiting, "asked_at", "number", lease=CLAIM)


def draw_one(row: PagePicture) -> None:
    """Draw one claimed page and keep the picture, unless another worker was faster."""
    if row.attempts > MAX_ATTEMPTS:
        _conclude(row, state=State.FAILED)
        return
    try:
        with open_stored(row.file) as file:
            drawn = draw_page(file, row.number)
    except OSError:
        # No child or no bytes to be had: the row stays claimed, and is tried again.
        logger.exception("page.not_drawn", extra={"file": str(row.file_id), "page": row.number})
        return
    if drawn is None:
        _conclude(row, state=State.FAILED)
        return
    path = save_preview(row.file, drawn.picture)
    if not _conclude(row, state=State.DRAWN, path=path, height=drawn.height):
        default_storage.delete(path)


def _conclude(row: PagePicture, **fields: object) -> bool:
    waiting = PagePicture.objects.filter(pk=row.pk, state=State.WAITING)
    return bool(waiting.update(claimed_at=None, **fields))
