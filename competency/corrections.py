"""A published result is corrected: proposed with a reason, applied by a second person.

The result keeps every version; the person and the operators are told what it is now. Where passing
or failing changes, the proposal moves along.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.reference.models import PeriodPosition
from inpassing.timeline.events import record
from proposals import workflow as proposals
from proposals.messages import tell
from proposals.models import Proposal

from .models import ComponentScore, ResultCorrection, TestResult
from .results import total_of

CORRECTABLE = {Proposal.Status.READY, Proposal.Status.TEST_FAILED}


@transaction.atomic
def propose_correction(
    result: TestResult, scores: Mapping[int, Decimal], *, by: User, reason: str
) -> ResultCorrection:
    """Write down what the scores (component id -> 0 to 100) should be; nothing changes yet."""
    result = _lock(result)
    if result.published_at is None:
        raise TransitionError("Hasil ini belum diumumkan; ubah nilainya di halaman sesi.")
    _expect_correctable(result.seat.proposal)
    components = list(_entry(result).components.all())
    after = {str(pk): f"{score:.2f}" for pk, score in scores.items()}
    after["total"] = str(total_of(components, scores))
    before = _version(result)
    if after == before:
        raise TransitionError("Nilainya sama dengan yang diumumkan. Tidak ada yang dikoreksi.")
    try:
        with transaction.atomic():
            correction = ResultCorrection.objects.create(
                result=result,
                number=result.corrections.count() + 2,  # what was published is version 1
                reason=reason,
                before=before,
                after=after,
                proposed_by=by,
            )
    except IntegrityError as error:
        raise TransitionError("Koreksi lain untuk hasil ini masih menunggu putusan.") from error
    record(
        result.seat.proposal,
        "result.correction_proposed",
        "Koreksi nilai uji diajukan",
        by=by,
        note=reason,
        data={"result": result.pk, "correction": correction.pk},
    )
    return correction


@transaction.atomic
def apply_correction(correction: ResultCorrection, *, by: User) -> ResultCorrection:
    """Make the correction the result's new version, tell, and move the proposal where it must."""
    correction = _lock_open(correction, by=by)
    result = _lock(correction.result)
    proposal = result.seat.proposal
    _expect_correctable(proposal)
    after = dict(correction.after)
    was_passed, result.total = result.is_passed, Decimal(after.pop("total"))
    result.save(update_fields=["total"])
    for component_id, score in after.items():
        ComponentScore.objects.update_or_create(
            result=result, component_id=int(component_id), defaults={"score": Decimal(score)}
        )
    _decide(correction, by=by, applied=True)
    score, grade = (
        f"{value:.2f}".replace(".", ",") for value in (result.total, result.passing_grade)
    )
    event = record(
        proposal,
        "result.corrected",
        "Nilai uji dikoreksi",
        by=by,
        note=correction.reason,
        data={"result": result.pk, "correction": correction.pk, "version": correction.number},
    )
    tell(
        proposal,
        f"result_corrected:{event.pk}",
        "result_corrected",
        nilai=score,
        batas=grade,
        putusan="lulus" if result.is_passed else "tidak lulus",
        alasan=correction.reason,
    )
    if result.is_passed != was_passed:
        proposals.correct_test_outcome(
            proposal,
            passed=result.is_passed,
            by=by,
            note=f"Nilai dikoreksi menjadi {score}, nilai lulus {grade}.",
        )
    return correction


@transaction.atomic
def reject_correction(correction: ResultCorrection, *, by: User) -> ResultCorrection:
    """Leave the result as it was published."""
    correction = _lock_open(correction, by=by)
    _decide(correction, by=by, applied=False)
    record(
        correction.result.seat.proposal,
        "result.correction_rejected",
        "Koreksi nilai uji tidak dilakukan",
        by=by,
        data={"correction": correction.pk},
    )
    return correction


def _lock(result: TestResult) -> TestResult:
    """Proposal first, then the result: the order of every act of this stage."""
    proposals.lock_proposal(TestResult.objects.get(pk=result.pk).seat.proposal)
    return (
        TestResult.objects.select_for_update(of=("self",))
        .select_related("seat__session", "seat__proposal__level", "seat__proposal__period")
        .get(pk=result.pk)
    )


def _lock_open(correction: ResultCorrection, *, by: User) -> ResultCorrection:
    found = (
        ResultCorrection.objects.select_for_update(of=("self",))
        .select_related("result__seat__proposal", "decided_by")
        .get(pk=correction.pk)
    )
    if found.decided_at:
        raise TransitionError(f"Koreksi ini sudah diputuskan {found.decided_by}.")
    if found.proposed_by_id == by.pk:
        raise TransitionError("Anda yang mengajukan koreksi ini. Putusannya oleh petugas lain.")
    return found


def _decide(correction: ResultCorrection, *, by: User, applied: bool) -> None:
    correction.applied, correction.decided_by = applied, by
    correction.decided_at = timezone.now()
    correction.save(update_fields=["applied", "decided_by", "decided_at"])


def _expect_correctable(proposal: Proposal) -> None:
    if proposal.status not in CORRECTABLE:
        raise TransitionError(
            f"Keadaan usulan sekarang: {proposal.get_status_display().lower()}. Hasilnya tidak "
            "dapat dikoreksi lagi; cabut suratnya dahulu bila sudah terbit."
        )


def _entry(result: TestResult) -> PeriodPosition:
    return PeriodPosition.objects.prefetch_related("components").get(
        period=result.seat.session.period_id, position=result.seat.proposal.position_id
    )


def _version(result: TestResult) -> dict[str, str]:
    scores = {str(score.component_id): str(score.score) for score in result.scores.all()}
    return {**scores, "total": str(result.total)}
