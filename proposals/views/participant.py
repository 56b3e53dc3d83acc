"""The participant's pages: what to do, the data, checking, sending, the receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.formats import format_nip, long_date
from inpassing.letters.views import print_and_answer
from inpassing.timeline.events import events_of

from ..deadlines import deadline_of
from ..forms.participant import DataForm, EducationForm, PersonalForm, WorkForm
from ..models import DocumentVersion, Proposal
from ..people import operators_of
from ..permissions import can_fill, can_print_statement, get_proposal_for
from ..slots import Slot, slots_of, takes_files
from ..standing import stage_steps
from ..statements import STATEMENTS, statement_of
from ..workflow import save_data, submit
from .candidates import show_verdicts, verdicts_of
from .reader import earlier_rows


@dataclass(frozen=True)
class Step:
    """One data page."""

    slug: str
    title: str
    form: type[DataForm]
    lead: str


STEPS = (
    Step(
        "diri",
        "Data diri",
        PersonalForm,
        "Dipakai untuk menghubungi Anda dan menyiapkan tempat ujian.",
    ),
    Step(
        "pekerjaan",
        "Pekerjaan dan pangkat",
        WorkForm,
        "Dipakai pada surat pernyataan, dan dibandingkan verifikator dengan SK Anda.",
    ),
    Step(
        "pendidikan",
        "Pendidikan",
        EducationForm,
        "Tulis seperti pada ijazah. Bidang pendidikan ditetapkan verifikator.",
    ),
)


SHORT_LIST = 4


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # LoginRequiredMiddleware
    return request.user


@require_GET
def tasks(request: HttpRequest, pk: int) -> HttpResponse:
    """What the participant has to do, until when, and what is missing before sending."""
    proposal = get_proposal_for(_user(request), pk, can_fill)
    slots = slots_of(proposal)
    is_open = takes_files(proposal)
    missing = _missing(proposal, slots)
    data_tasks = _data_tasks(proposal, is_open=is_open)
    is_returned = proposal.status == Proposal.Status.RETURNED
    repairs = is_returned and is_open
    return render(
        request,
        "proposals/tasks.html",
        {
            "proposal": proposal,
            "tz": proposal.agency.tz,
            "steps": stage_steps(proposal),
            "deadline": deadline_of(proposal) if proposal.is_editable_by_participant else None,
            "is_open": is_open,
            "is_returned": is_returned,
            "is_late": proposal.is_editable_by_participant and not is_open,
            "data_tasks": data_tasks,
            # A repair shows what is open; what was accepted is folded away.
            "slots": [slot for slot in slots if not repairs or slot.css != "frozen"],
            "locked": [slot for slot in slots if repairs and slot.css == "frozen"],
            "total": len(slots),
            "done": sum(slot.is_done for slot in slots),
            "to_repair": sum(slot.css in {"returned", "refused", "empty"} for slot in slots),
            "waiting": sum(slot.css == "waiting" for slot in slots),
            "missing": _in_short(missing, slots, data_tasks),
            "operators": operators_of(proposal.agency),
            "earlier": earlier_rows(_user(request), proposal),
        },
    )


@require_http_methods(["GET", "POST"])
def participant_data(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """One data page; saves what is there, complete or not."""
    proposal = get_proposal_for(_user(request), pk, can_fill)
    page = next((entry for entry in STEPS if entry.slug == step), None)
    if page is None:
        raise Http404(step)
    tasks_url = reverse("proposals:tasks", args=[pk])
    if not takes_files(proposal) and request.method == "GET":
        return redirect("proposals:check", pk)
    form = page.form(request.POST or None, instance=proposal)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                save_data(proposal, form.cleaned_data, by=_user(request), step=page.title)
            except TransitionError as error:
                messages.error(request, str(error))
                return redirect(tasks_url)
            for notice in form.notices():
                messages.warning(request, notice)
            messages.success(request, f"{page.title} tersimpan.")
            return redirect(tasks_url)
        status = 422
    return render(
        request,
        "proposals/participant_data.html",
        {
            "proposal": proposal,
            "page": page,
            "number": STEPS.index(page) + 1,
            "total": len(STEPS),
            "form": form,
            "facts": _frozen_facts(proposal, page.slug),
            "operators": operators_of(proposal.agency),
            "tasks_url": tasks_url,
        },
        status=status,
    )


@require_GET
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Every answer on one page before the final act."""
    proposal = get_proposal_for(_user(request), pk, can_fill)
    slots = slots_of(proposal)
    is_open = takes_files(proposal)
    return render(
        request,
        "proposals/check.html",
        {
            "proposal": proposal,
            "tz": proposal.agency.tz,
            "is_open": is_open,
            "is_returned": proposal.status == Proposal.Status.RETURNED,
            "sections": [
                {
                    "title": page.title,
                    "url": reverse("proposals:participant_data", args=[pk, page.slug]),
                    "facts": _frozen_facts(proposal, page.slug) + _typed_facts(proposal, page),
                }
                for page in STEPS
            ],
            "slots": slots,
            "questions": [slot for slot in slots if slot.question],
            "waiting": sum(slot.css == "waiting" for slot in slots),
            "missing": _missing(proposal, slots),
            "deadline": deadline_of(proposal) if is_open else None,
            "verdicts": [] if proposal.has_ended else show_verdicts(verdicts_of(proposal)),
        },
    )


@require_POST
def submit_proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """Send to BPS, or send again after a return."""
    proposal = get_proposal_for(_user(request), pk, can_fill)
    try:
        submit(proposal, by=_user(request))
    except TransitionError as error:
        messages.error(request, str(error))
        proposal.refresh_from_db(fields=["status"])
        sent = proposal.status == Proposal.Status.SUBMITTED
        return redirect("proposals:receipt" if sent else "proposals:check", pk)
    return redirect("proposals:receipt", pk)


@require_GET
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """What was sent last, file by file; a later change of the slots does not change it."""
    proposal = get_proposal_for(_user(request), pk, can_fill)
    sent_at = proposal.submitted_at
    if sent_at is None:
        return redirect("proposals:tasks", pk)
    documents = proposal.documents.select_related("requirement").prefetch_related(
        Prefetch(
            "versions",
            DocumentVersion.objects.filter(created_at__lte=sent_at).select_related("file"),
            to_attr="sent",
        )
    )
    sending = (
        events_of(proposal).filter(kind__in=["proposal.submitted", "proposal.resubmitted"]).first()
    )
    return render(
        request,
        "proposals/receipt.html",
        {
            "proposal": proposal,
            "tz": proposal.agency.tz,
            "rows": [
                {
                    "name": document.requirement.name,
                    "file": document.sent[0].file,
                    "version": document.sent[0],
                    "sha256": _grouped(document.sent[0].file.sha256),
                }
                for document in documents
                if document.sent
            ],
            "sending": sending,
            "is_automatic": bool(sending and sending.data.get("automatic")),
            "is_returned": proposal.status == Proposal.Status.RETURNED,
        },
    )


@require_GET
def statement(request: HttpRequest, pk: int, code: str) -> HttpResponseBase:
    """A statement letter filled with the participant's data, printed by a worker."""
    proposal = get_proposal_for(_user(request), pk, can_print_statement)
    asked = proposal.documents.filter(requirement__code=code).select_related("requirement").first()
    if asked is None or code not in STATEMENTS:
        raise Http404(code)
    back = "tasks" if can_fill(_user(request), proposal) else "detail"
    return print_and_answer(
        request,
        proposal,
        statement_of(proposal, code),
        filename=f"{code.replace('_', '-')}-{proposal.nip}.pdf",
        by=_user(request),
        back_url=reverse(f"proposals:{back}", args=[pk]),
    )


def _missing(proposal: Proposal, slots: list[Slot]) -> list[str]:
    """As `missing_for_submission`, from the slots that are loaded already."""
    lacking = [slot.title for slot in slots if not slot.document.is_present]
    return proposal.missing_data() + lacking


def _in_short(missing: list[str], slots: list[Slot], data_tasks: list[dict[str, Any]]) -> list[str]:
    """What is missing, short enough for the side of the task list: pages, then a few documents."""
    pages = [task["page"].title for task in data_tasks if task["lacking"]]
    titles = {slot.title for slot in slots}
    documents = [name for name in missing if name in titles]
    if len(documents) > SHORT_LIST:
        return [*pages, f"{len(documents)} dokumen"]
    return pages + documents


def _data_tasks(proposal: Proposal, *, is_open: bool) -> list[dict[str, Any]]:
    missing = set(proposal.missing_data())
    entries: list[dict[str, Any]] = []
    is_first = True
    for page in STEPS:
        form = page.form(instance=proposal)
        names = [str(Proposal._meta.get_field(name).verbose_name) for name in form.fields]  # type: ignore[union-attr]
        lacking = [name for name in names if name in missing]
        if not lacking:
            kind, word = "ok", "Lengkap"
        elif len(lacking) < len([name for name in names if name not in _OPTIONAL]):
            kind, word = "turn", "Lanjutkan"
        else:
            kind, word = "turn", "Isi"
        is_turn = bool(lacking) and is_open and is_first
        is_first = is_first and not lacking
        if lacking and not is_turn:
            kind = "still"
            word = "Belum lengkap"
        entries.append(
            {
                "page": page,
                "url": reverse("proposals:participant_data", args=[proposal.pk, page.slug]),
                "lacking": _sentence(lacking),
                "kind": kind,
                "word": word,
                "is_turn": is_turn,
            }
        )
    return entries


_OPTIONAL = {"kebutuhan khusus saat ujian", "pendidikan terakhir"}


def _sentence(lacking: list[str]) -> str:
    """ "Alamat dan telepon belum diisi." """
    if not lacking:
        return ""
    head, last = lacking[:-1], lacking[-1]
    words = f"{', '.join(head)} dan {last}" if head else last
    return f"{words[0].upper()}{words[1:]} belum diisi."


def _frozen_facts(proposal: Proposal, slug: str) -> list[dict[str, str]]:
    """What the operator typed and only the operator can correct."""
    if slug == "diri":
        return [
            {"label": "Nama", "value": proposal.full_name},
            {"label": "NIP", "value": format_nip(proposal.nip), "css": "nip"},
            {"label": "Tanggal lahir", "value": long_date(proposal.birth_date)},
            {"label": "Jenis kelamin", "value": proposal.get_sex_display()},
            {"label": "Email", "value": proposal.email},
        ]
    if slug == "pekerjaan":
        unit = proposal.work_unit.name if proposal.work_unit else "–"
        return [
            {"label": "Instansi", "value": proposal.agency.name},
            {"label": "Unit kerja", "value": unit},
            {"label": "Pangkat", "value": str(proposal.rank)},
            {"label": "TMT pangkat", "value": long_date(proposal.rank_effective_on)},
            {"label": "Diusulkan sebagai", "value": proposal.level.name},
        ]
    return []


def _typed_facts(proposal: Proposal, page: Step) -> list[dict[str, str]]:
    form = page.form(instance=proposal)
    facts = []
    for bound in form:
        value = getattr(proposal, bound.name)
        if hasattr(value, "year"):
            value = long_date(value)
        facts.append({"label": str(bound.label), "value": str(value) if value else ""})
    return facts


def _grouped(sha256: str) -> str:
    """The first 16 digits of a hash in groups of four, enough to compare by eye."""
    return " ".join(sha256[start : start + 4] for start in range(0, 16, 4))
