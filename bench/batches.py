"""500 nominations approved at once and 500 portfolios passed: seconds and statements per row.

What the worker does, in one process, with account, document slots, events and messages of each.
"""

from __future__ import annotations

import contextlib
import itertools
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from bench import Result
from bench.rig import own_database
from inpassing.accounts.models import RoleGrant, User, VerifierScope
from inpassing.accounts.roles import grant
from inpassing.timeline.events import broken_links
from proposals.batches import work_due
from proposals.models import BatchRow, Proposal
from verification import batches
from verification.batches import APPROVE, PASS, Many
from verification.models import PortfolioDraft
from verification.workflow import items_for

ROWS = 500


@dataclass(frozen=True)
class Cost:
    """Seconds and CPU seconds of all rows, and the statements of each row in its order."""

    seconds: float
    cpu: float
    statements: list[int]


def main() -> list[Result]:
    """One batch of each kind on an own database with the demo's agencies."""
    with own_database(0):
        verifier = User.objects.create(
            username="bench-verifier", name="Bench", email="bench@contoh.example"
        )
        grant(verifier, RoleGrant.Role.VERIFIER, by=None)
        VerifierScope.objects.create(user=verifier)
        ids = nominations(ROWS)
        approving = run(APPROVE, ids, verifier)
        _make_portfolios(ids, verifier)
        passing = run(PASS, ids, verifier)
        if broken := list(broken_links()):
            raise RuntimeError(f"the timeline is broken: {broken[0]}")
    return [*_results("approving", approving), *_results("passing", passing)]


def _results(name: str, cost: Cost) -> list[Result]:
    first, last = cost.statements[10], cost.statements[-10]
    return [
        Result(f"{name} {ROWS}", round(cost.seconds, 1), "s"),
        Result(f"{name}, CPU of the worker", round(cost.cpu, 1), "s"),
        Result(f"{name}, one row", round(cost.seconds / ROWS * 1000, 1), "ms"),
        Result(f"{name}, statements of the tenth row", first, "statements"),
        Result(
            f"{name}, statements of the tenth from the end",
            last,
            "statements",
            "as the tenth",
            last == first,
        ),
    ]


def nominations(count: int) -> list[int]:
    """So many people nominated by one agency, as copies of one of the demo's proposals."""
    model = Proposal.objects.filter(period__status="open").order_by("pk")[0]
    since = timezone.now()
    rows = [
        Proposal(
            period=model.period,
            agency=model.agency,
            position=model.position,
            level=model.level,
            rank=model.rank,
            rank_effective_on=model.rank_effective_on,
            education=model.education,
            birth_date=model.birth_date,
            sex=model.sex,
            nip=f"1985{1 + n % 12:02}{1 + n // 12 % 28:02}2014031{960 + n // 336}",
            name=f"Calon Contoh {n}",
            email=f"calon{n}@contoh.example",
            status=Proposal.Status.NOMINATED,
            status_since=since,
            nominated_at=since,
            created_by=model.created_by,
        )
        for n in range(count)
    ]
    return [row.pk for row in Proposal.objects.bulk_create(rows)]


def _make_portfolios(ids: list[int], verifier: User) -> None:
    """The same people with their documents accepted and every answer noted."""
    proposals = Proposal.objects.filter(pk__in=ids)
    field = proposals[0].position.education_field
    proposals.update(status=Proposal.Status.ELIGIBLE, education_field=field)
    answers = {str(item.pk): ["met", ""] for item in items_for(proposals[0])}
    PortfolioDraft.objects.bulk_create(
        PortfolioDraft(proposal_id=pk, answers=answers, saved_by=verifier, saved_at=timezone.now())
        for pk in ids
    )


def run(many: Many, ids: list[int], verifier: User) -> Cost:
    """Ask for the batch and do it as the worker does."""
    versions = list(Proposal.objects.filter(pk__in=ids).values_list("pk", "version"))
    batch = batches.start(many, versions, by=verifier, key=uuid.uuid4())
    marks: list[int] = []
    with _counted() as counter:

        def act(*args: Any, **options: Any) -> object:
            marks.append(counter())
            return many.act(*args, **options)

        began, cpu = time.perf_counter(), time.process_time()
        work_due(many.kind, act, seconds=3600)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    done = batch.rows.filter(result=BatchRow.Result.DONE).count()
    if done != len(ids):
        refused = batch.rows.exclude(result=BatchRow.Result.DONE)[0]
        raise RuntimeError(f"{done} of {len(ids)} done; {refused.message}")
    statements = [after - before for before, after in itertools.pairwise(marks)]
    return Cost(seconds, cpu, statements)


@contextlib.contextmanager
def _counted() -> Iterator[Callable[[], int]]:
    """Counts the statements of this connection; the log of Django keeps the last 9,000 only."""
    count = 0

    def counted(execute: Any, sql: str, params: Any, is_many: bool, context: Any) -> Any:
        nonlocal count
        count += 1
        return execute(sql, params, is_many, context)

    with connection.execute_wrapper(counted):
        yield lambda: count
