"""Many bare proposals for measurements: rows only, without documents, accounts or stories."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from django.db import connection, transaction
from django.utils import timezone

from inpassing.accounts.models import Agency, sort_name
from inpassing.reference.models import Period, PositionLevel, Region
from proposals.models import Formation, FormationLine, Proposal
from proposals.operator_requests import government_name

from .people import person

MOST = 1_000_000
CHUNK = 20_000
POSTS = 10_000
Status = Proposal.Status
# How many of a hundred stand in each status; the rest is RECOMMENDED.
SHARES = {
    Status.DRAFT: 6,
    Status.NOMINATED: 9,
    Status.FILLING: 14,
    Status.SUBMITTED: 13,
    Status.RETURNED: 5,
    Status.ELIGIBLE: 6,
    Status.TEST_REQUIRED: 7,
    Status.READY: 6,
    Status.APPOINTED: 8,
    Status.NOT_ELIGIBLE: 5,
    Status.PORTFOLIO_FAILED: 2,
    Status.TEST_FAILED: 3,
    Status.TEST_ABSENT: 1,
    Status.NOMINATION_REJECTED: 2,
    Status.NOT_PROPOSED: 2,
    Status.WITHDRAWN: 2,
}
AFTER_APPROVAL = frozenset(Status) - {
    Status.DRAFT,
    Status.NOT_PROPOSED,
    Status.NOMINATED,
    Status.NOMINATION_REJECTED,
}
COLUMNS = (
    "period_id", "agency_id", "status", "version", "nip", "name", "title_before", "title_after",
    "sort_name", "birth_date", "sex", "email", "phone", "position_id", "level_id", "rank_id",
    "rank_effective_on", "education_id", "is_structural", "dismissed_before", "address",
    "special_needs", "current_post", "structural_decree", "work_field", "duties", "programme",
    "institution", "education_field", "created_at", "nominated_at", "approved_at",
    "filing_deadline", "submitted_at", "status_since", "end_note", "resubmissions",
)  # fmt: skip


def seed_proposals(number: int) -> None:
    """Add `number` proposals over all regional agencies, both positions and all statuses, in the
    newest open period, by COPY in chunks; then ANALYZE, so that lists are planned by true counts.
    """
    period = Period.objects.open().order_by("-filing_deadline").first()
    assert period is not None  # the standard set made it
    agencies = _agencies()
    levels = list(PositionLevel.objects.filter(in_inpassing_2020=True).prefetch_related("ranks"))
    _formations(period, agencies, levels)
    # Every row that there is used at most one number, so numbers from here on are free.
    first = Proposal.objects.count()
    rows = _rows(first, number, period, agencies, levels)
    for start in range(0, number, CHUNK):
        with transaction.atomic(), connection.cursor() as cursor:
            names = ", ".join(COLUMNS)
            with cursor.copy(f"COPY {Proposal._meta.db_table} ({names}) FROM STDIN") as copy:
                for _ in range(min(CHUNK, number - start)):
                    copy.write_row(next(rows))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _agencies() -> list[int]:
    """The agency of every region, made where there is none."""
    taken = set(Agency.objects.exclude(region=None).values_list("region_id", flat=True))
    names = set(Agency.objects.values_list("name_key", flat=True))
    new = []
    for region in Region.objects.exclude(pk__in=taken):
        name = government_name(region)
        if sort_name(name) in names:
            continue
        names.add(sort_name(name))
        new.append(
            Agency(
                kind=region.kind,
                name=name,
                name_key=sort_name(name),
                region=region,
                addressee="Kepala Daerah",
            )
        )
    Agency.objects.bulk_create(new, batch_size=500)
    return list(Agency.objects.exclude(region=None).order_by("pk").values_list("pk", flat=True))


def _formations(period: Period, agencies: list[int], levels: list[PositionLevel]) -> None:
    """A large validated formation for everybody who has none."""
    there = set(Formation.objects.filter(period=period).values_list("agency_id", "position_id"))
    positions = sorted({level.position_id for level in levels})
    now = timezone.now()
    made = Formation.objects.bulk_create(
        [
            Formation(
                agency_id=agency,
                period=period,
                position_id=position,
                status=Formation.Status.VALIDATED,
                submitted_at=now,
                decided_at=now,
            )
            for agency in agencies
            for position in positions
            if (agency, position) not in there
        ],
        batch_size=1000,
    )
    FormationLine.objects.bulk_create(
        [
            FormationLine(formation=formation, level=level, needed=POSTS, filled=0, validated=POSTS)
            for formation in made
            for level in levels
            if level.position_id == formation.position_id
        ],
        batch_size=2000,
    )


def _rows(
    first: int, number: int, period: Period, agencies: list[int], levels: list[PositionLevel]
) -> Iterator[tuple[object, ...]]:
    rnd = random.Random(first)
    statuses = [*list(SHARES), Status.RECOMMENDED]
    weights = [*SHARES.values(), 100 - sum(SHARES.values())]
    ranks = {level.pk: [rank.code for rank in level.ranks.all()] for level in levels}
    now = timezone.now()
    seconds = int((now - period.opens_at).total_seconds())
    hour = dt.timedelta(hours=1)
    for index in range(first, first + number):
        who = person(index, sequence=900, width=90)
        status = rnd.choices(statuses, weights)[0]
        level = levels[rnd.randrange(len(levels))]
        is_approved = status in AFTER_APPROVAL
        is_sent = is_approved and status not in {Status.FILLING, Status.WITHDRAWN}
        since = now - dt.timedelta(seconds=rnd.randrange(seconds))
        yield (
            period.pk, agencies[rnd.randrange(len(agencies))], status.value, 1, who.nip, who.name,
            "", "S.Kom.", sort_name(who.name), who.born, who.sex, f"p{index}@contoh.example", "",
            level.position_id, level.pk, rnd.choice(ranks[level.pk]), dt.date(2022, 4, 1), "S1",
            False, False, "", "", "", "", "", "", "Teknik Informatika", "", "", since - 3 * hour,
            None if status in {Status.DRAFT, Status.NOT_PROPOSED} else since - 2 * hour,
            since - hour if is_approved else None,
            period.filing_deadline if is_approved else None,
            since if is_sent else None, since, "", 0,
        )  # fmt: skip
