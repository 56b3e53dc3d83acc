"""The form of a candidate, what the NIP says, and the verdict of every rule."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import Agency, User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.formats import mask_name, short_datetime
from inpassing.reference.models import Period

from .. import drafts
from ..eligibility import Outcome, Verdict, check, facts_of, rules_of
from ..forms.candidates import CandidateForm, posts_of
from ..models import Proposal
from ..nip import Nip, NipError, digits_of, read_nip, warnings_of
from ..permissions import can_edit_as_operator, get_proposal_for, is_own_proposal
from .reader import reader_of

OUTCOMES = {
    Outcome.OK: ("ok", "Sesuai"),
    Outcome.REFUSED: ("bad", "Tidak sesuai"),
    Outcome.WARNING: ("fix", "Perhatian"),
    Outcome.PENDING: ("wait", "Belum diperiksa"),
    Outcome.NOT_APPLICABLE: ("lock", "Tidak berlaku"),
}
# Refusals first: what must be done stands on top.
OUTCOME_ORDER = [
    Outcome.REFUSED,
    Outcome.WARNING,
    Outcome.OK,
    Outcome.PENDING,
    Outcome.NOT_APPLICABLE,
]
SELF_NOMINATION = (
    "Calon ini Anda sendiri. Usulan tentang diri sendiri diurus operator lain di instansi Anda, "
    "atau administrator BPS bila Anda satu-satunya operator."
)


@require_http_methods(["GET", "POST"])
def candidate_create(request: HttpRequest) -> HttpResponse:
    """A new candidate of the agency in an open period; which one is asked where there are more."""
    user = reader_of(request)
    roles = roles_of(user)
    if not (roles.is_operator or roles.is_admin):
        raise PermissionDenied
    agencies = Agency.objects.active().select_related("region")
    if not roles.is_admin:
        agencies = agencies.filter(pk__in=roles.agency_ids)
    wanted = agencies.filter(pk=_number(request, "instansi"))
    chosen_agencies = list(wanted or agencies.filter(pk__in=roles.agency_ids))
    opened = Period.objects.accepting_nominations()
    periods = list(opened.filter(pk=_number(request, "periode")) or opened)
    if len(chosen_agencies) != 1 or len(periods) != 1:
        return render(
            request,
            "proposals/candidate_choose.html",
            {"agencies": chosen_agencies, "periods": periods},
        )
    return _candidate_page(request, chosen_agencies[0], periods[0], None)


@require_http_methods(["GET", "POST"])
def candidate_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft, with the verdict of every rule beside it."""
    user = reader_of(request)
    proposal = get_proposal_for(user, pk)
    if is_own_proposal(user, proposal):
        return refuse_own(request)
    proposal = get_proposal_for(user, pk, can_edit_as_operator)
    if proposal.status != Proposal.Status.DRAFT:
        messages.info(
            request,
            "Data calon sudah terkunci. Keadaan usulan sekarang: "
            f"{proposal.get_status_display().lower()}.",
        )
        return redirect("proposals:detail", pk)
    return _candidate_page(request, proposal.agency, proposal.period, proposal)


@require_safe
def nip_reading(request: HttpRequest) -> HttpResponse:
    """What a number says, and what is typed otherwise, as a part of the form; nothing is looked
    up."""
    nip, error = read_typed_nip(request.GET.get("nip", ""))
    return render(
        request,
        "proposals/candidate_nip.html",
        {
            "reading": nip,
            "reading_error": error,
            "reading_warnings": warnings_of(nip, **_typed_beside(request)) if nip else [],
        },
    )


@require_POST
def verdicts(request: HttpRequest) -> HttpResponse:
    """The rules' verdicts about what is typed, as a part of the form; nothing is saved."""
    user = reader_of(request)
    roles = roles_of(user)
    if not (roles.is_operator or roles.is_admin):
        raise PermissionDenied
    proposal = None
    if pk := _posted(request, "usulan"):
        proposal = get_proposal_for(user, pk, can_edit_as_operator)
        agency, period = proposal.agency, proposal.period
    else:
        agencies = Agency.objects.active().select_related("region")
        if not roles.is_admin:
            agencies = agencies.filter(pk__in=roles.agency_ids)
        agency = get_object_or_404(agencies, pk=_posted(request, "instansi"))
        period = get_object_or_404(
            Period.objects.accepting_nominations(), pk=_posted(request, "periode")
        )
    form = CandidateForm(
        request.POST,
        agency=agency,
        period=period,
        posts=posts_of(agency, period),
        proposal=proposal,
    )
    found, hint = _verdicts_of_typed(form, by=user)
    return render(
        request,
        "proposals/candidate_verdicts.html",
        {"verdicts": show_verdicts(found), "hint": hint, "is_live": True, "proposal": proposal},
    )


def _verdicts_of_typed(form: CandidateForm, *, by: User) -> tuple[list[Verdict], str]:
    """The verdicts about what stands in the form, or what it misses for them."""
    form.is_valid()
    typed, missing = form.judged_values()
    if by.nip and typed.get("nip") == by.nip:
        return [], SELF_NOMINATION
    if missing:
        return [], f"Isi dahulu: {', '.join(missing)}."
    # Not stored: no document of it, and no other proposal, has this id.
    pk = form.proposal.pk if form.proposal else 0
    return verdicts_of(Proposal(pk=pk, agency=form.agency, period=form.period, **typed)), ""


def _typed_beside(request: HttpRequest) -> dict[str, Any]:
    """Birth date and sex as typed beside a number; None where empty or not to be read."""
    typed: dict[str, Any] = {}
    for name in ("birth_date", "sex"):
        try:
            typed[name] = CandidateForm.base_fields[name].clean(request.GET.get(name, ""))
        except ValidationError:
            typed[name] = None
    return typed


def refuse_own(request: HttpRequest) -> HttpResponse:
    """403 with the sentence that says who can act instead."""
    return render(request, "403.html", {"message": SELF_NOMINATION}, status=403)


def verdicts_of(proposal: Proposal) -> list[Verdict]:
    """Every rule's verdict about a stored proposal."""
    return check(facts_of(proposal), rules_of(proposal.period))


def show_verdicts(verdicts: list[Verdict]) -> list[dict[str, object]]:
    """Verdicts for `proposal_detail_rules.html`, what stands in the way first.

    What cannot be judged yet or does not apply stands folded below (`is_later`).
    """
    later = {Outcome.PENDING, Outcome.NOT_APPLICABLE}
    ordered = sorted(verdicts, key=lambda verdict: OUTCOME_ORDER.index(verdict.outcome))
    return [
        {
            "kind": OUTCOMES[verdict.outcome][0],
            "word": OUTCOMES[verdict.outcome][1],
            "sentence": verdict.sentence,
            "source": f"Aturan {verdict.rule} · {verdict.source}",
            "is_later": verdict.outcome in later,
            "later_count": sum(other.outcome in later for other in verdicts),
        }
        for verdict in ordered
    ]


def read_typed_nip(text: str) -> tuple[Nip | None, str]:
    """The reading of a number as typed, or the sentence that says what is wrong."""
    if not digits_of(text):
        return None, ""
    try:
        return read_nip(text, today=timezone.localdate()), ""
    except NipError as error:
        return None, str(error)


def _candidate_page(
    request: HttpRequest, agency: Agency, period: Period, proposal: Proposal | None
) -> HttpResponse:
    user = reader_of(request)
    posts = posts_of(agency, period)
    form = CandidateForm(
        request.POST or None, agency=agency, period=period, posts=posts, proposal=proposal
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            if user.nip and form.cleaned_data["nip"].digits == user.nip:
                form.add_error("nip", SELF_NOMINATION)
            else:
                try:
                    return _save(request, form, agency, period, proposal, by=user)
                except drafts.DuplicateError as refusal:
                    form.add_error("nip", str(refusal))
                    status = 409
                except TransitionError as refusal:
                    messages.error(request, str(refusal))
                    return redirect("proposals:list")
    typed = request.POST.get("nip", "") if form.is_bound else (proposal.nip if proposal else "")
    reading, _ = read_typed_nip(typed)
    hint, found = "", list[Verdict]()
    if form.is_bound:
        found, hint = _verdicts_of_typed(form, by=user)
    elif proposal:
        found = verdicts_of(proposal)
    return render(
        request,
        "proposals/candidate_form.html",
        {
            "form": form,
            "agency": agency,
            "period": period,
            "proposal": proposal,
            "posts": posts,
            "reading": reading,
            "warnings": [] if form.is_bound or not proposal else _warnings(proposal),
            "verdicts": show_verdicts(found),
            "hint": hint,
            "is_live": form.is_bound,
            "saved_text": short_datetime(proposal.status_since, agency.tz) if proposal else "",
        },
        status=status,
    )


def _save(
    request: HttpRequest,
    form: CandidateForm,
    agency: Agency,
    period: Period,
    proposal: Proposal | None,
    *,
    by: User,
) -> HttpResponse:
    values = form.values()
    if proposal is None:
        saved = drafts.create_draft(Proposal(agency=agency, period=period, **values), by=by)
    else:
        saved = drafts.change_draft(proposal, values, by=by)
    messages.success(request, f"Konsep {saved.full_name} tersimpan. Konsep belum dikirim ke BPS.")
    if "next" in request.POST:
        query = urlencode({"instansi": agency.pk, "periode": period.pk})
        return redirect(f"{reverse('proposals:create')}?{query}")
    return redirect("proposals:edit", saved.pk)


def _warnings(proposal: Proposal) -> list[str]:
    nip, _ = read_typed_nip(proposal.nip)
    found = []
    if nip:
        found += warnings_of(nip, birth_date=proposal.birth_date, sex=proposal.sex)
    if other := drafts.name_on_record(proposal.nip, proposal.name, exclude=proposal.pk):
        found.append(
            f"NIP ini pernah tercatat dengan nama lain ({mask_name(other)}). Ini peringatan, bukan "
            "penolakan. Cocokkan NIP dan nama dengan SK pangkat."
        )
    return found


def _number(request: HttpRequest, name: str) -> int:
    return _id(request.GET.get(name, ""))


def _posted(request: HttpRequest, name: str) -> int:
    return _id(request.POST.get(name, ""))


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
