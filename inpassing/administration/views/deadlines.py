"""What the dates of a period will do, and an agency's own filing deadline."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.errors import TransitionError
from inpassing.formats import format_nip, format_number, long_datetime, short_datetime
from inpassing.reference.models import Period
from proposals.closing import WORDS, Closing, Outcome, count_closing, plan_closing
from proposals.models import AgencyDeadline

from .. import workflow
from ..forms.periods import AgencyDeadlineForm, SimulationForm
from ..permissions import admin_required

PAGE = 50
WIB = "Asia/Jakarta"
KINDS = {
    Outcome.NOT_PROPOSED: "still",
    Outcome.SENT: "ok",
    Outcome.NOT_ELIGIBLE: "bad",
    Outcome.RETURNED: "fix",
}


@require_safe
@admin_required
def closing_simulation(request: HttpRequest, pk: int) -> HttpResponse:
    """What closing would do at a moment: the answer of the function that beat itself uses."""
    period = get_object_or_404(Period, pk=pk)
    form = SimulationForm(request.GET) if "pada" in request.GET else SimulationForm()
    moment = form.cleaned_data["pada"] if form.is_bound and form.is_valid() else _usual(period)
    counts = Counter() if period.status == Period.Status.DRAFT else count_closing(period, moment)
    chosen = request.GET.get("hasil", "")
    if chosen not in set(Outcome):
        chosen = ""
    total = counts[Outcome(chosen)] if chosen else counts.total()
    start = _start(request, total)
    plan = plan_closing(period, moment, outcome=chosen, start=start, count=PAGE) if total else []
    here = {"pada": f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"}
    return render(
        request,
        "administration/closing_simulation.html",
        {
            "period": period,
            "form": form if form.is_bound else SimulationForm(initial={"pada": moment}),
            "moment_text": long_datetime(moment, WIB),
            "grace": period.grace_minutes,
            "figures": [
                (words, format_number(counts[outcome]), f"?{urlencode({**here, 'hasil': outcome})}")
                for outcome, words in WORDS.items()
            ],
            "rows": [_row(closing) for closing in plan],
            "range_text": _range(start, total),
            "prev_url": _page(here, chosen, start - PAGE) if start else "",
            "next_url": _page(here, chosen, start + PAGE) if start + PAGE < total else "",
        },
        status=422 if form.is_bound and form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@admin_required
def agency_deadlines(request: HttpRequest, pk: int) -> HttpResponse:
    """The filing deadlines that agencies have of their own in a period, and one more."""
    user: Any = request.user
    period = get_object_or_404(Period, pk=pk)
    form = AgencyDeadlineForm(request.POST or None, period=period)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                row = workflow.set_agency_deadline(
                    period,
                    data["agency"],
                    data["filing_deadline"],
                    by=user,
                    reason=data["reason"],
                )
                messages.success(
                    request,
                    f"Batas {row.agency.name} sekarang {long_datetime(row.filing_deadline, WIB)}. "
                    "Operator dan pesertanya diberi tahu.",
                )
                return redirect("administration:agency_deadlines", pk)
            except TransitionError as refusal:
                form.add_error("filing_deadline", str(refusal))
                status = 409
    rows = AgencyDeadline.objects.filter(period=period).select_related("agency__region")
    return render(
        request,
        "administration/agency_deadlines.html",
        {
            "period": period,
            "form": form,
            "rows": [
                (row, long_datetime(row.filing_deadline, row.agency.tz))
                for row in rows.order_by("agency__name")
            ],
            "period_text": long_datetime(period.filing_deadline, WIB),
        },
        status=status,
    )


def _usual(period: Period) -> dt.datetime:
    """The moment that is asked about most: the next deadline with its grace, or now."""
    now = timezone.now()
    coming = [
        moment + period.grace
        for moment in (period.nomination_deadline, period.filing_deadline)
        if moment + period.grace > now
    ]
    return min(coming, default=now)


def _start(request: HttpRequest, total: int) -> int:
    wanted = request.GET.get("mulai", "")
    start = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 8 else 0
    return start - start % PAGE if start < total else 0


def _range(start: int, total: int) -> str:
    if not total:
        return ""
    first, last = format_number(start + 1), format_number(min(start + PAGE, total))
    return f"{first}–{last} dari {format_number(total)}"


def _page(here: dict[str, str], chosen: str, start: int) -> str:
    return f"?{urlencode({**here, 'hasil': chosen, 'mulai': start})}"


def _row(closing: Closing) -> dict[str, str]:
    proposal = closing.proposal
    return {
        "url": reverse("proposals:detail", args=[proposal.pk]),
        "name": proposal.full_name,
        "nip": format_nip(proposal.nip),
        "agency": proposal.agency.name,
        "level": proposal.level.name,
        "kind": KINDS[closing.outcome],
        "word": closing.words,
        "due": short_datetime(closing.due_at, WIB),
        "missing": ", ".join(closing.missing),
    }
