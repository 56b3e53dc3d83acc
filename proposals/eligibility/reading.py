"""The facts of a proposal and the rules of a period, read from the database for the pure rules."""

from __future__ import annotations

from inpassing.reference.loaders import rows
from inpassing.reference.models import EducationLevel, Period

from ..ledger import ledger
from ..models import Formation, Proposal, ProposalDocument
from .decree_2004 import Decree
from .facts import (
    AgeRule,
    DocumentFact,
    Facts,
    FormationFact,
    LeastEducation,
    LevelRule,
    Outcome,
    PeriodRules,
    TestRow,
)
from .inpassing_2020 import check


def shipped_decree() -> Decree:
    """The decree of 2004 with the tables that are shipped, and its own parameters."""
    return Decree.from_tables(
        ranks=rows("ranks.csv"),
        levels=rows("position_levels.csv"),
        minimums=rows("credit_minimums_2004.csv"),
        educations=rows("education_levels.csv"),
    )


def refusals_for(proposal: Proposal) -> list[str]:
    """Why the proposal cannot be nominated, as sentences; empty when nothing stands against it.

    Rule E8 is left to `ledger.reserve`, which decides it under the lock of the formation.
    """
    verdicts = check(facts_of(proposal), rules_of(proposal.period))
    return [
        verdict.sentence
        for verdict in verdicts
        if verdict.outcome == Outcome.REFUSED and verdict.rule != "E8"
    ]


def facts_of(proposal: Proposal) -> Facts:
    """The facts of a proposal (level, position, rank, education loaded): five queries, always."""
    level = proposal.level
    others = list(
        Proposal.objects.filter(nip=proposal.nip)
        .exclude(pk=proposal.pk)
        .order_by("-status_since")
        .values_list("period_id", "status", "dismissed_before", "nominated_at", "period__name")
    )
    statuses = Proposal.Status
    failed = {statuses.TEST_FAILED, statuses.TEST_ABSENT}
    status = statuses(proposal.status)
    has_slots = proposal.approved_at is not None
    return Facts(
        position=proposal.position_id,
        position_name=level.position.name,
        level_code=level.code,
        level_name=level.short_name,
        category=level.category,
        rank=proposal.rank_id,
        rank_order=proposal.rank.order,
        education_name=proposal.education.name,
        education_order=proposal.education.order,
        birth_date=proposal.birth_date,
        is_structural=proposal.is_structural,
        dismissed_declared=proposal.dismissed_before,
        # A draft's declaration is not a record yet: the operator may still correct it.
        dismissed_on_record=any(
            dismissed and nominated for _, _, dismissed, nominated, _ in others
        ),
        active_elsewhere=any(
            period == proposal.period_id and status in Proposal.ACTIVE
            for period, status, *_ in others
        ),
        failed_in=next((name for _, status, _, _, name in others if status in failed), ""),
        formation=_formation_fact(proposal),
        holds_post=proposal.status in Proposal.RESERVING | HOLDING,
        has_slots=has_slots,
        is_verified=proposal.status in VERIFIED,
        documents=_document_facts(proposal),
        education_field=proposal.education_field,
        portfolio=PORTFOLIO.get(status, ""),
        test=TEST.get(status, ""),
    )


def rules_of(period: Period) -> PeriodRules:
    """The rule data of a period: five queries, always."""
    educations = list(EducationLevel.objects.all())
    levels = period.period_levels.select_related("level__position").prefetch_related("ranks")
    return PeriodRules(
        period=period.name,
        levels=tuple(
            LevelRule(
                row.level.position_id,
                row.level.code,
                row.level.short_name,
                tuple(rank.code for rank in row.ranks.all()),
            )
            for row in levels
        ),
        ages=tuple(
            AgeRule(
                row.from_rank.order,
                row.to_rank.order,
                f"{row.from_rank_id}–{row.to_rank_id}",
                row.under_years,
            )
            for row in period.age_limits.select_related("from_rank", "to_rank")
        ),
        age_on=period.age_date,
        rank_mismatch_is_warning=period.rank_mismatch_is_warning,
        skill_education=_least(educations, period.skill_education_id),
        expert_education=_least(educations, period.expert_education_id),
        min_field_years=period.min_field_years,
        tests=tuple(
            TestRow(
                row.order,
                row.position_id or "",
                row.education_field,
                row.level_code,
                row.competency_test,
            )
            for row in period.test_rules.all()
        ),
    )


HOLDING = frozenset({Proposal.Status.RECOMMENDED, Proposal.Status.APPOINTED})
# The verifier has found the documents in order.
VERIFIED = HOLDING | {
    Proposal.Status.ELIGIBLE,
    Proposal.Status.PORTFOLIO_FAILED,
    Proposal.Status.TEST_REQUIRED,
    Proposal.Status.TEST_FAILED,
    Proposal.Status.TEST_ABSENT,
    Proposal.Status.READY,
    Proposal.Status.NOT_RECOMMENDED,
}
# What the status alone says about the portfolio and the test. READY does not tell whether the
# test was passed or not required, and rule E17 need not know.
PORTFOLIO = dict.fromkeys(VERIFIED, "passed") | {
    Proposal.Status.ELIGIBLE: "",
    Proposal.Status.PORTFOLIO_FAILED: "failed",
}
TEST = {
    Proposal.Status.TEST_REQUIRED: "required",
    Proposal.Status.TEST_FAILED: "failed",
    Proposal.Status.TEST_ABSENT: "failed",
    **dict.fromkeys(HOLDING, "passed"),
    Proposal.Status.READY: "passed",
    Proposal.Status.NOT_RECOMMENDED: "passed",
}


def _least(educations: list[EducationLevel], code: str | None) -> LeastEducation:
    """An education level and those of the same order: "Diploma IV atau Sarjana (S1)"."""
    order = next(education.order for education in educations if education.code == code)
    names = [education.name for education in educations if education.order == order]
    return LeastEducation(order, " atau ".join(names))


def _formation_fact(proposal: Proposal) -> FormationFact | None:
    formation = Formation.objects.filter(
        agency=proposal.agency_id, period=proposal.period_id, position=proposal.position_id
    ).first()
    # Two queries whether or not there is a formation, so that a page's count never varies.
    lines = ledger(
        formation
        or Formation(
            agency_id=proposal.agency_id,
            period_id=proposal.period_id,
            position_id=proposal.position_id,
            pk=0,
        )
    )
    if formation is None:
        return None
    line = next((entry for entry in lines if entry.level.pk == proposal.level_id), None)
    return FormationFact(
        takes_nominations=formation.takes_nominations,
        vacancy=line.vacancy if line else None,
        taken=line.reserved + line.used if line else 0,
        state=formation.get_status_display().lower(),
        is_validated=formation.status == Formation.Status.VALIDATED,
    )


def _document_facts(proposal: Proposal) -> tuple[DocumentFact, ...]:
    documents = proposal.documents.select_related("requirement", "current__file")
    return tuple(
        DocumentFact(document.requirement.code, document.requirement.name, _state_of(document))
        for document in documents
    )


def _state_of(document: ProposalDocument) -> str:
    if document.current is None:
        return "missing"
    if document.review == ProposalDocument.Review.RETURNED:
        return "returned"
    file = document.current.file
    return "refused" if file.is_refused else "waiting" if file.is_waiting else "valid"
