"""Who may be proposed and appointed, and why not.

`facts` is the data that rules take and give, `inpassing_2020` and `decree_2004` are the two
regimes as pure functions, `reading` fills the data from the database. The two are never mixed:
a proposal is judged by the first, an appointment by credit points by the second.
"""

from .facts import (
    AgeRule,
    DocumentFact,
    Facts,
    FormationFact,
    LeastEducation,
    LevelRule,
    Outcome,
    PeriodRules,
    TestDecision,
    TestRow,
    Verdict,
)
from .inpassing_2020 import check, education_fits, test_required
from .reading import facts_of, refusals_for, rules_of, shipped_decree

__all__ = [
    "AgeRule",
    "DocumentFact",
    "Facts",
    "FormationFact",
    "LeastEducation",
    "LevelRule",
    "Outcome",
    "PeriodRules",
    "TestDecision",
    "TestRow",
    "Verdict",
    "check",
    "education_fits",
    "facts_of",
    "refusals_for",
    "rules_of",
    "shipped_decree",
    "test_required",
]
