"""Keeping the public page "Pedoman dan Peraturan": texts, files, order, dates."""

from __future__ import annotations

from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from inpassing.accounts.models import User
from inpassing.files.models import StoredFile
from inpassing.files.storage import clean_name, discard, store_bytes, store_upload
from inpassing.reference.models import Guideline
from inpassing.timeline.events import record

from .forms.guidelines import OFFICE_TYPES, suffix_of


@transaction.atomic
def save_guideline(
    guideline: Guideline,
    *,
    by: User,
    upload: UploadedFile | None = None,
    remove_file: bool = False,
) -> Guideline:
    """Save a guideline; a new file replaces the one before, which is forgotten.

    A PDF is offered once the inspector has accepted it; a DOCX or XLSX at once.
    """
    is_new = guideline.pk is None
    guideline.save()
    old = guideline.file_id
    if upload is not None:
        guideline.file_id = _store(upload, guideline, by).pk
    elif remove_file:
        guideline.file_id = None
    if guideline.file_id != old:
        guideline.save(update_fields=["file_id"])
        _forget(old)
    record(
        guideline,
        "guideline.created" if is_new else "guideline.changed",
        "Pedoman dimuat" if is_new else "Pedoman diubah",
        by=by,
        data={"file": str(guideline.file_id or ""), "published": guideline.is_published},
    )
    return guideline


@transaction.atomic
def remove_guideline(guideline: Guideline, *, by: User) -> None:
    """Take a guideline off the page for good, with its file; its title stays in the timeline."""
    record(guideline, "guideline.removed", "Pedoman dihapus", by=by, note=guideline.title)
    old = guideline.file_id
    guideline.delete()
    _forget(old)


def _store(upload: UploadedFile, guideline: Guideline, by: User) -> StoredFile:
    suffix = suffix_of(upload)
    if suffix not in OFFICE_TYPES:
        return store_upload(upload, owner=guideline, by=by)
    return store_bytes(
        upload.read(),
        name=clean_name(upload.name or f"berkas{suffix}"),
        owner=guideline,
        by=by,
        content_type=OFFICE_TYPES[suffix][0],
    )


def _forget(pk: UUID | None) -> None:
    if pk:
        for row in StoredFile.objects.filter(pk=pk):
            discard(row)
