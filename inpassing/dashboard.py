"""The public landing page and the home page of each role; may read every stage."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inpassing.accounts.models import Agency, User
from inpassing.accounts.roles import Roles, roles_of
from inpassing.files.models import StoredFile
from inpassing.files.storage import serve_public
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import Guideline, Period, RequiredDocument
from inpassing.user_guide import GUIDES, guide_html, guide_links
from proposals.deadlines import agency_filing_deadline
from proposals.ledger import ledgers
from proposals.models import Formation, Proposal
from proposals.permissions import operator_requests_for
from verification.desk import DOCUMENTS, FORMATIONS, NOMINATIONS, PORTFOLIOS, REQUESTS, sizes

Status = Proposal.Status
# Proposals of a period from which on their number per status is not counted for every visit.
LARGE = 20_000


@dataclass(frozen=True)
class Task:
    """One line of "Yang perlu Anda kerjakan": a sentence, a number, the list that makes it up."""

    label: str
    url: str
    count: int
    note: str = ""
    text: str = ""  # how the number is written where it is not counted to the end


@dataclass
class Step:
    """One line of the schedule."""

    label: str
    dates: str
    is_now: bool = False


@dataclass
class Home:
    """What the home page shows; the parts of all roles that a person holds, one below another."""

    tasks: list[Task] = field(default_factory=list)
    numbers: list[Task] = field(default_factory=list)
    formations: list[dict[str, Any]] = field(default_factory=list)
    funnel: list[dict[str, Any]] = field(default_factory=list)

    def add(self, count: int, label: str, url: str, note: str = "") -> None:
        """Add a task when there is something to do."""
        if count:
            self.tasks.append(Task(label, url, count, note))


def current_period() -> Period | None:
    """The open period whose filing ends first, else the newest one that is closed."""
    today = timezone.now()
    return (
        Period.objects.open().filter(filing_deadline__gte=today).order_by("filing_deadline").first()
        or Period.objects.open().order_by("-filing_deadline").first()
        or Period.objects.filter(status=Period.Status.CLOSED).first()
    )


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What inpassing is, the dates of the period, who may apply, what to prepare."""
    period = current_period()
    documents = RequiredDocument.objects.asked().filter(period=period) if period else []
    return render(
        request,
        "landing.html",
        {"period": period, "steps": _schedule(period), "documents": documents},
    )


def _schedule(period: Period | None) -> list[Step]:
    if period is None:
        return []
    from inpassing.formats import long_date, short_date

    def span(first: dt.date, last: dt.date) -> str:
        return f"{short_date(first)} – {long_date(last)}"

    now, today = timezone.now(), timezone.localdate()
    opens = timezone.localdate(period.opens_at)
    nominated = timezone.localdate(period.nomination_deadline)
    filed = timezone.localdate(period.filing_deadline)
    return [
        Step(
            "Pengusulan oleh instansi",
            span(opens, nominated),
            period.opens_at <= now < period.nomination_deadline,
        ),
        Step(
            "Peserta melengkapi berkas",
            f"s.d. {long_date(filed)}",
            period.nomination_deadline <= now < period.filing_deadline,
        ),
        Step(
            "Verifikasi dan validasi",
            f"s.d. {long_date(period.verification_until)}",
            now >= period.filing_deadline and today <= period.verification_until,
        ),
        Step(
            "Uji kompetensi",
            span(period.test_from, period.test_until),
            period.test_from <= today <= period.test_until,
        ),
        Step(
            "Rekomendasi terbit",
            long_date(period.recommendation_on),
            today == period.recommendation_on,
        ),
    ]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """ "Yang perlu Anda kerjakan": tasks and numbers of every role that the person holds."""
    user: Any = request.user
    roles = roles_of(user)
    own = list(Proposal.objects.filter(participant=user).for_list().order_by("-created_at")[:10])
    if own and not roles.names and len([p for p in own if not p.has_ended]) == 1:
        active = next(p for p in own if not p.has_ended)
        return redirect("proposals:detail", active.pk)
    period = chosen_period(request.GET.get("periode", ""))
    page = Home()
    if roles.is_operator:
        _operator_part(page, roles)
    if roles.is_verifier:
        _verifier_part(page, user)
    if roles.is_proctor:
        _proctor_part(page, roles)
    if roles.is_signer:
        _signer_part(page)
    if roles.is_admin:
        _admin_part(page, user, period)
    return render(
        request,
        "home.html",
        {
            "page": page,
            "period": period,
            "deadline": _deadline(period, roles) if period else None,
            "own": own,
            "roles": roles,
            "periods": Period.objects.exclude(status=Period.Status.DRAFT)[:8]
            if roles.is_admin
            else [],
        },
    )


@dataclass(frozen=True)
class Deadline:
    """The date that counts on the home page, in the zone of who reads it."""

    title: str
    at: dt.datetime
    tz: str


def _deadline(period: Period, roles: Roles) -> Deadline:
    """Until when: for an operator the nomination first, then the agency's own filing date."""
    if not roles.is_operator:
        return Deadline("Batas pengiriman berkas", period.filing_deadline, settings.TIME_ZONE)
    agencies = list(Agency.objects.filter(pk__in=roles.agency_ids).select_related("region")[:2])
    agency = agencies[0] if len(agencies) == 1 else None
    tz = agency.tz if agency else settings.TIME_ZONE
    if timezone.now() < period.nomination_deadline:
        return Deadline("Batas pengusulan", period.nomination_deadline, tz)
    at = agency_filing_deadline(period, agency) if agency else period.filing_deadline
    return Deadline("Batas pengiriman berkas", at, tz)


def _operator_part(page: Home, roles: Roles) -> None:
    own = Agency.objects.active().filter(pk__in=roles.agency_ids)
    for agency in own.exclude(work_units__is_active=True).order_by("name"):
        page.add(
            1,
            f"Isi unit kerja {agency.name}",
            f"{reverse('proposals:work_unit_list')}?instansi={agency.pk}",
            f"Langkah pertama: {agency.head_of_unit_title} dicetak pada surat pernyataan, dan "
            "calon serta baris formasi memilih unitnya dari daftar ini.",
        )
    running = Period.objects.open()
    proposals = Proposal.objects.filter(agency__in=roles.agency_ids, period__in=running)
    counts = Counter(dict(proposals.values_list("status").annotate(n=Count("*"))))
    where = reverse("proposals:list")
    page.add(
        counts[Status.DRAFT],
        f"Lengkapi {counts[Status.DRAFT]} konsep calon lalu kirim",
        f"{where}?status=draft",
        "Konsep yang belum dikirim pada batas pengusulan ditutup.",
    )
    recommended = Proposal.objects.filter(
        agency__in=roles.agency_ids, status=Status.RECOMMENDED
    ).count()
    page.add(
        recommended,
        "Unggah keputusan pengangkatan",
        f"{reverse('recommendations:letters')}?jenis=recommendation",
        "BPS memerlukan salinan keputusan tiap orang yang direkomendasikan.",
    )
    unsent = OutboxMessage.objects.filter(
        proposal_id__in=proposals.values("pk"), state=OutboxMessage.State.FAILED
    ).count()
    page.add(unsent, "Perbaiki alamat email peserta", where, "Undangan ditolak server email.")
    formations = Formation.objects.filter(agency__in=roles.agency_ids, period__in=running)
    newest_first = formations.order_by("-period__year", "-period__number", "position")
    shown_formations = list(newest_first.select_related("position", "agency", "period"))
    lines = ledgers(shown_formations)
    for formation in shown_formations:
        url = reverse("proposals:formation", args=[formation.pk])
        if formation.status == Formation.Status.RETURNED:
            page.add(1, f"Perbaiki formasi {formation.position}", url, formation.note)
        elif formation.status == Formation.Status.DRAFT:
            page.add(1, f"Lengkapi dan kirim formasi {formation.position}", url)
        page.formations.append({"formation": formation, "lines": lines[formation.pk], "url": url})
    if not page.formations and running.exists():
        page.add(
            1,
            "Isi formasi",
            reverse("proposals:formation_list"),
            "Calon dapat dikirim setelah formasi terkirim.",
        )
    shown = (
        Status.DRAFT,
        Status.NOMINATED,
        Status.FILLING,
        Status.RETURNED,
        Status.SUBMITTED,
        Status.RECOMMENDED,
    )
    for status in shown:
        page.numbers.append(
            Task(str(status.label), f"{where}?status={status.value}", counts[status])
        )


def _queue(slug: str) -> str:
    return reverse("verification:queue", args=[slug])


def _verifier_part(page: Home, user: User) -> None:
    waiting = sizes(user)
    for queue, label in (
        (REQUESTS, "Putuskan permohonan akun operator"),
        (NOMINATIONS, "Periksa usulan instansi"),
        (FORMATIONS, "Validasi formasi"),
        (DOCUMENTS, "Periksa berkas peserta"),
        (PORTFOLIOS, "Nilai portofolio"),
    ):
        if waiting[queue.slug].count:
            size = waiting[queue.slug]
            page.tasks.append(Task(label, _queue(queue.slug), size.count, text=size.text))


def _proctor_part(page: Home, roles: Roles) -> None:
    from competency.models import TestSession

    coming = TestSession.objects.filter(
        office__in=roles.office_ids, ends_at__gte=timezone.now() - dt.timedelta(days=1)
    ).count()
    page.add(coming, "Buka sesi uji di kantor Anda", reverse("competency:sessions"))


def _signer_part(page: Home) -> None:
    from recommendations.models import Letter

    waiting = Letter.objects.filter(status=Letter.Status.AWAITING_SIGNATURE).count()
    page.add(waiting, "Tanda tangani surat", reverse("recommendations:signing"))


def _admin_part(page: Home, user: User, period: Period | None) -> None:
    if period is None:
        page.add(1, "Buat dan buka periode pertama", reverse("administration:period_list"))
        return
    open_ids = list(Period.objects.open().values_list("pk", flat=True))
    by_period = status_counts({*open_ids, period.pk})
    running: Counter[str] = sum((by_period[pk] for pk in open_ids), Counter())
    page.add(
        operator_requests_for(user).filter(status="requested").count(),
        "Putuskan permohonan akun operator",
        _queue("permohonan"),
    )
    failed = OutboxMessage.objects.filter(
        state__in=[OutboxMessage.State.FAILED, OutboxMessage.State.UNCERTAIN]
    ).count()
    page.add(
        failed,
        "Periksa email yang tidak sampai",
        f"{reverse('notifications:outbox')}?keadaan=failed",
    )
    page.add(
        running[Status.TEST_REQUIRED],
        "Atur sesi dan kursi uji kompetensi",
        reverse("competency:sessions"),
    )
    page.add(running[Status.READY], "Siapkan surat rekomendasi", reverse("recommendations:runs"))
    counts = by_period[period.pk]
    total = max(sum(counts.values()), 1)
    where = reverse("proposals:list")
    for status in Status:
        if counts[status]:
            page.funnel.append(
                {
                    "label": status.label,
                    "count": counts[status],
                    "width": str(round(100 * counts[status] / total, 1)),
                    "url": f"{where}?periode={period.pk}&status={status.value}",
                }
            )


def status_counts(periods: set[int]) -> dict[int, Counter[str]]:
    """Period id -> how many proposals are in each status.

    Counting a large period costs more than its page may: its figures are kept for a minute. A
    small one is always counted anew.
    """
    names = {f"status-counts:{pk}": pk for pk in periods}
    found: dict[int, Counter[str]] = {
        names[name]: Counter(kept) for name, kept in cache.get_many(names).items()
    }
    missing = periods - set(found)
    found |= {pk: Counter() for pk in missing}
    if missing:
        counted = Proposal.objects.filter(period__in=missing).order_by()
        for pk, status, n in counted.values_list("period", "status").annotate(n=Count("*")):
            found[pk][status] = n
    large = [pk for pk in missing if found[pk].total() > LARGE]
    cache.set_many({f"status-counts:{pk}": dict(found[pk]) for pk in large}, timeout=60)
    return found


def chosen_period(wanted: str) -> Period | None:
    """The period asked for in the address, else the current one."""
    if wanted.isdecimal():
        chosen = Period.objects.exclude(status=Period.Status.DRAFT).filter(pk=int(wanted)).first()
        if chosen:
            return chosen
    return current_period()


@login_not_required
@require_safe
def guidelines(request: HttpRequest) -> HttpResponse:
    """Guides, rules and sample formats that an administrator keeps, with their files."""
    rows = list(Guideline.objects.filter(is_published=True))
    files = {
        file.pk: file
        for file in StoredFile.objects.filter(pk__in=[row.file_id for row in rows if row.file_id])
        if file.is_accepted
    }
    groups = [
        (
            label,
            [
                (row, row.file_id and files.get(row.file_id))
                for row in rows
                if row.category == category
            ],
        )
        for category, label in Guideline.Category.choices
    ]
    return render(
        request,
        "guidelines.html",
        {
            "groups": [(label, found) for label, found in groups if found],
            "period": current_period(),
            "guides": guide_links(),
            "is_keeper": roles_of(request.user).is_admin,
        },
    )


@login_not_required
@require_safe
def guideline_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of a guideline: for everybody while it is published, else for administrators."""
    row = get_object_or_404(Guideline, pk=pk)
    if not (row.is_published or roles_of(request.user).is_admin):
        raise Http404
    file = get_object_or_404(StoredFile, pk=row.file_id, state=StoredFile.State.ACCEPTED)
    return serve_public(file)


@login_not_required
@require_safe
def user_guide(request: HttpRequest, role: str) -> HttpResponse:
    """How one role uses the service."""
    if role not in GUIDES:
        raise Http404
    links = guide_links()
    return render(
        request,
        "user_guide.html",
        {
            "title": GUIDES[role].lower(),
            "guide": guide_html(role),
            "others": [link for link in links if link[0] != GUIDES[role]],
        },
    )


@login_not_required
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Answers to what people ask most, and whom to ask."""
    return render(request, "help.html", {"period": current_period()})


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept, who sees it, for how long."""
    return render(request, "privacy.html")
