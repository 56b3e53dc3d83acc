"""Who needs a seat, and giving one."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q
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
from ..forms import SessionChoiceForm
from ..models import Seat, TestSession
from ..permissions import get_test_proposal_for, require_admin
from .sessions import me

PAGE = 50


@require_safe
def seating(request: HttpRequest) -> HttpResponse:
    """Everybody without a seat in the open periods, and the places that are left."""
    require_admin(me(request))
    waiting = (
        Proposal.objects.awaiting_test()
        .filter(period__in=Period.objects.open())
        .exclude(pk__in=Seat.objects.current().values("proposal"))
    )
    page = keyset_page(
        waiting.for_list(),
        ["status_since", "pk"],
        size=PAGE,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
    )
    sessions = _free_sessions()
    return render(
        request,
        "competency/seating.html",
        {
            "waiting": page.rows,
            "prev_url": f"?sebelum={page.before}" if page.before else "",
            "next_url": f"?sesudah={page.after}" if page.after else "",
            "total": waiting.count(),
            "free": sum(s.capacity - s.taken for s in sessions),  # type: ignore[attr-defined]
            "sessions": len(sessions),
            "periods": Period.objects.filter(pk__in=waiting.values("period")),
        },
    )


def _free_sessions(period: Period | None = None) -> list[TestSession]:
    return list(_free(period))


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
    """Seat everybody of a period who has no seat, the nearest office first."""
    user = me(request)
    require_admin(user)
    raw = request.POST.get("period", "")
    period = get_object_or_404(Period.objects.open(), pk=int(raw) if raw.isdigit() else 0)
    seated, left = seats.propose_seats(period, by=user)
    if seated:
        messages.success(request, f"{seated} peserta mendapat kursi dan menerima email.")
    if left:
        messages.warning(
            request,
            f"{left} peserta belum mendapat kursi: tidak ada sesi yang terjangkau. "
            "Buat sesi di provinsinya atau di BPS Pusat.",
        )
    if not seated and not left:
        messages.info(request, "Semua peserta sudah mempunyai kursi.")
    return redirect("competency:seating")


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
    form = SessionChoiceForm(request.POST or None, sessions=_free(proposal.period))
    if request.method == "POST" and form.is_valid():
        try:
            seats.assign_seat(proposal, form.cleaned_data["session"], by=user)
            messages.success(request, "Kursi ditetapkan. Peserta dan operator menerima email.")
            return redirect("competency:test", proposal.pk)
        except TransitionError as error:
            form.add_error(None, str(error))
    seat = Seat.objects.current().filter(proposal=proposal).select_related("session__office")
    return render(
        request,
        "competency/assign_seat.html",
        {"proposal": proposal, "form": form, "seat": seat.first()},
    )
