"""Papers on demand: a row first, a worker prints it, the page waits and then offers the PDF.

For what a person downloads on a click and what has no number: statements, cover letters, test
cards, attendance sheets. A web process never loads WeasyPrint. In a view:

    def test_card(request, pk):
        seat = get_seat_for(request.user, pk)
        return letters.views.print_and_answer(
            request, seat, card_of(seat), filename="kartu-peserta.pdf", by=request.user,
            back_url=reverse("competency:seat", args=[pk]),
        )

`card_of` builds a document of `documents` from the records. The same document for the same
owner is the same job, so that a second click, a reload and a poll make nothing twice; leave
`made_at` blank, it does not count as content. `request_print` raises LetterError (Indonesian, it
names the fields) when the document lacks something: `print_and_answer` says it on the page at
`back_url`. It sends the PDF once it is there and a page that updates itself until then; put no
permission on the job, the view has decided already.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction

from inpassing.queue import hint

from .documents import Document
from .models import PrintJob

if TYPE_CHECKING:
    from inpassing.accounts.models import User


@transaction.atomic
def request_print(
    owner: models.Model,
    document: Document,
    *,
    filename: str,
    by: User | None,
    try_again: bool = True,
) -> PrintJob:
    """The job that prints `document` for `owner`, new or the one that is there already.

    A job that failed is tried again, unless a page that polls says not to. Raises
    LetterError when the document lacks a field or holds what cannot be printed.
    """
    document.check()
    fingerprint = _fingerprint(owner, document, filename)
    PrintJob.objects.bulk_create(
        [
            PrintJob(
                owner_kind=owner._meta.label_lower,
                owner_id=owner.pk,
                fingerprint=fingerprint,
                document=document.to_json(),
                title=document.title[:300],
                filename=filename,
                requested_by=by,
            )
        ],
        ignore_conflicts=True,
    )
    job = PrintJob.objects.select_related("file").get(fingerprint=fingerprint)
    if job.is_failed and try_again:
        again = PrintJob.objects.filter(pk=job.pk, state=PrintJob.State.FAILED)
        again.update(state=PrintJob.State.WAITING, attempts=0, message="", claimed_at=None)
        job.refresh_from_db()
    if job.is_waiting:
        hint("inpassing.letters.tasks.print_due")
    return job


def _fingerprint(owner: models.Model, document: Document, filename: str) -> str:
    content = {**document.to_json(), "made_at": ""}
    parts = [owner._meta.label_lower, owner.pk, filename, _form_version(), content]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def _form_version() -> str:
    """Changes with any template or style of the letters, so that a mended form is printed anew."""
    digest = hashlib.sha256()
    folder = settings.BASE_DIR / "templates" / "letters"
    for path in sorted(folder.iterdir()):
        if path.suffix in {".html", ".css"}:
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
