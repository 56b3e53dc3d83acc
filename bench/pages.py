"""Pages on a database of 100,000 proposals: queries, CPU, weight, plans, deep pages, counts.

Each page is asked of the application itself, without a socket, twenty times after a warm-up; CPU is
that of this process, so PostgreSQL's is not in it: what its statements cost is in the plans.
BENCH_PROPOSALS=1000000 takes the million. Goals: docs/performance.md.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.db.models import Count
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from bench import Result, rig
from inpassing.accounts.models import RoleGrant, User, VerifierScope
from inpassing.accounts.roles import grant
from inpassing.keyset import keyset_page
from proposals.models import Proposal, ProposalDocument
from recommendations.models import Run
from verification import desk
from verification.models import Assignment, Claim, Decision

PROPOSALS = int(os.environ.get("BENCH_PROPOSALS", "100000"))
ROUNDS = 20
LARGE = 10_000  # rows; a scan of a smaller table is what it should be
Query = tuple[str, Any]


@dataclass(frozen=True)
class Page:
    """A page as one person asks for it; a list is held to the goals of a list."""

    name: str
    path: str
    user: User | None = None
    is_list: bool = False


class Visitor:
    """Asks the application for pages as a browser would, within this process."""

    def __init__(self) -> None:
        self.application = WSGIHandler()
        self.cookies: dict[int, dict[str, str]] = {}

    def get(self, page: Page) -> tuple[bytes, dict[str, str]]:
        """The body as it goes over the wire, and the headers; RuntimeError when it is no page."""
        request = RequestFactory(SERVER_NAME=rig.HOST).get(
            page.path, headers={"Accept-Encoding": "gzip", "Cookie": self._cookie(page.user)}
        )
        begun: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[..., object]:
            begun.extend([status, headers])
            return begun.append

        response = self.application(request.environ, start)
        body = b"".join(response)
        response.close()
        if begun[0] != "200 OK":
            raise RuntimeError(f"{page.name}: {begun[0]}")
        return body, dict(begun[1])

    def _cookie(self, user: User | None) -> str:
        if user is None:
            return ""
        if user.pk not in self.cookies:
            self.cookies[user.pk] = rig.session_of(user)
        return "; ".join(f"{k}={v}" for k, v in self.cookies[user.pk].items())


def main() -> list[Result]:
    """Measure and return the figures."""
    with rig.own_database(PROPOSALS):
        grow()
        visitor = Visitor()
        results: list[Result] = []
        for page in pages():
            results += figures(visitor, page)
        results += first_visit(visitor)
        results += deep_pages()
    return results


def grow() -> None:
    """What bare proposals lack: an account, an invitation and a message for each of them, and
    verifiers with a scope narrower than everything."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO accounts_user (password, username, nip, name, title_before, title_after,
                                       email, phone, is_active, date_joined, employer_id)
            SELECT '!', nip, nip, name, '', '', 'b' || id || '@contoh.example', '', true, now(),
                   agency_id
            FROM proposals_proposal
            WHERE participant_id IS NULL AND approved_at IS NOT NULL
            ON CONFLICT DO NOTHING
            """
        )
        cursor.execute(
            "UPDATE proposals_proposal p SET participant_id = u.id FROM accounts_user u "
            "WHERE u.username = p.nip AND p.participant_id IS NULL AND p.approved_at IS NOT NULL"
        )
        cursor.execute(
            """
            INSERT INTO notifications_outboxmessage
                (key, user_id, to_email, template, fields, link_kind, path, proposal_id, message_id,
                 state, attempts, sent_at, response, created_at)
            SELECT 'bench:' || id, participant_id, email, 'invitation', real.fields, '', '', id,
                   gen_random_uuid(), 'sent', 1, now(), '250 OK', approved_at
            FROM proposals_proposal, (SELECT fields FROM notifications_outboxmessage
                                      WHERE template = 'invitation' LIMIT 1) AS real
            WHERE participant_id IS NOT NULL
            """
        )
        cursor.execute(
            """
            INSERT INTO notifications_inboxmessage (key, user_id, subject, body, path, proposal_id,
                                                    created_at)
            SELECT 'bench:' || id, participant_id, 'Undangan', 'Lengkapi berkas Anda.', '', id,
                   approved_at
            FROM proposals_proposal WHERE participant_id IS NOT NULL
            """
        )
        cursor.execute(
            """
            INSERT INTO notifications_inboxmessage (key, user_id, subject, body, path, created_at)
            SELECT 'bench:' || u.id || ':' || n, u.id, 'Pemberitahuan ' || n, 'Isi pesan.', '',
                   now() - n * interval '1 minute'
            FROM accounts_user u, generate_series(1, 500) n WHERE u.username = 'operator'
            """
        )
    for name, position, province in (
        ("bench-provinsi", None, "74"),
        ("bench-sempit", "PRAKOM", "35"),
    ):
        narrow = User.objects.create(username=name, name=name, email=f"{name}@contoh.example")
        grant(narrow, RoleGrant.Role.VERIFIER, by=None)
        VerifierScope.objects.create(user=narrow, position_id=position, province_id=province)
    desk_at_work()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def desk_at_work(verifiers: int = 30) -> None:
    """Thirty verifiers in the middle of it: each holds one, has forty, has decided hundreds."""
    now = timezone.now()
    people = []
    for number in range(verifiers):
        name = f"bench-verifikator-{number}"
        person = User.objects.create(username=name, name=name, email=f"{name}@contoh.example")
        grant(person, RoleGrant.Role.VERIFIER, by=None)
        VerifierScope.objects.create(user=person)
        people.append(person)
    people.append(User.objects.get(username="verifikator"))
    waiting = Proposal.objects.awaiting_verification().filter(assignment=None, claim=None)
    mine = list(waiting.order_by("pk")[: len(people) * 41])
    for number, proposal in enumerate(mine):
        person = people[number % len(people)]
        if number < len(people):
            Claim.objects.create(
                proposal=proposal,
                holder=person,
                claimed_at=now,
                expires_at=now + timedelta(hours=9),
            )
        else:
            Assignment.objects.create(
                proposal=proposal, verifier=person, assigned_by=person, assigned_at=now
            )
    decided = Proposal.objects.filter(submitted_at__isnull=False).order_by("-pk")[:20_000]
    Decision.objects.bulk_create(
        [
            Decision(
                proposal=proposal,
                verifier=people[number % len(people)],
                status=Proposal.Status.SUBMITTED,
                decided_at=now - timedelta(minutes=3 * number),
                waited=timedelta(hours=number % 200),
            )
            for number, proposal in enumerate(decided)
        ],
        batch_size=2000,
    )


def pages() -> Iterator[Page]:
    """The landing page, sign-in, the main lists and pages of every role."""
    people = {user.username: user for user in User.objects.filter(proposals=None)}
    people["peserta"] = User.objects.get(username="peserta")
    admin, operator, verifier = people["admin"], people["operator"], people["verifikator"]
    participant, narrow = people["peserta"], people["bench-sempit"]
    where = reverse("proposals:list")
    yield Page("landing", reverse("landing"))
    yield Page("sign-in", reverse("account_login"))
    yield Page("pedoman", reverse("guidelines"))
    yield Page("hasil uji", reverse("competency:results"))
    for name in ("admin", "verifikator", "operator", "pengawas", "penandatangan", "bench-sempit"):
        yield Page(f"home, {name}", reverse("home"), people[name])
    yield Page("usulan, operator", where, operator, True)
    yield Page("usulan, admin", where, admin, True)
    yield Page("usulan, admin, one status", f"{where}?status=submitted", admin, True)
    yield Page("usulan, verifier", where, verifier, True)
    yield Page("usulan, admin, by name", f"{where}?q=rahmat+wi", admin, True)
    yield Page("usulan, admin, by NIP", f"{where}?q=1984", admin, True)
    yield Page("usulan, admin, by whole NIP", f"{where}?q={_some_nip()}", admin, True)
    yield Page("usulan, narrow verifier, by name", f"{where}?q=rahmat", narrow, True)
    for slug in desk.QUEUES:
        path = reverse("verification:queue", args=[slug])
        yield Page(f"antrean {slug}", path, verifier, True)
    documents = reverse("verification:queue", args=["berkas"])
    yield Page("antrean berkas, narrow scope", documents, narrow, True)
    yield Page("antrean berkas, one province", documents, people["bench-provinsi"], True)
    yield Page("antrean berkas, by name", f"{documents}?q=rahmat+wi", verifier, True)
    yield from _filtered_queues(verifier, narrow)
    yield Page("own work", reverse("verification:my_work"), verifier, True)
    yield Page("workload, admin", reverse("verification:workload"), admin, True)
    yield Page("workload, verifier", reverse("verification:workload"), verifier, True)
    under_review = _with_documents(Proposal.Status.SUBMITTED)
    yield Page(
        f"review of {under_review.documents.count()} documents",
        reverse("verification:review", args=[under_review.pk]),
        verifier,
    )
    nominated = Proposal.objects.on_desk_of(verifier).awaiting_nomination_check().first()
    assert nominated is not None
    nomination = reverse("verification:nomination", args=[nominated.pk])
    yield Page("nomination", nomination, verifier)
    record = reverse("proposals:detail", args=[under_review.pk])
    yield Page("record of a proposal, admin", record, admin)
    own = Proposal.objects.filter(participant=participant).active().get()
    yield Page("tasks of a participant", reverse("proposals:tasks", args=[own.pk]), participant)
    document = own.documents.order_by("order").first()
    assert document is not None
    yield Page("one document", reverse("proposals:document", args=[document.pk]), participant)
    yield Page("formations, operator", reverse("proposals:formation_list"), operator, True)
    yield Page("formations, admin", reverse("proposals:formation_list"), admin, True)
    yield Page("sessions", reverse("competency:sessions"), admin, True)
    yield Page("seating", reverse("competency:seating"), admin)
    yield Page("letters, admin", reverse("recommendations:letters"), admin, True)
    yield Page("letters, operator", reverse("recommendations:letters"), operator, True)
    yield Page("runs", reverse("recommendations:runs"), admin, True)
    run = Run.objects.first()
    assert run is not None
    yield Page("one run", reverse("recommendations:run", args=[run.pk]), admin)
    yield Page("inbox", reverse("notifications:inbox"), operator, True)
    yield Page("outbox", reverse("notifications:outbox"), admin, True)
    failed = reverse("notifications:outbox") + "?keadaan=failed"
    yield Page("outbox, failed", failed, admin, True)
    users = reverse("administration:user_list")
    yield Page("users", users, admin, True)
    yield Page("users, by name", f"{users}?q=rahmat", admin, True)
    yield Page("offices", reverse("administration:office_list"), admin, True)
    yield Page("periods", reverse("administration:period_list"), admin, True)


def _filtered_queues(verifier: User, narrow: User) -> Iterator[Page]:
    """Each filter of the desk alone, the combinations that find little, and the search."""
    documents = reverse("verification:queue", args=["berkas"])
    row = Proposal.objects.on_desk_of(verifier).awaiting_verification().order_by("-pk")
    some = row.select_related("agency__region").filter(agency__region__isnull=False).first()
    assert some is not None
    assert some.agency.region is not None
    place = some.agency.region.name.split()[-1]
    colleague = Assignment.objects.exclude(verifier=verifier).values_list("verifier", flat=True)[0]
    filters = {
        "agency": f"instansi={some.agency.name}",
        "agency by a word that many have": "instansi=kabupaten",
        "period": f"periode={some.period_id}",
        "province": "provinsi=35",
        "position": "jabatan=PRAKOM",
        "level": f"jenjang={some.level_id}",
        "sent again": "keadaan=ulang",
        "sent once": "keadaan=baru",
        "own": "pemegang=saya",
        "nobody's": "pemegang=kosong",
        "a colleague's": f"pemegang={colleague}",
        "below a day": "menunggu=baru",
        "1 to 3 days": "menunggu=1-3",
        "over 7 days": "menunggu=7",
        "by agency's name": f"q={place}",
        "by a word that all agencies have": "q=pemerintah",
        "by NIP": f"q={some.nip[:8]}",
        "by nothing that is": "q=zzzz",
        "agency, level, over 7 days": (
            f"instansi={some.agency.name}&jenjang={some.level_id}&menunggu=7"
        ),
        "province, position, nobody's, over 7 days": (
            "provinsi=35&jabatan=PRAKOM&pemegang=kosong&menunggu=7"
        ),
        "province, level, by name": f"provinsi=35&jenjang={some.level_id}&q=rahmat",
        "everything": (
            f"instansi={some.agency.name}&periode={some.period_id}&provinsi=35&jabatan=PRAKOM"
            f"&jenjang={some.level_id}&keadaan=baru&pemegang=kosong&menunggu=3-7&q=rahmat"
        ),
    }
    for name, query in filters.items():
        yield Page(f"antrean berkas, {name}", f"{documents}?{quote(query, '=&')}", verifier, True)
    query = f"{documents}?pemegang=kosong&menunggu=7"
    yield Page("antrean berkas, narrow scope, nobody's, over 7 days", query, narrow, True)
    portfolios = reverse("verification:queue", args=["portofolio"])
    yield Page("antrean portofolio, province", f"{portfolios}?provinsi=35", verifier, True)


def _some_nip() -> str:
    nip: str = Proposal.objects.order_by("pk").values_list("nip", flat=True)[50]
    return nip


def _with_documents(status: str) -> Proposal:
    """The proposal of this status that has most documents."""
    most = ProposalDocument.objects.filter(proposal__status=status).values("proposal")
    row = most.annotate(n=Count("pk")).order_by("-n", "proposal")[0]
    return Proposal.objects.get(pk=row["proposal"])


# Figures of a page


def figures(visitor: Visitor, page: Page) -> list[Result]:
    """Queries, median CPU, size of the HTML as written and as sent."""
    visitor.get(page)
    queries = queries_of(visitor, page)
    body, headers = visitor.get(page)
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        visitor.get(page)
        taken.append(time.process_time() - began)
    cpu = _ms(statistics.median(taken))
    sent = len(body)
    html = len(gzip.decompress(body)) if headers.get("Content-Encoding") == "gzip" else sent
    goals = (10, 15.0, 50.0) if page.is_list else (None, None, None)
    return [
        _figure(f"{page.name}: queries", len(queries), "", goals[0]),
        _figure(f"{page.name}: CPU", cpu, "ms", goals[1]),
        _figure(f"{page.name}: HTML", _kb(html), "kB", goals[2]),
        _figure(f"{page.name}: later visit", _kb(sent), "kB sent", 30.0),
        *in_database(page, queries),
    ]


def _figure(name: str, value: float, unit: str, goal: float | None) -> Result:
    if goal is None:
        return Result(name, value, unit)
    return Result(name, value, unit, f"≤ {goal:g}", value <= goal)


def queries_of(visitor: Visitor, page: Page) -> list[Query]:
    """Every statement that the page sends to the database."""
    with recorded() as queries:
        visitor.get(page)
    return queries


@contextmanager
def recorded() -> Iterator[list[Query]]:
    """The statements that are executed meanwhile, with their parameters."""
    queries: list[Query] = []

    def note(execute: Callable[..., Any], statement: str, params: Any, *rest: Any) -> Any:
        queries.append((statement, params))
        return execute(statement, params, *rest)

    with connection.execute_wrapper(note):
        yield queries


def first_visit(visitor: Visitor) -> list[Result]:
    """What a browser loads that was never here: the page with all that it names, compressed."""
    results = []
    people = {
        user.username: user for user in User.objects.filter(username__in=["admin", "peserta"])
    }
    own = Proposal.objects.filter(participant=people["peserta"]).active().get()
    for page in (
        Page("landing", reverse("landing")),
        Page("sign-in", reverse("account_login")),
        Page("tasks", reverse("proposals:tasks", args=[own.pk]), people["peserta"]),
        Page("usulan", reverse("proposals:list"), people["admin"]),
    ):
        body, headers = visitor.get(page)
        html = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        statics = static_files_of(html.decode())
        total = len(body) + sum(map(weight, statics))
        results += [
            _figure(f"first visit, {page.name}", _kb(total), "kB sent", 150.0),
            Result(f"first visit, {page.name}: files", len(statics), ""),
        ]
    return results


def static_files_of(html: str) -> set[Path]:
    """The static files that a page names, and those that its stylesheets name."""
    names = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html))
    found = {_static(unescape(name)) for name in names}
    for sheet in [path for path in found if path.suffix == ".css"]:
        for name in re.findall(r"url\([\"']?([^\"')]+)", sheet.read_text()):
            if not name.startswith(("data:", "#")):
                found.add((sheet.parent / urlsplit(name).path).resolve())
    return found


def _static(address: str) -> Path:
    return Path(settings.STATIC_ROOT) / urlsplit(address).path.removeprefix(settings.STATIC_URL)


def weight(path: Path) -> int:
    """Bytes of a static file as a browser without Brotli gets it."""
    compressed = path.with_name(f"{path.name}.gz")
    return (compressed if compressed.exists() else path).stat().st_size


# The database


def deep_pages() -> list[Result]:
    """A page at nine tenths of a list beside its first one, in turns: time in the database."""
    everything = Proposal.objects.for_list()
    queue = desk.DOCUMENTS
    verifier = User.objects.get(username="verifikator")
    waiting = desk.for_list(queue, desk.waiting(queue, verifier))
    results = []
    for name, rows, order in (
        ("usulan", everything, ("-status_since", "-pk")),
        ("antrean berkas", waiting, (queue.since, "pk")),
    ):
        number = rows.count() * 9 // 10
        pair = list(rows.order_by(*order).values_list("pk", flat=True)[number - 1 : number + 1])
        after = keyset_page(rows.filter(pk__in=pair), order, size=1).after
        first, deep = _in_turns(
            partial(keyset_page, rows, order, size=50),
            partial(keyset_page, rows, order, size=50, after=after),
        )
        results += [
            Result(f"{name}: first page from the database", _ms(first), "ms"),
            Result(f"{name}: page behind {number:,} rows", _ms(deep), "ms"),
            _figure(f"{name}: deep page against first", round(deep / first, 2), "×", 1.5),
        ]
    return results


def _in_turns(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of two pieces of work that take turns; the first turn does not count."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS + 1):
        for work, seconds in zip((one, other), taken, strict=True):
            began = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - began)
    return statistics.median(taken[0][1:]), statistics.median(taken[1][1:])


@dataclass
class Scan:
    """How a statement reads one large table."""

    table: str
    kind: str
    index: str
    rows: float
    removed: float

    def __str__(self) -> str:
        by = f" by {self.index}" if self.index else ""
        return f"{self.kind} {self.table}{by}: {self.rows:,.0f} rows, {self.removed:,.0f} dropped"


def in_database(page: Page, queries: Sequence[Query]) -> list[Result]:
    """What PostgreSQL does for a page; prints how each large table is read where it is not cheap.

    Times are those of EXPLAIN ANALYZE, the least of three, so that other work hardly shows.
    """
    large = _large_tables()
    total = slowest_count = 0.0
    whole = 0
    for statement, params in queries:
        if not statement.startswith("SELECT"):
            continue
        runs = [_explain(statement, params) for _ in range(3)]
        milliseconds = min(run["Execution Time"] for run in runs)
        total += milliseconds + min(run["Planning Time"] for run in runs)
        if "count(" in statement.lower():
            slowest_count = max(slowest_count, milliseconds)
        scans = [scan for scan in _scans(runs[0]["Plan"]) if scan.table in large]
        whole += sum(scan.kind == "Seq Scan" for scan in scans)
        if milliseconds > 3 or any(scan.kind == "Seq Scan" for scan in scans):
            print(f"{page.name}: {milliseconds:.1f} ms  {statement[:90]} ... {statement[-150:]}")
            for scan in scans:
                print(f"    {scan}")
    results = [Result(f"{page.name}: time in PostgreSQL", round(total, 2), "ms")]
    if slowest_count:
        results.append(_figure(f"{page.name}: slowest count", round(slowest_count, 2), "ms", 5.0))
    if page.is_list:
        results.append(_figure(f"{page.name}: large tables read whole", whole, "", 0))
    return results


def _explain(statement: str, params: Any) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY, FORMAT JSON) {statement}", params)
        answer = cursor.fetchone()[0]
    plan: dict[str, Any] = (json.loads(answer) if isinstance(answer, str) else answer)[0]
    return plan


def _scans(node: dict[str, Any]) -> Iterator[Scan]:
    if "Relation Name" in node:
        loops = node["Actual Loops"]
        yield Scan(
            node["Relation Name"],
            node["Node Type"],
            node.get("Index Name", ""),
            node["Actual Rows"] * loops,
            node.get("Rows Removed by Filter", 0) * loops,
        )
    for child in node.get("Plans", ()):
        yield from _scans(child)


def _large_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s", [LARGE]
        )
        return {name for (name,) in cursor.fetchall()}


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _kb(size: int) -> float:
    return round(size / 1000, 1)
