"""The agency's own papers: circular to the units, list of proposals with its cover letter."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from inpassing.accounts.models import Agency
from inpassing.accounts.roles import roles_of
from inpassing.formats import format_number
from inpassing.letters.views import print_and_answer
from inpassing.reference.models import Period, Position

from ..models import Proposal
from ..papers import circular_of, proposal_list_of, proposed_by
from .reader import reader_of


@require_safe
def papers(request: HttpRequest) -> HttpResponse:
    """What the agency can print for each open period."""
    own = roles_of(reader_of(request)).agency_ids
    agencies = list(Agency.objects.filter(pk__in=own).order_by("name"))
    if not agencies:
        raise PermissionDenied
    periods = list(Period.objects.open().prefetch_related("positions"))
    sent = Counter(
        Proposal.objects.active()
        .exclude(status=Proposal.Status.DRAFT)
        .filter(agency__in=agencies, period__in=periods)
        .values_list("agency_id", "period_id", "position_id")
    )
    groups = [
        {
            "agency": agency,
            "period": period,
            "circular_url": reverse("proposals:circular", args=[agency.pk, period.pk]),
            "lists": [
                {
                    "position": position,
                    "count": format_number(sent[agency.pk, period.pk, position.pk]),
                    "url": reverse(
                        "proposals:cover_letter", args=[agency.pk, period.pk, position.pk]
                    )
                    if sent[agency.pk, period.pk, position.pk]
                    else "",
                }
                for position in period.positions.all()
            ],
        }
        for period in periods
        for agency in agencies
    ]
    return render(
        request, "proposals/papers.html", {"groups": groups, "shows_agency": len(agencies) > 1}
    )


@require_safe
def circular(request: HttpRequest, agency_pk: int, period_pk: int) -> HttpResponseBase:
    """The circular to the units, printed by a worker."""
    user = reader_of(request)
    agency, period = _get(request, agency_pk, period_pk)
    return print_and_answer(
        request,
        agency,
        circular_of(agency, period),
        filename=f"edaran-{period_pk}.pdf",
        by=user,
        back_url=reverse("proposals:papers"),
    )


@require_safe
def cover_letter(
    request: HttpRequest, agency_pk: int, period_pk: int, position: str
) -> HttpResponseBase:
    """The list of proposals of one position with its cover letter, printed by a worker."""
    user = reader_of(request)
    agency, period = _get(request, agency_pk, period_pk)
    wanted = get_object_or_404(Position, pk=position, periods=period)
    proposals = list(proposed_by(agency, period).filter(position=wanted))
    if not proposals:
        messages.error(
            request, f"Belum ada usulan {wanted.name} yang dikirim ke BPS pada {period.name}."
        )
        return redirect("proposals:papers")
    return print_and_answer(
        request,
        agency,
        proposal_list_of(agency, period, wanted, proposals),
        filename=f"daftar-usulan-{wanted.pk.lower()}-{period_pk}.pdf",
        by=user,
        back_url=reverse("proposals:papers"),
    )


def _get(request: HttpRequest, agency_pk: int, period_pk: int) -> tuple[Agency, Period]:
    """An own agency and an open period, else 404."""
    own = roles_of(reader_of(request)).agency_ids
    agencies = Agency.objects.filter(pk__in=own).select_related("region")
    return (
        get_object_or_404(agencies, pk=agency_pk),
        get_object_or_404(Period.objects.open(), pk=period_pk),
    )
