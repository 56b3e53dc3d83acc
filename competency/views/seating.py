"""Who needs a seat, and giving one."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Sum, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.keyset import keyset_page
from inpassing.reference.models import Period
from proposals.models import Proposal
from proposals.permissions import is_own_proposal

from .. import seats
from ..forms import SeatingForm, SessionChoiceForm
from ..models import Seat, SeatingRun, TestSession, Unseated
from ..permissions import get_test_proposal_for, require_admin
from .sessions import me

PAGE = 50
RUNS_SHOWN = 5
SESSIONS_SHOWN = 50


@require_safe
def seating(request: HttpRequest) -> HttpResponse:
    """Everybody without a seat in the open periods, why, and the places that are left."""
    require_admin(me(request))
    return _seating_page(request)


def _seating_page(
    request: HttpRequest, refused: SeatingForm | None = None, status: int = 200
) -> HttpResponse:
    waiting = (
        Proposal.objects.awaiting_test()
        .filter(period__in=Period.objects.open())
        .exclude(pk__in=Seat.objects.current().values("proposal"))
    )
    reason = Unseated.objects.filter(proposal=OuterRef("pk")).order_by("-run")
    page = keyset_page(
        waiting.for_list().annotate(left_because=Subquery(reason.values("reason")[:1])),
        ["status_since", "pk"],
        size=PAGE,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
    )
    periods = list(Period.objects.filter(pk__in=waiting.values("period")))
    forms = [
        refused if refused and refused.period == period else SeatingForm(period=period)
        for period in periods
    ]
    return render(
        request,
        "competency/seating.html",
        {
            "waiting": page.rows,
            "prev_url": f"?sebelum={page.before}" if page.before else "",
            "next_url": f"?sesudah={page.after}" if page.after else "",
            "total": waiting.count(),
            **_free_places(),
            "forms": forms,
            "runs": SeatingRun.objects.select_related("period", "by")[:RUNS_SHOWN],
        },
        status=status,
    )


def _free_places() -> dict[str, int]:
    figures = (
        TestSession.objects.planned()
        .filter(starts_at__gt=timezone.now(), period__in=Period.objects.open())
        .aggregate(sessions=Count("pk"), seats=Sum("capacity"))
    )
    taken = Seat.objects.current().filter(
        session__cancelled_at=None,
        session__starts_at__gt=timezone.now(),
        session__period__in=Period.objects.open(),
    )
    return {"sessions": figures["sessions"], "free": (figures["seats"] or 0) - taken.count()}


def _free(period: Period | None = None):  # type: ignore[no-untyped-def]
    sessions = TestSession.objects.planned().filter(
        starts_at__gt=timezone.now(), period__in=Period.objects.open()
    )
    if period:
        sessions = sessions.filter(period=period)
    return (
        sessions.select_related("office")
        .annotate(taken=Count("seats", filter=Q(seats__released_at=None)))
        .filter(taken__lt=F("capacity"))
        .order_by("starts_at", "pk")
    )


@require_POST
def propose(request: HttpRequest) -> HttpResponse:
    """Seat everybody of a period who has no seat, in the worker; the run's page follows it."""
    user = me(request)
    require_admin(user)
    raw = request.POST.get("period", "")
    period = get_object_or_404(Period.objects.open(), pk=int(raw) if raw.isdecimal() else 0)
    form = SeatingForm(request.POST, period=period)
    if not form.is_valid():
        return _seating_page(request, refused=form, status=422)
    run = seats.request_seating(period, by=user, **form.cleaned_data)
    return redirect("competency:seating_run", run.pk)


@require_safe
def seating_run(request: HttpRequest, pk: int) -> HttpResponse:
    """How a run goes and what it did: how near, who is left and why, who was told."""
    require_admin(me(request))
    run = get_object_or_404(SeatingRun.objects.select_related("period", "by"), pk=pk)
    if run.finished_at is None and request.headers.get("HX-Request"):
        return render(request, "competency/seating_progress.html", {"run": run})
    page = keyset_page(
        run.unseated.select_related("proposal__agency", "proposal__level"),
        ["pk"],
        size=PAGE,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
    )
    held = run.seats.current()
    response = render(
        request,
        "competency/seating_run.html",
        {
            "run": run,
            "left": page.rows,
            "prev_url": f"?sebelum={page.before}" if page.before else "",
            "next_url": f"?sesudah={page.after}" if page.after else "",
            "reasons": run.unseated.values_list("reason").annotate(Count("pk")).order_by("reason"),
            "left_total": run.unseated.count(),
            "seats": held.count(),
            "uninvited": held.filter(invited_at=None).count(),
        },
    )
    if request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"
    return response


@require_POST
def send_invitations(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the invitations that a run held back."""
    user = me(request)
    require_admin(user)
    run = get_object_or_404(SeatingRun.objects.exclude(finished_at=None), pk=pk)
    seats.send_invitations(run, by=user)
    messages.success(request, "Undangan sedang dikirim kepada peserta dan operator.")
    return redirect("competency:seating_run", pk)


@require_http_methods(["GET", "POST"])
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Seat or move one person by hand: an administrator, or the agency's operator."""
    user = me(request)
    proposal = get_test_proposal_for(user, pk)
    roles = roles_of(user)
    if is_own_proposal(user, proposal) or not (
        roles.is_admin or proposal.agency_id in roles.agency_ids
    ):
        raise PermissionDenied
    query = request.GET.get("q", "").strip()[:80]
    form = SessionChoiceForm(
        request.POST or None,
        sessions=_free(proposal.period),
        shown=_nearest(proposal, query)[:SESSIONS_SHOWN],
    )
    if request.method == "POST" and form.is_valid():
        try:
            seats.assign_seat(proposal, form.cleaned_data["session"], by=user)
            messages.success(request, "Kursi ditetapkan. Peserta dan operator menerima email.")
            return redirect("competency:test", proposal.pk)
        except TransitionError as error:
            form.add_error(None, str(error))
    held = Seat.objects.current().filter(proposal=proposal).select_related("session__office")
    seat = held.first()
    return render(
        request,
        "competency/assign_seat.html",
        {
            "proposal": proposal,
            "form": form,
            "seat": seat,
            "q": query,
            "most": SESSIONS_SHOWN,
            "special_needs": proposal.special_needs if roles.is_admin else "",
            "is_locked": not proposal.period.moves_seats() and bool(seat or not roles.is_admin),
        },
    )


def _nearest(proposal: Proposal, query: str):  # type: ignore[no-untyped-def]
    """Sessions with free seats: the own regency's first, then the province's, then the others."""
    region = proposal.agency.region_id or ""
    sessions = _free(proposal.period).annotate(
        distance=Case(
            When(Q(office__region=region) if region else Q(office__region=None), then=0),
            When(Q(office__region__code__startswith=region[:2] or "-"), then=1),
            When(office__region=None, then=2),
            default=3,
        )
    )
    if query:
        sessions = sessions.filter(office__name__icontains=query)
    return sessions.order_by("distance", "starts_at", "pk")
