"""What waits for a verifier: five queues, their filters, counts and pages.

Nothing of the own agency and nothing about the person is in any of them. Every list is read by
keyset on (waiting since, id), oldest first.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from inpassing.accounts.models import User, sort_name
from inpassing.accounts.roles import roles_of
from inpassing.keyset import keyset_page
from proposals.models import (
    Formation,
    OperatorRequest,
    Proposal,
    ProposalDocument,
    ProposalQuerySet,
    in_scope,
)
from proposals.permissions import operator_requests_for
from proposals.search import matching

from .models import RepairRequest

PAGE = 25
# Beyond this the exact number helps nobody and costs a scan.
CAP = 1000
CLAIM_FIELDS = (
    "claim__expires_at",
    "claim__holder__title_before",
    "claim__holder__name",
    "claim__holder__title_after",
)


@dataclass(frozen=True)
class Queue:
    """One queue: `slug` in the address, `since` the column by which its rows have waited."""

    slug: str
    label: str
    noun: str
    since: str
    status: str = ""

    @property
    def holds_proposals(self) -> bool:
        return bool(self.status)


DOCUMENTS = Queue("berkas", "Berkas", "usulan", "status_since", Proposal.Status.SUBMITTED)
NOMINATIONS = Queue("usulan", "Usulan", "usulan", "status_since", Proposal.Status.NOMINATED)
FORMATIONS = Queue("formasi", "Formasi", "formasi", "submitted_at")
PORTFOLIOS = Queue("portofolio", "Portofolio", "usulan", "status_since", Proposal.Status.ELIGIBLE)
REQUESTS = Queue("permohonan", "Permohonan operator", "permohonan", "created_at")
QUEUES = {q.slug: q for q in (DOCUMENTS, NOMINATIONS, FORMATIONS, PORTFOLIOS, REQUESTS)}


def queues_of(user: User) -> list[Queue]:
    """The queues that exist for a person: all for a verifier, requests for an administrator."""
    return list(QUEUES.values()) if roles_of(user).is_verifier else [REQUESTS]


def waiting(queue: Queue, user: User) -> models.QuerySet[Any]:
    """Everything of the queue that `user` may decide, in no particular order."""
    if queue.holds_proposals:
        return Proposal.objects.on_desk_of(user).filter(status=queue.status)
    if queue == FORMATIONS:
        return Formation.objects.filter(in_scope(user), status=Formation.Status.SUBMITTED)
    requests: models.QuerySet[OperatorRequest] = operator_requests_for(user).filter(
        status=OperatorRequest.Status.REQUESTED
    )
    own = set(roles_of(user).agency_ids) | ({user.employer_id} if user.employer_id else set())
    requests = requests.exclude(nip=user.nip or "-")
    return requests.exclude(agency__in=own) if own else requests


@dataclass(frozen=True)
class Size:
    """How many wait (at most CAP + 1 are counted) and since when the oldest."""

    count: int
    oldest: dt.datetime | None

    @property
    def text(self) -> str:
        return "1.000+" if self.count > CAP else str(self.count)


def sizes(user: User) -> dict[str, Size]:
    """The size of each queue of a person: one statement, each part bounded by CAP."""
    parts: list[str] = []
    values: list[Any] = []
    for queue in queues_of(user):
        rows = waiting(queue, user).order_by(queue.since, "pk").values(queue.since)[: CAP + 1]
        try:
            sql, params = rows.query.sql_with_params()
        except EmptyResultSet:  # nothing can match, for example without any scope
            continue
        parts.append(f"SELECT %s, count(*), min(part.since) FROM ({sql}) AS part(since)")
        values += [queue.slug, *params]
    found: dict[str, Size] = {}
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), values)
            found = {slug: Size(count, oldest) for slug, count, oldest in cursor.fetchall()}
    return {queue.slug: found.get(queue.slug, Size(0, None)) for queue in queues_of(user)}


def search(queue: Queue, rows: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
    """Rows whose name begins its words so, or whose NIP begins so (with or without spaces)."""
    if queue.holds_proposals:
        return rows.filter(matching(text))
    digits = "".join(text.split())
    if digits.isdecimal() and digits.isascii() and queue == REQUESTS:
        return rows.filter(nip__startswith=digits)
    words = sort_name(text).split()
    if not words:
        return rows.none()
    for word in words:
        if queue == FORMATIONS:
            rows = rows.filter(agency__name_key__contains=word)
        else:
            rows = rows.filter(
                Q(name__icontains=word)
                | Q(agency_name__icontains=word)
                | Q(agency__name_key__contains=word)
            )
    return rows


def narrow(
    queue: Queue,
    rows: models.QuerySet[Any],
    *,
    q: str = "",
    province: str = "",
    position: str = "",
    level: int | None = None,
) -> models.QuerySet[Any]:
    """The rows that match the filters; a filter that the queue does not know changes nothing."""
    if q:
        rows = search(queue, rows, q)
    if province:
        place = Q(agency__region__code=province) | Q(agency__region__province=province)
        if queue == REQUESTS:
            place |= Q(region__code=province) | Q(region__province=province)
        rows = rows.filter(place)
    if position and queue != REQUESTS:
        rows = rows.filter(position=position)
    if level and queue.holds_proposals:
        rows = rows.filter(level=level)
    return rows


def came_back_to(user: User) -> Exists:
    """Whether a proposal was returned by `user` and has been sent again since."""
    return Exists(
        RepairRequest.objects.filter(
            proposal=OuterRef("pk"), number=OuterRef("resubmissions"), returned_by=user
        )
    )


def sent_again_to(user: User) -> list[int]:
    """The proposals for which `came_back_to` holds and that wait for their documents' check."""
    returned = RepairRequest.objects.filter(
        returned_by=user, number=F("proposal__resubmissions"), proposal__status=DOCUMENTS.status
    )
    return list(returned.values_list("proposal", flat=True))


def for_list(queue: Queue, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """The rows with every relation that a line of the list prints."""
    if queue.holds_proposals:
        open_documents = (
            ProposalDocument.objects.filter(proposal=OuterRef("pk"), review="")
            .order_by()
            .values("proposal")
            .annotate(n=Count("pk"))
            .values("n")
        )
        assert isinstance(rows, ProposalQuerySet)
        return (
            rows.for_rows("resubmissions", *CLAIM_FIELDS)
            .select_related("agency", "level", "claim__holder")
            .annotate(open_documents=Coalesce(Subquery(open_documents), 0))
        )
    if queue == FORMATIONS:
        related = rows.select_related("agency__region", "period", "position", "submitted_by")
        counted: models.QuerySet[Any] = related.annotate(line_count=Count("lines"))
        return counted
    return rows


@dataclass(frozen=True)
class Page:
    """One page of a queue; the cursors are "" where nothing lies beyond."""

    rows: list[Any]
    mine: list[Any]
    before: str
    after: str


def page_of(
    queue: Queue, user: User, rows: models.QuerySet[Any], *, after: str = "", before: str = ""
) -> Page:
    """One page by keyset, oldest first: at most three queries.

    What came back to the verifier who returned it stands on top of the first page (`mine`).
    """
    mine: list[Any] = []
    if queue == DOCUMENTS and (back := sent_again_to(user)):
        if not after and not before:
            again = rows.filter(pk__in=back)
            mine = list(for_list(queue, again).order_by(queue.since, "pk")[: PAGE * 4])
        rows = rows.exclude(pk__in=back)
    page = keyset_page(
        for_list(queue, rows), [queue.since, "pk"], size=PAGE, after=after, before=before
    )
    return Page(page.rows, mine, page.before, page.after)
