"""What every page of a proposal on the desk shows: who holds it, what changed, who is told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import StaleError, TransitionError
from inpassing.formats import clock, long_date
from inpassing.timeline.events import events_of, story_of
from inpassing.timeline.models import TimelineEvent
from proposals.eligibility import Outcome, Verdict, check, facts_of, rules_of
from proposals.models import Formation, Proposal
from proposals.people import operators_of

from ..claims import decided_text, renew, when_text
from ..forms import StampForm
from ..models import Claim, DocumentCheck

PAGES = {
    Proposal.Status.NOMINATED: "verification:nomination",
    Proposal.Status.SUBMITTED: "verification:review",
    Proposal.Status.ELIGIBLE: "verification:portfolio",
}
# Rules that nobody but a verifier can judge, by reading the statements.
JUDGED = {"E4", "E5", "E6"}
TAGS = {
    Outcome.OK: ("ok", "Sesuai"),
    Outcome.REFUSED: ("bad", "Tidak sesuai"),
    Outcome.WARNING: ("fix", "Perhatikan"),
    Outcome.PENDING: ("wait", "Menunggu"),
    Outcome.NOT_APPLICABLE: ("still", "Tidak berlaku"),
}


def page_url(proposal: Proposal) -> str:
    """The page on which the proposal's present queue is worked off, else its own page."""
    name = PAGES.get(Proposal.Status(proposal.status), "proposals:detail")
    return reverse(name, args=[proposal.pk])


@dataclass(frozen=True)
class Refusal:
    """Why an act was not saved, and what happened since the page was opened."""

    text: str
    changes: list[str] = field(default_factory=list)


def refusal_of(
    error: TransitionError, proposal: Proposal, *, seen: dt.datetime | None, by: User
) -> Refusal:
    """The refusal to show; a stale page lists what changed since `seen`."""
    changes = changes_since(proposal, seen, by=by) if isinstance(error, StaleError) else []
    return Refusal(str(error), changes)


def refusal_of_formation(
    error: TransitionError, formation: Formation, *, seen: dt.datetime | None, by: User
) -> Refusal:
    """The same for a formation."""
    if not isinstance(error, StaleError):
        return Refusal(str(error))
    return Refusal(str(error), [line for _, line in _events(events_of(formation), seen, by=by)])


def _events(
    story: QuerySet[TimelineEvent], seen: dt.datetime | None, *, by: User
) -> list[tuple[dt.datetime, str]]:
    """A line per event since `seen`, with the fields that it changed, oldest first.

    There is always one: an act that ended while the page was being made lies a moment before.
    """
    events = list(story.filter(at__gt=seen)) if seen else []
    lines = []
    for event in reversed(events or story[:1]):
        who = "Anda" if event.actor_id == by.pk else str(event.actor or "sistem")
        changed = ", ".join(field_name(name) for name in event.data.get("fields", []))
        label = f"{event.label} ({changed})" if changed else event.label
        lines.append((event.at, f"{label}, {who}, {when_text(event.at)}"))
    return lines


def field_name(name: str) -> str:
    """The Indonesian name of a proposal's field, as events name it."""
    try:
        return str(Proposal._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return name


def changes_since(proposal: Proposal, seen: dt.datetime | None, *, by: User) -> list[str]:
    """One line per event and per verdict since the moment `seen`, oldest first."""
    checks = DocumentCheck.objects.filter(version__document__proposal=proposal)
    checks = checks.select_related("version__document__requirement", "checked_by")
    lines = []
    for verdict in checks.filter(checked_at__gt=seen) if seen else []:
        at = verdict.checked_at
        who = "Anda" if verdict.checked_by_id == by.pk else str(verdict.checked_by)
        name = verdict.version.document.requirement.name
        lines.append(
            (
                at,
                f"{name}: {verdict.get_verdict_display().lower()}, {who}, {when_text(at)}",
            )
        )
    story = story_of(proposal)
    if not lines or (seen and story.filter(at__gt=seen).exists()):
        lines += _events(story, seen, by=by)
    return [line for _, line in sorted(lines)]


def seen_in(stamp: StampForm) -> dt.datetime | None:
    """When the page was opened that sent the form; None when the field was tampered with."""
    seen: dt.datetime | None = getattr(stamp, "cleaned_data", {}).get("seen")
    return seen


def holding(request: HttpRequest, proposal: Proposal, *, status: str) -> dict[str, Any]:
    """Who holds the proposal and whether this verifier may act on it now.

    Opening the page by its holder prolongs the claim.
    """
    user = request.user
    assert isinstance(user, User)
    claim = Claim.objects.live().filter(proposal=proposal).select_related("holder").first()
    is_mine = claim is not None and claim.holder_id == user.pk
    is_waiting = proposal.status == status
    if is_mine and is_waiting:
        renew(proposal, by=user)
    until = timezone.now() + dt.timedelta(minutes=30) if is_mine else claim and claim.expires_at
    return {
        "proposal": proposal,
        "claim": claim if is_waiting else None,
        "claim_is_mine": is_mine,
        "claim_until": clock(until, settings.TIME_ZONE) if until else "",
        "may_act": is_waiting and (claim is None or is_mine),
        "decided": "" if is_waiting else decided_text(proposal, user),
        "next_page": "" if is_waiting else page_url(proposal),
    }


def mails_about(record: Proposal | Formation) -> Q:
    """The mails that a decision on the record sends."""
    if isinstance(record, Proposal):
        return Q(proposal_id=record.pk)
    return Q(path=reverse("proposals:formation", args=[record.pk]))


def told(proposal: Proposal) -> str:
    """Who gets an e-mail when the proposal is decided."""
    operators = len(operators_of(proposal.agency))
    people = "Peserta dan operator" if proposal.participant_id else "Operator"
    return f"{people} {proposal.agency.name} menerima email ({_count(proposal, operators)})."


def told_operators(formation_or_proposal: Formation | Proposal) -> str:
    """Who gets an e-mail when only the agency's operators are told."""
    operators = len(operators_of(formation_or_proposal.agency))
    if not operators:
        return f"{formation_or_proposal.agency.name} belum punya operator: tidak ada email."
    return f"Operator {formation_or_proposal.agency.name} menerima email ({operators} orang)."


def _count(proposal: Proposal, operators: int) -> str:
    return f"{operators + bool(proposal.participant_id)} orang"


def rule_rows(proposal: Proposal) -> list[dict[str, str]]:
    """The verdict of each rule of eligibility with its tag and source."""
    verdicts = check(facts_of(proposal), rules_of(proposal.period))
    is_open = proposal.status == Proposal.Status.SUBMITTED
    return [_rule_row(verdict, is_open=is_open) for verdict in verdicts]


def _rule_row(verdict: Verdict, *, is_open: bool) -> dict[str, str]:
    kind, word = TAGS[verdict.outcome]
    if verdict.outcome == Outcome.PENDING and is_open and verdict.rule in JUDGED:
        word = "Anda nilai"
    return {
        "kind": kind,
        "word": word,
        "sentence": verdict.sentence,
        "source": f"{verdict.rule} · {verdict.source}",
    }


def school_of(proposal: Proposal) -> str:
    """Programme, institution and year as the participant typed them."""
    year = str(proposal.graduation_year or "")
    return ", ".join(filter(None, [proposal.programme, proposal.institution, year]))


def person_facts(proposal: Proposal) -> list[dict[str, str]]:
    """What is known about the person, for a summary list."""
    facts = [
        ("Instansi", proposal.agency.name),
        ("Unit kerja", str(proposal.work_unit or "")),
        ("Jabatan tujuan", proposal.level.name),
        ("Pangkat", f"{proposal.rank}, TMT {long_date(proposal.rank_effective_on)}"),
        ("Pendidikan", proposal.education.name),
        ("Tanggal lahir", long_date(proposal.birth_date)),
        ("Jabatan struktural", "Ya" if proposal.is_structural else "Tidak"),
        (
            "Pernah diberhentikan dari Pranata Komputer",
            "Ya" if proposal.dismissed_before else "Tidak",
        ),
    ]
    if proposal.participant_id:
        since = f", sejak {long_date(proposal.work_since)}" if proposal.work_since else ""
        facts += [
            ("Program studi", school_of(proposal)),
            ("Jabatan sekarang", proposal.current_post),
            ("Bidang pekerjaan", f"{proposal.work_field}{since}" if proposal.work_field else ""),
            ("Uraian tugas", proposal.duties),
        ]
    return [{"label": label, "value": value} for label, value in facts]
