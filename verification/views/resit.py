"""The short road of a re-sit, from the review page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.notifications.preview import preview_of

from ..forms import ResitForm
from ..permissions import get_desk_proposal
from ..workflow import send_to_test as decide
from .board import review_page
from .page import mails_about, refusal_of, seen_in


@require_POST
def send_to_test(request: HttpRequest, pk: int) -> HttpResponse:
    """All documents are in order and the portfolio was passed before: straight to the test."""
    user = request.user
    assert isinstance(user, User)
    proposal = get_desk_proposal(user, pk)
    form = ResitForm(request.POST, version=proposal.version)
    if not form.is_valid():
        return review_page(request, proposal, resit_form=form, status=422)
    reason, version = form.cleaned_data["text"], form.cleaned_data["version"]
    try:
        if "pratinjau" in request.POST:
            preview = preview_of(
                lambda: decide(proposal, by=user, reason=reason, version=version),
                mails_about(proposal),
            )
            return review_page(request, proposal, resit_form=form, resit_preview=preview)
        decide(proposal, by=user, reason=reason, version=version)
    except TransitionError as error:
        refusal = refusal_of(error, proposal, seen=seen_in(form), by=user)
        return review_page(request, proposal, resit_form=form, refusal=refusal, status=409)
    messages.success(request, f"{proposal.full_name} langsung wajib uji kompetensi.")
    return redirect("verification:queue", "berkas")
