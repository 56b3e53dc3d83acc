"""What an operator does with a candidate before and beside the nomination: drafts, addresses.

Each function is one act: atomic, the row locked, the event recorded.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from inpassing.accounts.models import OneTimeLink, User, sort_name
from inpassing.errors import TransitionError
from inpassing.notifications.models import OutboxMessage
from inpassing.timeline.events import record, record_many

from .models import Proposal
from .people import invite
from .workflow import lock_proposal

Status = Proposal.Status

# What the operator types; the rest of a proposal is the participant's or the system's.
DRAFT_FIELDS = (
    "nip",
    "title_before",
    "name",
    "title_after",
    "birth_date",
    "sex",
    "email",
    "position",
    "level",
    "rank",
    "rank_effective_on",
    "education",
    "is_structural",
    "dismissed_before",
    "work_unit",
)


class DuplicateError(TransitionError):
    """The NIP has another active proposal in the period (rule E16)."""


def create_draft(proposal: Proposal, *, by: User) -> Proposal:
    """Save a new candidate as a draft; DuplicateError when the NIP is proposed already."""
    create_drafts([proposal], by=by)
    return proposal


def create_drafts(proposals: Sequence[Proposal], *, by: User) -> None:
    """Save new candidates as drafts, all or none, in a handful of queries; DuplicateError when a
    NIP is proposed already."""
    for proposal in proposals:
        proposal.status, proposal.status_since = Status.DRAFT, timezone.now()
        proposal.created_by = by
    with transaction.atomic():
        _write(proposals)
        label = "Konsep calon disimpan"
        record_many("proposal.created", [(proposal, label, {}) for proposal in proposals], by=by)


def change_draft(proposal: Proposal, values: dict[str, object], *, by: User) -> Proposal:
    """Write what was typed into a draft. Nothing is written, and no event, when nothing changed."""
    with transaction.atomic():
        proposal = lock_proposal(proposal)
        if proposal.status != Status.DRAFT:
            raise TransitionError(
                f"Data calon sudah terkunci. Keadaan usulan sekarang: "
                f"{proposal.get_status_display().lower()}."
            )
        write_drafts([(proposal, values)], by=by)
    return proposal


def write_drafts(
    typed: Sequence[tuple[Proposal, Mapping[str, object]]], *, by: User
) -> list[Proposal]:
    """Write what was typed into drafts that the caller has locked, in a handful of queries.

    Returns those that changed; of the others nothing is written, and no event.
    """
    entries: list[tuple[Proposal, str, dict[str, object]]] = []
    for proposal, values in typed:
        changed = [name for name in DRAFT_FIELDS if getattr(proposal, name) != values[name]]
        if changed:
            for name in changed:
                setattr(proposal, name, values[name])
            proposal.version += 1
            entries.append((proposal, "Konsep calon diubah", {"fields": changed}))
    written = [proposal for proposal, _, _ in entries]
    _write(written, *DRAFT_FIELDS, "sort_name", "version")
    record_many("proposal.changed", entries, by=by)
    return written


def duplicate_sentence(proposal: Proposal) -> str:
    """Rule E16 said at the field."""
    return (
        f"NIP ini sudah mempunyai usulan yang masih berjalan pada {proposal.period.name}. "
        "Tarik usulan itu dahulu, atau periksa NIP. (Aturan E16)"
    )


def name_on_record(nip: str, name: str, *, exclude: int | None = None) -> str:
    """Another name under which this NIP is known, or "". Titles, case and dots do not count."""
    typed = bare_name(name)
    known = [user.name for user in User.objects.filter(nip=nip)]
    earlier = Proposal.objects.filter(nip=nip).exclude(pk=exclude or 0).order_by("-created_at")
    known += list(earlier.values_list("name", flat=True)[:5])
    return next((other for other in known if bare_name(other) != typed), "")


def bare_name(name: str) -> str:
    """A name as it is compared: titles, case and dots do not count."""
    return sort_name(name.split(",")[0])


@transaction.atomic
def correct_email(proposal: Proposal, *, by: User, email: str) -> Proposal:
    """Correct the address until the account is used: a fresh invitation goes there, the link that
    went to the old address stops working at once."""
    proposal = lock_proposal(proposal)
    _expect_unused(proposal)
    user = proposal.participant
    if user is not None:
        user = User.objects.select_for_update().get(pk=user.pk)
        user.email = email
        try:
            with transaction.atomic():
                user.save(update_fields=["email"])
        except IntegrityError:
            raise TransitionError(
                f"Alamat {email} sudah dipakai akun lain. Minta alamat yang berbeda."
            ) from None
    proposal.email = email
    proposal.version += 1
    proposal.save(update_fields=["email", "version"])
    record(proposal, "proposal.email_corrected", "Alamat email peserta dibetulkan", by=by)
    if user is not None:
        _invite_again(proposal, user)
    return proposal


@transaction.atomic
def resend_invitation(proposal: Proposal, *, by: User) -> Proposal:
    """Send the invitation once more; refused while one is on its way or the account is used."""
    proposal = lock_proposal(proposal)
    if proposal.participant is None:
        raise TransitionError("Undangan dikirim setelah BPS menyetujui usulan ini.")
    _expect_unused(proposal)
    last = last_invitation(proposal.participant)
    on_its_way = {OutboxMessage.State.QUEUED, OutboxMessage.State.SENDING}
    if last is not None and last.state in on_its_way:
        raise TransitionError("Undangan sedang dikirim. Tunggu sampai server email menjawab.")
    record(proposal, "proposal.invitation_resent", "Undangan dikirim ulang", by=by)
    _invite_again(proposal, proposal.participant)
    return proposal


def last_invitation(user: User) -> OutboxMessage | None:
    """The newest invitation to an account, with what the mail server answered."""
    return (
        OutboxMessage.objects.filter(user=user, template="invitation")
        .order_by("-created_at", "-pk")
        .first()
    )


def _invite_again(proposal: Proposal, user: User) -> None:
    OneTimeLink.objects.filter(
        kind=OneTimeLink.Kind.INVITATION, subject_id=user.pk, used_at=None
    ).delete()
    invite(
        user,
        key=f"invitation:{proposal.pk}:{uuid.uuid4().hex}",
        role=f"peserta {proposal.period}",
        proposal_id=proposal.pk,
    )


def _expect_unused(proposal: Proposal) -> None:
    if proposal.has_ended:
        raise TransitionError(f"Usulan sudah berakhir: {proposal.get_status_display().lower()}.")
    if proposal.participant is not None and proposal.participant.has_been_used:
        raise TransitionError(
            "Akun peserta sudah dipakai. Peserta sendiri yang mengubah alamatnya, di halaman akun."
        )


def _write(proposals: Sequence[Proposal], *fields: str) -> None:
    """Insert the proposals, or write these fields of proposals that are there already."""
    for proposal in proposals:
        proposal.sort_name = sort_name(proposal.name)
    try:
        with transaction.atomic():
            if fields:
                # One statement; bulk_update's CASEs cost far more.
                Proposal.objects.bulk_create(
                    proposals, update_conflicts=True, unique_fields=["pk"], update_fields=fields
                )
            else:
                Proposal.objects.bulk_create(proposals)
    except IntegrityError as error:
        if "one_active_proposal_per_nip" not in str(error):
            raise
        raise DuplicateError(duplicate_sentence(proposals[0])) from None
