"""The transitions of a run: begin, gather, leave out, send to the signers."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import Agency, RoleGrant, User
from inpassing.errors import TransitionError
from inpassing.formats import long_date
from inpassing.letters.errors import LetterError
from inpassing.notifications.outbox import enqueue
from inpassing.reference.models import Period
from inpassing.timeline.events import record
from proposals import workflow as proposals
from proposals.models import Proposal

from .composing import (
    NOT_RECOMMENDED,
    check,
    compose,
    fingerprint,
)
from .gate import Gate, Hold, missing_hold, unprintable_hold
from .letter_texts import FIELDS
from .models import Letter, LetterLine, Run, in_current_letter
from .records import (
    is_early,
    lock_letter,
    people_with,
)

#: A name, a unit or the credit table may change without a word to the letters.
CHECKED_FOR = dt.timedelta(hours=1)
Kind = Letter.Kind
Status = Letter.Status


@transaction.atomic
def start_run(period: Period, *, by: User) -> Run:
    """The run of a period, new or the one that is there."""
    run, is_new = Run.objects.get_or_create(period=period, defaults={"created_by": by})
    if is_new:
        record(run, "run.created", "Penerbitan dibuat", by=by)
    return run


@dataclass(frozen=True)
class Gathered:
    """What gathering changed: people put into letters, and people taken out of drafts."""

    recommended: int
    noticed: int
    dropped: int

    @property
    def changed(self) -> bool:
        return bool(self.recommended or self.noticed or self.dropped)


@transaction.atomic
def gather(run: Run, *, by: User | None) -> Gathered:
    """Put who is READY, with a validated formation, into the draft of the agency and position, and
    who is not recommended into the draft notice of the agency.

    Again, it only adds what is missing and takes out of drafts who does not belong there any more.
    """
    run = Run.objects.select_for_update(of=("self",)).select_related("period").get(pk=run.pk)
    drafts = list(
        Letter.objects.main()
        .drafts()
        .filter(run=run)
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    gate = Gate(run.period)
    dropped = _drop_strangers(drafts, gate)
    # By agency, so that the letters of a first gathering stand in the order of their names.
    people = Proposal.objects.filter(period=run.period).order_by("agency__name", "sort_name", "pk")
    ready = [
        proposal
        for proposal in people.ready().exclude(in_current_letter(Kind.RECOMMENDATION))
        if gate.is_validated(proposal.agency_id, proposal.position_id)
    ]
    _free_reopened(run)
    refused = list(
        people.filter(status__in=NOT_RECOMMENDED).exclude(in_current_letter(Kind.NOTICE))
    )
    touched = _add_lines(run, drafts, Kind.RECOMMENDATION, ready)
    touched |= _add_lines(run, drafts, Kind.NOTICE, refused)
    _put_in_order(touched)
    Letter.objects.drafts().filter(run=run, lines=None).delete()
    result = Gathered(recommended=len(ready), noticed=len(refused), dropped=dropped)
    run.gathered_at = timezone.now()
    run.save(update_fields=["gathered_at"])
    run.letters.check_anew()
    if result.changed:
        record(
            run,
            "run.gathered",
            "Usulan dihimpun ke dalam surat",
            by=by,
            data={"recommended": len(ready), "noticed": len(refused), "dropped": dropped},
        )
    return result


def _free_reopened(run: Run) -> None:
    """Let who was opened again after a notice stand in another one, should they end again."""
    told = LetterLine.objects.filter(
        kind=Kind.NOTICE, is_current=True, letter__run=run, letter__status=Status.ISSUED
    )
    told.reopened_since().update(is_current=False)


def _drop_strangers(drafts: list[Letter], gate: Gate) -> int:
    lines = LetterLine.objects.filter(letter__in=drafts).select_related("proposal")
    strangers = [line.pk for line in lines if not _belongs(line, gate)]
    LetterLine.objects.filter(pk__in=strangers).delete()
    return len(strangers)


def _belongs(line: LetterLine, gate: Gate) -> bool:
    proposal = line.proposal
    if line.kind == Kind.NOTICE:
        return proposal.status in NOT_RECOMMENDED
    return proposal.status == Proposal.Status.READY and gate.is_validated(
        proposal.agency_id, proposal.position_id
    )


def _add_lines(run: Run, drafts: list[Letter], kind: str, people: list[Proposal]) -> set[int]:
    """Add people to the drafts of their agency (and position), making drafts where there are none;
    returns the letters that were added to."""
    by_group: dict[tuple[int, str | None], Letter] = {
        (letter.agency_id, letter.position_id): letter
        for letter in reversed(drafts)
        if letter.kind == kind
    }
    groups: dict[tuple[int, str | None], list[Proposal]] = defaultdict(list)
    for proposal in people:
        position = proposal.position_id if kind == Kind.RECOMMENDATION else None
        groups[proposal.agency_id, position].append(proposal)
    new = [
        Letter(run=run, period=run.period, kind=kind, agency_id=agency, position_id=position)
        for agency, position in groups
        if (agency, position) not in by_group
    ]
    for letter in Letter.objects.bulk_create(new):
        by_group[letter.agency_id, letter.position_id] = letter
    LetterLine.objects.bulk_create(
        [
            LetterLine(letter=by_group[group], kind=kind, proposal=proposal)
            for group, members in groups.items()
            for proposal in members
        ]
    )
    return {by_group[group].pk for group in groups}


def _put_in_order(letters: set[int]) -> None:
    order: dict[int, int] = defaultdict(int)
    lines = list(
        LetterLine.objects.filter(letter__in=letters).order_by(
            "letter_id", "proposal__sort_name", "pk"
        )
    )
    for line in lines:
        order[line.letter_id] += 1
        line.order = order[line.letter_id]
    LetterLine.objects.bulk_update(lines, ["order"], batch_size=500)


@transaction.atomic
def not_recommend(run: Run, proposal: Proposal, *, by: User, reason: str) -> Proposal:
    """End a READY proposal for which no post is left or whose formation was never validated."""
    run = Run.objects.select_for_update(of=("self",)).select_related("period").get(pk=run.pk)
    line = (
        LetterLine.objects.filter(proposal=proposal, kind=Kind.RECOMMENDATION, is_current=True)
        .select_related("letter")
        .first()
    )
    if line:
        letter = lock_letter(line.letter)
        if not letter.is_draft:
            raise TransitionError(
                f"Suratnya sudah {letter.get_status_display().lower()}. "
                "Minta surat itu dikembalikan lebih dahulu."
            )
    gate = Gate(run.period, agency=proposal.agency, lock=True)
    if gate.is_validated(proposal.agency_id, proposal.position_id) and not gate.is_over(proposal):
        raise TransitionError(
            "Formasi jenjang ini masih cukup, jadi tidak ada alasan untuk tidak merekomendasikan."
        )
    if line:
        line.delete()
        Letter.objects.drafts().filter(pk=line.letter_id, lines=None).delete()
    return proposals.mark_not_recommended(proposal, by=by, reason=reason)


@transaction.atomic
def set_addressee(agency: Agency, *, by: User, fields: dict[str, str]) -> Agency:
    """Complete whom letters to an agency are addressed to."""
    agency = Agency.objects.select_for_update(of=("self",)).get(pk=agency.pk)
    for name, value in fields.items():
        setattr(agency, name, value)
    agency.save(update_fields=sorted(fields))
    Letter.objects.filter(agency=agency).check_anew()
    record(agency, "agency.addressee_changed", "Penerima surat dilengkapi", by=by)
    return agency


@transaction.atomic
def check_next() -> bool:
    """Look at what one draft says that nobody looked at lately, and keep what is wrong with it;
    False when there is none.

    Its row is locked: who changes the words meanwhile asks for another look after this one.
    """
    letter = (
        Letter.objects.main()
        .drafts()
        .filter(Q(checked_at=None) | Q(checked_at__lt=timezone.now() - CHECKED_FOR))
        .for_page()
        .select_for_update(skip_locked=True, of=("self",))
        .order_by(F("checked_at").asc(nulls_first=True), "pk")
        .first()
    )
    if letter is None:
        return False
    hold = content_hold(letter) if letter.lines.exists() else None
    letter.hold_code, letter.hold_text = (hold.code, hold.text[:500]) if hold else ("", "")
    letter.checked_at = timezone.now()
    letter.save(update_fields=["hold_code", "hold_text", "checked_at"])
    return True


@dataclass(frozen=True)
class PutUp:
    """What came of sending a run to signature: letters sent, and why the others were held."""

    sent: int
    held: list[tuple[Letter, Hold]]


@transaction.atomic
def put_up(
    run: Run, *, by: User | None, letters: Iterable[int] | None = None, early_reason: str = ""
) -> PutUp:
    """Send the drafts of a run (or some of them) to the signers; held ones stay drafts.

    What a signer refused is sent again only when it is named.
    Before the period's recommendation date only with a reason. Refused when nothing can be sent.
    Without `by` it is the date itself that sends them.
    """
    run = Run.objects.select_for_update(of=("self",)).select_related("period").get(pk=run.pk)
    if is_early(run) and not early_reason:
        raise TransitionError(
            f"Tanggal rekomendasi {run.period} {long_date(run.period.recommendation_on)}. "
            "Tulis alasan untuk menerbitkan lebih awal."
        )
    drafts = Letter.objects.main().drafts().filter(run=run)
    if letters is not None:
        drafts = drafts.filter(pk__in=letters)
    sent = 0
    held: list[tuple[Letter, Hold]] = []
    # All letters before the formations: the order of every transition here.
    waiting = list(drafts.for_page().select_for_update(of=("self",)).order_by("pk"))
    gate = Gate(run.period, lock=True)
    for letter in waiting:
        hold = refused_hold(letter) if letters is None else None
        if hold := hold or hold_of(letter, gate):
            held.append((letter, hold))
            continue
        letter.status, letter.sent_by, letter.sent_at = (
            Status.AWAITING_SIGNATURE,
            by,
            timezone.now(),
        )
        letter.early_reason = early_reason if is_early(run) else ""
        letter.fingerprint = fingerprint(letter, compose(letter))
        letter.refusal_reason = ""
        letter.save()
        record(
            letter, "letter.sent_to_signer", "Dikirim ke penanda tangan", by=by, note=early_reason
        )
        sent += 1
    if not sent:
        why = " ".join(f"{letter.agency}: {hold.text}" for letter, hold in held[:3])
        raise TransitionError(f"Tidak ada surat yang dapat dikirim. {why}".strip())
    if not is_early(run):
        run.put_up_at = run.put_up_at or timezone.now()
        run.save(update_fields=["put_up_at"])
    event = record(run, "run.put_up", "Surat dikirim ke penanda tangan", by=by, data={"sent": sent})
    for signer in people_with(RoleGrant.Role.SIGNER):
        enqueue(
            f"letters_awaiting:{event.pk}:{signer.pk}",
            to=signer,
            template="letters_awaiting",
            fields={"jumlah": sent, "periode": run.period.name},
            path=reverse("recommendations:signing"),
        )
    return PutUp(sent=sent, held=held)


def refused_hold(letter: Letter) -> Hold | None:
    """What keeps a letter from being sent with all others: its signer's reason."""
    if not letter.refusal_reason:
        return None
    return Hold("refused", "Ditolak penanda tangan", letter.refusal_reason)


def hold_of(letter: Letter, gate: Gate) -> Hold | None:
    """What keeps a draft (loaded by for_page) from being sent, its blank fields included."""
    if hold := gate.hold_of(letter):
        return hold
    if not letter.lines.exists():
        return Hold("empty", "Tanpa nama", "Surat ini tidak memuat seorang pun.")
    return content_hold(letter)


def content_hold(letter: Letter) -> Hold | None:
    """What a letter (loaded by for_page) lacks in its words; some ten queries."""
    try:
        check(letter, compose(letter))
    except LetterError as error:
        if not error.missing:
            return unprintable_hold(str(error))
        # A field of its texts that has no value is called by its name.
        return missing_hold(FIELDS.get(name, name) for name in error.missing)
    return None
