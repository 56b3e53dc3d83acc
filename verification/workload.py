"""Who has how much: the table for administrators and verifiers, and who may receive work."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from inpassing.accounts.models import RoleGrant, User, VerifierScope
from inpassing.accounts.roles import roles_of
from proposals.models import Formation, OperatorRequest, Proposal

from .claims import ON_DESK
from .desk import verifiers
from .models import Assignment, Claim, Decision

WEEK, MONTH = dt.timedelta(days=7), dt.timedelta(days=30)


@dataclass
class Load:
    """One verifier: held now, own work at the desk and at the participant's, decided lately.

    `median` is half-way of how long what they decided within 30 days had waited.
    """

    person: User
    scopes: list[str]
    held: int = 0
    waiting: int = 0
    away: int = 0
    oldest: dt.datetime | None = None
    week: int = 0
    month: int = 0
    median: dt.timedelta | None = None

    @property
    def has_work(self) -> bool:
        return bool(self.held or self.waiting or self.away)


def workload(viewer: User) -> list[Load]:
    """A line for everybody who verifies or still has work, by name: six queries, and two
    more where scopes name a position or a province.

    A verifier's figures leave out the own proposal and those of the own agency, whoever has them.
    """
    today = timezone.now()
    claims = Claim.objects.live().filter(_shown_to(viewer))
    held = dict(claims.order_by().values_list("holder").annotate(Count("pk")))
    at_desk, away = Q(proposal__status__in=ON_DESK), Q(proposal__status=Proposal.Status.RETURNED)
    assigned: dict[int, dict[str, Any]] = {
        figures["verifier"]: {**figures}
        for figures in Assignment.objects.filter(_shown_to(viewer))
        .values("verifier")
        .annotate(
            waiting=Count("pk", filter=at_desk),
            away=Count("pk", filter=away),
            oldest=Min("proposal__status_since", filter=at_desk),
        )
    }
    busy = {pk for pk, own in assigned.items() if own["waiting"] or own["away"]} | set(held)
    busy |= set(verifiers().order_by().values_list("pk", flat=True))
    people = User.objects.filter(pk__in=busy)
    people = people.prefetch_related("scopes__position", "scopes__province")
    decided = _decided(viewer, since=today - MONTH, week=today - WEEK)
    loads = []
    for person in people.order_by("name", "pk"):
        row = assigned.get(person.pk, {})
        week, month, median = decided.get(person.pk, (0, 0, None))
        loads.append(
            Load(
                person,
                [str(scope) for scope in person.scopes.all()],
                held.get(person.pk, 0),
                row.get("waiting", 0),
                row.get("away", 0),
                row.get("oldest"),
                week,
                month,
                median,
            )
        )
    return loads


def _decided(
    viewer: User, *, since: dt.datetime, week: dt.datetime
) -> dict[int, tuple[int, int, dt.timedelta | None]]:
    """Person -> decisions since `week`, since `since`, and the median wait: one statement over
    proposals, formations and operator requests."""
    formations = Formation.objects.filter(decided_at__gte=since, decided_by__isnull=False)
    requests = OperatorRequest.objects.filter(decided_at__gte=since, decided_by__isnull=False)
    own = _own_agencies(viewer)
    if own:
        formations, requests = formations.exclude(agency__in=own), requests.exclude(agency__in=own)
    if viewer.nip and not roles_of(viewer).is_admin:
        requests = requests.exclude(nip=viewer.nip)
    parts: list[QuerySet[Any]] = [
        Decision.objects.filter(_shown_to(viewer), decided_at__gte=since)
        .order_by()
        .values_list("verifier", "decided_at", "waited"),
        formations.order_by().values_list(
            "decided_by", "decided_at", F("decided_at") - F("submitted_at")
        ),
        requests.order_by().values_list(
            "decided_by", "decided_at", F("decided_at") - F("created_at")
        ),
    ]
    compiled = [part.query.sql_with_params() for part in parts]
    union = " UNION ALL ".join(f"({sql})" for sql, _ in compiled)
    params = [value for _, values in compiled for value in values]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT who, count(*) FILTER (WHERE decided_at >= %s), count(*),"
            " percentile_cont(0.5) WITHIN GROUP (ORDER BY waited)"
            f" FROM ({union}) AS decided(who, decided_at, waited) GROUP BY who",
            [week, *params],
        )
        return {who: (in_week, in_month, median) for who, in_week, in_month, median in cursor}


def _own_agencies(viewer: User) -> set[int]:
    if roles_of(viewer).is_admin:
        return set()
    own = set(roles_of(viewer).agency_ids)
    return own | {viewer.employer_id} if viewer.employer_id else own


def _shown_to(viewer: User) -> Q:
    """Not about the viewer and not of the own agency; everything for an administrator.

    What is hidden is a small set of ids, so that thousands of decisions need no join.
    """
    if roles_of(viewer).is_admin:
        return Q()
    hidden = Q(participant=viewer.pk)
    if viewer.nip:
        hidden |= Q(nip=viewer.nip)
    if own := _own_agencies(viewer):
        hidden |= Q(agency__in=own)
    return ~Q(proposal__in=Proposal.objects.filter(hidden).order_by().values("pk"))


def receivers_for(proposal: Proposal) -> QuerySet[User]:
    """The verifiers in whose scope a proposal lies (agency's region loaded), without those of its
    agency and without the person themself: one query."""
    region = proposal.agency.region
    places = {region.pk, region.province_id} - {None} if region else set()
    scope = VerifierScope.objects.filter(
        Q(position=None) | Q(position=proposal.position_id),
        Q(province=None) | Q(province__in=places),
        user=OuterRef("pk"),
    )
    works_there = RoleGrant.objects.filter(
        agency=proposal.agency_id, revoked_at=None, user=OuterRef("pk")
    )
    found = verifiers().filter(Exists(scope), ~Exists(works_there))
    found = found.exclude(employer=proposal.agency_id).exclude(nip=proposal.nip)
    return found.exclude(pk=proposal.participant_id) if proposal.participant_id else found
