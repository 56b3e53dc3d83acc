"""The review page: documents beside the verdict board, and the decision on them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import User
from inpassing.errors import StaleError, TransitionError
from inpassing.notifications.preview import preview_of
from proposals.models import Proposal, ProposalDocument

from ..forms import CheckForm, EducationFieldForm, ReasonForm, StampForm
from ..permissions import get_desk_document, get_desk_proposal
from ..workflow import (
    board_of,
    check_of,
    declare_eligible,
    declare_not_eligible,
    documents_of,
    return_proposal,
)
from ..workflow import check_document as save_check
from ..workflow import set_education_field as save_education_field
from .board import repair_form_for, review_page
from .page import (
    Refusal,
    holding,
    mails_about,
    page_url,
    refusal_of,
    seen_in,
    told,
)
from .portfolio import keep_answers, portfolio_page

TMS_LABEL = "Alasan tidak memenuhi syarat"
TMS_HINT = "Peserta dan operator membacanya. Sebut syarat dan sebabnya."


@require_safe
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One document in the viewer, the verdicts on all of them, and the decision."""
    proposal = get_desk_proposal(_user(request), pk)
    return review_page(request, proposal, document=request.GET.get("dokumen", ""))


@require_POST
def check_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Note the verdict on one document and go on to the next undecided one."""
    user = _user(request)
    document = get_desk_document(user, pk)
    proposal = document.proposal
    form = CheckForm(request.POST, is_certified_copy=document.requirement.certified_copy)
    if not form.is_valid():
        return review_page(request, proposal, document=str(pk), check_form=form, status=422)
    data = form.cleaned_data
    try:
        save_check(
            document,
            by=user,
            version_id=data["version"],
            verdict=data["verdict"],
            reason=data["reason"],
            note=data["note"],
            certifier=data.get("certifier", ""),
            certified_on=data.get("certified_on"),
            before=data["before"],
        )
    except TransitionError as error:
        refusal = Refusal(str(error))
        if isinstance(error, StaleError):
            form.restamp(document)
        return review_page(
            request, proposal, document=str(pk), check_form=form, refusal=refusal, status=409
        )
    following = _next_undecided(documents_of(proposal), after=document)
    path = reverse("verification:review", args=[proposal.pk])
    if following is None:
        messages.success(request, "Semua dokumen sudah diputus. Ambil putusan atas usulan ini.")
        return redirect(f"{path}?dokumen={pk}#putusan")
    return redirect(f"{path}?dokumen={following.pk}#papan")


@require_POST
def set_education_field(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the field of education, from the review page or the portfolio page; a later change, of
    which people are told, shows its message first."""
    user = _user(request)
    proposal = get_desk_proposal(user, pk)
    form = EducationFieldForm(request.POST, current=proposal.education_field)
    page = portfolio_page if proposal.status == Proposal.Status.ELIGIBLE else review_page
    looks = "pratinjau" in request.POST
    # On the portfolio page the answers to its items come along: they are kept before anything else.
    if not looks and any(name.startswith("butir") for name in request.POST):
        refused = keep_answers(request, proposal, education_form=form)
        if refused is not None:
            return refused
        proposal.refresh_from_db(fields=["version"])
        form.restamp(proposal.version)
    if not form.is_valid():
        return page(request, proposal, education_form=form, status=422)
    data, version = form.cleaned_data, form.cleaned_data["version"]

    def save() -> Proposal:
        return save_education_field(
            proposal, by=user, field=data["field"], reason=data.get("reason", ""), version=version
        )

    try:
        if looks:
            preview = preview_of(save, mails_about(proposal))
            return page(request, proposal, education_form=form, education_preview=preview)
        save()
    except TransitionError as error:
        refusal = refusal_of(error, proposal, seen=seen_in(form), by=user)
        return page(request, proposal, education_form=form, refusal=refusal, status=409)
    messages.success(request, "Bidang pendidikan disimpan.")
    return redirect(f"{page_url(proposal)}#bidang")


@require_POST
def return_documents(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the returned documents back with a repair date."""
    user = _user(request)
    proposal = get_desk_proposal(user, pk)
    form = repair_form_for(proposal, request.POST)
    if not form.is_valid():
        return review_page(request, proposal, repair_form=form, status=422)
    if "pratinjau" in request.POST:
        return review_page(request, proposal, repair_form=form)
    try:
        return_proposal(
            proposal,
            by=user,
            deadline=form.cleaned_data["deadline"],
            version=form.cleaned_data["version"],
        )
    except TransitionError as error:
        refusal = refusal_of(error, proposal, seen=seen_in(form), by=user)
        return review_page(request, proposal, refusal=refusal, status=409)
    messages.success(request, f"{proposal.full_name} dikembalikan untuk perbaikan.")
    return redirect("verification:queue", "berkas")


@require_POST
def eligible(request: HttpRequest, pk: int) -> HttpResponse:
    """All documents are accepted."""
    user = _user(request)
    proposal = get_desk_proposal(user, pk)
    stamp = StampForm(request.POST)
    if not stamp.is_valid():
        return review_page(request, proposal, refusal=Refusal(_BROKEN), status=422)
    try:
        declare_eligible(proposal, by=user, version=stamp.cleaned_data["version"])
    except TransitionError as error:
        refusal = refusal_of(error, proposal, seen=seen_in(stamp), by=user)
        return review_page(request, proposal, refusal=refusal, status=409)
    messages.success(
        request, f"{proposal.full_name} memenuhi syarat dan menunggu penilaian portofolio."
    )
    return redirect("verification:queue", "berkas")


@require_http_methods(["GET", "HEAD", "POST"])
def not_eligible(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reasons of a TMS, then end the proposal."""
    user = _user(request)
    proposal = get_desk_proposal(user, pk)
    refusal, preview, status = None, None, 200
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label=TMS_LABEL,
        hint=TMS_HINT,
        max_length=1000,
        version=proposal.version,
        initial={"text": _draft_reasons(documents_of(proposal))},
    )
    if request.method == "POST":
        status = 422
        if form.is_valid():
            reasons, version = form.cleaned_data["text"], form.cleaned_data["version"]

            def decide() -> Proposal:
                return declare_not_eligible(proposal, by=user, reasons=reasons, version=version)

            try:
                if "pratinjau" not in request.POST:
                    decide()
                    messages.success(request, f"{proposal.full_name} tidak memenuhi syarat.")
                    return redirect("verification:queue", "berkas")
                preview, status = preview_of(decide, mails_about(proposal)), 200
            except TransitionError as error:
                refusal = refusal_of(error, proposal, seen=seen_in(form), by=user)
                status = 409
    proposal.refresh_from_db(fields=["status", "version"])
    if refusal is not None:
        form.restamp(proposal.version)
    return render(
        request,
        "verification/not_eligible.html",
        {
            **holding(request, proposal, status=Proposal.Status.SUBMITTED),
            "form": form,
            "preview": preview,
            "refusal": refusal,
            "question": f"Nyatakan {proposal.full_name} tidak memenuhi syarat?",
            "effect": f"Usulan berakhir dan formasinya dilepas. {told(proposal)} Hanya "
            "administrator BPS yang dapat membukanya lagi. Orang ini boleh diusulkan lagi pada "
            "periode berikutnya.",
        },
        status=status,
    )


_BROKEN = "Formulir tidak lengkap. Muat ulang halaman lalu putuskan lagi."


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _next_undecided(
    documents: list[ProposalDocument], *, after: ProposalDocument
) -> ProposalDocument | None:
    """The next document without a verdict, round and round."""
    place = next(i for i, document in enumerate(documents) if document.pk == after.pk)
    undecided = {document.pk for document in board_of(documents).undecided}
    for document in documents[place + 1 :] + documents[:place]:
        if document.pk in undecided:
            return document
    return None


def _draft_reasons(documents: list[ProposalDocument]) -> str:
    lines = []
    for document in board_of(documents).returned:
        check = check_of(document)
        if check is not None:
            lines.append(f"- {document.requirement.name}: {check.reason}. {check.note}".strip())
    return "\n".join(lines)[:1000]
