"""The operator request page: who asks, the assignment letter, and the decision."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import Agency, RoleGrant, User
from inpassing.errors import TransitionError
from inpassing.files.storage import serve
from inpassing.files.views import Paper, show_page, show_pages
from inpassing.formats import format_nip, long_date, short_datetime
from inpassing.notifications.models import OutboxMessage
from inpassing.notifications.preview import preview_of
from inpassing.notifications.texts import subjects_of
from proposals.agency_search import alike, likeness
from proposals.models import OperatorRequest
from proposals.operator_requests import (
    about_request,
    agency_meant,
    approve_operator_request,
    ends_text,
    mails_of,
    reject_operator_request,
    resend_invitation,
    revoke_operator,
    undelivered,
)
from proposals.people import operator_grants
from proposals.permissions import operator_requests_for, unconfirmed_requests_for

from ..claims import when_text
from ..forms import ReasonForm
from ..permissions import can_use_desk, get_desk_request

MAIL_TAGS = {
    OutboxMessage.State.QUEUED: "wait",
    OutboxMessage.State.SENDING: "wait",
    OutboxMessage.State.SENT: "ok",
    OutboxMessage.State.FAILED: "bad",
    OutboxMessage.State.UNCERTAIN: "fix",
}
# An unconfirmed request ends within days, so that there are never many; a flood is cut off here.
MOST_UNDELIVERED = 200
# Two names as alike as this may be one agency, asked for twice.
ASKED_TWICE = 0.74


@require_safe
def operator_request(request: HttpRequest, pk: int) -> HttpResponse:
    """The request with its letter beside it."""
    return _page(request, get_desk_request(_user(request), pk))


@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The assignment letter, for the frame beside the facts; only what the inspector accepted."""
    return serve(request, _paper(request, pk).file, framed=True)


@require_safe
def letter_pages(request: HttpRequest, pk: int) -> HttpResponse:
    """The pages of the assignment letter as pictures."""
    back = reverse("verification:operator_request", args=[pk])
    return show_pages(request, _paper(request, pk), back_url=back, back="Permohonan")


@require_safe
def letter_page(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """The picture of one page of the assignment letter."""
    return show_page(request, _paper(request, pk), number)


def _paper(request: HttpRequest, pk: int) -> Paper:
    paper = paper_of(get_desk_request(_user(request), pk))
    if paper is None:
        raise Http404
    return paper


def paper_of(row: OperatorRequest) -> Paper | None:
    """The assignment letter, once the inspector has accepted it."""
    if row.letter is None or not row.letter.is_accepted:
        return None
    return Paper(
        file=row.letter,
        title=f"Surat tugas {row.letter_number}",
        url=reverse("verification:operator_letter", args=[row.pk]),
        pages_url=reverse("verification:letter_pages", args=[row.pk]),
    )


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Create the account and mail the one-time link."""
    user = _user(request)
    row = get_desk_request(user, pk)
    chosen = request.POST.get("instansi", "")
    known = {str(agency.pk): agency for agency in _similar(row)}
    if chosen and chosen not in known:
        refusal = "Instansi itu tidak ada di pilihan lagi. Pilih sekali lagi."
        return _page(request, row, refusal=refusal, status=422)
    if "pratinjau" in request.POST:
        return _page(request, row, chosen=known.get(chosen))
    try:
        row = approve_operator_request(row, by=user, agency=known.get(chosen))
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


@require_POST
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail the one-time link again to an operator who has not used the account yet."""
    user = _user(request)
    row = get_desk_request(user, pk)
    try:
        resend_invitation(row, by=user)
    except TransitionError as error:
        return _page(request, get_desk_request(user, pk), refusal=str(error), status=409)
    messages.success(request, "Undangan dikirim ulang. Hasilnya muncul di halaman ini.")
    return redirect("verification:operator_request", pk)


@require_safe
def undelivered_requests(request: HttpRequest) -> HttpResponse:
    """Unconfirmed requests whose mail did not reach anybody: nobody else can tell the applicant."""
    user = _user(request)
    if not can_use_desk(user):
        raise PermissionDenied
    waiting = unconfirmed_requests_for(user).order_by("-created_at")[:MOST_UNDELIVERED]
    rows = [
        {
            "request": row,
            "mail": mail,
            "kind": MAIL_TAGS[OutboxMessage.State(mail.state)],
            "ends": ends_text(row),
        }
        for row, mail in undelivered(waiting)
    ]
    return render(request, "verification/undelivered_requests.html", {"rows": rows})


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _decided(row: OperatorRequest) -> str:
    if row.status == OperatorRequest.Status.REQUESTED or row.decided_at is None:
        return ""
    note = f" Alasan: {row.decision_note}" if row.decision_note else ""
    if row.status == OperatorRequest.Status.EXPIRED:
        return "Permohonan berakhir sendiri karena alamatnya tidak dikonfirmasi."
    if row.status == OperatorRequest.Status.REVOKED:
        return f"Peran operator dicabut.{note}"
    return (
        f"{row.get_status_display()}; diputus {row.decided_by or 'sistem'} "
        f"{when_text(row.decided_at)}.{note}"
    )


def _page(
    request: HttpRequest,
    row: OperatorRequest,
    *,
    chosen: Agency | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    confirmed, meant = row.email_confirmed_at, agency_meant(row)
    account = User.objects.filter(nip=row.nip).first()
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
    mails = list(mails_of(row))
    may_decide, preview = row.status == OperatorRequest.Status.REQUESTED, None
    if may_decide:
        by = _user(request)
        preview = preview_of(
            lambda: approve_operator_request(row, by=by, agency=chosen), about_request(row)
        )
    return render(
        request,
        "verification/operator_request.html",
        {
            "row": row,
            "paper": paper_of(row),
            "facts": facts,
            "refusal": refusal,
            "decided": _decided(row),
            "meant": meant,
            "operators": _operators(request, row, meant),
            "account": account,
            "answer_to": account.email if account else row.office_email,
            "address_taken": account is None
            and User.objects.filter(email__iexact=row.office_email).exists(),
            "similar": _similar(row),
            "asked_too": _asked_too(request, row),
            "mails": [
                {
                    "mail": mail,
                    "subject": subject,
                    "kind": MAIL_TAGS[OutboxMessage.State(mail.state)],
                }
                for mail, subject in zip(mails, subjects_of(mails), strict=True)
            ],
            "may_decide": may_decide,
            "preview": preview,
            "chosen": chosen,
            "may_revoke": row.status == OperatorRequest.Status.ACTIVE,
            "may_invite": row.status == OperatorRequest.Status.ACTIVE
            and row.user is not None
            and not row.user.has_been_used,
        },
        status=status,
    )


def _similar(row: OperatorRequest) -> list[Agency]:
    """Agencies whose name resembles an unlisted one that is asked for."""
    if row.region_id or agency_meant(row):
        return []
    return alike(row.agency_name, Agency.objects.active().filter(region=None))


def _asked_too(request: HttpRequest, row: OperatorRequest) -> list[OperatorRequest]:
    """Other waiting requests for what may be the same unlisted agency."""
    if row.agency_id or row.region_id:
        return []
    waiting = operator_requests_for(_user(request)).filter(
        status=OperatorRequest.Status.REQUESTED, agency=None, region=None
    )
    others = waiting.exclude(pk=row.pk).order_by("created_at")[:200]
    return [
        other for other in others if likeness(row.agency_name, other.agency_name) >= ASKED_TWICE
    ]


def _operators(
    request: HttpRequest, row: OperatorRequest, meant: Agency | None
) -> list[dict[str, Any]]:
    """The operators of the agency that is meant, each with the request that made them one."""
    if meant is None:
        return []
    requests = operator_requests_for(_user(request)).filter(
        agency=meant, status=OperatorRequest.Status.ACTIVE
    )
    by_user = dict(requests.values_list("user_id", "pk"))
    return [
        {
            "user": grant.user,
            "since": long_date(timezone.localdate(grant.granted_at)),
            "request_pk": by_user.get(grant.user_id),
            "is_this": row.user_id == grant.user_id,
        }
        for grant in operator_grants([meant])
    ]


def _is_last_operator(row: OperatorRequest) -> bool:
    """Whether the agency has no operator any more once this one is revoked."""
    grants: list[RoleGrant] = operator_grants([row.agency]) if row.agency else []
    return {grant.user_id for grant in grants} == {row.user_id}


def _with_reason(
    request: HttpRequest, pk: int, *, status: str, act: Any, words: dict[str, str]
) -> HttpResponse:
    """A page that asks for a reason, and the act with it."""
    user = _user(request)
    row = get_desk_request(user, pk)
    refusal, preview, code = "", None, 200
    data = request.POST if request.method == "POST" else None
    form = ReasonForm(data, label="Alasan", version=0)
    if data is not None:
        code = 422
        if form.is_valid() and "pratinjau" in data:
            reason = form.cleaned_data["text"]
            preview = preview_of(lambda: act(row, by=user, reason=reason), about_request(row))
            code = 200
        elif form.is_valid():
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
            "preview": preview,
            "refusal": refusal,
            "decided": _decided(row),
            "may_act": row.status == status,
            "question": words["question"].format(name=row.name),
            "effect": words["effect"]
            + (
                " Instansi ini sesudahnya tidak mempunyai operator."
                if status == OperatorRequest.Status.ACTIVE and _is_last_operator(row)
                else ""
            ),
            "submit": words["submit"],
        },
        status=code,
    )
