"""Every transition of a run, a letter and an appointment.

A letter goes DRAFT → AWAITING_SIGNATURE → ISSUING (the signer's act: number, date, code and content
in one transaction) → ISSUED (the worker has stored the PDF) → REVOKED; ISSUING → VOID.

Locks are taken in one order everywhere: run, letter, formations, proposals, number register.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import Agency, RoleGrant, SignerProfile, User
from inpassing.errors import StaleError, TransitionError
from inpassing.files.models import StoredFile
from inpassing.files.storage import store_bytes
from inpassing.formats import long_date
from inpassing.letters.documents import RecommendationLetter, Signature
from inpassing.letters.signing import is_bsre_certificate, is_signing_configured
from inpassing.notifications.outbox import enqueue
from inpassing.queue import hint
from inpassing.reference.models import Period
from inpassing.timeline.events import record
from proposals import workflow as proposals
from proposals.messages import tell
from proposals.models import Proposal
from proposals.people import operators_of

from .composing import (
    NOT_RECOMMENDED,
    Fixed,
    compose,
    compose_extract,
    fingerprint,
    lines_of,
    signer_block,
)
from .gate import Gate, Hold, missing_hold
from .models import Appointment, Delivery, Letter, LetterLine, Run
from .numbering import new_code, take_number

Kind = Letter.Kind
Status = Letter.Status
JAKARTA = ZoneInfo("Asia/Jakarta")


def today() -> dt.date:
    """The day in Jakarta: a letter is dated there."""
    return timezone.localdate(timezone.now(), JAKARTA)


# The run


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
def gather(run: Run, *, by: User) -> Gathered:
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
        for proposal in people.ready().exclude(
            letter_lines__kind=Kind.RECOMMENDATION, letter_lines__is_current=True
        )
        if gate.is_validated(proposal.agency_id, proposal.position_id)
    ]
    refused = list(
        people.filter(status__in=NOT_RECOMMENDED).exclude(
            letter_lines__kind=Kind.NOTICE, letter_lines__is_current=True
        )
    )
    touched = _add_lines(run, drafts, Kind.RECOMMENDATION, ready)
    touched |= _add_lines(run, drafts, Kind.NOTICE, refused)
    _put_in_order(touched)
    Letter.objects.drafts().filter(run=run, lines=None).delete()
    result = Gathered(recommended=len(ready), noticed=len(refused), dropped=dropped)
    run.gathered_at = timezone.now()
    run.save(update_fields=["gathered_at"])
    if result.changed:
        record(
            run,
            "run.gathered",
            "Usulan dihimpun ke dalam surat",
            by=by,
            data={"recommended": len(ready), "noticed": len(refused), "dropped": dropped},
        )
    return result


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
    record(agency, "agency.addressee_changed", "Penerima surat dilengkapi", by=by)
    return agency


# Drafts


@transaction.atomic
def set_reference(letter: Letter, *, by: User, number: str, date: dt.date | None) -> Letter:
    """Name the agency's letter of proposal, which the opening refers to."""
    letter = lock_letter(letter)
    _expect(letter, Status.DRAFT)
    letter.reference_number, letter.reference_date = number, date
    letter.save(update_fields=["reference_number", "reference_date"])
    record(letter, "letter.completed", "Surat usulan instansi dicatat", by=by)
    return letter


@transaction.atomic
def allow_overrun(letter: Letter, *, by: User, reason: str) -> Letter:
    """Let a letter recommend more people than there are posts now, with a reason."""
    letter = lock_letter(letter)
    _expect(letter, Status.DRAFT)
    over = _gate_for(letter, lock=True).over(letter.agency_id, letter.position_id or "")
    if not over:
        raise TransitionError("Surat ini tidak melebihi formasi. Alasan tidak diperlukan.")
    letter.overrun_reason, letter.overrun_allowed = reason, over
    letter.save(update_fields=["overrun_reason", "overrun_allowed"])
    record(
        letter,
        "letter.overrun_allowed",
        "Melebihi formasi dengan alasan",
        by=by,
        note=reason,
        data={"over": over},
    )
    return letter


@dataclass(frozen=True)
class PutUp:
    """What came of sending a run to signature: letters sent, and why the others were held."""

    sent: int
    held: list[tuple[Letter, Hold]]


@transaction.atomic
def put_up(
    run: Run, *, by: User, letters: Iterable[int] | None = None, early_reason: str = ""
) -> PutUp:
    """Send the drafts of a run (or some of them) to the signers; held ones stay drafts.

    Before the period's recommendation date only with a reason. Refused when nothing can be sent.
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
    gate = Gate(run.period, lock=True)
    for letter in drafts.for_page().select_for_update(of=("self",)).order_by("pk"):
        if hold := hold_of(letter, gate):
            held.append((letter, hold))
            continue
        letter.status, letter.sent_by, letter.sent_at = (
            Status.AWAITING_SIGNATURE,
            by,
            timezone.now(),
        )
        letter.early_reason = early_reason if is_early(run) else ""
        letter.fingerprint = fingerprint(compose(letter))
        letter.refusal_reason = ""
        letter.save()
        record(
            letter, "letter.sent_to_signer", "Dikirim ke penanda tangan", by=by, note=early_reason
        )
        sent += 1
    if not sent:
        why = " ".join(f"{letter.agency}: {hold.text}" for letter, hold in held[:3])
        raise TransitionError(f"Tidak ada surat yang dapat dikirim. {why}".strip())
    event = record(run, "run.put_up", "Surat dikirim ke penanda tangan", by=by, data={"sent": sent})
    for signer in _people_with(RoleGrant.Role.SIGNER):
        enqueue(
            f"letters_awaiting:{event.pk}:{signer.pk}",
            to=signer,
            template="letters_awaiting",
            fields={"jumlah": sent, "periode": run.period.name},
            path=reverse("recommendations:signing"),
        )
    return PutUp(sent=sent, held=held)


def hold_of(letter: Letter, gate: Gate) -> Hold | None:
    """What keeps a draft (loaded by for_page) from being sent, its blank fields included."""
    if hold := gate.hold_of(letter):
        return hold
    if not letter.lines.exists():
        return Hold("empty", "Tanpa nama", "Surat ini tidak memuat seorang pun.")
    missing = compose(letter).missing_fields()
    return missing_hold(missing) if missing else None


def is_early(run: Run) -> bool:
    """Whether the period's recommendation date has not come yet."""
    return today() < run.period.recommendation_on


@transaction.atomic
def recall(letter: Letter, *, by: User) -> Letter:
    """Take a letter back from the signers, to change something."""
    letter = lock_letter(letter)
    _expect(letter, Status.AWAITING_SIGNATURE)
    _back_to_draft(letter)
    record(letter, "letter.recalled", "Ditarik dari penanda tangan", by=by)
    return letter


# The signer


@transaction.atomic
def refuse(letter: Letter, *, by: User, reason: str) -> Letter:
    """Send a letter back to the administrators with a reason; no number is used."""
    letter = lock_letter(letter)
    _expect(letter, Status.AWAITING_SIGNATURE)
    sender = letter.sent_by
    _back_to_draft(letter, refusal_reason=reason)
    event = record(letter, "letter.refused", "Ditolak penanda tangan", by=by, note=reason)
    if sender:
        enqueue(
            f"letter_refused:{event.pk}:{sender.pk}",
            to=sender,
            template="letter_refused",
            fields={
                "surat": letter.title,
                "instansi": letter.agency.name,
                "penandatangan": by.full_name,
                "alasan": reason,
            },
            path=reverse("recommendations:letter", args=[letter.pk]),
        )
    return letter


@transaction.atomic
def issue(letter: Letter, *, by: User) -> Letter:
    """The signer's act: number, date, code and content are fixed, the extracts made; the worker
    then prints, signs and delivers.

    Refused, with nothing used, when the signer took part in verifying, when a post or the date is
    missing, or when the letter says something else than when it was sent.
    """
    letter = lock_letter(letter)
    if letter.signed_at and letter.signer and letter.status in {Status.ISSUING, Status.ISSUED}:
        raise TransitionError(
            f"Surat ini sudah diterbitkan {letter.signer} dengan nomor {letter.number}."
        )
    _expect(letter, Status.AWAITING_SIGNATURE)
    profile = SignerProfile.objects.select_related("rank").filter(user=by).first()
    if profile is None:
        raise TransitionError(
            "Jabatan Anda sebagai penanda tangan belum diisi. Minta administrator melengkapinya."
        )
    by.signer_profile = profile
    if Letter.objects.filter(pk=letter.pk).barred_for(by):
        raise TransitionError(
            "Anda ikut memverifikasi usulan dalam surat ini. Surat ditandatangani pejabat lain."
        )
    gate = _gate_for(letter, lock=True)
    lines = _lock_lines(letter)
    _check_still_true(letter, lines, gate)
    block = signer_block(by)
    draft = compose(letter, signer=block)
    if missing := draft.missing_fields():
        raise TransitionError(f"Surat belum lengkap: {', '.join(missing)}.")
    if fingerprint(draft) != letter.fingerprint:
        raise StaleError(
            "Isi surat berubah sejak dikirim kepada Anda. Tolak dengan alasan itu, atau minta "
            "administrator menarik dan mengirimnya lagi."
        )
    signed_at, day = timezone.now(), today()
    taken = take_number(day, unit=profile.unit_code)
    letter.status, letter.signer, letter.signed_at = Status.ISSUING, by, signed_at
    letter.register, letter.year, letter.sequence = taken.register, taken.year, taken.sequence
    letter.number, letter.letter_date, letter.code = taken.text, day, new_code()
    fixed = Fixed(
        number=letter.number,
        date=day,
        code=letter.code,
        signature=_signature(),
        made_at=signed_at,
    )
    document = compose(letter, signer=block, fixed=fixed)
    letter.content = document.to_json()
    letter.save()
    if isinstance(document, RecommendationLetter):
        _make_extracts(letter, document)
    _link_replaced(letter)
    record(
        letter,
        "letter.signed",
        "Ditandatangani dan diberi nomor",
        by=by,
        data={"number": letter.number, "year": letter.year, "sequence": letter.sequence},
    )
    hint("recommendations.tasks.issue_due")
    return letter


def _signature() -> Signature:
    if not is_signing_configured():
        return ""
    return "bsre" if is_bsre_certificate() else "electronic"


def _lock_lines(letter: Letter) -> list[LetterLine]:
    ids = letter.lines.values("proposal_id")
    locked = Proposal.objects.filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
    fresh = {proposal.pk: proposal for proposal in locked}
    lines = lines_of(letter)
    for line in lines:
        line.proposal.status = fresh[line.proposal_id].status
    return lines


def _check_still_true(letter: Letter, lines: list[LetterLine], gate: Gate) -> None:
    if not lines:
        raise TransitionError("Surat ini tidak memuat seorang pun. Tolak agar diperbaiki.")
    allowed = NOT_RECOMMENDED if letter.is_notice else {Proposal.Status.READY}
    if strangers := [
        line.proposal.full_name for line in lines if line.proposal.status not in allowed
    ]:
        raise TransitionError(
            f"Keadaan usulan sudah berubah: {', '.join(strangers[:3])}. Tolak agar diperbaiki."
        )
    if hold := gate.hold_of(letter):
        raise TransitionError(f"{hold.label}. {hold.text} Tolak agar diperbaiki.")
    if is_early(letter.run) and not letter.early_reason:
        raise TransitionError(
            f"Tanggal rekomendasi {letter.period} {long_date(letter.period.recommendation_on)}. "
            "Lebih awal hanya dengan alasan administrator."
        )


def _make_extracts(letter: Letter, document: RecommendationLetter) -> None:
    extracts = []
    lines = lines_of(letter)
    for line, row in zip(lines, document.people, strict=True):
        code = new_code()
        content = compose_extract(document, row, line.proposal, code=code).to_json()
        extracts.append(
            Letter(
                run=letter.run,
                kind=Kind.EXTRACT,
                parent=letter,
                agency=letter.agency,
                position=letter.position,
                period=letter.period,
                status=Status.ISSUING,
                register=letter.register,
                year=letter.year,
                sequence=letter.sequence,
                number=letter.number,
                letter_date=letter.letter_date,
                code=code,
                content=content,
                signer=letter.signer,
                signed_at=letter.signed_at,
            )
        )
    made = Letter.objects.bulk_create(extracts)
    LetterLine.objects.bulk_create(
        [
            LetterLine(letter=extract, kind=Kind.EXTRACT, proposal=line.proposal, order=1)
            for extract, line in zip(made, lines, strict=True)
        ]
    )


def _link_replaced(letter: Letter) -> None:
    """Point the letters that this one replaces, and their extracts, to their successors."""
    people = list(letter.lines.values_list("proposal_id", flat=True))
    waiting = Letter.objects.filter(
        kind=letter.kind,
        status=Status.REVOKED,
        to_be_replaced=True,
        replaced_by=None,
        lines__proposal__in=people,
    )
    waiting.update(replaced_by=letter)
    if not letter.is_recommendation:
        return
    new = dict(
        LetterLine.objects.filter(letter__parent=letter).values_list("proposal_id", "letter_id")
    )
    for old in LetterLine.objects.filter(
        kind=Kind.EXTRACT,
        proposal__in=people,
        letter__status=Status.REVOKED,
        letter__to_be_replaced=True,
        letter__replaced_by=None,
    ):
        Letter.objects.filter(pk=old.letter_id).update(replaced_by=new[old.proposal_id])


# The worker


@transaction.atomic
def conclude(letter: Letter, pdf: bytes) -> bool:
    """Store the PDF of a letter that is being issued, deliver it, recommend its people.

    False when another worker was faster or the letter became void: then nothing is changed.
    """
    letter = lock_letter(letter)
    if not letter.is_issuing:
        return False
    letter.file = store_bytes(pdf, name=file_name(letter), owner=letter, by=letter.signer)
    letter.sha256, letter.issued_at = letter.file.sha256, timezone.now()
    letter.status, letter.failure, letter.claimed_at = Status.ISSUED, "", None
    letter.save()
    lines = lines_of(letter)
    if letter.is_extract:
        deliver_to = [line.proposal.participant for line in lines if line.proposal.participant]
    else:
        deliver_to = operators_of(letter.agency)
    Delivery.objects.bulk_create(
        [Delivery(letter=letter, user=user) for user in deliver_to], ignore_conflicts=True
    )
    record(
        letter,
        "letter.issued",
        "Terbit",
        by=None,
        data={"sha256": letter.sha256, "size": letter.file.size},
        proposal=lines[0].proposal_id if letter.is_extract else None,
    )
    if letter.is_recommendation:
        for line in lines:
            proposals.mark_recommended(line.proposal, by=letter.signer, letter_id=letter.pk)
    if not letter.is_extract:
        _tell_operators(letter, f"{letter.kind}_issued:{letter.pk}", f"letter_{letter.kind}_issued")
    return True


def file_name(letter: Letter) -> str:
    """The name under which a letter is downloaded: its number, then who it is about."""
    number = (letter.number or "konsep").replace("/", "-")
    if letter.is_extract:
        nip = (letter.content or {}).get("person", {}).get("nip", "")
        return f"{number}_petikan_{nip}.pdf"
    about = letter.agency.name.lower().replace(" ", "-")
    return f"{number}_{about}.pdf"


@transaction.atomic
def retry(letter: Letter, *, by: User) -> Letter:
    """Let the worker try a letter again that it gave up."""
    letter = lock_letter(letter)
    if not letter.is_stuck:
        raise TransitionError("Surat ini tidak tertahan. Tidak ada yang perlu diulang.")
    letter.failure, letter.attempts, letter.claimed_at = "", 0, None
    letter.save(update_fields=["failure", "attempts", "claimed_at"])
    record(letter, "letter.retried", "Pembuatan surat diulang", by=by)
    hint("recommendations.tasks.issue_due")
    return letter


# Endings


@transaction.atomic
def void(letter: Letter, *, by: User, reason: str) -> Letter:
    """Make a numbered letter void before it is issued; the number stays in the register, its
    people stay READY."""
    letter = lock_letter(letter)
    if letter.is_extract:
        raise TransitionError("Petikan mengikuti suratnya. Batalkan surat rekomendasinya.")
    _expect(letter, Status.ISSUING)
    gone = [letter, *letter.extracts.select_for_update(of=("self",))]
    _end(gone, Status.VOID, by=by, reason=reason)
    # What it was to replace waits for another successor.
    Letter.objects.filter(replaced_by__in=gone).update(replaced_by=None)
    record(letter, "letter.voided", "Surat dibatalkan", by=by, note=reason)
    return letter


@transaction.atomic
def revoke(letter: Letter, *, by: User, reason: str, replace: bool) -> Letter:
    """Revoke an issued letter with its extracts.

    `replace`: its people are READY again and the next run writes them a new letter; otherwise the
    recommendation is withdrawn: NOT_RECOMMENDED, the post given back. Refused once somebody in it
    has been appointed.
    """
    letter = lock_letter(letter)
    if letter.is_extract:
        raise TransitionError("Petikan mengikuti suratnya. Cabut surat rekomendasinya.")
    _expect(letter, Status.ISSUED)
    lines = _lock_lines(letter)
    appointed = [
        line.proposal.full_name
        for line in lines
        if line.proposal.status == Proposal.Status.APPOINTED
    ]
    if appointed:
        raise TransitionError(
            f"Sudah diangkat: {', '.join(appointed[:3])}. Surat ini tidak dapat dicabut lagi."
        )
    extracts = list(letter.extracts.select_for_update(of=("self",)))
    out = [extract for extract in extracts if extract.is_issued]
    unmade = [extract for extract in extracts if extract.is_issuing]
    _end([letter, *out], Status.REVOKED, by=by, reason=reason, replace=replace)
    _end(unmade, Status.VOID, by=by, reason=reason)
    if letter.is_recommendation:
        for line in lines:
            if replace:
                proposals.mark_ready_again(line.proposal, by=by, reason=reason)
            else:
                proposals.mark_not_recommended(line.proposal, by=by, reason=reason)
    event = record(
        letter,
        "letter.revoked",
        "Surat dicabut untuk diganti" if replace else "Surat dicabut",
        by=by,
        note=reason,
        data={"replace": replace},
    )
    what = (
        "Surat pengganti akan diterbitkan."
        if replace
        else "Rekomendasi dalam surat itu tidak berlaku lagi."
    )
    extra = {"alasan": reason, "akibat": what}
    _tell_operators(letter, f"letter_revoked:{event.pk}", "letter_revoked", **extra)
    for line in lines if letter.is_recommendation else []:
        if line.proposal.participant:
            tell(
                line.proposal,
                f"extract_revoked:{event.pk}",
                "extract_revoked",
                to=[line.proposal.participant],
                nomor=letter.number,
                **extra,
            )
    return letter


def _end(
    letters: list[Letter], status: Letter.Status, *, by: User, reason: str, replace: bool = False
) -> None:
    for letter in letters:
        letter.status, letter.end_reason, letter.ended_by = status, reason, by
        letter.ended_at, letter.to_be_replaced = timezone.now(), replace
        letter.failure, letter.claimed_at = "", None
        letter.save()
    LetterLine.objects.filter(letter__in=letters).update(is_current=False)


# The agency


@transaction.atomic
def note_download(letter: Letter, *, by: User) -> None:
    """Record a person's first download of a letter that was delivered to them."""
    delivery, _ = Delivery.objects.select_for_update().get_or_create(letter=letter, user=by)
    if delivery.first_downloaded_at is None:
        delivery.first_downloaded_at = timezone.now()
        delivery.save(update_fields=["first_downloaded_at"])


@transaction.atomic
def appoint(appointment: Appointment, *, by: User) -> Appointment:
    """Record the appointment decree (unsaved, file stored): the proposal is APPOINTED.

    Another level than recommended is refused. A decree whose file could not be read is replaced.
    """
    proposal = proposals.lock_proposal(appointment.proposal)
    if appointment.level_id != proposal.level_id:
        raise TransitionError(
            f"Jenjang pada keputusan berbeda dari rekomendasi ({proposal.level.name}). "
            "Minta keputusan diperbaiki, atau hubungi BPS."
        )
    earlier = Appointment.objects.filter(proposal=proposal).select_related("file").first()
    if earlier and earlier.file.is_refused:
        appointment.pk, appointment.created_at = earlier.pk, earlier.created_at
        appointment.created_by = by
        appointment.save()
        record(proposal, "proposal.decree_replaced", "Keputusan pengangkatan diunggah ulang", by=by)
        return appointment
    proposals.mark_appointed(proposal, by=by)
    appointment.created_by = by
    appointment.save()
    return appointment


def can_take_decree(proposal: Proposal, earlier: StoredFile | None) -> bool:
    """Whether a decree can be uploaded now: recommended, or the file before was refused."""
    if proposal.status == Proposal.Status.RECOMMENDED:
        return True
    return (
        proposal.status == Proposal.Status.APPOINTED and earlier is not None and earlier.is_refused
    )


# Shared


def lock_letter(letter: Letter) -> Letter:
    """The letter's row, locked and fresh, loaded for its page."""
    return Letter.objects.for_page().select_for_update(of=("self",)).get(pk=letter.pk)


def _expect(letter: Letter, *allowed: str) -> None:
    if letter.status not in allowed:
        raise TransitionError(
            f"Keadaan surat sekarang: {letter.get_status_display().lower()}. "
            "Tindakan ini tidak dapat dilakukan lagi."
        )


def _gate_for(letter: Letter, *, lock: bool = False) -> Gate:
    return Gate(letter.period, agency=letter.agency, lock=lock)


def _back_to_draft(letter: Letter, *, refusal_reason: str = "") -> None:
    letter.status, letter.fingerprint = Status.DRAFT, ""
    letter.early_reason, letter.refusal_reason = "", refusal_reason
    letter.sent_by, letter.sent_at = None, None
    letter.save()


def _people_with(role: str) -> list[User]:
    return list(
        User.objects.filter(is_active=True, grants__role=role, grants__revoked_at=None).distinct()
    )


def _tell_operators(letter: Letter, key: str, template: str, **extra: str) -> None:
    for operator in operators_of(letter.agency):
        enqueue(
            f"{key}:{operator.pk}",
            to=operator,
            template=template,
            fields={
                "surat": letter.title,
                "nomor": letter.number,
                "instansi": letter.agency.name,
                "periode": letter.period.name,
                **extra,
            },
            path=reverse("recommendations:letter", args=[letter.pk]),
        )
