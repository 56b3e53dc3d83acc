"""What the dates do: closing, automatic sending, returns of unreadable files, reminders.

`step_for` is the one place that decides; `plan_closing` asks it for a whole period (the simulation
page shows its answer), `carry_out` asks it again under the lock of the proposal and acts. So a plan
that is a minute old, a second closer and a participant who sends at the last moment do no harm.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import OneTimeLink, User
from inpassing.errors import TransitionError
from inpassing.files.models import StoredFile
from inpassing.formats import long_datetime
from inpassing.notifications.models import OutboxMessage
from inpassing.notifications.outbox import enqueue
from inpassing.reference.models import Period

from . import workflow
from .deadlines import current_deadline, repair_deadline_for
from .models import AgencyDeadline, Proposal, ProposalDocument, ProposalQuerySet

logger = logging.getLogger(__name__)

Status = Proposal.Status
REMINDER_DAYS = (1, 3, 7)
CHUNK = 500


class Outcome(StrEnum):
    """What happens to a proposal."""

    NOT_PROPOSED = "not_proposed"
    SENT = "sent"
    NOT_ELIGIBLE = "not_eligible"
    RETURNED = "returned"


WORDS = {
    Outcome.NOT_PROPOSED: "Ditutup: tidak diusulkan",
    Outcome.SENT: "Dikirim oleh sistem",
    Outcome.NOT_ELIGIBLE: "Tidak memenuhi syarat",
    Outcome.RETURNED: "Dikembalikan, berkas tidak terbaca",
}


@dataclass(frozen=True)
class Closing:
    """What happens to one proposal, since when it is due, and what is missing or unreadable."""

    proposal: Proposal
    outcome: Outcome
    due_at: dt.datetime
    missing: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return WORDS[self.outcome]

    @property
    def sentence(self) -> str:
        """The reason as the person reads it."""
        if self.outcome == Outcome.NOT_ELIGIBLE:
            moment = long_datetime(self.due_at, self.proposal.agency.tz)
            return f"Sampai batas pengiriman, {moment}, masih kurang: {', '.join(self.missing)}."
        return ", ".join(self.missing)


def plan_closing(period: Period, at: dt.datetime) -> list[Closing]:
    """What closing at the moment `at` does in a period, in the order of its dates; changes nothing.

    A proposal is due when its own date and the period's grace have passed: drafts at the nomination
    deadline, unsent ones at the person's filing or repair date. What the inspector refused after
    the sending is due at once.
    """
    agency_dates = _agency_dates(period)
    closings = [
        closing
        for proposal in _candidates(period, at)
        if (closing := step_for(proposal, at, agency_dates.get(proposal.agency_id)))
    ]
    return sorted(closings, key=lambda closing: (closing.due_at, closing.proposal.pk))


def step_for(
    proposal: Proposal, at: dt.datetime, agency_date: dt.datetime | None
) -> Closing | None:
    """What is due for a proposal (documents with requirement and file loaded), or None.

    `agency_date` is the agency's own filing deadline where there is one.
    """
    period = proposal.period
    status = proposal.status
    if status == Status.DRAFT:
        due = period.nomination_deadline
        return Closing(proposal, Outcome.NOT_PROPOSED, due) if due + period.grace <= at else None
    if status == Status.SUBMITTED:
        unreadable = unreadable_documents(proposal)
        if not unreadable:
            return None
        names = tuple(document.requirement.name for document in unreadable)
        return Closing(proposal, Outcome.RETURNED, proposal.submitted_at or at, names)
    if status not in {Status.FILLING, Status.RETURNED}:
        return None
    deadline = current_deadline(proposal, agency_date or period.filing_deadline)
    if deadline is None or deadline + period.grace > at:
        return None
    missing = proposal.missing_data() + [
        document.requirement.name
        for document in proposal.documents.all()
        if not document.is_present
    ]
    outcome = Outcome.NOT_ELIGIBLE if missing else Outcome.SENT
    return Closing(proposal, outcome, deadline, tuple(missing))


def unreadable_documents(proposal: Proposal) -> list[ProposalDocument]:
    """Documents whose file the inspector refused; a verifier's own decision stands."""
    return [
        document
        for document in proposal.documents.all()
        if document.current
        and document.current.file.is_refused
        and document.review == ProposalDocument.Review.NONE
    ]


def close_due(at: dt.datetime | None = None) -> int:
    """Carry out whatever is due in every period; returns how many proposals changed."""
    at = at or timezone.now()
    changed = 0
    for period in Period.objects.exclude(status=Period.Status.DRAFT):
        for closing in plan_closing(period, at):
            try:
                changed += carry_out(closing.proposal.pk, at)
            except Exception:
                # One proposal that cannot be closed must not keep the others open; the next run
                # tries it again.
                logger.exception("closing.failed", extra={"proposal": closing.proposal.pk})
    return changed


@transaction.atomic
def carry_out(pk: int, at: dt.datetime) -> bool:
    """Do for one proposal what is due now, decided anew under its lock; False when nothing is."""
    Proposal.objects.select_for_update(of=("self",)).only("pk").get(pk=pk)
    proposal = _loaded(Proposal.objects.filter(pk=pk)).get()
    own = AgencyDeadline.objects.filter(
        period=proposal.period_id, agency=proposal.agency_id
    ).first()
    closing = step_for(proposal, at, own.filing_deadline if own else None)
    if closing is None:
        return False
    try:
        _act(closing)
    except TransitionError as error:
        logger.warning("closing.refused", extra={"proposal": pk, "why": str(error)})
        return False
    return True


def _act(closing: Closing) -> None:
    proposal = closing.proposal
    if closing.outcome == Outcome.NOT_PROPOSED:
        workflow.close_unsent_draft(proposal)
    elif closing.outcome == Outcome.SENT:
        workflow.submit(proposal, by=None, automatic=True)
    elif closing.outcome == Outcome.NOT_ELIGIBLE:
        workflow.mark_not_eligible(proposal, by=None, reasons=closing.sentence)
    else:
        workflow.return_for_repair(
            proposal,
            by=None,
            returned={
                document.pk: ("Ditolak sistem", document.current.file.message)
                for document in unreadable_documents(proposal)
                if document.current
            },
            accepted=[],
            deadline=repair_deadline_for(proposal.period, proposal.agency),
        )


def remind_due(at: dt.datetime | None = None) -> int:
    """Remind everybody who has not sent yet, 7, 3 and 1 days before the date; returns how many.

    Each reminder goes once (its key names person, date and days). After a pause only the latest
    one is sent, and none whose day came before the person could know.
    """
    at = at or timezone.now()
    reminded = 0
    for period in Period.objects.filter(status=Period.Status.OPEN):
        agency_dates = _agency_dates(period)
        unsent = Proposal.objects.filter(
            period=period, status__in=[Status.FILLING, Status.RETURNED], participant__isnull=False
        )
        due = {}
        for proposal in _loaded(unsent).iterator(chunk_size=CHUNK):
            deadline = current_deadline(
                proposal, agency_dates.get(proposal.agency_id) or period.filing_deadline
            )
            days = _reminder(proposal.status_since, deadline, at)
            if deadline and days:
                due[f"reminder:{proposal.pk}:{int(deadline.timestamp())}:{days}"] = (
                    proposal,
                    deadline,
                )
        sent = set(OutboxMessage.objects.filter(key__in=due).values_list("key", flat=True))
        for key, (proposal, deadline) in due.items():
            if key not in sent:
                _remind(proposal, key, deadline)
                reminded += 1
    return reminded


def _reminder(since: dt.datetime, deadline: dt.datetime | None, at: dt.datetime) -> int:
    """How many days before `deadline` the reminder stands that is due now; 0 for none."""
    if deadline is None or at >= deadline:
        return 0
    for days in REMINDER_DAYS:
        mark = deadline - dt.timedelta(days=days)
        if at >= mark:
            return days if mark >= since else 0
    return 0


def _remind(proposal: Proposal, key: str, deadline: dt.datetime) -> None:
    person = proposal.participant
    assert isinstance(person, User)
    missing = proposal.missing_data() + [
        document.requirement.name
        for document in proposal.documents.all()
        if not document.is_present
    ]
    if missing:
        state = "Yang masih kurang:\n\n" + "\n".join(f"- {name}" for name in missing)
    else:
        state = "Semua sudah lengkap, tetapi belum dikirim. Buka halaman periksa, lalu kirim."
    is_repair = proposal.status == Status.RETURNED
    with transaction.atomic():
        enqueue(
            key,
            to=person,
            template="reminder_repair" if is_repair else "reminder_filing",
            fields={
                "peserta": proposal.full_name,
                "jabatan": proposal.level.name,
                "periode": proposal.period.name,
                "batas": long_datetime(deadline, proposal.agency.tz),
                "keadaan": state,
            },
            path=reverse("proposals:tasks", args=[proposal.pk]),
            # Who never set a password gets a fresh link instead of the page.
            link=None if person.has_been_used else (OneTimeLink.Kind.INVITATION, person.pk),
            proposal_id=proposal.pk,
        )


def _agency_dates(period: Period) -> dict[int, dt.datetime]:
    return dict(
        AgencyDeadline.objects.filter(period=period).values_list("agency_id", "filing_deadline")
    )


def _candidates(period: Period, at: dt.datetime) -> Iterator[Proposal]:
    """A little more than what is due: `step_for` decides. Each row costs no query of its own."""
    passed = at - period.grace
    due = Q(status__in=[Status.FILLING, Status.RETURNED], filing_deadline__lte=passed)
    due |= Q(
        status=Status.SUBMITTED,
        documents__current__file__state=StoredFile.State.REFUSED,
        documents__review=ProposalDocument.Review.NONE,
    )
    if period.nomination_deadline <= passed:
        due |= Q(status=Status.DRAFT)
    ids = Proposal.objects.filter(due, period=period).values("pk")
    proposals = _loaded(Proposal.objects.filter(pk__in=ids).order_by("pk"))
    return proposals.iterator(chunk_size=CHUNK)


def _loaded(proposals: ProposalQuerySet) -> ProposalQuerySet:
    return proposals.select_related(
        "period", "agency__region", "level__position", "position", "participant"
    ).prefetch_related("documents__requirement", "documents__current__file")
