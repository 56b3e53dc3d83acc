"""From the signer's act, which fixes everything, to the issued letter; and the refusal."""

from __future__ import annotations

import unicodedata

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import RoleGrant, SignerProfile, User
from inpassing.errors import StaleError, TransitionError
from inpassing.files.storage import store_bytes
from inpassing.formats import long_date
from inpassing.letters.documents import RecommendationLetter, Signature
from inpassing.letters.errors import LetterError
from inpassing.letters.signing import (
    check_certificate,
    is_bsre_certificate,
    is_signing_configured,
)
from inpassing.notifications.outbox import enqueue
from inpassing.queue import hint
from inpassing.timeline.events import record
from proposals import workflow as proposals
from proposals.models import Proposal
from proposals.people import operators_of

from .composing import (
    NOT_RECOMMENDED,
    Fixed,
    check,
    compose,
    compose_extract,
    fingerprint,
    lines_of,
    signer_block,
)
from .gate import Gate
from .letter_texts import texts_of
from .models import Delivery, Letter, LetterLine, Run
from .numbering import new_code, take_number
from .records import (
    back_to_draft,
    expect,
    gate_for,
    is_early,
    lock_letter,
    lock_lines,
    people_with,
    tell_operators,
)

Kind = Letter.Kind
Status = Letter.Status


@transaction.atomic
def refuse(letter: Letter, *, by: User, reason: str) -> Letter:
    """Send a letter back to the administrators with a reason; no number is used."""
    letter = lock_letter(letter)
    expect(letter, Status.AWAITING_SIGNATURE)
    sender = letter.sent_by
    back_to_draft(letter, refusal_reason=reason)
    event = record(letter, "letter.refused", "Ditolak penanda tangan", by=by, note=reason)
    # What the date itself sent goes back to all administrators.
    for person in [sender] if sender else people_with(RoleGrant.Role.ADMIN):
        enqueue(
            f"letter_refused:{event.pk}:{person.pk}",
            to=person,
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
    expect(letter, Status.AWAITING_SIGNATURE)
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
    # A notice takes no post. Who is opened again is locked before their formation: it must not
    # be the other way round here.
    gate = gate_for(letter, lock=not letter.is_notice)
    lines = lock_lines(letter)
    _check_still_true(letter, lines, gate)
    block = signer_block(by)
    try:
        draft = compose(letter, signer=block)
        check(letter, draft)
        check_certificate(timezone.now())
        signature = _signature()
    except LetterError as error:  # no value, no glyph, no certificate: nothing is numbered
        raise TransitionError(str(error)) from error
    if fingerprint(letter, draft) != letter.fingerprint:
        raise StaleError(
            "Isi surat berubah sejak dikirim kepada Anda. Tolak dengan alasan itu, atau minta "
            "administrator menarik dan mengirimnya lagi."
        )
    taken = take_number(unit=profile.unit_code)
    letter.status, letter.signer, letter.signed_at = Status.ISSUING, by, taken.at
    letter.register, letter.year, letter.sequence = taken.register, taken.year, taken.sequence
    letter.number, letter.letter_date, letter.code = taken.text, taken.day, new_code()
    fixed = Fixed(
        number=letter.number,
        date=taken.day,
        code=letter.code,
        signature=signature,
        made_at=taken.at,
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
    lines, texts = lines_of(letter), texts_of(letter.period_id, "extract")
    for line, row in zip(lines, document.people, strict=True):
        code = new_code()
        content = compose_extract(document, row, line.proposal, code=code, texts=texts).to_json()
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
        tell_operators(letter, f"{letter.kind}_issued:{letter.pk}", f"letter_{letter.kind}_issued")
    return True


def file_name(letter: Letter) -> str:
    """The name under which a letter is downloaded: its number, then who it is about."""
    number = plain(letter.number or "konsep")
    if letter.is_extract:
        nip = (letter.content or {}).get("person", {}).get("nip", "")
        return f"{number}_petikan_{nip}.pdf"
    return f"{number}_{plain(letter.agency.name).lower()}.pdf"


def plain(text: str) -> str:
    """Letters and figures of a text with hyphens between them, for names of files."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = "".join(c if c.isalnum() else " " for c in letters).split()
    return "-".join(words)[:80]


@transaction.atomic
def retry_all(run: Run, *, by: User) -> int:
    """Let the worker try every letter and extract of a run again that it gave up; how many."""
    stuck = Letter.objects.stuck().filter(run=run).select_for_update(of=("self",))
    ids = list(stuck.order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise TransitionError("Tidak ada surat yang tertahan. Tidak ada yang perlu diulang.")
    Letter.objects.filter(pk__in=ids).update(failure="", attempts=0, claimed_at=None)
    record(run, "run.retried", "Pembuatan surat diulang", by=by, data={"letters": len(ids)})
    hint("recommendations.tasks.issue_due")
    return len(ids)


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
