"""Who works on what: claims, *next*, whose work a proposal is, handing it over.

Every change happens under the lock of the proposal's row.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.formats import clock, short_datetime
from inpassing.notifications.outbox import enqueue
from inpassing.timeline.events import record, record_many, story_of
from inpassing.timeline.models import TimelineEvent
from proposals import workflow as proposal_workflow
from proposals.models import Proposal

from .models import CLAIM_TIME, Assignment, Claim

Status = Proposal.Status

# What a verifier may work on, and so hold.
ON_DESK = frozenset({Status.NOMINATED, Status.SUBMITTED, Status.ELIGIBLE})
# What may be somebody's work: also what is away for repair and comes back to them.
ASSIGNABLE = ON_DESK | {Status.RETURNED}
# So long *next* leaves somebody's work to them; after that nobody waits for an absent colleague.
RESERVED = dt.timedelta(days=3)

HANDED_OVER = "Diserahkan ke verifikator lain"
DECISIONS = (
    "proposal.nomination_approved",
    "proposal.nomination_returned",
    "proposal.nomination_rejected",
    "proposal.returned",
    "proposal.eligible",
    "proposal.not_eligible",
    "proposal.portfolio_failed",
    "proposal.test_required",
    "proposal.ready",
    "proposal.withdrawn",
)


def when_text(moment: dt.datetime) -> str:
    """A moment for a sentence to a verifier: the time alone today, else with the date."""
    tz = settings.TIME_ZONE
    if timezone.localdate(moment) == timezone.localdate():
        return f"pukul {clock(moment, tz)}"
    return short_datetime(moment, tz)


def last_decision(proposal: Proposal) -> TimelineEvent | None:
    """The newest decision in the proposal's story."""
    return story_of(proposal).filter(kind__in=DECISIONS).first()


def decided_text(proposal: Proposal, by: User) -> str:
    """Who decided what and when, for the second of two who decide."""
    event = last_decision(proposal)
    if event is None:
        return f"Keadaan usulan sekarang: {proposal.get_status_display().lower()}."
    who = "Anda" if event.actor_id == by.pk else str(event.actor or "sistem")
    return f"Sudah diputus {who} {when_text(event.at)}: {event.label.lower()}."


def expect_free(locked: Proposal, *, by: User) -> Claim | None:
    """Refuse while somebody else holds a locked proposal; the claim of `by` if there is one.

    Somebody else's claim whose time is over ends here, with its event.
    """
    claim = Claim.objects.select_related("holder").filter(proposal=locked).first()
    if claim is None or claim.holder_id == by.pk:
        return claim
    if claim.is_live:
        raise TransitionError(
            f"Dipegang {claim.holder} sampai {clock(claim.expires_at, settings.TIME_ZONE)}. "
            "Tunggu sampai dilepas, atau ambil usulan lain."
        )
    _drop(claim, locked, kind="claim.expired", label="Pegangan verifikator berakhir", by=None)
    return None


def hold(locked: Proposal, *, by: User) -> Claim:
    """Take or renew the claim on a locked proposal; refused while somebody else holds it."""
    now = timezone.now()
    claim = expect_free(locked, by=by)
    if claim is None:
        claim = Claim.objects.create(
            proposal=locked, holder=by, claimed_at=now, expires_at=now + CLAIM_TIME
        )
        record(locked, "claim.taken", "Diambil verifikator", by=by)
    else:
        claim.expires_at = now + CLAIM_TIME
        claim.save(update_fields=["expires_at"])
    return claim


def _drop(claim: Claim, locked: Proposal, *, kind: str, label: str, by: User | None) -> None:
    record(locked, kind, label, by=by, data={"holder": claim.holder_id})
    claim.delete()


@transaction.atomic
def take(proposal: Proposal, *, by: User) -> Claim:
    """Hold a proposal for 30 minutes; taking it again renews.

    Refused while somebody else holds it; an expired claim is taken over, with an event.
    """
    locked = proposal_workflow.lock_proposal(proposal)
    if locked.status not in ON_DESK:
        raise TransitionError(decided_text(locked, by))
    return hold(locked, by=by)


@transaction.atomic
def take_next(candidates: QuerySet[Proposal], *, by: User) -> Proposal | None:
    """Hold the first of `candidates` (ordered) that nobody holds; None when there is none.

    The own work goes first; what is somebody else's is left to them for a while (RESERVED). Rows
    that another verifier is taking this very moment are skipped, never waited for.
    """
    # Sets of ids, never joins: a join lets the planner read the whole queue to find one row.
    mine = Assignment.objects.filter(verifier=by).values("proposal")
    others = Assignment.objects.exclude(verifier=by).values("proposal")
    free = ~Q(pk__in=others) | Q(status_since__lt=timezone.now() - RESERVED)
    return _take_first(candidates.filter(pk__in=mine), by=by) or _take_first(
        candidates.filter(free), by=by
    )


def _take_first(candidates: QuerySet[Proposal], *, by: User) -> Proposal | None:
    taken: list[int] = []
    while True:
        row = (
            candidates.exclude(pk__in=Claim.objects.live().values("proposal"))
            .exclude(pk__in=taken)
            .select_for_update(of=("self",), skip_locked=True)
            .first()
        )
        if row is None:
            return None
        # A claim that was committed after the search began is not seen by it: look again, now
        # that the row is locked and its claim stands still.
        if Claim.objects.live().filter(proposal=row).exists():
            taken.append(row.pk)
            continue
        hold(row, by=by)
        return row


@transaction.atomic
def release(proposal: Proposal, *, by: User) -> None:
    """Let a proposal go that `by` holds."""
    locked = proposal_workflow.lock_proposal(proposal)
    claim = Claim.objects.filter(proposal=locked, holder=by).first()
    if claim is None:
        raise TransitionError("Anda tidak memegang usulan ini lagi.")
    _drop(claim, locked, kind="claim.released", label="Dilepas verifikator", by=by)


def renew(proposal: Proposal, *, by: User) -> bool:
    """Prolong a live claim of `by`, one statement; False when there is none."""
    now = timezone.now()
    return bool(
        Claim.objects.live()
        .filter(proposal=proposal, holder=by)
        .update(expires_at=now + CLAIM_TIME)
    )


def release_expired(limit: int = 500) -> int:
    """End claims whose time is over, each with an event; returns how many.

    A proposal that somebody is working on this moment is left for the next round.
    """
    done = 0
    for pk in Claim.objects.expired().order_by("expires_at").values_list("pk", flat=True)[:limit]:
        with transaction.atomic():
            locked = (
                Proposal.objects.select_for_update(of=("self",), skip_locked=True)
                .filter(claim=pk)
                .first()
            )
            if locked is None:
                continue
            claim = Claim.objects.expired().filter(pk=pk).first()
            if claim is None:
                continue
            _drop(
                claim, locked, kind="claim.expired", label="Pegangan verifikator berakhir", by=None
            )
            done += 1
    return done


# Whose work it is


def assign(locked: Proposal, *, to: User, by: User) -> None:
    """Make a locked proposal the work of `to`."""
    Assignment.objects.update_or_create(
        proposal_id=locked.pk,
        defaults={"verifier": to, "assigned_by": by, "assigned_at": timezone.now()},
    )


def work_ids(user_id: int) -> set[int]:
    """The proposals that somebody holds now or has as their work, in whatever status: one
    query."""
    assigned = Assignment.objects.filter(verifier=user_id).values_list("proposal", flat=True)
    held = Claim.objects.live().filter(holder=user_id).values_list("proposal", flat=True)
    return set(assigned.union(held))


def work_of(user: User) -> QuerySet[Proposal]:
    """The proposals that are a verifier's own work: held now, given to them, or returned by them
    and not decided since."""
    return Proposal.objects.filter(pk__in=work_ids(user.pk), status__in=ASSIGNABLE)


def may_receive(user: User, proposal: Proposal) -> bool:
    """Whether a proposal could be the work of `user`: a verifier in scope, not of that agency."""
    roles = roles_of(user)
    return roles.is_verifier and Proposal.objects.on_desk_of(user).filter(pk=proposal.pk).exists()


@transaction.atomic
def hand_over(proposal: Proposal, *, to: User, by: User, reason: str) -> Proposal:
    """Make a proposal the work of another verifier, with a reason.

    Whoever holds it or has it as their work may; so may anybody in scope while it is nobody's, and
    an administrator always. A verdict that was noted stays. The receiver is told.
    """
    locked = proposal_workflow.lock_proposal(proposal)
    claim = Claim.objects.select_related("holder").filter(proposal=locked).first()
    assigned = Assignment.objects.select_related("verifier").filter(proposal=locked).first()
    had = _expect_may_hand_over(
        locked, claim, assigned, to=to, by=by, receives=may_receive(to, locked)
    )
    if claim is not None and claim.holder_id != to.pk:
        claim.delete()
    assign(locked, to=to, by=by)
    event = record(
        locked,
        "claim.handed_over",
        HANDED_OVER,
        by=by,
        note=reason,
        data={"from": had, "to": to.pk},
    )
    _tell_receiver(to, key=f"handed_over:{event.pk}", names=[locked], by=by, reason=reason)
    return locked


def _expect_may_hand_over(
    locked: Proposal,
    claim: Claim | None,
    assigned: Assignment | None,
    *,
    to: User,
    by: User,
    receives: bool,
) -> int | None:
    """Whose work the locked proposal has been, by id; refused when it may not become that of
    `to`."""
    if locked.status not in ASSIGNABLE:
        raise TransitionError(decided_text(locked, by))
    if not roles_of(by).is_admin:
        if claim is not None and claim.is_live and claim.holder_id != by.pk:
            raise TransitionError(
                f"Dipegang {claim.holder} sampai {clock(claim.expires_at, settings.TIME_ZONE)}. "
                "Hanya pemegangnya atau administrator yang dapat menyerahkannya."
            )
        holds = claim is not None and claim.is_live
        if assigned is not None and assigned.verifier_id != by.pk and not holds:
            raise TransitionError(
                f"Usulan ini pekerjaan {assigned.verifier}. Hanya ia atau administrator yang dapat "
                "menyerahkannya."
            )
    if not receives:
        raise TransitionError(
            f"{to} tidak dapat menerima usulan {locked.full_name}: di luar cakupannya, atau dari "
            "instansinya sendiri."
        )
    held_by = claim.holder_id if claim is not None else None
    had = assigned.verifier_id if assigned is not None else held_by
    if had == to.pk and held_by in {None, to.pk}:
        raise TransitionError(f"Usulan {locked.full_name} sudah menjadi pekerjaan {to}.")
    return had


@dataclass
class HandedOver:
    """What came of handing over somebody's work: how much went over, and why the rest did not."""

    moved: list[Proposal] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@transaction.atomic
def hand_over_all(person: User, *, to: User, by: User, reason: str, limit: int = 500) -> HandedOver:
    """Make all of a verifier's work that of another: all rows are locked, each is looked at again,
    and what may go over goes at once, in a handful of statements.

    What the other may not have (scope, own agency) stays and is named. The receiver gets one
    message for everything.
    """
    result = HandedOver()
    longest = work_of(person).order_by("status_since", "pk").values_list("pk", flat=True)
    wanted = Proposal.objects.filter(pk__in=list(longest[:limit]))
    rows = wanted.for_rows().select_for_update(of=("self",))
    locked = list(rows.order_by("pk"))
    ids = [proposal.pk for proposal in locked]
    claims = {
        claim.proposal_id: claim
        for claim in Claim.objects.select_related("holder").filter(proposal__in=ids)
    }
    assigned = {
        row.proposal_id: row
        for row in Assignment.objects.select_related("verifier").filter(proposal__in=ids)
    }
    suits = set(Proposal.objects.on_desk_of(to).filter(pk__in=ids).values_list("pk", flat=True))
    had: list[int | None] = []
    for proposal in sorted(locked, key=lambda row: (row.status_since, row.pk)):
        claim, work = claims.get(proposal.pk), assigned.get(proposal.pk)
        if person.pk not in {claim and claim.holder_id, work and work.verifier_id}:
            continue  # somebody else's since the list was read
        try:
            had.append(
                _expect_may_hand_over(
                    proposal,
                    claim,
                    work,
                    to=to,
                    by=by,
                    receives=roles_of(to).is_verifier and proposal.pk in suits,
                )
            )
            result.moved.append(proposal)
        except TransitionError as error:
            result.refused.append(str(error))
    if not result.moved:
        return result
    Claim.objects.filter(proposal__in=result.moved).exclude(holder=to).delete()
    now = timezone.now()
    Assignment.objects.bulk_create(
        [
            Assignment(proposal=proposal, verifier=to, assigned_by=by, assigned_at=now)
            for proposal in result.moved
        ],
        update_conflicts=True,
        unique_fields=["proposal"],
        update_fields=["verifier", "assigned_by", "assigned_at"],
    )
    events = record_many(
        "claim.handed_over",
        [
            (proposal, HANDED_OVER, {"from": before, "to": to.pk})
            for proposal, before in zip(result.moved, had, strict=True)
        ],
        by=by,
        notes=[reason] * len(result.moved),
    )
    key = f"handed_over:{events[0].pk}"
    _tell_receiver(to, key=key, names=result.moved, by=by, reason=reason)
    return result


def _tell_receiver(to: User, *, key: str, names: list[Proposal], by: User, reason: str) -> None:
    if to.pk == by.pk:
        return
    shown = [f"- {proposal.full_name}, {proposal.agency.name}" for proposal in names[:20]]
    if len(names) > len(shown):
        shown.append(f"- dan {len(names) - len(shown)} usulan lain")
    enqueue(
        key,
        to=to,
        template="work_handed_over",
        fields={
            "jumlah": len(names),
            "oleh": by.full_name,
            "alasan": reason,
            "daftar": "\n".join(shown),
        },
        path=reverse("verification:my_work"),
    )
