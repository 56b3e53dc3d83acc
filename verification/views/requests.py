"""The operator request page: who asks, the assignment letter, and the decision."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import Agency, User, sort_name
from inpassing.errors import TransitionError
from inpassing.files.storage import serve
from inpassing.formats import format_nip, short_datetime
from proposals.models import OperatorRequest
from proposals.operator_requests import (
    approve_operator_request,
    reject_operator_request,
    revoke_operator,
)
from proposals.people import operators_of

from ..claims import when_text
from ..forms import ReasonForm
from ..permissions import get_desk_request


@require_safe
def operator_request(request: HttpRequest, pk: int) -> HttpResponse:
    """The request with its letter beside it."""
    return _page(request, get_desk_request(_user(request), pk))


@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The assignment letter, for the frame beside the facts; only what the inspector accepted."""
    row = get_desk_request(_user(request), pk)
    if row.letter is None or not row.letter.is_accepted:
        raise Http404
    return serve(request, row.letter, framed=True)


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Create the account and mail the one-time link."""
    user = _user(request)
    row = get_desk_request(user, pk)
    try:
        approve_operator_request(row, by=user)
    except TransitionError as error:
        return _page(request, get_desk_request(user, pk), refusal=str(error), status=409)
    messages.success(request, f"{row.name} sekarang operator {row.agency_label}.")
    return redirect("verification:queue", "permohonan")


@require_http_methods(["GET", "HEAD", "POST"])
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then refuse the request."""
    return _with_reason(
        request,
        pk,
        status=OperatorRequest.Status.REQUESTED,
        act=reject_operator_request,
        words={
            "question": "Tolak permohonan {name}?",
            "effect": "Pemohon menerima email berisi alasan ini dan boleh mengajukan lagi.",
            "submit": "Tolak permohonan",
            "done": "Permohonan {name} ditolak.",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then take the operator role away."""
    return _with_reason(
        request,
        pk,
        status=OperatorRequest.Status.ACTIVE,
        act=revoke_operator,
        words={
            "question": "Cabut peran operator {name}?",
            "effect": "Orang ini tidak dapat lagi mengurus usulan instansinya dan menerima email "
            "berisi alasan ini. Usulan yang sudah dikirim tetap berjalan.",
            "submit": "Cabut peran",
            "done": "Peran operator {name} dicabut.",
        },
    )


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _decided(row: OperatorRequest) -> str:
    if row.status == OperatorRequest.Status.REQUESTED or row.decided_at is None:
        return ""
    note = f" Alasan: {row.decision_note}" if row.decision_note else ""
    if row.status == OperatorRequest.Status.REVOKED:
        return f"Peran operator dicabut.{note}"
    return (
        f"{row.get_status_display()}; diputus {row.decided_by or 'sistem'} "
        f"{when_text(row.decided_at)}.{note}"
    )


def _page(
    request: HttpRequest, row: OperatorRequest, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    confirmed = row.email_confirmed_at
    facts = [
        {"label": "Instansi", "value": row.agency_label},
        {"label": "Nama", "value": row.name},
        {"label": "NIP", "value": format_nip(row.nip), "css": "nip"},
        {"label": "Email kantor", "value": row.office_email},
        {"label": "Email pribadi", "value": row.email},
        {"label": "Telepon", "value": row.phone},
        {"label": "Nomor surat tugas", "value": row.letter_number},
        {
            "label": "Alamat dikonfirmasi",
            "value": short_datetime(confirmed, "Asia/Jakarta") if confirmed else "",
        },
    ]
    return render(
        request,
        "verification/operator_request.html",
        {
            "row": row,
            "facts": facts,
            "refusal": refusal,
            "decided": _decided(row),
            "operators": operators_of(row.agency) if row.agency else [],
            "account": User.objects.filter(nip=row.nip).first(),
            "similar": _similar(row),
            "may_decide": row.status == OperatorRequest.Status.REQUESTED,
            "may_revoke": row.status == OperatorRequest.Status.ACTIVE,
        },
        status=status,
    )


def _similar(row: OperatorRequest) -> list[Agency]:
    """Agencies whose name resembles an unlisted one that is asked for."""
    if row.agency_id:
        return []
    words = [word for word in sort_name(row.agency_name).split() if len(word) > 3]
    if not words:
        return []
    found = Agency.objects.active()
    for word in words[-2:]:
        found = found.filter(name_key__contains=word)
    return list(found[:5])


def _with_reason(
    request: HttpRequest, pk: int, *, status: str, act: Any, words: dict[str, str]
) -> HttpResponse:
    """A page that asks for a reason, and the act with it."""
    user = _user(request)
    row = get_desk_request(user, pk)
    refusal, code = "", 200
    data = request.POST if request.method == "POST" else None
    form = ReasonForm(data, label="Alasan", version=0)
    if data is not None:
        code = 422
        if form.is_valid():
            try:
                act(row, by=user, reason=form.cleaned_data["text"])
            except TransitionError as error:
                refusal, code = str(error), 409
                row = get_desk_request(user, pk)
            else:
                messages.success(request, words["done"].format(name=row.name))
                return redirect("verification:queue", "permohonan")
    return render(
        request,
        "verification/operator_request_reason.html",
        {
            "row": row,
            "form": form,
            "refusal": refusal,
            "decided": _decided(row),
            "may_act": row.status == status,
            "question": words["question"].format(name=row.name),
            "effect": words["effect"],
            "submit": words["submit"],
        },
        status=code,
    )
