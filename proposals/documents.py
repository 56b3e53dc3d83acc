"""A file into a document slot, and what the participant says about it."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.files.models import StoredFile
from inpassing.files.storage import discard, remove_bytes, store_upload
from inpassing.timeline.events import record

from .models import (
    DocumentVersion,
    Proposal,
    ProposalDocument,
)
from .workflow import expect_filling, lock_proposal


@transaction.atomic
def put_file(document: ProposalDocument, upload: UploadedFile, *, by: User) -> DocumentVersion:
    """Keep an uploaded PDF as the newest version of a slot; refused as `attach_version` says, and
    then nothing is kept."""
    file = store_upload(upload, owner=document, by=by)
    try:
        return attach_version(document, file, by=by)
    except TransitionError:
        remove_bytes(file)
        raise


@transaction.atomic(savepoint=False)  # a refusal undoes whatever the caller did for the file
def attach_version(
    document: ProposalDocument, file: StoredFile, *, by: User, same_file_confirmed: bool = False
) -> DocumentVersion:
    """Put a stored file into a slot as its newest version.

    Refused when the slot is frozen, the proposal is not being filled, the deadline has passed, or
    the file is the same, byte for byte, as one that was refused or sent back in this slot. The
    bytes that stand in the slot already (a repeated request) change nothing: that version is
    returned and `file` is discarded.
    """
    proposal = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("period", "agency")
        .get(pk=document.proposal_id)
    )
    expect_filling(proposal)
    document = (
        ProposalDocument.objects.select_for_update(of=("self",))
        .select_related("requirement", "current__file")
        .get(pk=document.pk)
    )
    if not document.is_open:
        raise TransitionError("Dokumen ini sudah diterima verifikator dan terkunci.")
    earlier = list(document.versions.select_related("file"))
    if any(
        version.file.sha256 == file.sha256 and (version.returned or version.file.is_refused)
        for version in earlier
    ):
        raise TransitionError(
            "Berkas ini sama dengan yang ditolak. Unggah versi yang sudah diperbaiki."
        )
    if document.current and document.current.file.sha256 == file.sha256:
        discard(file)
        return document.current
    last = max((version.number for version in earlier), default=0)
    version = DocumentVersion.objects.create(
        document=document, number=last + 1, file=file, same_file_confirmed=same_file_confirmed
    )
    document.current = version
    if document.review == ProposalDocument.Review.RETURNED:
        document.review = ProposalDocument.Review.NONE
    document.save(update_fields=["current", "review"])
    Proposal.objects.filter(pk=proposal.pk).update(version=proposal.version + 1)
    record(
        proposal,
        "document.uploaded",
        f"Dokumen diunggah: {document.requirement.name[:150]}",
        by=by,
        data={"document": document.pk, "version": version.number, "sha256": file.sha256},
    )
    return version


@transaction.atomic
def confirm_same_file(document: ProposalDocument, *, by: User) -> DocumentVersion:
    """The participant says that one file is meant for two slots; the verifier sees the answer."""
    proposal = lock_proposal(document.proposal)
    expect_filling(proposal)
    document = (
        ProposalDocument.objects.select_for_update(of=("self",))
        .select_related("current")
        .get(pk=document.pk)
    )
    version = document.current
    if version is None:
        raise TransitionError("Belum ada berkas pada dokumen ini.")
    if not version.same_file_confirmed:
        version.same_file_confirmed = True
        version.save(update_fields=["same_file_confirmed"])
        record(
            proposal,
            "document.same_file_confirmed",
            "Berkas yang sama dibenarkan peserta",
            by=by,
            data={"document": document.pk, "version": version.number},
        )
    return version
