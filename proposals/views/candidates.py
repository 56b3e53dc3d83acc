"""Candidates of an agency: the list, the form, and one proposal's record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.accounts.models import Agency, User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.formats import format_nip, long_date, mask_name, short_datetime
from inpassing.keyset import KeysetPage, keyset_page
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import Period
from inpassing.timeline.events import story_of

from .. import drafts
from ..deadlines import deadline_of
from ..eligibility import Outcome, Verdict, check, facts_of, rules_of
from ..forms.candidates import CandidateForm, ListFilter, posts_of
from ..models import Proposal, ProposalDocument, ProposalQuerySet
from ..nip import Nip, NipError, digits_of, read_nip, warnings_of
from ..permissions import (
    can_edit_as_operator,
    can_reopen,
    can_withdraw,
    get_proposal_for,
    is_own_proposal,
)
from ..search import matching
from ..standing import stage_steps, standing_of
from .reader import reader_of, side_of, timeline_rows, zone_of

PAGE_SIZE = 50
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
INVITATION_TAGS = {
    OutboxMessage.State.QUEUED: "wait",
    OutboxMessage.State.SENDING: "wait",
    OutboxMessage.State.SENT: "ok",
    OutboxMessage.State.FAILED: "fix",
    OutboxMessage.State.UNCERTAIN: "fix",
}
SELF_NOMINATION = (
    "Calon ini Anda sendiri. Usulan tentang diri sendiri diurus operator lain di instansi Anda, "
    "atau administrator BPS bila Anda satu-satunya operator."
)


@dataclass(frozen=True)
class Row:
    """One proposal of the list, formatted before the template sees it."""

    url: str
    name: str
    nip: str
    target: str
    agency: str
    kind: str
    word: str
    holder: str
    holds: bool
    since: str


@require_safe
def proposal_list(request: HttpRequest) -> HttpResponse:
    """The proposals that the reader may see, filtered, by keyset."""
    user = reader_of(request)
    roles = roles_of(user)
    form = ListFilter(request.GET)
    form.is_valid()
    filters = {name: value for name, value in form.cleaned_data.items() if value}
    page = _page_of(request, Proposal.objects.visible_to(user), filters)
    failed = _failed_invitations(page.rows)
    query = {name: getattr(value, "pk", value) for name, value in filters.items()}
    here = reverse("proposals:list")
    return render(
        request,
        "proposals/list.html",
        {
            "filter": form,
            "chips": _chips(form, query, here),
            "rows": [_row(proposal, user, failed) for proposal in page.rows],
            "shows_agency": not roles.is_operator or len(roles.agency_ids) > 1,
            "is_operator": roles.is_operator,
            "can_create": roles.is_operator and Period.objects.accepting_nominations().exists(),
            "prev_url": _with(here, query, sebelum=page.before) if page.before else "",
            "next_url": _with(here, query, setelah=page.after) if page.after else "",
        },
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
    """What a number says, as a part of the form; nothing is looked up."""
    nip, error = read_typed_nip(request.GET.get("nip", ""))
    return render(request, "proposals/candidate_nip.html", {"reading": nip, "reading_error": error})


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The record of one proposal; its participant is taken to the own tasks."""
    user = reader_of(request)
    proposal = get_proposal_for(user, pk)
    if proposal.participant_id == user.pk:
        return redirect("proposals:tasks", pk)
    side, tz = side_of(user, proposal), zone_of(user, proposal)
    may_edit = can_edit_as_operator(user, proposal)
    is_draft = proposal.status == Proposal.Status.DRAFT
    verdicts = [] if proposal.has_ended else verdicts_of(proposal)
    invitation = drafts.last_invitation(proposal.participant) if proposal.participant else None
    unused = bool(proposal.participant and not proposal.participant.has_been_used)
    return render(
        request,
        "proposals/proposal_detail.html",
        {
            "proposal": proposal,
            "tz": tz,
            "standing": standing_of(proposal, side=side),
            "since_text": short_datetime(proposal.status_since, tz),
            "steps": stage_steps(proposal),
            "facts": _person_facts(proposal),
            "target_facts": _target_facts(proposal),
            "documents": _document_rows(proposal),
            "verdicts": show_verdicts(verdicts),
            "refused": [v for v in verdicts if v.outcome == Outcome.REFUSED],
            "events": timeline_rows(story_of(proposal), tz),
            "invitation": invitation,
            "invitation_kind": INVITATION_TAGS[OutboxMessage.State(invitation.state)]
            if invitation
            else "",
            "invitation_when": short_datetime(invitation.sent_at or invitation.created_at, tz)
            if invitation
            else "",
            "account_unused": unused,
            "can_edit": may_edit and is_draft,
            "can_nominate": may_edit and is_draft,
            "can_invite": may_edit and unused and not proposal.has_ended,
            "can_withdraw": can_withdraw(user, proposal)
            and proposal.status in Proposal.WITHDRAWABLE,
            "can_reopen": proposal.has_ended and can_reopen(user, proposal),
            "deadline": deadline_of(proposal) if proposal.is_editable_by_participant else None,
            "is_own": is_own_proposal(user, proposal),
            "own_sentence": SELF_NOMINATION,
        },
    )


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
            "verdicts": show_verdicts(verdicts_of(proposal)) if proposal else [],
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


def _page_of(
    request: HttpRequest, proposals: ProposalQuerySet, filters: dict[str, Any]
) -> KeysetPage[Proposal]:
    if "status" in filters:
        proposals = proposals.filter(status=filters["status"])
    if "periode" in filters:
        proposals = proposals.filter(period=filters["periode"])
    if "q" in filters:
        proposals = proposals.filter(matching(filters["q"]))
    return keyset_page(
        proposals.for_rows(),
        ("-status_since", "-pk"),
        size=PAGE_SIZE,
        after=request.GET.get("setelah", ""),
        before=request.GET.get("sebelum", ""),
    )


def _row(proposal: Proposal, user: User, failed: set[int]) -> Row:
    side = side_of(user, proposal)
    standing = standing_of(proposal, side=side)
    undelivered = proposal.participant_id in failed and proposal.status == Proposal.Status.FILLING
    since = long_date(timezone.localdate(proposal.status_since))
    return Row(
        url=reverse("proposals:detail", args=[proposal.pk]),
        name=proposal.full_name,
        nip=format_nip(proposal.nip),
        target=proposal.level.name,
        agency=proposal.agency.name,
        kind="fix" if undelivered else standing.kind,
        word="Undangan gagal" if undelivered else standing.word,
        holder="Anda" if undelivered and side != "bps" else standing.holder,
        holds=standing.holds or (undelivered and side != "bps"),
        since="betulkan email" if undelivered else f"sejak {since}",
    )


def _failed_invitations(rows: list[Proposal]) -> set[int]:
    """Accounts whose newest invitation did not reach a mail server: one query."""
    newest: dict[int, str] = {}
    people = [row.participant_id for row in rows if row.participant_id]
    mails = OutboxMessage.objects.filter(user__in=people, template="invitation")
    for person, state in mails.order_by("created_at", "pk").values_list("user_id", "state"):
        if person is not None:
            newest[person] = state
    bad = {OutboxMessage.State.FAILED, OutboxMessage.State.UNCERTAIN}
    return {person for person, state in newest.items() if state in bad}


def _chips(form: ListFilter, query: dict[str, object], here: str) -> list[dict[str, str]]:
    labels: dict[str, Callable[[Any], str]] = {
        "q": lambda value: f"“{value}”",
        "status": lambda value: str(Proposal.Status(value).label),
        "periode": str,
    }
    return [
        {
            "label": labels[name](form.cleaned_data[name]),
            "url": _with(here, {key: value for key, value in query.items() if key != name}),
        }
        for name in query
    ]


def _with(here: str, query: dict[str, object], **more: str) -> str:
    together = {**query, **more}
    return f"{here}?{urlencode(together)}" if together else here


def _person_facts(proposal: Proposal) -> list[dict[str, str]]:
    facts = [
        ("Nama", proposal.full_name, ""),
        ("NIP", format_nip(proposal.nip), "nip"),
        ("Tanggal lahir", long_date(proposal.birth_date), ""),
        ("Jenis kelamin", proposal.get_sex_display(), ""),
        ("Pangkat, TMT", f"{proposal.rank}, {long_date(proposal.rank_effective_on)}", ""),
        ("Pendidikan", _education(proposal), ""),
        ("Jabatan struktural", "Ya" if proposal.is_structural else "Tidak", ""),
        ("Unit kerja", proposal.work_unit.name if proposal.work_unit else "", ""),
        ("Email", proposal.email, ""),
        ("Telepon", proposal.phone, ""),
    ]
    return [{"label": label, "value": value, "css": css} for label, value, css in facts]


def _education(proposal: Proposal) -> str:
    field = proposal.get_education_field_display() if proposal.education_field else ""
    return ", ".join(filter(None, [proposal.education.name, proposal.programme, field]))


def _target_facts(proposal: Proposal) -> list[dict[str, str]]:
    return [
        {"label": "Jabatan tujuan", "value": proposal.level.name, "css": ""},
        {"label": "Periode", "value": proposal.period.name, "css": ""},
        {"label": "Instansi", "value": proposal.agency.name, "css": ""},
    ]


def _document_rows(proposal: Proposal) -> list[dict[str, object]]:
    """Each document with the state of its file and the verifier's word."""
    rows = []
    for document in proposal.documents.select_related("requirement", "current__file"):
        kind, word = _document_state(document)
        rows.append({"document": document, "kind": kind, "word": word})
    return rows


def _document_state(document: ProposalDocument) -> tuple[str, str]:
    if document.review == ProposalDocument.Review.ACCEPTED:
        return "ok", "Diterima"
    if document.review == ProposalDocument.Review.RETURNED:
        return "fix", "Dikembalikan"
    if document.current is None:
        return "still", "Belum ada"
    file = document.current.file
    if file.is_refused:
        return "bad", "Ditolak sistem"
    return ("wait", "Sedang diperiksa") if file.is_waiting else ("wait", "Terbaca, belum diperiksa")


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
