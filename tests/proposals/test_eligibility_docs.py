"""docs/aturan.md says what the code does: every rule with its source, every example."""

import datetime as dt
from pathlib import Path

import pytest

import proposals
from proposals.eligibility import check, shipped_decree
from proposals.eligibility.decree_2004 import appointment, promotion, release
from proposals.eligibility.decree_examples import ALDIANTO, INCONSISTENCIES, comparisons
from tests.proposals.test_eligibility import FACTS, RULES
from tests.proposals.test_eligibility_2004 import CANDIDATE, SKILL

PAGE = Path(proposals.__file__).parent.parent / "docs" / "aturan.md"
DECREE = shipped_decree()
DAY = dt.date(2004, 7, 6)


def table_rows():
    """The cells of every table row of the page, without heads and rulers."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]
    return [
        row for row in rows if row[0].strip("-") and row[0] not in {"Aturan", "Contoh", "Putusan"}
    ]


def all_verdicts():
    return [
        *check(FACTS, RULES),
        *appointment(SKILL, DAY, DECREE).verdicts,
        *appointment(CANDIDATE, DAY, DECREE).verdicts,
        *promotion(ALDIANTO, DAY, DECREE).verdicts,
        *release(ALDIANTO, DAY, DECREE),
    ]


def test_every_rule_of_the_code_has_one_row_and_every_row_a_rule():
    written = [row[0] for row in table_rows() if len(row) in {5, 6} and row[0][1:].isdigit()]
    assert sorted(written) == sorted({verdict.rule for verdict in all_verdicts()})


@pytest.mark.parametrize("verdict", all_verdicts(), ids=lambda verdict: verdict.source)
def test_the_row_names_the_source_that_the_verdict_names(verdict):
    sources = [row[2] for row in table_rows() if row[0] == verdict.rule and len(row) in {5, 6}]
    assert len(sources) == 1
    assert verdict.source.startswith(sources[0])


def test_the_examples_are_those_that_the_rules_give():
    names = [found.name for found in comparisons(DECREE)]
    assert [row for row in table_rows() if row[0] in names] == [
        [found.name, found.given, found.text_says, found.rule_gives, found.note or "–"]
        for found in comparisons(DECREE)
    ]


def test_inconsistencies_of_the_text_are_on_the_page():
    rows = table_rows()
    for found in INCONSISTENCIES:
        assert [", ".join(found.rules), found.text_says, found.rule_gives, found.source] in rows
