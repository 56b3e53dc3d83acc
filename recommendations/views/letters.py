"""The list of letters, a letter's own page with its acts, its PDF."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.files.storage import serve
from inpassing.keyset import keyset_page
from inpassing.reference.models import Period
from proposals.models import Proposal

from .. import delivery, gathering, issuing, workflow
from ..composing import lines_of
from ..finding import LetterFilter, letters_for_list
from ..forms import ReasonForm, ReferenceForm, RevokeForm
from ..gate import Gate
from ..models import Letter, LetterLine
from ..permissions import (
    can_administer,
    can_export,
    can_preview,
    can_refuse,
    can_sign,
    get_letter_for,
)
from .reader import user_of
from .story import story_rows

PAGE = 50


@require_safe
def letters(request: HttpRequest) -> HttpResponse:
    """The letters that concern the visitor, newest first; found by number, agency or status."""
    user = user_of(request)
    chosen = LetterFilter.read(request.GET)
    page = keyset_page(
        letters_for_list(user, chosen).for_list(),
        ["-pk"],
        size=PAGE,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
    )
    roles = roles_of(user)
    is_staff = roles.is_admin or roles.is_signer
    context = {
        "page": page,
        "chosen": chosen,
        "query": chosen.as_query,
        "statuses": Letter.Status.choices if is_staff else [],
        "kinds": Letter.Kind.choices,
        "periods": Period.objects.exclude(status=Period.Status.DRAFT),
        "is_staff": is_staff,
        "may_export": can_export(user),
    }
    return render(request, "recommendations/letters.html", context)


@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter: what it is, who is in it, what can be done, what happened."""
    row = get_letter_for(user_of(request), pk)
    user = user_of(request)
    roles = roles_of(user)
    is_staff = can_preview(user, row)
    is_agency = row.agency_id in roles.agency_ids
    is_admin = can_administer(user)
    hold = None
    uses = []
    if row.is_draft and is_staff:
        gate = Gate(row.period, agency=row.agency)
        hold = gathering.hold_of(row, gate)
        uses = gate.uses(row.agency_id, row.position_id or "")
    lines = lines_of(row)
    decrees = set()
    if is_agency and row.is_recommendation:
        decrees = {line.proposal_id for line in lines if _takes_decree(line.proposal)}
    extracts = _extracts_of(row)
    for line in lines:
        line.extract_id = extracts.get(line.proposal_id)  # type: ignore[attr-defined]
    context = {
        "letter": row,
        "lines": lines,
        "hold": hold,
        "uses": uses,
        "is_over": any(use.over for use in uses),
        "is_staff": is_staff,
        "is_agency": is_agency,
        "may_act": is_admin,
        "may_complete": is_admin and row.is_draft,
        "may_send": is_admin and row.is_draft and hold is None,
        "may_sign": row.is_awaiting_signature and can_sign(user, row),
        "is_barred": row.is_awaiting_signature and roles.is_signer and not can_sign(user, row),
        "may_refuse": row.is_awaiting_signature and can_refuse(user, row),
        "decrees": decrees,
        "extracts": len(extracts),
        "may_preview": is_staff and row.is_recommendation and row.status in Letter.OPEN,
        "has_acts": bool(extracts or decrees)
        or (is_staff and row.is_recommendation and row.status in Letter.OPEN),
        "deliveries": row.deliveries.select_related("user") if is_staff or is_agency else [],
        "events": story_rows(row) if is_staff else [],
        "reopened": row.lines.reopened_since().count() if row.is_notice and row.is_issued else 0,
        "succeeded": row.replaced_by if _may_know(user, row.replaced_by) else None,
    }
    return render(request, "recommendations/letter.html", context)


def _extracts_of(row: Letter) -> dict[int, int]:
    """Proposal → extract, of a letter that has been issued."""
    if not row.is_recommendation or row.status not in Letter.OUT:
        return {}
    out = LetterLine.objects.filter(letter__parent=row, letter__status__in=Letter.OUT)
    return dict(out.values_list("proposal_id", "letter_id"))


def _takes_decree(proposal: Proposal) -> bool:
    return proposal.status == Proposal.Status.RECOMMENDED


def _may_know(user: User, row: Letter | None) -> bool:
    return row is not None and Letter.objects.visible_to(user).filter(pk=row.pk).exists()


@require_safe
def letter_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The signed original, byte for byte; the first download is recorded."""
    row = get_letter_for(user_of(request), pk)
    if row.file is None:
        messages.info(request, "PDF surat ini belum ada. Muat ulang beberapa saat lagi.")
        return redirect("recommendations:letter", row.pk)
    if not can_preview(user_of(request), row):
        delivery.note_download(row, by=user_of(request))
    return serve(request, row.file, download=True)


@require_http_methods(["GET", "HEAD", "POST"])
def reference(request: HttpRequest, pk: int) -> HttpResponse:
    """Name the agency's letter of proposal, to which this one answers."""
    row = get_letter_for(user_of(request), pk, can_administer)
    form = ReferenceForm(request.POST if request.method == "POST" else None, instance=row)
    back = reverse("recommendations:letter", args=[row.pk])
    if request.method == "POST" and form.is_valid():
        try:
            workflow.set_reference(
                row,
                by=user_of(request),
                number=form.cleaned_data["reference_number"],
                date=form.cleaned_data["reference_date"],
            )
        except TransitionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Surat usulan instansi disimpan.")
        return redirect(back)
    context = {
        "letter": row,
        "form": form,
        "title": "Surat usulan instansi",
        "text": "Disebut pada pembuka surat. Dikosongkan bila instansi tidak menyuratinya.",
        "submit": "Simpan",
        "cancel_url": back,
        "calm": True,
    }
    return render(
        request, "recommendations/letter_act.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def overrun(request: HttpRequest, pk: int) -> HttpResponse:
    """Recommend beyond the validated formation, with a reason."""
    row = get_letter_for(user_of(request), pk, can_administer)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    back = reverse("recommendations:letter", args=[row.pk])
    if request.method == "POST" and form.is_valid():
        try:
            workflow.allow_overrun(row, by=user_of(request), reason=form.cleaned_data["reason"])
        except TransitionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Alasan disimpan. Surat dapat dikirim ke penanda tangan.")
        return redirect(back)
    gate = Gate(row.period, agency=row.agency)
    uses = [use for use in gate.uses(row.agency_id, row.position_id or "") if use.over]
    context = {
        "letter": row,
        "form": form,
        "title": "Rekomendasikan melebihi formasi?",
        "text": " ".join(use.sentence for use in uses) or "Surat ini tidak melebihi formasi.",
        "submit": "Simpan alasan",
        "cancel_url": back,
    }
    return render(
        request, "recommendations/letter_act.html", context, status=422 if form.errors else 200
    )


@require_POST
def recall(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a letter back from the signers."""
    row = get_letter_for(user_of(request), pk, can_administer)
    try:
        workflow.recall(row, by=user_of(request))
    except TransitionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Surat ditarik dan kembali menjadi konsep.")
    return redirect("recommendations:letter", row.pk)


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the worker try again."""
    row = get_letter_for(user_of(request), pk, can_administer)
    try:
        issuing.retry(row, by=user_of(request))
    except TransitionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Surat dibuat ulang. Nomornya tetap.")
    return redirect("recommendations:letter", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a numbered letter void before it goes out."""
    row = get_letter_for(user_of(request), pk, can_administer)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    back = reverse("recommendations:letter", args=[row.pk])
    if request.method == "POST" and form.is_valid():
        try:
            workflow.void(row, by=user_of(request), reason=form.cleaned_data["reason"])
        except TransitionError as error:
            messages.error(request, str(error))
        else:
            messages.success(
                request, f"Surat {row.number} dibatalkan. Nomornya tidak dipakai lagi."
            )
        return redirect(back)
    context = {
        "letter": row,
        "form": form,
        "title": f"Batalkan surat {row.number or 'ini'}?",
        "text": (
            "Nomor tetap tercatat sebagai batal dan tidak dipakai lagi. Peserta tetap siap "
            "direkomendasikan dan masuk surat baru bila dihimpun lagi."
        ),
        "submit": "Batalkan surat",
        "cancel_url": back,
    }
    return render(
        request, "recommendations/letter_act.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke an issued letter, to replace it or to withdraw the recommendation."""
    row = get_letter_for(user_of(request), pk, can_administer)
    form = RevokeForm(request.POST if request.method == "POST" else None, letter=row)
    back = reverse("recommendations:letter", args=[row.pk])
    if request.method == "POST" and form.is_valid():
        try:
            workflow.revoke(
                row,
                by=user_of(request),
                reason=form.cleaned_data["reason"],
                replace=form.replaces,
            )
        except TransitionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"Surat {row.number} dicabut. Instansi diberi tahu.")
        return redirect(back)
    context = {
        "letter": row,
        "form": form,
        "title": f"Cabut surat {row.number or 'ini'}?",
        "text": (
            "Halaman cek surat menyatakan surat ini dicabut, dengan alasan Anda. Instansi dan "
            "peserta menerima pesan. Pencabutan tidak dapat dibatalkan."
        ),
        "submit": "Cabut surat",
        "cancel_url": back,
    }
    return render(
        request, "recommendations/letter_act.html", context, status=422 if form.errors else 200
    )
