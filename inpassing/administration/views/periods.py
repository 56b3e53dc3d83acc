"""Periods: list, create, change with a reason, open, close."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.errors import TransitionError
from inpassing.reference.contacts import contact_of
from inpassing.reference.models import Period
from inpassing.timeline.events import events_of

from .. import workflow
from ..forms.periods import NewPeriodForm
from ..permissions import admin_required


@require_safe
@admin_required
def period_list(request: HttpRequest) -> HttpResponse:
    """All periods, newest first."""
    periods = list(Period.objects.all())
    return render(
        request,
        "administration/period_list.html",
        {
            "periods": periods,
            "can_clone": any(row.status != Period.Status.DRAFT for row in periods)
            and not any(row.status == Period.Status.DRAFT for row in periods),
        },
    )


@require_http_methods(["GET", "POST"])
@admin_required
def period_create(request: HttpRequest) -> HttpResponse:
    """A new period as a draft, with the shipped rules."""
    user: Any = request.user
    form = NewPeriodForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        period = workflow.create_period(
            form.save(commit=False), list(form.cleaned_data["open_positions"]), by=user
        )
        messages.success(request, "Periode tersimpan sebagai konsep.")
        return redirect("administration:period", period.pk)
    return render(request, "administration/period_form.html", {"form": form})


@require_safe
@admin_required
def period(request: HttpRequest, pk: int) -> HttpResponse:
    """One period with its dates, its rules and its story."""
    row = get_object_or_404(
        Period.objects.select_related("skill_education", "expert_education"), pk=pk
    )
    return render(
        request,
        "administration/period.html",
        {
            "period": row,
            "positions": row.period_positions.select_related("position").prefetch_related(
                "components"
            ),
            "documents": row.required_documents.all(),
            "can_edit_rules": row.status != Period.Status.CLOSED,
            "contact": contact_of(row),
            "test_rules": row.test_rules.select_related("position"),
            "age_limits": row.age_limits.all(),
            "levels": row.period_levels.select_related("level").prefetch_related("ranks"),
            "items": row.portfolio_items.select_related("position"),
            "columns": row.formation_columns.all(),
            "events": events_of(row)[:20],
        },
    )


@require_POST
@admin_required
def period_clone(request: HttpRequest) -> HttpResponse:
    """A new draft from the last period."""
    user: Any = request.user
    try:
        row = workflow.clone_last_period(by=user)
    except TransitionError as error:
        messages.error(request, str(error))
        return redirect("administration:period_list")
    messages.success(
        request, "Konsep dibuat dari periode terakhir. Periksa nama dan tanggalnya sebelum dibuka."
    )
    return redirect("administration:period", row.pk)


@require_POST
@admin_required
def period_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a draft period."""
    user: Any = request.user
    try:
        workflow.open_period(get_object_or_404(Period, pk=pk), by=user)
        messages.success(request, "Periode dibuka. Jadwalnya tampil di halaman depan.")
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("administration:period", pk)


@require_POST
@admin_required
def period_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an open period."""
    user: Any = request.user
    try:
        workflow.close_period(
            get_object_or_404(Period, pk=pk), by=user, reason=request.POST.get("reason", "")[:500]
        )
        messages.success(request, "Periode ditutup.")
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("administration:period", pk)
