"""Results of 20,000 people: read from files, saved, confirmed, published, every message queued.

Everybody sits in sessions over all offices; one in twenty was absent. The publication is measured
in this process, as the worker does it, and asked for a second time, when nothing may happen.
"""

from __future__ import annotations

import datetime as dt
import random
import resource
import time
from dataclasses import dataclass
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import Workbook

from bench import Result
from bench.rig import own_database
from competency import publishing, result_imports, results, seats
from competency.models import Publication, ResultImport, Seat, TestSession
from inpassing.accounts.models import Agency, RoleGrant, User
from inpassing.accounts.roles import grant
from inpassing.notifications.models import InboxMessage, OutboxMessage
from inpassing.reference.models import BpsOffice, Period, PeriodPosition
from inpassing.timeline.events import broken_links
from proposals.models import Proposal

PEOPLE = 20_000
ABSENT = 20  # one in so many


def main() -> list[Result]:
    """One import, one confirmation, one publication on an own database."""
    with own_database(proposals=PEOPLE):
        return _measure()


def _measure() -> list[Result]:
    period = Period.objects.open().order_by("-filing_deadline").first()
    assert period is not None
    admin, other = User.objects.get(username="admin"), User.objects.get(username="pengawas")
    _seat_everybody(period, admin)
    files = [_import(entry, by=other) for entry in PeriodPosition.objects.filter(period=period)]
    began = time.perf_counter()
    results.confirm_all(period, by=admin)
    confirming = time.perf_counter() - began
    due = publishing.waiting_seats(period.pk).count()
    before = OutboxMessage.objects.count(), InboxMessage.objects.count()
    publication = publishing.publish(period, by=admin)
    began, cpu = time.perf_counter(), time.process_time()
    publishing.run_publication(publication)
    publishing_seconds, publishing_cpu = time.perf_counter() - began, time.process_time() - cpu
    mails = OutboxMessage.objects.count() - before[0]
    entries = InboxMessage.objects.count() - before[1]
    Publication.objects.filter(pk=publication.pk).update(finished_at=None)
    publishing.run_publication(publication)
    again = OutboxMessage.objects.count() - before[0] - mails
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return [
        Result("rows of the files, one file per position", sum(f.rows for f in files), "rows"),
        Result("read and judged", round(sum(f.reading for f in files), 1), "s"),
        Result("saved", sum(f.saved for f in files), "results"),
        Result("saving", round(sum(f.saving for f in files), 1), "s"),
        Result("reading and saving, CPU of the worker", round(sum(f.cpu for f in files), 1), "s"),
        Result("rows with an error", sum(f.errors for f in files), "rows", "0"),
        Result("all sessions confirmed", round(confirming, 1), "s"),
        Result("people published", due, "people"),
        Result("publication", round(publishing_seconds, 1), "s"),
        Result("publication, CPU of the worker", round(publishing_cpu, 1), "s"),
        Result("mails queued", mails, "mails"),
        Result("inbox entries", entries, "entries"),
        Result("queued by a second run", again, "mails", "0", again == 0),
        Result("left waiting", publishing.waiting_seats(period.pk).count(), "people", "0"),
        Result("memory of the process at most", peak, "MB"),
        Result("broken links of the timeline", len(list(broken_links())), "links", "0"),
    ]


@dataclass(frozen=True)
class _File:
    rows: int
    saved: int
    errors: int
    reading: float
    saving: float
    cpu: float


def _import(entry: PeriodPosition, *, by: User) -> _File:
    """One file, read and saved."""
    upload = _workbook(entry)
    cpu, began = time.process_time(), time.perf_counter()
    batch = result_imports.start(entry, upload, by=by)
    result_imports.work_due()
    reading, began = time.perf_counter() - began, time.perf_counter()
    batch.refresh_from_db()
    result_imports.save_rows(batch, by=by)
    result_imports.work_due()
    saving, cpu = time.perf_counter() - began, time.process_time() - cpu
    batch.refresh_from_db()
    assert batch.state == ResultImport.State.DONE, (batch.state, batch.message, batch.counts)
    counts = batch.counts
    rows = sum(counts.get(name, 0) for name in ("new", "changed", "same", "error"))
    return _File(rows, counts["saved"], counts.get("error", 0), reading, saving, cpu)


def _seat_everybody(period: Period, admin: User) -> None:
    """Everybody waits for the test of one position, sits, and is marked; nobody has a result."""
    now = timezone.now()
    Seat.objects.current().filter(session__period=period).update(released_at=now)
    TestSession.objects.filter(period=period).update(cancelled_at=now)
    Proposal.objects.filter(period=period).update(status=Proposal.Status.TEST_REQUIRED)
    _give_accounts(period)
    offices = list(BpsOffice.objects.filter(is_active=True))
    people = Proposal.objects.filter(period=period).count()
    TestSession.objects.bulk_create(
        [
            TestSession(
                period=period,
                office=office,
                starts_at=now + dt.timedelta(days=30),
                ends_at=now + dt.timedelta(days=30, hours=2),
                room="Aula",
                capacity=max(20, people // 10),
            )
            for office in offices
        ]
    )
    run = seats.request_seating(period, by=admin, seed="bench", holds_invitations=True)
    seats.run_seating(run)
    held = Seat.objects.current().filter(session__period=period)
    TestSession.objects.filter(period=period, cancelled_at=None).update(
        starts_at=now - dt.timedelta(hours=3), ends_at=now - dt.timedelta(hours=1)
    )
    absent = [pk for n, pk in enumerate(held.values_list("pk", flat=True)) if n % ABSENT == 0]
    held.update(attendance="present", marked_at=now)
    Seat.objects.filter(pk__in=absent).update(attendance="absent")


def _give_accounts(period: Period) -> None:
    """An account for every participant and an operator for every agency: all are to be told."""
    without = list(Proposal.objects.filter(period=period, participant=None).order_by("pk"))
    users = User.objects.bulk_create(
        [
            User(username=f"bench{row.pk}", name=row.name, email=f"b{row.pk}@contoh.example")
            for row in without
        ],
        batch_size=2000,
    )
    for row, user in zip(without, users, strict=True):
        row.participant = user
    Proposal.objects.bulk_update(without, ["participant"], batch_size=1000)
    agencies = Agency.objects.filter(proposals__period=period).distinct()
    for agency in agencies.exclude(grants__role=RoleGrant.Role.OPERATOR):
        user = User.objects.create(
            username=f"opr{agency.pk}", name=agency.name, email=f"o{agency.pk}@contoh.example"
        )
        grant(user, RoleGrant.Role.OPERATOR, by=None, agency=agency)


def _workbook(entry: PeriodPosition) -> SimpleUploadedFile:
    rnd = random.Random(11)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Nilai")
    layout = result_imports.layout_of(entry)
    sheet.append([column.header for column in layout.columns])
    scores = len(layout.columns) - 2
    held = Seat.objects.current().filter(
        session__period=entry.period_id, proposal__position=entry.position_id, attendance="present"
    )
    for number, name in held.values_list("participant_number", "proposal__name"):
        sheet.append([number, name, *(round(rnd.uniform(40, 100), 1) for _ in range(scores))])
    out = BytesIO()
    book.save(out)
    return SimpleUploadedFile("nilai.xlsx", out.getvalue(), result_imports.XLSX_TYPE)
