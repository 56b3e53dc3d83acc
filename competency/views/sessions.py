"""Sessions: list, plan, the day itself."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing import browser_features
from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.letters.views import print_and_answer

from .. import papers
from ..attendance import MarkConflictError, mark_attendance, note_incident
from ..forms import IncidentForm, MarkForm, ReasonForm, SessionForm
from ..models import Seat, TestSession
from ..permissions import (
    can_enter_results,
    can_plan,
    can_proctor,
    get_seat_for,
    get_session_for,
    require_admin,
)
from ..results import open_points
from ..sessions import cancel_session, create_session

PAGE = 50


def me(request: HttpRequest) -> User:
    """The person who is signed in; the middleware lets nobody else through."""
    return cast(User, request.user)


@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """The sessions that the person may see, by date; keyset by (start, id)."""
    user = me(request)
    roles = roles_of(user)
    sessions = (
        TestSession.objects.visible_to(user)
        .select_related("office", "period")
        .annotate(taken=Count("seats", filter=Q(seats__released_at=None)))
        .order_by("-starts_at", "-pk")
    )
    query = request.GET.get("q", "").strip()
    if query:
        sessions = sessions.filter(office__name__icontains=query)
    if (before := request.GET.get("sebelum", "")).isdecimal():
        last = get_object_or_404(TestSession.objects.visible_to(user), pk=int(before))
        sessions = sessions.filter(
            Q(starts_at__lt=last.starts_at) | Q(starts_at=last.starts_at, pk__lt=last.pk)
        )
    page = list(sessions[: PAGE + 1])
    return render(
        request,
        "competency/session_list.html",
        {
            "sessions": page[:PAGE],
            "next_url": f"?q={query}&sebelum={page[PAGE - 1].pk}" if len(page) > PAGE else "",
            "q": query,
            "is_admin": roles.is_admin,
            "is_proctor": roles.is_proctor,
        },
    )


@require_http_methods(["GET", "POST"])
def session_create(request: HttpRequest) -> HttpResponse:
    """A new session."""
    user = me(request)
    require_admin(user)
    form = SessionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            session = create_session(form.save(commit=False), by=user)
        except TransitionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Sesi tersimpan.")
            return redirect("competency:session", session.pk)
    return render(request, "competency/session_form.html", {"form": form})


@require_safe
def session(request: HttpRequest, pk: int) -> HttpResponse:
    """One session: who is there, who is not yet, and what can be done now."""
    user = me(request)
    row = get_session_for(user, pk)
    seats = row.seats.current().for_list().select_related("result")
    query = request.GET.get("q", "").strip()
    found = seats
    if query:
        matches = Q(participant_number__icontains=query) | Q(proposal__name__icontains=query)
        if query.isdigit():
            matches |= Q(number=int(query[:5]))
        found = seats.filter(matches)
    everybody, shown = list(seats), list(found)
    can_mark = can_proctor(user, row) and row.takes_attendance()
    response = render(
        request,
        "competency/session.html",
        {
            "session": row,
            "q": query,
            "waiting": [seat for seat in shown if not seat.attendance],
            "present": [seat for seat in shown if seat.is_present],
            "absent": [seat for seat in shown if seat.attendance == "absent"],
            "counts": {
                "present": sum(seat.is_present for seat in everybody),
                "waiting": sum(not seat.attendance for seat in everybody),
                "free": row.capacity - len(everybody),
            },
            "can_mark": can_mark,
            "can_proctor": can_proctor(user, row),
            "can_plan": can_plan(user, row) and not row.is_cancelled,
            "can_score": can_enter_results(user, row) and not row.is_confirmed,
            "open_points": open_points(row) if everybody else [],
            "incidents": row.incidents.select_related("by"),
            "proctors": row.assignments.select_related("user"),
            "incident_form": IncidentForm(),
        },
    )
    if can_mark:
        response[browser_features.HEADER] = browser_features.CAMERA
    return response


@require_http_methods(["GET", "POST"])
def session_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a session with a reason; its people are seated anew."""
    user = me(request)
    row = get_session_for(user, pk, can_plan)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cancel_session(row, by=user, reason=form.cleaned_data["reason"])
            messages.success(request, "Sesi dibatalkan. Pesertanya menunggu kursi baru.")
            return redirect("competency:seating")
        except TransitionError as error:
            form.add_error(None, str(error))
    return render(request, "competency/session_cancel.html", {"session": row, "form": form})


@require_POST
def attendance(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one person; safe to send twice. A script that keeps marks asks for JSON."""
    user = me(request)
    seat = get_seat_for(user, pk, can_proctor)
    form = MarkForm(request.POST)
    wants_json = "application/json" in request.headers.get("Accept", "")
    status, words = 200, ""
    if not form.is_valid():
        status, words = 422, "Tanda kehadiran tidak dikenal. Muat ulang halaman ini."
    else:
        try:
            seat = mark_attendance(seat, by=user, **form.mark())
            label = seat.get_attendance_display().lower()
            words = f"Kursi {seat.number}: {seat.proposal.name}, {label}."
        except MarkConflictError as error:
            seat, status, words = error.seat, 409, str(error)
        except TransitionError as error:
            status, words = 422, str(error)
    if wants_json:
        return JsonResponse({"attendance": seat.attendance, "message": words}, status=status)
    (messages.success if status == 200 else messages.error)(request, words)
    return redirect("competency:session", seat.session_id)


@require_safe
def checkin(request: HttpRequest, number: str) -> HttpResponse:
    """Where a card's QR code leads: the proctor's page with that one person."""
    user = me(request)
    seat = get_object_or_404(
        Seat.objects.current().filter(session__in=TestSession.objects.visible_to(user)),
        participant_number=number,
    )
    return redirect(f"{reverse('competency:session', args=[seat.session_id])}?q={number}")


@require_POST
def incident(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what happened."""
    user = me(request)
    row = get_session_for(user, pk, can_proctor)
    form = IncidentForm(request.POST)
    if form.is_valid():
        note_incident(row, form.cleaned_data["text"], by=user)
        messages.success(request, "Kejadian dicatat.")
    else:
        messages.error(request, "Tulis kejadiannya, paling panjang 500 huruf.")
    return redirect("competency:session", pk)


@require_safe
def attendance_sheet(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The attendance sheet as PDF."""
    user = me(request)
    row = get_session_for(user, pk, can_enter_results)
    if not row.seats.current().exists():
        messages.error(request, "Sesi ini belum mempunyai peserta.")
        return redirect("competency:session", pk)
    return print_and_answer(
        request,
        row,
        papers.attendance_sheet(row),
        filename="daftar-hadir.pdf",
        by=user,
        back_url=reverse("competency:session", args=[pk]),
    )


@require_safe
def minutes(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The minutes as PDF, once everybody's attendance is noted."""
    user = me(request)
    row = get_session_for(user, pk, can_enter_results)
    seats = row.seats.current()
    if not seats.exists() or seats.filter(attendance="").exists():
        messages.error(request, "Catat kehadiran semua peserta sebelum membuat berita acara.")
        return redirect("competency:session", pk)
    return print_and_answer(
        request,
        row,
        papers.minutes(row),
        filename="berita-acara.pdf",
        by=user,
        back_url=reverse("competency:session", args=[pk]),
    )
