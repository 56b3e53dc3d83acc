"""Taking in a public request for an operator account, without telling what is there already."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from inpassing.files.storage import discard, store_upload
from inpassing.timeline.events import record

from .models import OperatorRequest
from .operator_requests import ask_to_confirm, confirmable_until, request_operator

TYPED = ("name", "office_email", "email", "phone", "letter_number")


def receive(request: OperatorRequest, letter: UploadedFile) -> OperatorRequest:
    """Keep a request (not saved yet) with its letter and ask for the address to be confirmed.

    The same person's request for the same agency, not confirmed so far, is replaced, so that a
    mistyped address can be corrected; a confirmed one stays as it is and no second one is made.
    """
    request.confirm_by = confirmable_until()
    with transaction.atomic():
        try:
            with transaction.atomic():
                request.save(force_insert=True)
        except IntegrityError:
            return _repeat(request, letter)
        request.letter = store_upload(letter, owner=request, by=None)
        request.save(update_fields=["letter"])
        request_operator(request)
    return request


@transaction.atomic
def resend(*, nip: str, email: str) -> None:
    """Mail the confirmation link again to who asked with this NIP and address, if anybody."""
    waiting = OperatorRequest.objects.select_for_update(of=("self",)).filter(
        nip=nip,
        office_email__iexact=email,
        status=OperatorRequest.Status.REQUESTED,
        email_confirmed_at=None,
    )
    for request in waiting.select_related("agency", "region"):
        record(request, "operator_request.link_resent", "Tautan konfirmasi dikirim ulang", by=None)
        ask_to_confirm(request)


def _repeat(request: OperatorRequest, letter: UploadedFile) -> OperatorRequest:
    earlier = (
        OperatorRequest.objects.select_for_update(of=("self",))
        .select_related("agency", "region", "letter")
        .filter(
            nip=request.nip,
            agency=request.agency,
            agency_name=request.agency_name,
            status=OperatorRequest.Status.REQUESTED,
        )
        .first()
    )
    if earlier is None or earlier.email_confirmed_at is not None:
        return earlier or request
    for name in TYPED:
        setattr(earlier, name, getattr(request, name))
    replaced, earlier.letter = earlier.letter, store_upload(letter, owner=earlier, by=None)
    earlier.confirm_by = request.confirm_by
    earlier.save(update_fields=[*TYPED, "letter", "confirm_by"])
    if replaced and not replaced.accesses.exists():
        discard(replaced)
    record(earlier, "operator_request.repeated", "Permohonan dikirim ulang", by=None)
    ask_to_confirm(earlier)
    return earlier
