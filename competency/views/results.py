"""Results: typing, confirming, publishing, and the public page."""

from __future__ import annotations

import datetime as dt

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import sort_name
from inpassing.errors import TransitionError
from inpassing.reference.models import Period, TestComponent
from proposals.rates import count_up

from .. import publishing
from ..forms import PublicationForm, ScoresForm, SessionScoresForm
from ..models import Publication, TestResult, TestSession
from ..permissions import can_enter_results, can_plan, get_seat_for, get_session_for, require_admin
from ..results import confirm_all, confirm_results, confirmable, enter_result, enter_results
from .sessions import me

FOUND = 20
LETTERS = 3
SEARCHES, WINDOW = 100, dt.timedelta(minutes=10)  # of one network address, often an office


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    """Type the component scores of one person."""
    user = me(request)
    seat = get_seat_for(user, pk, can_enter_results)
    components = list(
        TestComponent.objects.filter(
            period_position__period=seat.session.period_id,
            period_position__position=seat.proposal.position_id,
        )
    )
    result = TestResult.objects.filter(seat=seat).prefetch_related("scores").first()
    initial = {f"c{s.component_id}": s.score for s in result.scores.all()} if result else {}
    form = ScoresForm(request.POST or None, components=components, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            result = enter_result(seat, form.scores(), by=user)
            score = f"{result.total:.2f}".replace(".", ",")
            messages.success(request, f"Nilai {seat.proposal.name} tersimpan: {score}.")
            return redirect("competency:session", seat.session_id)
        except TransitionError as error:
            form.add_error(None, str(error))
    return render(request, "competency/enter_result.html", {"seat": seat, "form": form})


@require_http_methods(["GET", "POST"])
def enter_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Type the scores of everybody who was at a session."""
    user = me(request)
    session = get_session_for(user, pk, can_enter_results)
    present = (
        session.seats.current()
        .filter(attendance__in=["present", "late"])
        .exclude(proposal__participant=user)
        .select_related("proposal__level", "result")
        .prefetch_related("result__scores")
    )
    components: dict[str, list[TestComponent]] = {}
    for component in TestComponent.objects.filter(
        period_position__period=session.period_id
    ).select_related("period_position"):
        components.setdefault(component.period_position.position_id, []).append(component)
    lines = [(seat, components.get(seat.proposal.position_id, [])) for seat in present]
    initial = {
        f"s{seat.pk}c{score.component_id}": score.score
        for seat, _ in lines
        if hasattr(seat, "result")
        for score in seat.result.scores.all()
    }
    form = SessionScoresForm(
        request.POST if request.method == "POST" else None, lines=lines, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        try:
            count = enter_results(session, form.changed_scores(), by=user)
            messages.success(request, f"Nilai {count} orang tersimpan.")
            return redirect("competency:session", pk)
        except TransitionError as error:
            form.add_error(None, str(error))
    return render(
        request,
        "competency/enter_session.html",
        {"session": session, "form": form, "rows": form.rows()},
        status=422 if form.errors else 200,
    )


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a session's results with a second pair of eyes."""
    user = me(request)
    session = get_session_for(user, pk, can_plan)
    try:
        confirm_results(session, by=user)
        messages.success(request, "Hasil sesi dipastikan dan terkunci.")
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("competency:session", pk)


@require_POST
def confirm_complete(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm every complete session of a period that somebody else entered."""
    user = me(request)
    require_admin(user)
    period = get_object_or_404(Period.objects.open(), pk=pk)
    if count := confirm_all(period, by=user):
        messages.success(request, f"Hasil {count} sesi dipastikan dan terkunci.")
    else:
        messages.info(request, "Tidak ada sesi lengkap yang menunggu pemastian Anda.")
    return redirect("competency:publication")


@require_safe
def publication(request: HttpRequest) -> HttpResponse:
    """What is ready to be published, per open period."""
    require_admin(me(request))
    entries = []
    for period in Period.objects.open():
        entries.append(
            {
                "period": period,
                "unfinished": publishing.unfinished_sessions(period),
                "confirmable": confirmable(period, by=me(request)).count(),
                "waiting": publishing.waiting_seats(period.pk).count(),
                "running": period.publications.filter(finished_at=None).first(),
                "published": publishing.told_seats(period.pk).count(),
                "form": PublicationForm(),
            }
        )
    return render(request, "competency/publication.html", {"entries": entries})


@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish all confirmed results of a period, now or at the period's time."""
    user = me(request)
    require_admin(user)
    period = get_object_or_404(Period.objects.open(), pk=pk)
    form = PublicationForm(request.POST)
    at = period.results_at if request.POST.get("when") == PublicationForm.SCHEDULED else None
    if not form.is_valid():
        messages.error(request, "Pilih kapan hasil diumumkan.")
        return redirect("competency:publication")
    try:
        publishing.publish(period, by=user, at=at)
        messages.success(request, "Pengumuman ditetapkan. Setiap peserta menerima email.")
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("competency:publication")


@require_POST
def unpublish(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a scheduled publication before its time."""
    user = me(request)
    require_admin(user)
    row = get_object_or_404(Publication.objects.filter(finished_at=None), pk=pk)
    try:
        publishing.cancel_publication(row, by=user)
        messages.success(request, "Pengumuman dibatalkan.")
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("competency:publication")


@login_not_required
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """Published results: name in full, NIP masked; three letters at least, twenty rows at most."""
    query = " ".join(request.GET.get("q", "").split())[:80]
    packed = query.replace(" ", "")
    rows: list[TestResult] = []
    too_short = bool(query) and len(packed) < LETTERS
    again_at = None
    if query and not too_short:
        again_at = count_up(
            "results", get_adapter().get_client_ip(request), most=SEARCHES, within=WINDOW
        )
    if query and not too_short and not again_at:
        found = TestResult.objects.exclude(published_at=None).select_related(
            "seat__proposal__level__position", "seat__proposal__agency", "seat__session__period"
        )
        if packed.isdigit() and len(packed) == 18:
            found = found.filter(seat__proposal__nip=packed)
        else:
            found = found.filter(seat__proposal__sort_name__contains=sort_name(query))
        rows = list(found.order_by("seat__proposal__sort_name", "pk")[:FOUND])
    return render(
        request,
        "competency/results.html",
        {
            "q": query,
            "rows": rows,
            "too_short": too_short,
            "searched": bool(query) and not too_short,
            "again_at": again_at,
            "coming": Period.objects.open().order_by("results_at").first(),
            "has_results": TestSession.objects.exclude(seats__result__published_at=None).exists()
            if not query
            else True,
        },
        status=429 if again_at else 200,
    )
