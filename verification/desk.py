"""What waits for a verifier: five queues, their filters, counts and pages.

Nothing of the own agency and nothing about the person is in any of them. Every list is read by
keyset on (waiting since, id), oldest first.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from inpassing.accounts.models import Agency, RoleGrant, User, sort_name
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

from .claims import work_ids
from .models import Assignment, Claim

PAGE = 25
TOP = 10
# Beyond this the exact number helps nobody and costs a scan.
CAP = 1000
ROW_FIELDS = (
    "resubmissions",
    "created_at",
    "nominated_at",
    "approved_at",
    "claim__expires_at",
    "claim__holder__title_before",
    "claim__holder__name",
    "claim__holder__title_after",
    "assignment__verifier__title_before",
    "assignment__verifier__name",
    "assignment__verifier__title_after",
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
# Any queue of proposals, for a statement that is used for each of them.
ANY = Queue("", "", "usulan", "status_since", "?")
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


FOUND = "found"


def sizes(user: User, found: tuple[Queue, models.QuerySet[Any]] | None = None) -> dict[str, Size]:
    """The size of each queue of a person: one statement, each part bounded by CAP.

    `found` is a queue with rows of it that are counted too, under the key FOUND.
    """
    parts: list[str] = []
    values: list[Any] = []
    counted = [(queue.slug, queue) for queue in queues_of(user)]
    if found is not None:
        counted.append((FOUND, found[0]))
    proposals: tuple[str, tuple[Any, ...]] | None = None
    for slug, queue in counted:
        try:
            if slug == FOUND:
                assert found is not None
                sql, params = _bounded(queue, found[1])
            elif queue.holds_proposals:
                # These differ in the status alone; building the statement costs more than it does.
                proposals = proposals or _bounded(queue, waiting(ANY, user))
                sql, params = proposals
                params = tuple(queue.status if p == ANY.status else p for p in params)
            else:
                sql, params = _bounded(queue, waiting(queue, user))
        except EmptyResultSet:  # nothing can match, for example without any scope
            continue
        parts.append(f"SELECT %s, count(*), min(part.since) FROM ({sql}) AS part(since)")
        values += [slug, *params]
    read: dict[str, Size] = {}
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), values)
            read = {slug: Size(count, oldest) for slug, count, oldest in cursor.fetchall()}
    return {slug: read.get(slug, Size(0, None)) for slug, _ in counted}


def _bounded(queue: Queue, rows: models.QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """The statement that reads since when rows have waited, at most CAP + 1 of them."""
    read = rows.order_by(queue.since, "pk").values(queue.since)[: CAP + 1]
    statement: tuple[str, tuple[Any, ...]] = read.query.sql_with_params()
    return statement


@dataclass(frozen=True)
class Filters:
    """What narrows a queue; an empty value narrows nothing."""

    q: str = ""
    agency: str = ""
    period: int | None = None
    province: str = ""
    position: str = ""
    level: int | None = None
    kind: str = ""
    holder: str = ""
    waiting: str = ""


# Bands of waiting time: slug -> (words, at least so long, less than so long).
DAY = dt.timedelta(days=1)
BANDS: dict[str, tuple[str, dt.timedelta | None, dt.timedelta | None]] = {
    "baru": ("Kurang dari 1 hari", None, DAY),
    "1-3": ("1 sampai 3 hari", DAY, 3 * DAY),
    "3-7": ("3 sampai 7 hari", 3 * DAY, 7 * DAY),
    "7": ("Lebih dari 7 hari", 7 * DAY, None),
}
NEW, AGAIN = "baru", "ulang"
MINE, NOBODY = "saya", "kosong"


def agencies_named(text: str) -> list[int]:
    """The agencies whose name has words that begin as every word of `text`."""
    words = sort_name(text).split()
    if not words:
        return []
    agencies = Agency.objects.all()
    for word in words:
        agencies = agencies.filter(Q(name_key__startswith=word) | Q(name_key__contains=f" {word}"))
    return list(agencies.values_list("pk", flat=True))


def search(queue: Queue, rows: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
    """Rows whose name or agency begins its words so, or whose NIP begins so (with or without
    spaces)."""
    digits = "".join(text.split())
    if digits.isdecimal() and digits.isascii():
        if queue.holds_proposals:
            return rows.filter(matching(text))
        if queue == REQUESTS:
            return rows.filter(nip__startswith=digits)
    agencies = Q(agency__in=agencies_named(text))
    if queue.holds_proposals:
        return rows.filter(matching(text) | agencies)
    if queue == FORMATIONS:
        return rows.filter(agencies)
    names = Q()
    for word in sort_name(text).split():
        names &= Q(name__icontains=word)
    if not names:
        return rows.none()
    return rows.filter(names | agencies | Q(agency=None, agency_name__icontains=text.strip()))


def narrow(
    queue: Queue, rows: models.QuerySet[Any], filters: Filters, *, user: User
) -> models.QuerySet[Any]:
    """The rows that match the filters; a filter that the queue does not know changes nothing."""
    if filters.q:
        rows = search(queue, rows, filters.q)
    if filters.agency:
        agencies = Q(agency__in=agencies_named(filters.agency))
        if queue == REQUESTS:
            agencies |= Q(agency=None, agency_name__icontains=filters.agency.strip())
        rows = rows.filter(agencies)
    if filters.province:
        code = filters.province
        place = Q(agency__region__code=code) | Q(agency__region__province=code)
        if queue == REQUESTS:
            place |= Q(region__code=code) | Q(region__province=code)
        rows = rows.filter(place)
    if filters.waiting:
        rows = rows.filter(_band(queue, filters.waiting))
    if queue == REQUESTS:
        return rows
    if filters.period:
        rows = rows.filter(period=filters.period)
    if filters.position:
        rows = rows.filter(position=filters.position)
    if not queue.holds_proposals:
        return rows
    if filters.level:
        rows = rows.filter(level=filters.level)
    if filters.holder:
        rows = _held(rows, filters.holder, user=user)
    if queue == DOCUMENTS and filters.kind:
        rows = rows.filter(
            **({"resubmissions__gt": 0} if filters.kind == AGAIN else {"resubmissions": 0})
        )
    return rows


def _band(queue: Queue, slug: str) -> Q:
    _, at_least, less_than = BANDS[slug]
    now, band = timezone.now(), Q()
    if at_least is not None:
        band &= Q(**{f"{queue.since}__lte": now - at_least})
    if less_than is not None:
        band &= Q(**{f"{queue.since}__gt": now - less_than})
    return band


def _held(rows: models.QuerySet[Any], holder: str, *, user: User) -> models.QuerySet[Any]:
    """Rows that nobody holds or has as their work, or those of one person."""
    if holder == NOBODY:
        held = Claim.objects.live().values("proposal")
        return rows.exclude(pk__in=held).exclude(pk__in=Assignment.objects.values("proposal"))
    return rows.filter(pk__in=work_ids(user.pk if holder == MINE else int(holder)))


def own_work(queue: Queue, user: User) -> models.QuerySet[Any]:
    """The ids of the proposals of a queue that are the work of `user`: held now, returned by or
    given to them."""
    assigned = Assignment.objects.filter(verifier=user, proposal__status=queue.status)
    held = Claim.objects.live().filter(holder=user, proposal__status=queue.status)
    both = assigned.values_list("proposal", flat=True)
    return both.union(held.values_list("proposal", flat=True))


def verifiers() -> models.QuerySet[User]:
    """Everybody who may verify now, by name."""
    grants = RoleGrant.objects.filter(
        role=RoleGrant.Role.VERIFIER, revoked_at=None, user=OuterRef("pk")
    )
    return User.objects.filter(Exists(grants), is_active=True).order_by("name", "pk")


def for_list(queue: Queue, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """The rows with every relation that a line of the list prints."""
    if queue.holds_proposals:
        assert isinstance(rows, ProposalQuerySet)
        lines = rows.for_rows(*ROW_FIELDS).select_related(
            "agency", "level", "claim__holder", "assignment__verifier"
        )
        if queue != DOCUMENTS:
            return lines
        open_documents = (
            ProposalDocument.objects.filter(proposal=OuterRef("pk"), review="")
            .order_by()
            .values("proposal")
            .annotate(n=Count("pk"))
            .values("n")
        )
        return lines.annotate(open_documents=Coalesce(Subquery(open_documents), 0))
    if queue == FORMATIONS:
        related = rows.select_related("agency__region", "period", "position", "submitted_by")
        counted: models.QuerySet[Any] = related.annotate(line_count=Count("lines"))
        return counted
    return rows.select_related("agency", "region__agency")


def _is_among(ids: models.QuerySet[Any]) -> models.Func:
    return models.Func(
        models.F("pk"),
        ArraySubquery(ids),
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=models.BooleanField(),
    )


@dataclass(frozen=True)
class Page:
    """One page of a queue; the cursors are "" where nothing lies beyond."""

    rows: list[Any]
    mine: list[Any]
    before: str
    after: str


def page_of(
    queue: Queue,
    user: User,
    rows: models.QuerySet[Any],
    *,
    after: str = "",
    before: str = "",
    searched: bool = False,
) -> Page:
    """One page by keyset, oldest first: at most three queries.

    The verifier's own work (held, returned by or given to them) stands on top of the first page
    (`mine`), at most TOP of it: all of it has a page of its own. A search (`searched`) has read
    agencies or somebody's work already, and so finds its own work in one query.
    """
    mine: list[Any] = []
    if queue.holds_proposals:
        own = own_work(queue, user)
        # The ids first, or an array, which is read once and before the rows: as a set of rows,
        # together with the relations of a row, it becomes a reading of the queue.
        ids = None if searched else list(own)
        if not after and not before and (ids is None or ids):
            among = rows.filter(_is_among(own)) if ids is None else rows.filter(pk__in=ids)
            mine = list(for_list(queue, among).order_by(queue.since, "pk")[:TOP])
        rows = rows.exclude(pk__in=own if ids is None else ids)
    # What stands on top is part of the page, which so is no longer than any other.
    page = keyset_page(
        for_list(queue, rows),
        [queue.since, "pk"],
        size=PAGE - len(mine),
        after=after,
        before=before,
    )
    return Page(page.rows, mine, page.before, page.after)
