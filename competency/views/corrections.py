"""Corrections of published results: propose, apply, leave."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.errors import TransitionError
from inpassing.reference.models import TestComponent
from proposals.permissions import is_own_proposal

from .. import corrections
from ..forms import ScoresForm
from ..models import ResultCorrection, TestResult
from ..permissions import require_admin
from .sessions import me


class CorrectionForm(ScoresForm):
    """The scores as they should be, and why."""

    reason = forms.CharField(
        label="Alasan koreksi",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Peserta dan operator membaca alasan ini.",
        error_messages={"required": "Tulis alasannya."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([*(name for name in self.fields if name != "reason"), "reason"])


@require_safe
def correction_list(request: HttpRequest) -> HttpResponse:
    """Corrections that wait for a decision, and the last ones decided."""
    require_admin(me(request))
    rows = ResultCorrection.objects.select_related(
        "result__seat__proposal__agency", "proposed_by", "decided_by"
    )
    return render(
        request,
        "competency/correction_list.html",
        {
            "waiting": [_shown(row) for row in rows.filter(decided_at=None).order_by("pk")[:100]],
            "decided": [
                _shown(row) for row in rows.exclude(decided_at=None).order_by("-decided_at")[:20]
            ],
            "user_id": me(request).pk,
        },
    )


def _shown(row: ResultCorrection) -> tuple[ResultCorrection, str, str]:
    before, after = (version["total"].replace(".", ",") for version in (row.before, row.after))
    return row, before, after


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose what a published result should be."""
    user = me(request)
    require_admin(user)
    result = get_object_or_404(
        TestResult.objects.exclude(published_at=None)
        .select_related("seat__proposal__level", "seat__session__period")
        .prefetch_related("scores"),
        pk=pk,
    )
    if is_own_proposal(user, result.seat.proposal):
        raise PermissionDenied
    components = list(
        TestComponent.objects.filter(
            period_position__period=result.seat.session.period_id,
            period_position__position=result.seat.proposal.position_id,
        )
    )
    form = CorrectionForm(
        request.POST or None,
        components=components,
        initial={f"c{score.component_id}": score.score for score in result.scores.all()},
    )
    if request.method == "POST" and form.is_valid():
        try:
            corrections.propose_correction(
                result, form.scores(), by=user, reason=form.cleaned_data["reason"]
            )
            messages.success(request, "Koreksi diajukan. Petugas lain memutuskannya.")
            return redirect("competency:corrections")
        except TransitionError as error:
            form.add_error(None, str(error))
    return render(
        request,
        "competency/correct.html",
        {"form": form, "result": result},
        status=422 if form.errors else 200,
    )


@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a correction count."""
    return _decide(
        request, pk, corrections.apply_correction, "Koreksi berlaku. Peserta diberi tahu."
    )


@require_POST
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the result as it is."""
    return _decide(request, pk, corrections.reject_correction, "Nilai tetap seperti diumumkan.")


def _decide(request: HttpRequest, pk: int, act, words: str) -> HttpResponse:  # type: ignore[no-untyped-def]
    user = me(request)
    require_admin(user)
    row = get_object_or_404(
        ResultCorrection.objects.select_related("result__seat__proposal"), pk=pk
    )
    if is_own_proposal(user, row.result.seat.proposal):
        raise PermissionDenied
    try:
        act(row, by=user)
        messages.success(request, words)
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("competency:corrections")
