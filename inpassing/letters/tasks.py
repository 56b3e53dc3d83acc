"""The printing task: claims waiting jobs one by one, renders, stores the PDF."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from inpassing.files.storage import save_preview, store_bytes
from inpassing.queue import claim_oldest

from .documents import document_from_json
from .errors import LetterError
from .models import PrintJob
from .picture import first_page
from .render import render_document

logger = logging.getLogger(__name__)

CLAIM = timedelta(minutes=2)
MAX_ATTEMPTS = 3
BATCH = 50
BROKEN = "Surat tidak dapat dibuat karena gangguan sistem. Coba lagi, atau hubungi narahubung BPS."


@shared_task
def print_due() -> None:
    """Print every waiting job that no other worker holds; harmless when run twice."""
    for _ in range(BATCH):
        job = claim_next()
        if job is None:
            return
        print_one(job)


def claim_next() -> PrintJob | None:
    """The oldest waiting job that nobody holds, now held by the caller."""
    waiting = PrintJob.objects.filter(state=PrintJob.State.WAITING)
    return claim_oldest(waiting, "created_at", lease=CLAIM)


def print_one(job: PrintJob) -> None:
    """Print one claimed job and store what came of it, unless another worker was faster."""
    if job.attempts > MAX_ATTEMPTS:
        _fail(job, BROKEN)
        return
    try:
        document = document_from_json(job.document)
        pdf = render_document(document)
        picture = first_page(pdf) if document.is_draft else None
    except LetterError as error:
        _fail(job, str(error))
        return
    except Exception:
        # The row stays claimed and is tried again; after MAX_ATTEMPTS it is told to the person.
        logger.exception("print.failed", extra={"job": job.pk, "attempt": job.attempts})
        return
    with transaction.atomic():
        row = PrintJob.objects.select_for_update().get(pk=job.pk)
        if not row.is_waiting:
            return
        row.file = store_bytes(pdf, name=row.filename, owner=row, by=row.requested_by)
        if picture:
            row.file.preview_path = save_preview(row.file, picture)
            row.file.save(update_fields=["preview_path"])
        row.state, row.finished_at, row.claimed_at = PrintJob.State.DONE, timezone.now(), None
        row.save(update_fields=["file", "state", "finished_at", "claimed_at"])


def _fail(job: PrintJob, message: str) -> None:
    PrintJob.objects.filter(pk=job.pk, state=PrintJob.State.WAITING).update(
        state=PrintJob.State.FAILED,
        message=message[:500],
        finished_at=timezone.now(),
        claimed_at=None,
    )
