"""Proposing somebody again: the page that says what is brought along, and the new draft."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from inpassing.errors import TransitionError

from ..forms.resit import ProposeAgainForm
from ..permissions import can_edit_as_operator, get_proposal_for
from ..resit import periods_for
from ..resit import propose_again as make_draft
from .reader import reader_of


@require_http_methods(["GET", "POST"])
def propose_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the period and make the draft; the operator then checks what may have changed."""
    user = reader_of(request)
    proposal = get_proposal_for(user, pk, can_edit_as_operator)
    periods = periods_for(proposal)
    if not proposal.has_ended or not periods:
        messages.error(
            request,
            "Belum ada periode lain yang menerima pengusulan. Tunggu sampai BPS membukanya."
            if proposal.has_ended
            else "Usulan ini belum berakhir, jadi belum dapat diusulkan lagi.",
        )
        return redirect("proposals:detail", pk)
    form = ProposeAgainForm(request.POST if request.method == "POST" else None, periods=periods)
    if request.method == "POST" and form.is_valid():
        try:
            draft = make_draft(proposal, form.cleaned_data["period"], by=user)
        except TransitionError as refusal:
            messages.error(request, str(refusal))
            return redirect("proposals:detail", pk)
        messages.success(
            request,
            f"Konsep {draft.full_name} dibuat dari {proposal.period.name}. Periksa pangkat, unit "
            "kerja, dan jabatan, lalu usulkan ke BPS.",
        )
        return redirect("proposals:edit", draft.pk)
    return render(
        request,
        "proposals/propose_again.html",
        {"proposal": proposal, "form": form},
        status=422 if form.is_bound else 200,
    )
