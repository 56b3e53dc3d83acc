"""The acts of stage 2: verdicts on documents, decisions, the portfolio. Claims lie beside it.

Each decision locks the proposal's row first, refuses with who did what when somebody was faster,
and calls down into `proposals.workflow`, which moves the status and sends the messages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import StaleError, TransitionError
from inpassing.reference.models import PortfolioItem, ReturnReason
from inpassing.timeline.events import record
from proposals import workflow as proposal_workflow
from proposals.eligibility import TestDecision, rules_of, test_required
from proposals.messages import tell
from proposals.models import Proposal, ProposalDocument

from .claims import assign, decided_text, expect_free, hold, when_text
from .models import (
    Assignment,
    Claim,
    Decision,
    DocumentCheck,
    PortfolioAnswer,
    PortfolioAssessment,
    PortfolioDraft,
    RepairRequest,
)
from .resit import accepted_before, passed_before

Status = Proposal.Status
Verdict = DocumentCheck.Verdict


def _locked(
    proposal: Proposal, *, by: User, status: str, version: int | None = None, keep: bool = False
) -> Proposal:
    """The proposal's row locked, in `status`, at `version`, held by nobody but `by`: with `keep`
    from now on, because the work goes on; a decision ends it and needs no claim."""
    locked = proposal_workflow.lock_proposal(proposal)
    if locked.status != status:
        raise TransitionError(f"{decided_text(locked, by)} Putusan Anda tidak disimpan.")
    if version is not None and locked.version != version:
        raise StaleError(
            "Usulan ini berubah sejak halaman Anda buka. Putusan Anda tidak disimpan. "
            "Periksa perubahannya lalu putuskan lagi."
        )
    if keep:
        hold(locked, by=by)
    else:
        expect_free(locked, by=by)
    return locked


# Documents


def _touch(proposal: Proposal) -> None:
    """Count a change that a page opened before does not show."""
    Proposal.objects.filter(pk=proposal.pk).update(version=F("version") + 1)


@transaction.atomic
def check_document(
    document: ProposalDocument,
    *,
    by: User,
    version_id: int,
    verdict: str,
    reason: ReturnReason | None = None,
    note: str = "",
    certifier: str = "",
    certified_on: dt.date | None = None,
    before: str | None = None,
) -> DocumentCheck:
    """Note a verdict on the current version of a document; the holder may change it again.

    `before` is the mark (DocumentCheck.mark) of the verdict that the page showed, "" for none: a
    verdict noted by somebody since then is never overwritten unseen.

    A certified copy is accepted only with who certified it and when. Nothing reaches the
    participant before the decision on the proposal.
    """
    proposal = _locked(document.proposal, by=by, status=Status.SUBMITTED, keep=True)
    document = ProposalDocument.objects.select_related("requirement", "current__file").get(
        pk=document.pk
    )
    if document.review == ProposalDocument.Review.ACCEPTED:
        raise TransitionError("Dokumen ini sudah diterima pada putusan sebelumnya dan terkunci.")
    version = document.current
    if version is None or version.pk != version_id:
        raise StaleError("Berkas dokumen ini sudah diganti. Putusan Anda tidak disimpan.")
    earlier = DocumentCheck.objects.select_related("checked_by").filter(version=version).first()
    if before is not None and before != (earlier.mark if earlier else ""):
        raise StaleError(
            f"Dokumen ini dinilai {_who(earlier, by)} sejak halaman Anda buka. "
            "Putusan Anda tidak disimpan. Periksa penilaiannya lalu putuskan lagi."
        )
    is_accepted = verdict == Verdict.ACCEPT
    if is_accepted and not version.file.is_accepted:
        raise TransitionError(
            f"Berkas ditolak sistem. {version.file.message}"
            if version.file.is_refused
            else "Berkas masih diperiksa sistem. Tunggu sebentar lalu putuskan lagi."
        )
    if is_accepted and document.requirement.certified_copy and not (certifier and certified_on):
        raise TransitionError("Isi pejabat dan tanggal legalisir sebelum menerima fotokopi ini.")
    if not is_accepted and reason is None:
        raise TransitionError("Pilih alasan pengembalian.")
    certified = is_accepted and document.requirement.certified_copy
    check, _ = DocumentCheck.objects.update_or_create(
        version=version,
        defaults={
            "verdict": verdict,
            "reason": None if is_accepted else reason,
            "note": note,
            "certified_ok": certified,
            "certifier": certifier if certified else "",
            "certified_on": certified_on if certified else None,
            "checked_by": by,
            "checked_at": timezone.now(),
        },
    )
    _touch(proposal)
    return check


def _who(check: DocumentCheck | None, by: User) -> str:
    if check is None:
        return "orang lain"
    who = "Anda" if check.checked_by_id == by.pk else str(check.checked_by)
    return f"{who} {when_text(check.checked_at)} ({check.get_verdict_display().lower()})"


@transaction.atomic
def set_education_field(
    proposal: Proposal, *, by: User, field: str, reason: str = "", version: int | None = None
) -> Proposal:
    """Set the field of education as the ijazah says; it decides the exemption from the test.

    Changing it later needs a reason, and the person and the operators are told.
    """
    status = proposal.status if proposal.status == Status.ELIGIBLE else Status.SUBMITTED
    locked = _locked(proposal, by=by, status=status, version=version, keep=True)
    before = locked.education_field
    if before == field:
        return locked
    if before and not reason:
        raise TransitionError("Tulis alasan perubahan bidang pendidikan; peserta menerimanya.")
    locked.education_field = field
    locked.version += 1
    locked.save(update_fields=["education_field", "version"])
    event = record(
        locked,
        "proposal.education_field_changed" if before else "proposal.education_field_set",
        "Bidang pendidikan diubah verifikator" if before else "Bidang pendidikan ditetapkan",
        by=by,
        note=reason if before else "",
        data={"from": before, "to": field},
    )
    if before:
        tell(
            locked,
            f"education_field:{event.pk}",
            "education_field_changed",
            semula=Proposal.EducationField(before).label,
            menjadi=Proposal.EducationField(field).label,
            alasan=reason,
        )
    return locked


@dataclass(frozen=True)
class Board:
    """The verdicts on a proposal's documents as they stand: by the system's own three words."""

    accepted: list[ProposalDocument]
    returned: list[ProposalDocument]
    undecided: list[ProposalDocument]

    @property
    def decided(self) -> int:
        return len(self.accepted) + len(self.returned)

    @property
    def total(self) -> int:
        return self.decided + len(self.undecided)


def documents_of(proposal: Proposal) -> list[ProposalDocument]:
    """The proposal's documents with requirement, file and verdict: one query."""
    return list(
        proposal.documents.select_related(
            "requirement", "current__file", "current__check_result__reason"
        )
    )


def check_of(document: ProposalDocument) -> DocumentCheck | None:
    """The verdict on the document's current version, if there is one."""
    return getattr(document.current, "check_result", None)


def board_of(documents: list[ProposalDocument]) -> Board:
    """Sort documents (from documents_of) by verdict; what was frozen earlier counts as accepted."""
    accepted, returned, undecided = [], [], []
    for document in documents:
        check = check_of(document)
        if document.review == ProposalDocument.Review.ACCEPTED:
            accepted.append(document)
        elif check is None:
            undecided.append(document)
        elif check.is_accepted:
            accepted.append(document)
        else:
            returned.append(document)
    return Board(accepted, returned, undecided)


# Decisions on a proposal's documents


@transaction.atomic
def return_proposal(
    proposal: Proposal, *, by: User, deadline: dt.datetime, version: int | None = None
) -> Proposal:
    """Send the returned documents back in one message, freeze the accepted ones."""
    locked = _locked(proposal, by=by, status=Status.SUBMITTED, version=version)
    board = board_of(documents_of(locked))
    if board.undecided:
        raise TransitionError(
            f"Belum diputus: {', '.join(str(d) for d in board.undecided)}. "
            "Putuskan semua dokumen, supaya peserta menerima satu pesan yang lengkap."
        )
    returned = {}
    for document in board.returned:
        check = check_of(document)
        if check is not None and check.reason is not None:
            returned[document.pk] = (check.reason.sentence, check.note)
    result = proposal_workflow.return_for_repair(
        locked,
        by=by,
        returned=returned,
        accepted=[document.pk for document in board.accepted],
        deadline=deadline,
    )
    RepairRequest.objects.update_or_create(
        proposal=result,
        number=result.resubmissions + 1,
        defaults={"returned_by": by, "returned_at": timezone.now(), "deadline": deadline},
    )
    _finish(locked, by=by, keeps=True)
    return result


@transaction.atomic
def declare_eligible(proposal: Proposal, *, by: User, version: int | None = None) -> Proposal:
    """Every document is accepted: the proposal goes to the portfolio assessment."""
    locked = _locked(proposal, by=by, status=Status.SUBMITTED, version=version)
    board = board_of(documents_of(locked))
    if board.returned or board.undecided:
        rest = ", ".join(str(document) for document in board.returned + board.undecided)
        raise TransitionError(f"Belum semua dokumen diterima: {rest}.")
    result = proposal_workflow.mark_eligible(locked, by=by)
    _finish(locked, by=by)
    return result


@transaction.atomic
def send_to_test(
    proposal: Proposal, *, by: User, reason: str, version: int | None = None
) -> Proposal:
    """The short road of a re-sit: documents in order, portfolio passed in the last period for the
    same position and level, test required by the rule table: straight to the test, with a reason.

    A document carried over as a verifier had accepted it needs no second verdict.
    """
    locked = _locked(proposal, by=by, status=Status.SUBMITTED, version=version)
    passed = passed_before(locked, locked.previous) if locked.previous else None
    if passed is None:
        raise TransitionError(
            "Belum ada portofolio yang lulus pada periode lalu untuk jabatan dan jenjang yang sama."
            " Nyatakan memenuhi syarat, lalu nilai portofolionya."
        )
    board, known = board_of(documents_of(locked)), accepted_before(locked)
    waiting = [d for d in board.undecided if d.current_id not in known] + board.returned
    if waiting:
        raise TransitionError(
            f"Belum semua dokumen diterima: {', '.join(str(document) for document in waiting)}."
        )
    if not locked.education_field:
        raise TransitionError("Tetapkan bidang pendidikan menurut ijazah dahulu.")
    rule = rule_for(locked)
    if not rule.required:
        raise TransitionError(
            f"Menurut aturan, uji tidak wajib ({rule.source}). Nyatakan memenuhi syarat, lalu nilai"
            " portofolionya."
        )
    PortfolioAssessment.objects.update_or_create(
        proposal=locked,
        defaults={
            "verdict": PortfolioAssessment.Verdict.PASSED,
            "test_required": True,
            "rule_required": True,
            "rule_order": rule.rule_order,
            "rule_sentence": rule.sentence,
            "rule_source": rule.source,
            "override_reason": "",
            "assessed_by": by,
            "assessed_at": timezone.now(),
            "carried_from": passed,
        },
    )
    result = proposal_workflow.require_test_again(
        locked, by=by, passed_in=passed.proposal.period.name, note=reason
    )
    _finish(locked, by=by)
    return result


@transaction.atomic
def declare_not_eligible(
    proposal: Proposal, *, by: User, reasons: str, version: int | None = None
) -> Proposal:
    """End a proposal that does not meet the requirements."""
    locked = _locked(proposal, by=by, status=Status.SUBMITTED, version=version)
    result = proposal_workflow.mark_not_eligible(locked, by=by, reasons=reasons)
    _finish(locked, by=by)
    return result


def _finish(before: Proposal, *, by: User, keeps: bool = False) -> None:
    """The decision is made: nobody holds the proposal any more, and what it took is noted.

    `before` is the row as it stood when it was locked. With `keeps` the work stays the verifier's
    own, because it will come back.
    """
    now = timezone.now()
    Claim.objects.filter(proposal=before.pk).delete()
    Decision.objects.create(
        proposal_id=before.pk,
        verifier=by,
        status=before.status,
        decided_at=now,
        waited=max(now - before.status_since, dt.timedelta()),
    )
    if keeps:
        assign(before, to=by, by=by)
    else:
        Assignment.objects.filter(proposal=before.pk).delete()


# Nominations


@transaction.atomic
def approve_nomination(proposal: Proposal, *, by: User, version: int | None = None) -> Proposal:
    """Let the candidate in."""
    locked = _locked(proposal, by=by, status=Status.NOMINATED, version=version)
    result = proposal_workflow.approve_nomination(locked, by=by)
    _finish(locked, by=by)
    return result


@transaction.atomic
def return_nomination(
    proposal: Proposal, *, by: User, note: str, version: int | None = None
) -> Proposal:
    """Send a nomination back to the operator with a note."""
    locked = _locked(proposal, by=by, status=Status.NOMINATED, version=version)
    result = proposal_workflow.return_nomination(locked, by=by, note=note)
    _finish(locked, by=by, keeps=True)
    return result


@transaction.atomic
def reject_nomination(
    proposal: Proposal, *, by: User, reason: str, version: int | None = None
) -> Proposal:
    """End a nomination with a reason."""
    locked = _locked(proposal, by=by, status=Status.NOMINATED, version=version)
    result = proposal_workflow.reject_nomination(locked, by=by, reason=reason)
    _finish(locked, by=by)
    return result


# Portfolio


@dataclass(frozen=True)
class GivenAnswer:
    """What a verifier answered to one item."""

    answer: str
    remark: str = ""


def items_for(proposal: Proposal) -> list[PortfolioItem]:
    """The checklist of the proposal's period and position."""
    return list(
        PortfolioItem.objects.asked().filter(
            period=proposal.period_id, position=proposal.position_id
        )
    )


def rule_for(proposal: Proposal) -> TestDecision:
    """What the period's rule table says about the test, by the field that the verifier set."""
    return test_required(
        proposal.position_id,
        proposal.education_field,
        proposal.level.code,
        rules_of(proposal.period),
    )


@transaction.atomic
def note_answers(
    proposal: Proposal,
    *,
    by: User,
    answers: Mapping[int, GivenAnswer],
    version: int | None = None,
) -> PortfolioDraft:
    """Keep answers to the checklist (item id -> answer) without a verdict.

    Whoever noted them may pass many such portfolios at once; nobody else is told.
    """
    locked = _locked(proposal, by=by, status=Status.ELIGIBLE, version=version, keep=True)
    asked = {item.pk for item in items_for(locked)}
    draft, _ = PortfolioDraft.objects.update_or_create(
        proposal=locked,
        defaults={
            "answers": {
                str(pk): [given.answer, given.remark]
                for pk, given in answers.items()
                if pk in asked
            },
            "saved_by": by,
            "saved_at": timezone.now(),
        },
    )
    _touch(locked)
    return draft


@transaction.atomic
def assess_portfolio(
    proposal: Proposal,
    *,
    by: User,
    answers: Mapping[int, GivenAnswer],
    passed: bool,
    override: bool = False,
    override_reason: str = "",
    version: int | None = None,
) -> Proposal:
    """Record the checklist (item id -> answer) and move the proposal on, in one transaction.

    Passed needs every required item met and the field of education set. The test is required as
    the rule table says, or the other way round with a reason (`override`).
    """
    locked = _locked(proposal, by=by, status=Status.ELIGIBLE, version=version)
    items = items_for(locked)
    if missing := [item.question for item in items if item.pk not in answers]:
        raise TransitionError(f"Belum dijawab: {'; '.join(missing)}.")
    not_met = [i for i in items if answers[i.pk].answer == PortfolioAnswer.Answer.NOT_MET]
    if passed:
        unmet = [
            i for i in items if i.required and answers[i.pk].answer != PortfolioAnswer.Answer.MET
        ]
        if unmet:
            raise TransitionError(
                "Lulus memerlukan semua butir wajib terpenuhi. Belum: "
                + "; ".join(item.question for item in unmet)
            )
        if not locked.education_field:
            raise TransitionError("Tetapkan bidang pendidikan menurut ijazah dahulu.")
    elif not not_met:
        raise TransitionError(
            "Tidak lulus memerlukan paling sedikit satu butir yang tidak terpenuhi."
        )
    if override and not override_reason:
        raise TransitionError("Tulis alasan menyimpang dari aturan uji.")

    rule = rule_for(locked) if passed else None
    test = None if rule is None else rule.required is not override
    assessment, _ = PortfolioAssessment.objects.update_or_create(
        proposal=locked,
        defaults={
            "verdict": (
                PortfolioAssessment.Verdict.PASSED if passed else PortfolioAssessment.Verdict.FAILED
            ),
            "test_required": test,
            "rule_required": rule.required if rule else None,
            "rule_order": rule.rule_order if rule else None,
            "rule_sentence": rule.sentence if rule else "",
            "rule_source": rule.source if rule else "",
            "override_reason": override_reason if passed and override else "",
            "assessed_by": by,
            "assessed_at": timezone.now(),
        },
    )
    PortfolioDraft.objects.filter(proposal=locked).delete()
    assessment.answers.all().delete()
    PortfolioAnswer.objects.bulk_create(
        [
            PortfolioAnswer(
                assessment=assessment,
                item=item,
                answer=answers[item.pk].answer,
                remark=answers[item.pk].remark,
            )
            for item in items
        ]
    )
    if rule is None:
        reasons = "\n".join(f"- {item.question}: {answers[item.pk].remark}" for item in not_met)
        result = proposal_workflow.mark_portfolio_failed(locked, by=by, reasons=reasons)
    else:
        note = override_reason if override else f"{rule.sentence} ({rule.source})"
        move = proposal_workflow.require_test if test else proposal_workflow.mark_ready
        result = move(locked, by=by, note=note)
    _finish(locked, by=by)
    return result
