"""Every transition of a proposal.

One verb, one function: lock the row, refuse with a reason, change, record the event, enqueue the
messages, all in one transaction. Permission says who, these functions say when. Later stages call
the `mark_…` functions inside their own atomic blocks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import StaleError, TransitionError
from inpassing.reference.models import RequiredDocument
from inpassing.timeline.events import record, record_many

from . import carrying, ledger
from .deadlines import accepts_filing, deadline_of, filing_deadline_for, repair_deadline_for
from .messages import Notice, deadline_text, tell, tell_many
from .models import (
    DocumentVersion,
    Proposal,
    ProposalDocument,
)
from .people import account_for, invite, operators_of

Status = Proposal.Status
OTHER_ACTIVE = "NIP ini mempunyai usulan lain yang masih berjalan pada periode yang sama."


def lock_proposal(proposal: Proposal, *, version: int | None = None) -> Proposal:
    """The proposal's row, locked and fresh; StaleError when it is no longer at `version`."""
    locked = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related(
            "agency__region", "period", "position", "level__position", "participant", "rank"
        )
        .get(pk=proposal.pk)
    )
    if version is not None and locked.version != version:
        raise StaleError(
            "Usulan ini berubah sejak halaman Anda buka. Putusan Anda tidak disimpan. "
            "Periksa perubahannya lalu putuskan lagi."
        )
    return locked


def _expect(proposal: Proposal, *allowed: str) -> None:
    if proposal.status not in allowed:
        raise TransitionError(
            f"Keadaan usulan sekarang: {proposal.get_status_display().lower()}. "
            "Tindakan ini tidak dapat dilakukan lagi."
        )


def _move(proposal: Proposal, status: str, *changed: str) -> None:
    proposal.status, proposal.status_since = status, timezone.now()
    proposal.version += 1
    proposal.save(update_fields=["status", "status_since", "version", *changed])


# Nomination


@transaction.atomic
def nominate(proposal: Proposal, *, by: User) -> Proposal:
    """Send a candidate to BPS and reserve one post; position, level and agency are frozen."""
    proposal = lock_proposal(proposal)
    _expect(proposal, Status.DRAFT)
    if not proposal.period.accepts_nominations():
        raise TransitionError(
            f"Pengusulan {proposal.period.name} sudah ditutup. "
            "Usulkan lagi pada periode berikutnya."
        )
    from .eligibility import refusals_for

    if refused := refusals_for(proposal):
        raise TransitionError(" ".join(refused))
    ledger.reserve(proposal.agency, proposal.period, proposal.level)
    proposal.nominated_at = timezone.now()
    _move(proposal, Status.NOMINATED, "nominated_at")
    record(
        proposal,
        "proposal.nominated",
        "Diusulkan instansi",
        by=by,
        data={"level": proposal.level.code, "position": proposal.position_id},
    )
    return proposal


@transaction.atomic
def approve_nomination(proposal: Proposal, *, by: User, version: int | None = None) -> Proposal:
    """Let the candidate in: account, document slots, filing deadline, invitation."""
    proposal = lock_proposal(proposal, version=version)
    _expect(proposal, Status.NOMINATED)
    user = account_for(
        nip=proposal.nip,
        email=proposal.email,
        employer=proposal.agency,
        name=proposal.name,
        title_before=proposal.title_before,
        title_after=proposal.title_after,
        phone=proposal.phone,
    )
    proposal.participant, proposal.approved_at = user, timezone.now()
    proposal.filing_deadline = filing_deadline_for(proposal.period, proposal.agency)
    _move(proposal, Status.FILLING, "participant", "approved_at", "filing_deadline")
    open_slots(proposal)
    event = record(proposal, "proposal.nomination_approved", "Usulan disetujui", by=by)
    carrying.carry_over(proposal, by=by)
    deadline = deadline_text(proposal.filing_deadline, proposal)
    if user.has_been_used:
        tell(
            proposal,
            f"nomination_approved:{event.pk}",
            "nomination_approved",
            to=[user],
            batas=deadline,
        )
    else:
        invite(
            user,
            key=f"invitation:{event.pk}:{user.pk}",
            role=f"peserta {proposal.period}",
            proposal_id=proposal.pk,
        )
    tell(
        proposal,
        f"nomination_approved_operator:{event.pk}",
        "nomination_approved_operator",
        to=operators_of(proposal.agency),
        batas=deadline,
    )
    return proposal


@transaction.atomic
def return_nomination(
    proposal: Proposal, *, by: User, note: str, version: int | None = None
) -> Proposal:
    """Back to the operator with a note; the reserved post is free again."""
    proposal = lock_proposal(proposal, version=version)
    _expect(proposal, Status.NOMINATED)
    _move(proposal, Status.DRAFT)
    event = record(
        proposal,
        "proposal.nomination_returned",
        "Usulan dikembalikan ke operator",
        by=by,
        note=note,
    )
    tell(
        proposal,
        f"nomination_returned:{event.pk}",
        "nomination_returned",
        to=operators_of(proposal.agency),
        catatan=note,
    )
    return proposal


@transaction.atomic
def reject_nomination(
    proposal: Proposal, *, by: User, reason: str, version: int | None = None
) -> Proposal:
    """End a nomination with a reason."""
    proposal = lock_proposal(proposal, version=version)
    _expect(proposal, Status.NOMINATED)
    proposal.end_note = reason
    _move(proposal, Status.NOMINATION_REJECTED, "end_note")
    event = record(proposal, "proposal.nomination_rejected", "Usulan ditolak", by=by, note=reason)
    tell(
        proposal,
        f"nomination_rejected:{event.pk}",
        "nomination_rejected",
        to=operators_of(proposal.agency),
        alasan=reason,
    )
    return proposal


def open_slots(proposal: Proposal) -> None:
    """Make the document slots that apply to this person (rule E7); those there are stay."""
    requirements = RequiredDocument.objects.asked().filter(period=proposal.period)
    if not proposal.is_structural:
        requirements = requirements.exclude(condition=RequiredDocument.Condition.STRUCTURAL)
    ProposalDocument.objects.bulk_create(
        [
            ProposalDocument(proposal=proposal, requirement=requirement, order=requirement.order)
            for requirement in requirements
        ],
        ignore_conflicts=True,
    )


# Filling


@transaction.atomic
def save_data(proposal: Proposal, values: Mapping[str, object], *, by: User, step: str) -> Proposal:
    """Save one data page of the participant; `step` is its name on the screen.

    The event names the fields that changed, never what was typed, and not that special needs at
    the test did: those are no verifier's business.
    """
    proposal = lock_proposal(proposal)
    expect_filling(proposal)
    changed = [name for name, value in values.items() if getattr(proposal, name) != value]
    if not changed:
        return proposal
    for name in changed:
        setattr(proposal, name, values[name])
    proposal.version += 1
    proposal.save(update_fields=[*changed, "version"])
    record(
        proposal,
        "proposal.data_saved",
        f"Data disimpan: {step.lower()}",
        by=by,
        data={"fields": sorted(set(changed) - {"special_needs"})},
    )
    return proposal


def expect_filling(proposal: Proposal) -> None:
    if not proposal.is_editable_by_participant:
        raise TransitionError(
            f"Tidak ada yang diubah. Keadaan usulan: {proposal.get_status_display().lower()}."
        )
    _expect_in_time(proposal)


def _expect_in_time(proposal: Proposal) -> None:
    if not accepts_filing(proposal):
        raise TransitionError(
            f"Batas pengiriman sudah lewat: {deadline_text(deadline_of(proposal), proposal)}. "
            "Yang tersimpan sampai saat itu tetap tersimpan. Hubungi operator instansi Anda."
        )


def missing_for_submission(proposal: Proposal) -> list[str]:
    """What is still missing, in Indonesian; empty when the proposal can be sent."""
    missing = proposal.missing_data()
    documents = proposal.documents.select_related("requirement", "current__file")
    missing += [document.requirement.name for document in documents if not document.is_present]
    return missing


@transaction.atomic
def submit(proposal: Proposal, *, by: User | None, automatic: bool = False) -> Proposal:
    """Hand a complete proposal to the verifiers; again after a return.

    A document that the inspector has not judged yet counts as present. `automatic` marks the
    sending by the system at the deadline.
    """
    proposal = lock_proposal(proposal)
    _expect(proposal, Status.FILLING, Status.RETURNED)
    if not automatic:
        _expect_in_time(proposal)
    if missing := missing_for_submission(proposal):
        raise TransitionError(f"Belum lengkap: {', '.join(missing)}.")
    again = proposal.status == Status.RETURNED
    proposal.submitted_at, proposal.repair_deadline = timezone.now(), None
    proposal.resubmissions += again
    _move(proposal, Status.SUBMITTED, "submitted_at", "repair_deadline", "resubmissions")
    label = "Berkas dikirim ulang" if again else "Berkas dikirim peserta"
    if automatic:
        label = "Berkas dikirim oleh sistem pada batas waktu"
    event = record(
        proposal,
        "proposal.resubmitted" if again else "proposal.submitted",
        label,
        by=by,
        data={"automatic": automatic},
    )
    files = proposal.documents.select_related("requirement", "current__file")
    tell(
        proposal,
        f"submitted:{event.pk}",
        "proposal_submitted",
        daftar="\n".join(
            f"- {document.requirement.name}: {document.current.file.name}"
            for document in files
            if document.current
        ),
        waktu=deadline_text(proposal.submitted_at, proposal),
        cara=label.lower(),
    )
    return proposal


# Verification (called by stage 2)


@transaction.atomic
def return_for_repair(
    proposal: Proposal,
    *,
    by: User | None,
    returned: Mapping[int, tuple[str, str]],
    accepted: Iterable[int],
    deadline: dt.datetime,
    version: int | None = None,
) -> Proposal:
    """Open the returned documents again (document id -> (reason, note)), freeze the accepted ones.

    One message lists every returned document with its reason.
    """
    proposal = lock_proposal(proposal, version=version)
    _expect(proposal, Status.SUBMITTED)
    if not returned:
        raise TransitionError("Tidak ada dokumen yang dikembalikan. Pilih dokumen dan alasannya.")
    if deadline <= timezone.now():
        raise TransitionError("Batas perbaikan sudah lewat. Pilih tanggal yang akan datang.")
    now = timezone.now()
    documents = list(proposal.documents.select_related("requirement", "current"))
    lines = []
    for document in documents:
        if document.pk in returned:
            document.review = ProposalDocument.Review.RETURNED
            document.reason, document.note = returned[document.pk]
            if document.current_id:
                DocumentVersion.objects.filter(pk=document.current_id).update(returned=True)
            lines.append(
                f"- {document.requirement.name}: {document.reason}. {document.note}".strip()
            )
        elif document.pk in set(accepted):
            document.review = ProposalDocument.Review.ACCEPTED
            document.reason = document.note = ""
        else:
            continue
        document.reviewed_at = now
        document.save(update_fields=["review", "reason", "note", "reviewed_at"])
    proposal.repair_deadline = deadline
    _move(proposal, Status.RETURNED, "repair_deadline")
    event = record(
        proposal,
        "proposal.returned",
        f"Dikembalikan untuk perbaikan, {len(returned)} dokumen",
        by=by,
        note="\n".join(lines),
        data={"documents": sorted(returned)},
    )
    tell(
        proposal,
        f"returned:{event.pk}",
        "proposal_returned",
        daftar="\n".join(lines),
        batas=deadline_text(deadline, proposal),
    )
    return proposal


@transaction.atomic
def mark_eligible(proposal: Proposal, *, by: User, version: int | None = None) -> Proposal:
    """All documents are accepted: freeze them and wait for the portfolio assessment."""
    proposal = lock_proposal(proposal, version=version)
    _expect(proposal, Status.SUBMITTED)
    _freeze_documents(proposal)
    _move(proposal, Status.ELIGIBLE)
    event = record(proposal, "proposal.eligible", "Memenuhi syarat", by=by)
    tell(proposal, f"eligible:{event.pk}", "proposal_eligible")
    return proposal


@transaction.atomic
def mark_not_eligible(
    proposal: Proposal, *, by: User | None, reasons: str, version: int | None = None
) -> Proposal:
    """End a proposal that does not meet the requirements, with the reasons."""
    proposal = lock_proposal(proposal, version=version)
    _expect(proposal, Status.SUBMITTED, Status.FILLING, Status.RETURNED)
    return _end(proposal, Status.NOT_ELIGIBLE, "proposal.not_eligible", by=by, note=reasons)


@transaction.atomic
def mark_portfolio_failed(
    proposal: Proposal, *, by: User, reasons: str, version: int | None = None
) -> Proposal:
    """End a proposal whose portfolio was not passed."""
    proposal = lock_proposal(proposal, version=version)
    _expect(proposal, Status.ELIGIBLE)
    return _end(proposal, Status.PORTFOLIO_FAILED, "proposal.portfolio_failed", by=by, note=reasons)


@transaction.atomic
def require_test(
    proposal: Proposal, *, by: User, note: str = "", version: int | None = None
) -> Proposal:
    """The portfolio is passed and the test is required: participant and operator are told."""
    proposal = lock_proposal(proposal, version=version)
    _expect(proposal, Status.ELIGIBLE)
    _move(proposal, Status.TEST_REQUIRED)
    event = record(
        proposal,
        "proposal.test_required",
        "Lulus portofolio, wajib uji kompetensi",
        by=by,
        note=note,
    )
    tell(proposal, f"test_required:{event.pk}", "test_required")
    return proposal


@transaction.atomic
def require_test_again(
    proposal: Proposal, *, by: User, passed_in: str, note: str = "", version: int | None = None
) -> Proposal:
    """The short road of a re-sit: all documents are accepted, the portfolio was passed in the
    period `passed_in`, the test is required. Source: product.md section 3, Re-sit."""
    proposal = lock_proposal(proposal, version=version)
    _expect(proposal, Status.SUBMITTED)
    _freeze_documents(proposal)
    _move(proposal, Status.TEST_REQUIRED)
    event = record(
        proposal,
        "proposal.test_required",
        f"Memenuhi syarat; lulus portofolio pada {passed_in}, wajib uji kompetensi"[:200],
        by=by,
        note=note,
    )
    tell(proposal, f"test_required:{event.pk}", "test_required")
    return proposal


def _freeze_documents(proposal: Proposal) -> None:
    documents = list(proposal.documents.select_related("requirement", "current__file"))
    if refused := [
        d.requirement.name for d in documents if not d.current or not d.current.file.is_accepted
    ]:
        raise TransitionError(f"Belum terbaca sistem: {', '.join(refused)}.")
    proposal.documents.update(
        review=ProposalDocument.Review.ACCEPTED, reason="", note="", reviewed_at=timezone.now()
    )


@transaction.atomic
def mark_ready(
    proposal: Proposal, *, by: User | None, note: str = "", version: int | None = None
) -> Proposal:
    """Ready to be recommended: portfolio only, or test passed."""
    proposal = lock_proposal(proposal, version=version)
    _expect(proposal, Status.ELIGIBLE, Status.TEST_REQUIRED)
    passed_test = proposal.status == Status.TEST_REQUIRED
    _move(proposal, Status.READY)
    label = "Lulus uji kompetensi" if passed_test else "Lulus portofolio, tanpa uji kompetensi"
    event = record(proposal, "proposal.ready", f"{label}; siap direkomendasikan", by=by, note=note)
    tell(proposal, f"ready:{event.pk}", "proposal_ready", sebab=label.lower())
    return proposal


# Competency test (called by stage 3)


@dataclass(frozen=True)
class TestOutcome:
    """What a published test result makes of a proposal, and the sentence that says why."""

    __test__ = False

    status: Proposal.Status  # READY, TEST_FAILED or TEST_ABSENT
    note: str


def lock_waiting_for_test(ids: Iterable[int]) -> list[int]:
    """Lock those of the proposals that still wait for a result; returns their ids."""
    rows = Proposal.objects.filter(pk__in=ids, status=Status.TEST_REQUIRED).order_by("pk")
    return [row.pk for row in rows.select_for_update(of=("self",)).only("pk")]


@transaction.atomic
def conclude_tests(outcomes: Mapping[int, TestOutcome]) -> list[Proposal]:
    """Give many proposals (id -> outcome) the outcome of their test, in a handful of queries.

    Only those move that still wait for a result, so a second call moves nobody and tells nobody.
    Returns the proposals that moved. Who failed or was absent has ended this period and may come
    again in the next.
    """
    moved = list(
        Proposal.objects.filter(pk__in=outcomes, status=Status.TEST_REQUIRED)
        .select_for_update(of=("self",))
        .select_related("agency", "period", "level__position", "participant")
        .order_by("pk")
    )
    now = timezone.now()
    for proposal in moved:
        outcome = outcomes[proposal.pk]
        proposal.status, proposal.status_since = outcome.status, now
        proposal.version += 1
        if outcome.status != Status.READY:
            proposal.end_note = outcome.note[:1000]
    Proposal.objects.bulk_update(
        moved, ["status", "status_since", "version", "end_note"], batch_size=500
    )
    passed = "Lulus uji kompetensi"
    notices = []
    for status, kind, label in (
        (Status.READY, "proposal.ready", f"{passed}; siap direkomendasikan"),
        (Status.TEST_FAILED, "proposal.test_failed", ENDINGS[Status.TEST_FAILED]),
        (Status.TEST_ABSENT, "proposal.test_absent", ENDINGS[Status.TEST_ABSENT]),
    ):
        those = [proposal for proposal in moved if proposal.status == status]
        events = record_many(
            kind,
            [(proposal, label, {}) for proposal in those],
            by=None,
            notes=[outcomes[proposal.pk].note for proposal in those],
        )
        for proposal, event in zip(those, events, strict=True):
            if status == Status.READY:
                notices.append(
                    Notice(
                        proposal, f"ready:{event.pk}", "proposal_ready", {"sebab": passed.lower()}
                    )
                )
            else:
                fields: dict[str, object] = {
                    "keadaan": label.lower(),
                    "alasan": outcomes[proposal.pk].note,
                }
                notices.append(Notice(proposal, f"ended:{event.pk}", "proposal_ended", fields))
    tell_many(notices)
    return moved


@transaction.atomic
def correct_test_outcome(proposal: Proposal, *, passed: bool, by: User, note: str) -> Proposal:
    """A published result was corrected: READY instead of TEST_FAILED, or the other way round.

    Who passes after all takes a post again; refused when none is left.
    """
    proposal = lock_proposal(proposal)
    if not passed:
        _expect(proposal, Status.READY)
        return _end(proposal, Status.TEST_FAILED, "proposal.test_failed", by=by, note=note)
    _expect(proposal, Status.TEST_FAILED)
    ledger.reserve(proposal.agency, proposal.period, proposal.level)
    proposal.end_note = ""
    try:
        with transaction.atomic():
            _move(proposal, Status.READY, "end_note")
    except IntegrityError as error:
        raise TransitionError(OTHER_ACTIVE) from error
    label = "Lulus uji kompetensi setelah koreksi nilai"
    event = record(proposal, "proposal.ready", f"{label}; siap direkomendasikan", by=by, note=note)
    tell(proposal, f"ready:{event.pk}", "proposal_ready", sebab=label.lower())
    return proposal


# Recommendation (called by stage 4)


@transaction.atomic
def mark_recommended(proposal: Proposal, *, by: User | None, letter_id: int) -> Proposal:
    """The letter is issued."""
    proposal = lock_proposal(proposal)
    _expect(proposal, Status.READY)
    _move(proposal, Status.RECOMMENDED)
    event = record(
        proposal, "proposal.recommended", "Direkomendasikan", by=by, data={"letter": letter_id}
    )
    if proposal.participant:  # the operators get one message for the whole letter
        tell(
            proposal,
            f"recommended:{event.pk}",
            "proposal_recommended",
            to=[proposal.participant],
        )
    return proposal


@transaction.atomic
def mark_not_recommended(proposal: Proposal, *, by: User | None, reason: str) -> Proposal:
    """Not recommended at the run, or the recommendation withdrawn; the post is given back."""
    proposal = lock_proposal(proposal)
    _expect(proposal, Status.READY, Status.RECOMMENDED)
    return _end(proposal, Status.NOT_RECOMMENDED, "proposal.not_recommended", by=by, note=reason)


@transaction.atomic
def mark_ready_again(proposal: Proposal, *, by: User, reason: str) -> Proposal:
    """The letter was revoked to be replaced: back to READY."""
    proposal = lock_proposal(proposal)
    _expect(proposal, Status.RECOMMENDED)
    _move(proposal, Status.READY)
    record(
        proposal,
        "proposal.recommendation_replaced",
        "Surat dicabut untuk diganti",
        by=by,
        note=reason,
    )
    return proposal


@transaction.atomic
def mark_appointed(proposal: Proposal, *, by: User) -> Proposal:
    """The agency uploaded the appointment decree."""
    proposal = lock_proposal(proposal)
    _expect(proposal, Status.RECOMMENDED)
    _move(proposal, Status.APPOINTED)
    event = record(proposal, "proposal.appointed", "Diangkat", by=by)
    tell(proposal, f"appointed:{event.pk}", "proposal_appointed")
    return proposal


# From everywhere


@transaction.atomic
def withdraw(proposal: Proposal, *, by: User, reason: str) -> Proposal:
    """Take a proposal back with a reason; the post (and the seat) are free again."""
    proposal = lock_proposal(proposal)
    _expect(proposal, *Proposal.WITHDRAWABLE)
    return _end(proposal, Status.WITHDRAWN, "proposal.withdrawn", by=by, note=reason)


@transaction.atomic
def reopen(proposal: Proposal, *, by: User, reason: str) -> Proposal:
    """Open an ended proposal again, where it stood before, with a reason.

    Refused when the same NIP has another active proposal in the period or no post is left. Who
    fills or repairs again gets a date that can be kept.
    """
    proposal = lock_proposal(proposal)
    if not proposal.has_ended:
        raise TransitionError("Usulan ini belum berakhir.")
    target = {
        Status.NOT_PROPOSED: Status.DRAFT,
        Status.NOMINATION_REJECTED: Status.NOMINATED,
        Status.NOT_ELIGIBLE: Status.SUBMITTED if proposal.submitted_at else Status.FILLING,
        Status.PORTFOLIO_FAILED: Status.ELIGIBLE,
        Status.TEST_FAILED: Status.TEST_REQUIRED,
        Status.TEST_ABSENT: Status.TEST_REQUIRED,
        Status.NOT_RECOMMENDED: Status.READY,
    }.get(Status(proposal.status)) or (Status.FILLING if proposal.participant else Status.DRAFT)
    if target == Status.DRAFT and not proposal.period.accepts_nominations():
        raise TransitionError(
            f"Pengusulan {proposal.period.name} sudah ditutup, sehingga konsep ini langsung "
            "tertutup lagi. Undurkan batas pengusulan periode dahulu."
        )
    if proposal.status == Status.NOT_ELIGIBLE and proposal.repair_deadline:
        target = Status.RETURNED  # its repair date had passed; sending again clears that date
        proposal.repair_deadline = repair_deadline_for(proposal.period, proposal.agency)
    if target in Proposal.RESERVING:
        ledger.reserve(proposal.agency, proposal.period, proposal.level)
    if target == Status.FILLING:
        proposal.filing_deadline = filing_deadline_for(proposal.period, proposal.agency)
    proposal.end_note = ""
    try:
        with transaction.atomic():
            _move(proposal, target, "end_note", "filing_deadline", "repair_deadline")
    except IntegrityError as error:
        raise TransitionError(OTHER_ACTIVE) from error
    event = record(
        proposal,
        "proposal.reopened",
        "Usulan dibuka kembali",
        by=by,
        note=reason,
        data={"status": target},
    )
    tell(proposal, f"reopened:{event.pk}", "proposal_reopened", alasan=reason)
    return proposal


def close_unsent_draft(proposal: Proposal) -> Proposal:
    """End a draft that was never sent, at the nomination deadline."""
    with transaction.atomic():
        proposal = lock_proposal(proposal)
        _expect(proposal, Status.DRAFT)
        return _end(
            proposal,
            Status.NOT_PROPOSED,
            "proposal.not_proposed",
            by=None,
            note="Konsep belum dikirim sampai batas pengusulan.",
        )


ENDINGS = {
    Status.NOT_PROPOSED: "Tidak diusulkan",
    Status.NOT_ELIGIBLE: "Tidak memenuhi syarat",
    Status.PORTFOLIO_FAILED: "Tidak lulus portofolio",
    Status.TEST_FAILED: "Tidak lulus uji kompetensi",
    Status.TEST_ABSENT: "Tidak hadir uji kompetensi",
    Status.NOT_RECOMMENDED: "Tidak direkomendasikan",
    Status.WITHDRAWN: "Usulan ditarik",
}


def _end(
    proposal: Proposal, status: Proposal.Status, kind: str, *, by: User | None, note: str
) -> Proposal:
    proposal.end_note = note[:1000]
    _move(proposal, status, "end_note")
    event = record(proposal, kind, ENDINGS[status], by=by, note=note)
    tell(
        proposal,
        f"ended:{event.pk}",
        "proposal_ended",
        keadaan=ENDINGS[status].lower(),
        alasan=note,
    )
    return proposal
