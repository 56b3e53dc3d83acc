"""The portfolio page: the checklist, the rule about the test, the verdict."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.notifications.preview import Preview, preview_of
from inpassing.templatetags.inpassing import summarize_errors
from proposals.ledger import ledger
from proposals.models import Formation, Proposal

from ..batches import answers_of
from ..forms import AnswerForm, AssessmentForm, EducationFieldForm, StampForm
from ..models import PortfolioAssessment, PortfolioDraft
from ..permissions import get_desk_proposal
from ..workflow import (
    GivenAnswer,
    assess_portfolio,
    documents_of,
    items_for,
    note_answers,
    rule_for,
)
from .page import Refusal, holding, mails_about, person_facts, refusal_of, school_of, seen_in, told


@require_safe
def portfolio(request: HttpRequest, pk: int) -> HttpResponse:
    """The checklist with the accepted documents and what the rule table says."""
    return portfolio_page(request, get_desk_proposal(_user(request), pk))


@require_POST
def assess(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the answers and the verdict, and move the proposal on."""
    user = _user(request)
    proposal = get_desk_proposal(user, pk)
    answers = [AnswerForm(request.POST, item=item) for item in items_for(proposal)]
    form = AssessmentForm(request.POST, test_required=rule_for(proposal).required)
    if not all([form.is_valid(), *[answer.is_valid() for answer in answers]]):
        return portfolio_page(request, proposal, form=form, answers=answers, status=422)
    data = form.cleaned_data

    def decide() -> Proposal:
        return assess_portfolio(
            proposal,
            by=user,
            answers={
                answer.item.pk: GivenAnswer(
                    answer.cleaned_data["answer"], answer.cleaned_data["remark"]
                )
                for answer in answers
            },
            passed=data["verdict"] == PortfolioAssessment.Verdict.PASSED,
            override=data["override"],
            override_reason=data["override_reason"],
            version=data["version"],
        )

    try:
        if "pratinjau" in request.POST:
            preview = preview_of(decide, mails_about(proposal))
            return portfolio_page(request, proposal, form=form, answers=answers, preview=preview)
        result = decide()
    except TransitionError as error:
        refusal = refusal_of(error, proposal, seen=seen_in(form), by=user)
        return portfolio_page(
            request, proposal, form=form, answers=answers, refusal=refusal, status=409
        )
    messages.success(request, f"{proposal.full_name}: {result.get_status_display().lower()}.")
    return redirect("verification:queue", "portofolio")


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the answers given so far without a verdict."""
    refused = keep_answers(request, get_desk_proposal(_user(request), pk))
    if refused is not None:
        return refused
    messages.success(request, "Jawaban dicatat. Peserta belum menerima apa pun.")
    return redirect("verification:portfolio", pk)


def keep_answers(
    request: HttpRequest, proposal: Proposal, *, education_form: EducationFieldForm | None = None
) -> HttpResponse | None:
    """Note the answers that came with a form of the portfolio page; the page again, with what was
    typed, where an answer is wrong or somebody was faster."""
    user = _user(request)
    stamp = StampForm(request.POST)
    answers = [AnswerForm(request.POST, item=item, may_wait=True) for item in items_for(proposal)]
    if not all([stamp.is_valid(), *[answer.is_valid() for answer in answers]]):
        return portfolio_page(
            request, proposal, answers=answers, education_form=education_form, status=422
        )
    try:
        note_answers(
            proposal,
            by=user,
            answers={
                answer.item.pk: GivenAnswer(
                    answer.cleaned_data["answer"], answer.cleaned_data["remark"]
                )
                for answer in answers
                if answer.cleaned_data["answer"]
            },
            version=stamp.cleaned_data["version"],
        )
    except TransitionError as error:
        refusal = refusal_of(error, proposal, seen=seen_in(stamp), by=user)
        return portfolio_page(
            request,
            proposal,
            answers=answers,
            education_form=education_form,
            refusal=refusal,
            status=409,
        )
    return None


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _given(proposal: Proposal) -> PortfolioAssessment | None:
    """The assessment that there is: final, or of the time before a reopening."""
    return (
        PortfolioAssessment.objects.filter(proposal=proposal)
        .select_related("assessed_by", "carried_from__proposal__period")
        .prefetch_related("answers__item")
        .first()
    )


def portfolio_page(
    request: HttpRequest,
    proposal: Proposal,
    *,
    form: AssessmentForm | None = None,
    answers: list[AnswerForm] | None = None,
    refusal: Refusal | None = None,
    preview: Preview | None = None,
    education_form: EducationFieldForm | None = None,
    education_preview: Preview | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; what came with a form that belongs to one part of it stays in the other parts."""
    if refusal is not None:
        proposal.refresh_from_db(fields=["status", "version", "education_field"])
    rule = rule_for(proposal)
    assessment = _given(proposal)
    draft = PortfolioDraft.objects.filter(proposal=proposal).select_related("saved_by").first()
    if answers is None and any(name.startswith("butir") for name in request.POST):
        # Shown as typed; whether something is missing is said when the answers are sent.
        answers = [
            AnswerForm(
                item=item,
                initial={
                    name: request.POST.get(f"butir{item.pk}-{name}", "")
                    for name in ("answer", "remark")
                },
            )
            for item in items_for(proposal)
        ]
    elif answers is None:
        earlier: dict[int, Any] = {}
        if assessment is not None:
            earlier = {a.item_id: a for a in assessment.answers.all()}
        earlier |= answers_of(draft)
        answers = [
            AnswerForm(
                item=item,
                initial={
                    "answer": earlier[item.pk].answer,
                    "remark": earlier[item.pk].remark,
                }
                if item.pk in earlier
                else None,
            )
            for item in items_for(proposal)
        ]
    if form is None:
        form = AssessmentForm(
            initial={name: request.POST.get(name) for name in AssessmentForm.TYPED},
            version=proposal.version,
            test_required=rule.required,
        )
    elif refusal is not None:
        form.restamp(proposal.version)
    if education_form is not None and refusal is not None:
        education_form.restamp(proposal.version)
    formation = Formation.objects.filter(
        agency=proposal.agency, period=proposal.period, position=proposal.position
    ).first()
    lines = (
        [line for line in ledger(formation) if line.level.pk == proposal.level_id]
        if (formation)
        else []
    )
    return render(
        request,
        "verification/portfolio.html",
        {
            **holding(request, proposal, status=Proposal.Status.ELIGIBLE),
            "refusal": refusal,
            "preview": preview,
            "form": form,
            "answers": answers,
            "problems": summarize_errors(
                *answers, form, *([education_form] if education_form else [])
            ),
            "assessment": assessment,
            "draft": draft,
            "rule": rule,
            "documents": documents_of(proposal),
            "facts": person_facts(proposal),
            "formation": formation,
            "lines": lines,
            "education_form": education_form
            or EducationFieldForm(current=proposal.education_field, version=proposal.version),
            "education_preview": education_preview,
            "school": school_of(proposal),
            "told": told(proposal),
        },
        status=status,
    )
