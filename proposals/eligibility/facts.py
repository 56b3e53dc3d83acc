"""What the rules of eligibility are given and what they answer: plain data, no database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    OK = "ok"
    REFUSED = "refused"
    WARNING = "warning"
    PENDING = "pending"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Verdict:
    """What one rule says about one person.

    A provisional one ("sementara") may turn out otherwise once the verifier has set the field of
    education; its sentence says so.
    """

    rule: str
    outcome: Outcome
    sentence: str
    source: str
    is_provisional: bool = False


@dataclass(frozen=True)
class DocumentFact:
    """One required document: `state` is missing, waiting, valid, refused or returned."""

    code: str
    name: str
    state: str


@dataclass(frozen=True)
class FormationFact:
    """The agency's formation at the proposed level. `vacancy` is None without such a row."""

    takes_nominations: bool
    vacancy: int | None
    taken: int
    state: str
    is_validated: bool = False

    @property
    def source(self) -> str:
        return f"formasi instansi, {self.state}"


@dataclass(frozen=True)
class Facts:
    """What is known about one proposal, as plain data.

    `education_field` is the verifier's value, "" until it is set. `portfolio` is "", passed or
    failed; `test` is "" (not decided), required, failed, or passed (also when not required).
    """

    position: str
    position_name: str
    level_code: str
    level_name: str
    category: str
    rank: str
    rank_order: int
    education_name: str
    education_order: int
    birth_date: dt.date
    is_structural: bool
    dismissed_declared: bool
    dismissed_on_record: bool
    active_elsewhere: bool
    failed_in: str
    formation: FormationFact | None
    holds_post: bool
    has_slots: bool
    is_verified: bool
    documents: tuple[DocumentFact, ...] = ()
    education_field: str = ""
    portfolio: str = ""
    test: str = ""


@dataclass(frozen=True)
class LevelRule:
    """A level that can be proposed in the period, and the ranks that fit it."""

    position: str
    code: str
    name: str
    ranks: tuple[str, ...]


@dataclass(frozen=True)
class LeastEducation:
    """The lowest education for a category, by its order, and how a sentence names it."""

    order: int
    words: str


@dataclass(frozen=True)
class AgeRule:
    """The age to be under, for a band of rank orders."""

    from_order: int
    to_order: int
    band: str
    under_years: int


@dataclass(frozen=True)
class TestRow:
    """A row of the test table; an empty value matches everything."""

    __test__ = False

    order: int
    position: str
    education_field: str
    level_code: str
    competency_test: bool


@dataclass(frozen=True)
class PeriodRules:
    """A period's own rule data."""

    period: str
    levels: tuple[LevelRule, ...]
    ages: tuple[AgeRule, ...]
    age_on: dt.date
    rank_mismatch_is_warning: bool
    skill_education: LeastEducation
    expert_education: LeastEducation
    min_field_years: int
    tests: tuple[TestRow, ...]


@dataclass(frozen=True)
class TestDecision:
    """Whether the competency test is required, and by which row (None: no row matched)."""

    __test__ = False

    required: bool
    rule_order: int | None
    sentence: str
    source: str
