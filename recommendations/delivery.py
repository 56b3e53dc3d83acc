"""After a letter has left: its first download, and the appointment decree that comes back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.files.models import StoredFile
from inpassing.timeline.events import record
from proposals import workflow as proposals
from proposals.models import Proposal

from .models import Appointment, Delivery, Letter

Kind = Letter.Kind
Status = Letter.Status


@transaction.atomic
def note_download(letter: Letter, *, by: User) -> None:
    """Record a person's first download of a letter that was delivered to them."""
    delivery, _ = Delivery.objects.select_for_update().get_or_create(letter=letter, user=by)
    if delivery.first_downloaded_at is None:
        delivery.first_downloaded_at = timezone.now()
        delivery.save(update_fields=["first_downloaded_at"])


@transaction.atomic
def appoint(appointment: Appointment, *, by: User) -> Appointment:
    """Record the appointment decree (unsaved, file stored): the proposal is APPOINTED.

    Another level than recommended is refused. A decree whose file could not be read is replaced.
    """
    proposal = proposals.lock_proposal(appointment.proposal)
    if appointment.level_id != proposal.level_id:
        raise TransitionError(
            f"Jenjang pada keputusan berbeda dari rekomendasi ({proposal.level.name}). "
            "Minta keputusan diperbaiki, atau hubungi BPS."
        )
    earlier = Appointment.objects.filter(proposal=proposal).select_related("file").first()
    if earlier and earlier.file.is_refused:
        appointment.pk, appointment.created_at = earlier.pk, earlier.created_at
        appointment.created_by = by
        appointment.save()
        record(proposal, "proposal.decree_replaced", "Keputusan pengangkatan diunggah ulang", by=by)
        return appointment
    proposals.mark_appointed(proposal, by=by)
    appointment.created_by = by
    appointment.save()
    return appointment


def can_take_decree(proposal: Proposal, earlier: StoredFile | None) -> bool:
    """Whether a decree can be uploaded now: recommended, or the file before was refused."""
    if proposal.status == Proposal.Status.RECOMMENDED:
        return True
    return (
        proposal.status == Proposal.Status.APPOINTED and earlier is not None and earlier.is_refused
    )
