"""What the dates do: closing, automatic sending, returns of unreadable files, reminders.

`due` is the one place that decides, in one query over a period. `plan_closing` and `count_closing`
show its answer (the simulation page), `carry_out` asks it again under the lock of the proposal and
acts. So a plan that is a minute old, a second closer and a participant who sends at the last moment
do no harm.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, Extract, Floor, Greatest
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import OneTimeLink, User
from inpassing.errors import TransitionError
from inpassing.files.models import StoredFile
from inpassing.formats import long_datetime
from inpassing.notifications.models import OutboxMessage
from inpassing.notifications.outbox import Message, enqueue, enqueue_many
from inpassing.reference.models import Period

from . import workflow
from .deadlines import repair_deadline_for
from .models import LargeScan, Proposal, ProposalDocument, ProposalQuerySet
from .people import operator_grants

logger = logging.getLogger(__name__)

Status = Proposal.Status
# Proposals with the values that a query below computes for each.
Annotated = QuerySet[Any]
UNSENT = [Status.FILLING, Status.RETURNED]
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


def plan_closing(
    period: Period,
    at: dt.datetime,
    *,
    outcome: str = "",
    start: int = 0,
    count: int | None = None,
) -> list[Closing]:
    """What closing at the moment `at` does in a period, in the order of its dates; changes nothing.

    A proposal is due when its own date and the period's grace have passed: drafts at the nomination
    deadline, unsent ones at the person's filing or repair date. What the inspector refused after
    the sending is due at once. `outcome`, `start` and `count` choose a part of the plan.
    """
    proposals = due(period, at)
    if count is not None:
        # The chosen outcome comes first instead of being filtered by: the planner takes that filter
        # for far more selective than it is. What happens is worked out for the page's rows only.
        chosen = Case(When(outcome=outcome, then=0), default=1, output_field=IntegerField())
        in_order = proposals.order_by(chosen, "due_at", "pk").values_list("pk", flat=True)
        proposals = due(period, at).filter(pk__in=list(in_order[start : start + count]))
    plan = [_closing_of(proposal) for proposal in _loaded(proposals.order_by("due_at", "pk"))]
    return [closing for closing in plan if not outcome or closing.outcome == outcome]


def count_closing(period: Period, at: dt.datetime) -> Counter[Outcome]:
    """How many proposals each outcome hits at the moment `at`: one query, whatever their number."""
    rows = due(period, at).order_by().values_list("outcome").annotate(n=Count("pk"))
    return Counter({Outcome(outcome): n for outcome, n in rows})


def due(period: Period, at: dt.datetime) -> Annotated:
    """The proposals of a period on which the dates act at `at`, with `outcome` and `due_at`.

    This is the one place that decides: the simulation counts and shows it, closing acts on it.
    """
    passed = at - period.grace
    documents = ProposalDocument.objects.filter(proposal=OuterRef("pk"))
    # Two conditions apart, so that each is answered from a small partial index.
    open_slots = documents.filter(Q(current=None) | Q(review=ProposalDocument.Review.RETURNED))
    refused = documents.filter(current__file__state=StoredFile.State.REFUSED)
    unreadable = refused.filter(review=ProposalDocument.Review.NONE)
    unsent = Q(status__in=UNSENT, closes_at__lte=passed)
    sent = Q(status=Status.SUBMITTED) & Exists(unreadable)
    drafts = Q(status=Status.DRAFT) if period.nomination_deadline <= passed else Q(pk__in=[])
    rows: Annotated = (
        with_deadline(Proposal.objects.filter(period=period), period)
        .filter(unsent | sent | drafts)
        .annotate(
            due_at=Case(
                When(status=Status.DRAFT, then=Value(period.nomination_deadline)),
                When(status=Status.SUBMITTED, then=Coalesce("submitted_at", Value(at))),
                default=F("closes_at"),
                output_field=DateTimeField(),
            ),
            outcome=Case(
                When(status=Status.DRAFT, then=Value(Outcome.NOT_PROPOSED.value)),
                When(status=Status.SUBMITTED, then=Value(Outcome.RETURNED.value)),
                When(
                    _lacks_data() | Exists(open_slots) | Exists(refused),
                    then=Value(Outcome.NOT_ELIGIBLE.value),
                ),
                default=Value(Outcome.SENT.value),
                output_field=CharField(),
            ),
        )
    )
    return rows


def with_deadline(proposals: ProposalQuerySet, period: Period) -> Annotated:
    """Proposals of one period with `closes_at`: the same answer as `deadlines.current_deadline`."""
    return proposals.annotate(
        own=FilteredRelation("agency__deadlines", condition=Q(agency__deadlines__period=period.pk)),
        agency_date=Coalesce("own__filing_deadline", Value(period.filing_deadline)),
        closes_at=Case(
            When(filing_deadline=None, then=None),
            When(
                status=Status.RETURNED,
                then=Greatest(
                    "filing_deadline",
                    "agency_date",
                    Coalesce("repair_deadline", F("filing_deadline")),
                ),
            ),
            default=Greatest("filing_deadline", "agency_date"),
            output_field=DateTimeField(),
        ),
    )


def _lacks_data() -> Q:
    def empty(name: str) -> Q:
        field = Proposal._meta.get_field(name)
        is_text = isinstance(field, CharField | TextField)
        return Q(**{name: ""}) if is_text else Q(**{name: None})

    lacks = reduce(or_, (empty(name) for name in Proposal.DATA))
    structural = reduce(or_, (empty(name) for name in Proposal.STRUCTURAL_DATA))
    return lacks | (Q(is_structural=True) & structural)


def _closing_of(proposal: Proposal) -> Closing:
    """The closing of a row of `due` (documents with requirement and file loaded)."""
    outcome, missing = Outcome(proposal.outcome), []  # type: ignore[attr-defined]  # annotated
    if outcome == Outcome.RETURNED:
        missing = [document.requirement.name for document in unreadable_documents(proposal)]
    elif outcome == Outcome.NOT_ELIGIBLE:
        missing = missing_of(proposal)
    return Closing(proposal, outcome, proposal.due_at, tuple(missing))  # type: ignore[attr-defined]


def missing_of(proposal: Proposal) -> list[str]:
    """What is still missing, from loaded documents and scans."""
    return proposal.missing_data() + [
        document.requirement.name + _unused_scan(document)
        for document in proposal.documents.all()
        if not document.is_present
    ]


def _unused_scan(document: ProposalDocument) -> str:
    """That a smaller file was there on which the participant never said a word."""
    scan = next(iter(document.scans.all()), None)  # the newest
    is_unused = scan and scan.state in {LargeScan.State.READY, LargeScan.State.EXPIRED}
    return " (hasil pengecilan belum dipakai)" if is_unused else ""


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
        for pk in list(due(period, at).order_by("due_at", "pk").values_list("pk", flat=True)):
            try:
                changed += carry_out(pk, at)
            except Exception:
                # One proposal that cannot be closed must not keep the others open; the next run
                # tries it again.
                logger.exception("closing.failed", extra={"proposal": pk})
    return changed


@transaction.atomic
def carry_out(pk: int, at: dt.datetime) -> bool:
    """Do for one proposal what is due now, decided anew under its lock; False when nothing is."""
    locked = Proposal.objects.select_for_update(of=("self",)).select_related("period").get(pk=pk)
    proposal = _loaded(due(locked.period, at).filter(pk=pk)).first()
    if proposal is None:
        return False
    try:
        _act(_closing_of(proposal))
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

    Each reminder goes once (its key names subject, date and days). After a pause only the latest
    one is sent, and none whose day came before the person could know. Operators are reminded of
    their unsent drafts in the same way before the nomination deadline.
    """
    at = at or timezone.now()
    reminded = 0
    for period in Period.objects.exclude(status=Period.Status.DRAFT):
        for proposal in _loaded(to_remind(period, at)).iterator(chunk_size=CHUNK):
            try:
                _remind(proposal)
                reminded += 1
            except Exception:
                logger.exception("reminder.failed", extra={"proposal": proposal.pk})
        reminded += _remind_operators(period, at)
    return reminded


def to_remind(period: Period, at: dt.datetime) -> Annotated:
    """Unsent proposals whose participant is due a reminder that is not in the outbox yet."""
    marks = [
        (days, ExpressionWrapper(F("closes_at") - dt.timedelta(days=days), DateTimeField()))
        for days in REMINDER_DAYS
    ]
    latest = Case(
        *(When(GreaterThanOrEqual(Value(at), mark), then=Value(days)) for days, mark in marks),
        output_field=IntegerField(),
    )
    told_in_time = reduce(
        or_, (Q(days=days) & Q(LessThanOrEqual(F("status_since"), mark)) for days, mark in marks)
    )
    unsent = Proposal.objects.filter(period=period, status__in=UNSENT, participant__isnull=False)
    rows: Annotated = (
        with_deadline(unsent, period)
        .filter(closes_at__gt=at)
        .annotate(days=latest)
        .filter(told_in_time)
        .annotate(
            reminder_key=Concat(
                Value("reminder:"),
                Cast("pk", CharField()),
                Value(":"),
                Cast(Floor(Extract("closes_at", "epoch")), BigIntegerField()),
                Value(":"),
                Cast("days", CharField()),
                output_field=CharField(),
            )
        )
        .filter(~Exists(OutboxMessage.objects.filter(key=OuterRef("reminder_key"))))
        .order_by("pk")
    )
    return rows


def _remind_operators(period: Period, at: dt.datetime) -> int:
    """Tell the operators of agencies with unsent drafts that the nomination deadline is near."""
    deadline = period.nomination_deadline
    days = _reminder(period.opens_at, deadline, at)
    if not days or period.status != Period.Status.OPEN:
        return 0
    drafts = Proposal.objects.filter(period=period, status=Status.DRAFT).order_by()
    counts = dict(drafts.values_list("agency").annotate(n=Count("pk")))
    messages = {}
    for row in operator_grants(counts):
        agency, person = row.agency, row.user
        assert agency is not None  # an operator is one of an agency
        date = int(deadline.timestamp())
        key = f"reminder_drafts:{period.pk}:{agency.pk}:{date}:{days}:{person.pk}"
        messages[key] = Message(
            key,
            to=person,
            template="reminder_nomination",
            fields={
                "instansi": agency.name,
                "periode": period.name,
                "jumlah": counts[agency.pk],
                "batas": long_datetime(deadline, agency.tz),
            },
            path=f"{reverse('proposals:list')}?status={Status.DRAFT}",
        )
    told = OutboxMessage.objects.filter(key__in=messages).values_list("key", flat=True)
    for key in told:
        del messages[key]
    with transaction.atomic():
        enqueue_many(list(messages.values()))
    return len(messages)


def _reminder(since: dt.datetime, deadline: dt.datetime, at: dt.datetime) -> int:
    """How many days before `deadline` the reminder stands that is due now; 0 for none."""
    if at >= deadline:
        return 0
    for days in REMINDER_DAYS:
        mark = deadline - dt.timedelta(days=days)
        if at >= mark:
            return days if mark >= since else 0
    return 0


def _remind(proposal: Proposal) -> None:
    person = proposal.participant
    assert isinstance(person, User)
    missing = missing_of(proposal)
    if missing:
        state = "Yang masih kurang:\n\n" + "\n".join(f"- {name}" for name in missing)
    else:
        state = "Semua sudah lengkap, tetapi belum dikirim. Buka halaman periksa, lalu kirim."
    is_repair = proposal.status == Status.RETURNED
    with transaction.atomic():
        enqueue(
            proposal.reminder_key,  # type: ignore[attr-defined]  # annotated by to_remind
            to=person,
            template="reminder_repair" if is_repair else "reminder_filing",
            fields={
                "peserta": proposal.full_name,
                "jabatan": proposal.level.name,
                "periode": proposal.period.name,
                "batas": long_datetime(proposal.closes_at, proposal.agency.tz),  # type: ignore[attr-defined]
                "keadaan": state,
            },
            path=reverse("proposals:tasks", args=[proposal.pk]),
            # Who never set a password gets a fresh link instead of the page.
            link=None if person.has_been_used else (OneTimeLink.Kind.INVITATION, person.pk),
            proposal_id=proposal.pk,
        )


def _loaded(proposals: Annotated) -> Annotated:
    return proposals.select_related(
        "period", "agency__region", "level__position", "position", "participant"
    ).prefetch_related("documents__requirement", "documents__current__file", "documents__scans")
