"""The nomination page: facts, rules, and whether the candidate comes in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.notifications.preview import preview_of
from proposals.deadlines import filing_deadline_for
from proposals.ledger import ledger
from proposals.models import Formation, Proposal

from ..claims import decided_text
from ..forms import ReasonForm, StampForm
from ..permissions import get_desk_proposal, get_returned_nomination
from ..workflow import approve_nomination, reject_nomination, return_nomination
from .page import (
    Refusal,
    holding,
    mails_about,
    person_facts,
    refusal_of,
    rule_rows,
    seen_in,
    told_operators,
)


@require_safe
def nomination(request: HttpRequest, pk: int) -> HttpResponse:
    """What BPS must know to let a candidate in."""
    return _page(request, get_desk_proposal(_user(request), pk))


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the candidate in: account, slots, invitation."""
    user = _user(request)
    proposal = _nominated(request, pk)
    if proposal is None:
        return redirect("verification:queue", "usulan")
    stamp = StampForm(request.POST)
    if not stamp.is_valid():
        return _page(request, proposal, refusal=Refusal(_BROKEN), status=422)
    try:
        approve_nomination(proposal, by=user, version=stamp.cleaned_data["version"])
    except TransitionError as error:
        refusal = refusal_of(error, proposal, seen=seen_in(stamp), by=user)
        return _page(request, proposal, refusal=refusal, status=409)
    messages.success(request, f"Usulan {proposal.full_name} disetujui. Undangan dikirim.")
    return redirect("verification:queue", "usulan")


@require_http_methods(["GET", "HEAD", "POST"])
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a note, then return the nomination to the operator."""
    return _with_reason(
        request,
        pk,
        act=lambda proposal, by, text, version: return_nomination(
            proposal, by=by, note=text, version=version
        ),
        label="Catatan untuk operator",
        words={
            "question": "Kembalikan usulan {name} ke operator?",
            "effect": "Formasi yang dipesan dilepas sampai usulan dikirim lagi.",
            "submit": "Kembalikan ke operator",
            "done": "Usulan {name} dikembalikan ke operator.",
            "calm": True,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then end the nomination."""
    return _with_reason(
        request,
        pk,
        act=lambda proposal, by, text, version: reject_nomination(
            proposal, by=by, reason=text, version=version
        ),
        label="Alasan penolakan",
        words={
            "question": "Tolak usulan {name}?",
            "effect": "Usulan berakhir dan formasinya dilepas. Hanya administrator BPS yang dapat "
            "membukanya lagi.",
            "submit": "Tolak usulan",
            "done": "Usulan {name} ditolak.",
            "calm": False,
        },
    )


_BROKEN = "Formulir tidak lengkap. Muat ulang halaman lalu putuskan lagi."


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _nominated(request: HttpRequest, pk: int) -> Proposal | None:
    """The proposal; None, with the reason as a message, when it has just gone back to the
    operator and so left the desk."""
    user = _user(request)
    try:
        return get_desk_proposal(user, pk)
    except (Http404, PermissionDenied):
        returned = get_returned_nomination(user, pk)
        if returned is None:
            raise
        messages.error(request, f"{decided_text(returned, user)} Putusan Anda tidak disimpan.")
        return None


def _page(
    request: HttpRequest, proposal: Proposal, *, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    if refusal is not None:
        proposal.refresh_from_db(fields=["status", "version"])
    base = holding(request, proposal, status=Proposal.Status.NOMINATED)
    preview = None
    if base["may_act"]:
        user = _user(request)
        preview = preview_of(lambda: approve_nomination(proposal, by=user), mails_about(proposal))
    formation = Formation.objects.filter(
        agency=proposal.agency, period=proposal.period, position=proposal.position
    ).first()
    return render(
        request,
        "verification/nomination.html",
        {
            **base,
            "preview": preview,
            "refusal": refusal,
            "facts": [
                *person_facts(proposal),
                {"label": "Email", "value": proposal.email},
                {"label": "Periode", "value": proposal.period.name},
            ],
            "rules": rule_rows(proposal),
            "formation": formation,
            "lines": ledger(formation) if formation else [],
            "stamp": StampForm(version=proposal.version),
            "deadline": filing_deadline_for(proposal.period, proposal.agency),
            "told": told_operators(proposal),
        },
        status=status,
    )


def _with_reason(
    request: HttpRequest, pk: int, *, act: Any, label: str, words: dict[str, Any]
) -> HttpResponse:
    """A page that asks for a text, and the act with it."""
    user = _user(request)
    proposal = _nominated(request, pk)
    if proposal is None:
        return redirect("verification:queue", "usulan")
    refusal, preview, status = None, None, 200
    data = request.POST if request.method == "POST" else None
    form = ReasonForm(data, label=label, version=proposal.version)
    if data is not None:
        status = 422
        if form.is_valid():
            text, version = form.cleaned_data["text"], form.cleaned_data["version"]
            try:
                if "pratinjau" not in data:
                    act(proposal, user, text, version)
                    messages.success(request, words["done"].format(name=proposal.full_name))
                    return redirect("verification:queue", "usulan")
                preview = preview_of(
                    lambda: act(proposal, user, text, version), mails_about(proposal)
                )
                status = 200
            except TransitionError as error:
                refusal = refusal_of(error, proposal, seen=seen_in(form), by=user)
                status = 409
    proposal.refresh_from_db(fields=["status", "version"])
    if refusal is not None:
        form.restamp(proposal.version)
    return render(
        request,
        "verification/nomination_reason.html",
        {
            **holding(request, proposal, status=Proposal.Status.NOMINATED),
            "form": form,
            "preview": preview,
            "refusal": refusal,
            "question": words["question"].format(name=proposal.full_name),
            "effect": f"{words['effect']} {told_operators(proposal)}",
            "submit": words["submit"],
            "calm": words["calm"],
        },
        status=status,
    )
