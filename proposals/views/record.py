"""One proposal's record, as the agency and BPS read it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from inpassing.formats import format_nip, long_date, short_datetime
from inpassing.notifications.models import OutboxMessage

from .. import drafts
from ..deadlines import deadline_of
from ..eligibility import Outcome
from ..models import Proposal, ProposalDocument
from ..permissions import (
    can_edit_as_operator,
    can_reopen,
    can_withdraw,
    get_proposal_for,
    is_own_proposal,
)
from ..resit import periods_for
from ..standing import stage_steps, standing_of
from .candidates import SELF_NOMINATION, show_verdicts, verdicts_of
from .reader import earlier_rows, reader_of, side_of, story_for, timeline_rows, zone_of

INVITATION_TAGS = {
    OutboxMessage.State.QUEUED: "wait",
    OutboxMessage.State.SENDING: "wait",
    OutboxMessage.State.SENT: "ok",
    OutboxMessage.State.FAILED: "fix",
    OutboxMessage.State.UNCERTAIN: "fix",
}


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
            "events": timeline_rows(story_for(side, proposal), tz),
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
            "can_propose_again": may_edit and proposal.has_ended and bool(periods_for(proposal)),
            "earlier": earlier_rows(user, proposal),
            "deadline": deadline_of(proposal) if proposal.is_editable_by_participant else None,
            "is_own": is_own_proposal(user, proposal),
            "own_sentence": SELF_NOMINATION,
        },
    )


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
