"""What is done with one proposal from the agency's side: nominate, withdraw, invite again."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from inpassing.errors import TransitionError
from inpassing.notifications.preview import preview_of

from .. import drafts, workflow
from ..eligibility import Outcome
from ..forms.candidates import EmailForm, ReopenForm, WithdrawForm
from ..models import Proposal
from ..permissions import (
    can_edit_as_operator,
    can_reopen,
    can_withdraw,
    get_proposal_for,
    is_own_proposal,
)
from .candidates import refuse_own, show_verdicts, verdicts_of
from .reader import reader_of


@require_http_methods(["GET", "POST"])
def nominate(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a candidate to BPS; the page says what follows, and what stands against it."""
    user = reader_of(request)
    proposal = get_proposal_for(user, pk)
    if is_own_proposal(user, proposal):
        return refuse_own(request)
    proposal = get_proposal_for(user, pk, can_edit_as_operator)
    if request.method == "POST":
        try:
            workflow.nominate(proposal, by=user)
            messages.success(
                request,
                f"Usulan {proposal.full_name} terkirim ke BPS. Satu formasi dipesan untuknya.",
            )
        except TransitionError as refusal:
            messages.error(request, str(refusal))
        return redirect("proposals:detail", pk)
    if proposal.status != Proposal.Status.DRAFT:
        return redirect("proposals:detail", pk)
    verdicts = verdicts_of(proposal)
    return render(
        request,
        "proposals/candidate_nominate.html",
        {
            "proposal": proposal,
            "refused": show_verdicts([v for v in verdicts if v.outcome == Outcome.REFUSED]),
            "noted": show_verdicts([v for v in verdicts if v.outcome == Outcome.WARNING]),
            "is_closed": not proposal.period.accepts_nominations(),
        },
    )


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a proposal back with a reason; the page asks first."""
    user = reader_of(request)
    proposal = get_proposal_for(user, pk, can_withdraw)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.withdraw(proposal, by=user, reason=form.cleaned_data["reason"])
            messages.success(request, f"Usulan {proposal.full_name} ditarik.")
        except TransitionError as refusal:
            messages.error(request, str(refusal))
        return redirect("proposals:detail", pk)
    if proposal.status not in Proposal.WITHDRAWABLE:
        messages.error(
            request,
            "Usulan ini tidak dapat ditarik lagi. Keadaan sekarang: "
            f"{proposal.get_status_display().lower()}.",
        )
        return redirect("proposals:detail", pk)
    return render(
        request,
        "proposals/candidate_withdraw.html",
        {"proposal": proposal, "form": form},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "POST"])
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an ended proposal again with a reason; the page asks first and shows the message."""
    user = reader_of(request)
    proposal = get_proposal_for(user, pk, can_reopen)
    form = ReopenForm(request.POST or None)
    preview = None
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if "pratinjau" in request.POST:
            preview = preview_of(
                lambda: workflow.reopen(proposal, by=user, reason=reason),
                Q(proposal_id=proposal.pk),
            )
        else:
            try:
                reopened = workflow.reopen(proposal, by=user, reason=reason)
                messages.success(
                    request,
                    f"Usulan {reopened.full_name} dibuka kembali: "
                    f"{reopened.get_status_display().lower()}.",
                )
            except TransitionError as refusal:
                messages.error(request, str(refusal))
            return redirect("proposals:detail", pk)
    if not proposal.has_ended:
        messages.error(
            request,
            "Usulan ini belum berakhir. Keadaan sekarang: "
            f"{proposal.get_status_display().lower()}.",
        )
        return redirect("proposals:detail", pk)
    return render(
        request,
        "proposals/candidate_reopen.html",
        {"proposal": proposal, "form": form, "preview": preview},
        status=422 if form.is_bound and preview is None else 200,
    )


@require_POST
def invitation_resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the invitation once more."""
    user = reader_of(request)
    proposal = get_proposal_for(user, pk, can_edit_as_operator)
    try:
        drafts.resend_invitation(proposal, by=user)
        messages.success(request, f"Undangan dikirim lagi ke {proposal.email}.")
    except TransitionError as refusal:
        messages.error(request, str(refusal))
    return redirect("proposals:detail", pk)


@require_http_methods(["GET", "POST"])
def participant_email(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct the participant's address, as long as the account has not been used."""
    user = reader_of(request)
    proposal = get_proposal_for(user, pk, can_edit_as_operator)
    if proposal.participant is not None and proposal.participant.has_been_used:
        messages.error(
            request,
            "Akun peserta sudah dipakai. Peserta sendiri yang mengubah alamatnya, di halaman akun.",
        )
        return redirect("proposals:detail", pk)
    form = EmailForm(request.POST or None, initial={"email": proposal.email})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                drafts.correct_email(proposal, by=user, email=form.cleaned_data["email"])
                sent = " Undangan baru dikirim ke sana." if proposal.participant else ""
                messages.success(request, f"Alamat disimpan.{sent}")
                return redirect("proposals:detail", pk)
            except TransitionError as refusal:
                form.add_error("email", str(refusal))
                status = 409
    return render(
        request,
        "proposals/candidate_email.html",
        {"proposal": proposal, "form": form},
        status=status,
    )
