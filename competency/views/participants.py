"""The test as its participant and the operator see it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from inpassing.accounts.roles import roles_of
from inpassing.letters.views import print_and_answer
from proposals.models import Proposal
from proposals.permissions import is_own_proposal

from .. import papers
from ..corrections import CORRECTABLE
from ..models import Seat, TestResult
from ..permissions import get_test_proposal_for
from .sessions import me


def _seat_of(proposal: Proposal) -> Seat | None:
    return Seat.objects.current().filter(proposal=proposal).for_list().first()


@require_safe
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Where and when the test is, the card, and after publication the result."""
    user = me(request)
    proposal = get_test_proposal_for(user, pk)
    seat = _seat_of(proposal)
    results = (
        TestResult.objects.filter(seat__proposal=proposal)
        .exclude(published_at=None)
        .prefetch_related("scores__component")
        .order_by("-published_at")
    )
    roles = roles_of(user)
    result = results.first()
    return render(
        request,
        "competency/test.html",
        {
            "proposal": proposal,
            "seat": seat,
            "result": result,
            "corrections": result.corrections.filter(applied=True) if result else [],
            "can_correct": roles.is_admin
            and not is_own_proposal(user, proposal)
            and proposal.status in CORRECTABLE,
            "can_assign": (roles.is_admin or proposal.agency_id in roles.agency_ids)
            and not is_own_proposal(user, proposal)
            and proposal.status == Proposal.Status.TEST_REQUIRED,
        },
    )


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The test card as PDF."""
    user = me(request)
    proposal = get_test_proposal_for(user, pk)
    seat = _seat_of(proposal)
    if seat is None:
        raise Http404
    return print_and_answer(
        request,
        seat,
        papers.test_card(seat),
        filename="kartu-peserta.pdf",
        by=user,
        back_url=reverse("competency:test", args=[pk]),
    )
