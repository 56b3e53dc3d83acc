"""The decree of 2004: its seven examples, boundary values, and what holds for any input."""

import ast
import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proposals import eligibility
from proposals.eligibility import Outcome, shipped_decree
from proposals.eligibility.decree_2004 import (
    APPOINTMENT_RULES,
    PROMOTION_RULES,
    RELEASE_RULES,
    Candidate,
    Officer,
    appointment,
    promotion,
    release,
    term_of,
)
from proposals.eligibility.decree_examples import (
    ALDIANTO,
    ANNISA,
    RONI,
    SISWONO,
    comparison,
    comparisons,
    notes_on,
)
from proposals.eligibility.decree_tables import months_after, points, require_points, years_after

DECREE = shipped_decree()
DAY = dt.date(2004, 7, 6)
CANDIDATE = Candidate(
    category="expert",
    rank="III/a",
    education_name="Sarjana (S1)",
    education_order=5,
    credit=Decimal("100.000"),
    birth_date=dt.date(1975, 7, 6),
    retirement_age=58,
    has_it_diploma=True,
    dp3_good_years=1,
)
SKILL = replace(
    CANDIDATE, category="skill", rank="II/a", credit=Decimal("25.000"), education_order=1
)


def level_of(candidate, credit=None, **changed):
    """The code of the level to which a candidate is appointed; None when not appointed."""
    if credit is not None:
        changed["credit"] = Decimal(credit)
    found = appointment(replace(candidate, **changed), DAY, DECREE).level
    return found.code if found else None


def verdicts_of(candidate, on=DAY, **changed):
    """Rule's point in the decree -> outcome."""
    found = appointment(replace(candidate, **changed), on, DECREE)
    return {
        verdict.source.removeprefix("Kepka BPS 289/2004, "): verdict for verdict in found.verdicts
    }


def about(rule, officer, on, decree=DECREE, **changed):
    officer = replace(officer, **changed)
    verdicts = (*promotion(officer, on, decree).verdicts, *release(officer, on, decree))
    return next(verdict for verdict in verdicts if verdict.rule == rule)


def granted(officer, on, **changed):
    """Rank and level code that can be granted on a day."""
    found = promotion(replace(officer, **changed), on, DECREE)
    return found.rank, found.level.code if found.level else None


# The seven examples


def test_hendro_text_says_muda_rule_gives_madya():
    assert level_of(CANDIDATE, "400.000", rank="IV/a") == "madya"
    found = comparison("Hendro", DECREE)
    assert (found.text_says, found.rule_gives) == (
        "Pranata Komputer Muda",
        "Pranata Komputer Madya",
    )
    assert found.note.startswith("400,000 adalah angka kredit minimum IV/a")


def test_arno_is_not_appointed_as_the_text_says():
    assert level_of(SKILL, "87.000", rank="III/a") is None
    found = comparison("Arno", DECREE)
    assert (found.text_says, found.rule_gives, found.note) == (
        "belum diangkat",
        "belum diangkat",
        "",
    )
    refusal = verdicts_of(SKILL, rank="III/a", credit=Decimal("87.000"))["2.1.B, contoh Arno"]
    assert (refusal.rule, refusal.outcome, refusal.sentence) == (
        "P5",
        Outcome.REFUSED,
        "Angka kredit 87,000 di bawah minimum 100,000 untuk pangkat III/a: belum diangkat.",
    )


def test_elvina_text_says_muda_rule_gives_pertama():
    assert level_of(CANDIDATE, "199.000", rank="III/b") == "pertama"
    found = comparison("Elvina", DECREE)
    assert (found.text_says, found.rule_gives) == (
        "Pranata Komputer Muda",
        "Pranata Komputer Pertama",
    )


def test_annisa_gets_the_rank_after_two_years_and_no_level_as_the_text_says():
    assert granted(ANNISA, dt.date(2004, 4, 1)) == (None, None)
    assert granted(ANNISA, dt.date(2005, 3, 31)) == (None, None)
    assert granted(ANNISA, dt.date(2005, 4, 1)) == ("III/b", None)
    duty = about("K8", ANNISA, dt.date(2004, 4, 1)).sentence
    assert "Sejak 1 April 2004 sampai sebelum 1 April 2005" in duty
    assert "20 persen dari 50,000, yaitu 10,000 angka kredit unsur utama" in duty
    assert comparison("Annisa", DECREE).agrees


def test_annisa_without_the_points_of_the_second_year_gets_no_rank():
    short = Decimal("9.999")
    before = about("K8", ANNISA, dt.date(2005, 3, 31), main_in_second_year=short)
    after = about("K8", ANNISA, dt.date(2005, 4, 1), main_in_second_year=short)
    assert (before.outcome, after.outcome) == (Outcome.PENDING, Outcome.REFUSED)
    assert granted(ANNISA, dt.date(2005, 4, 1), main_in_second_year=short) == (None, None)


def test_siswono_gets_the_level_first_and_the_rank_a_year_later_as_the_text_says():
    assert granted(SISWONO, dt.date(2004, 3, 31)) == (None, None)
    assert granted(SISWONO, dt.date(2004, 4, 1)) == (None, "terampil")
    pelaksana = replace(SISWONO, level="terampil", post_since=dt.date(2004, 4, 1))
    assert granted(pelaksana, dt.date(2005, 3, 31)) == (None, None)
    assert granted(pelaksana, dt.date(2005, 4, 1)) == ("II/b", None)
    assert granted(pelaksana, dt.date(2005, 4, 1), main_in_second_year=Decimal("2.999")) == (
        None,
        None,
    )
    assert comparison("Siswono", DECREE).agrees


def test_roni_text_says_warning_by_october_2007_rule_gives_october_2006():
    term = term_of(RONI, DECREE)
    assert (term.rule, term.limit, term.warn_by) == (
        "B1",
        dt.date(2007, 4, 1),
        dt.date(2006, 10, 1),
    )
    assert not comparison("Roni", DECREE).agrees


def test_roni_text_fits_a_limit_of_five_years():
    five = replace(DECREE, release_years=5)
    assert term_of(RONI, five).warn_by == dt.date(2007, 10, 1)
    assert comparison("Roni", five).agrees


def test_aldianto_text_says_2_january_rule_gives_1_january_2004():
    term = term_of(ALDIANTO, DECREE)
    assert (term.rule, term.limit, term.warn_by) == (
        "B2",
        dt.date(2004, 4, 1),
        dt.date(2004, 1, 1),
    )
    found = comparison("Aldianto", DECREE)
    assert not found.agrees
    assert "nama orang lain" in found.note


def test_each_example_that_differs_and_no_other_has_a_note():
    found = comparisons(DECREE)
    assert [one.name for one in found] == [
        "Hendro", "Arno", "Elvina", "Annisa", "Siswono", "Roni", "Aldianto",
    ]  # fmt: skip
    assert [one.name for one in found if not one.agrees] == ["Hendro", "Elvina", "Roni", "Aldianto"]
    assert all(bool(one.note) != one.agrees for one in found)


def test_notes_name_where_text_and_rule_differ_for_the_rules_that_were_used():
    by_credit = notes_on({"P4"}, DECREE)
    assert [note.split(":")[0] for note in by_credit] == ["Hendro", "Elvina"]
    assert "aturan memberi Pranata Komputer Madya" in by_credit[0]
    assert [note[:12] for note in notes_on({"K2"}, DECREE)] == ["Satu daftar "]
    assert notes_on({"P5", "K8"}, DECREE) == []


# Appointment


@pytest.mark.parametrize(
    ("category", "credit", "level"),
    [
        ("skill", "25.000", "pemula"),
        ("skill", "39.999", "pemula"),
        ("skill", "40.000", "terampil"),
        ("skill", "99.999", "terampil"),
        ("skill", "100.000", "mahir"),
        ("skill", "199.999", "mahir"),
        ("skill", "200.000", "penyelia"),
        ("skill", "99999.999", "penyelia"),
        ("expert", "100.000", "pertama"),
        ("expert", "199.999", "pertama"),
        ("expert", "200.000", "muda"),
        ("expert", "399.999", "muda"),
        ("expert", "400.000", "madya"),
        ("expert", "849.999", "madya"),
        ("expert", "850.000", "utama"),
        ("expert", "99999.999", "utama"),
    ],
)
def test_p4_the_level_follows_the_credit_points(category, credit, level):
    lowest = SKILL if category == "skill" else CANDIDATE
    assert level_of(lowest, credit) == level


@pytest.mark.parametrize(
    ("category", "band"),
    [(band.category, band) for band in DECREE.bands],
    ids=[f"{band.category} {band.rank}" for band in DECREE.bands],
)
def test_p5_below_the_minimum_of_the_own_rank_nobody_is_appointed(category, band):
    base = SKILL if category == "skill" else CANDIDATE
    below = band.minimum - Decimal("0.001")
    assert level_of(base, below, rank=band.rank) is None
    at_minimum = appointment(replace(base, rank=band.rank, credit=band.minimum), DAY, DECREE)
    assert (at_minimum.rank, band.rank in at_minimum.level.ranks) == (band.rank, True)


@pytest.mark.parametrize(
    ("category", "rank"), [("skill", "IV/a"), ("skill", "I/d"), ("expert", "II/d"), ("expert", "x")]
)
def test_a_rank_outside_the_scale_is_refused(category, rank):
    base = SKILL if category == "skill" else CANDIDATE
    assert level_of(base, "99999.999", rank=rank) is None


def test_p1_and_p2_ask_alike_but_for_education_and_rank():
    for candidate, letter, rule in ((SKILL, "a", "P1"), (CANDIDATE, "b", "P2")):
        found = verdicts_of(candidate)
        own = [source for source, verdict in found.items() if verdict.rule == rule]
        assert own == [f"2.1.A.1.{letter}.{point}" for point in range(1, 6)]


@pytest.mark.parametrize(
    ("candidate", "changed", "point", "outcome"),
    [
        (SKILL, {"education_order": 0}, "2.1.A.1.a.1", Outcome.REFUSED),
        (SKILL, {"education_order": 1}, "2.1.A.1.a.1", Outcome.OK),
        (CANDIDATE, {"education_order": 4}, "2.1.A.1.b.1", Outcome.REFUSED),
        (CANDIDATE, {"education_order": 5}, "2.1.A.1.b.1", Outcome.OK),
        (SKILL, {"rank": "I/d"}, "2.1.A.1.a.2", Outcome.REFUSED),
        (SKILL, {"rank": "II/a"}, "2.1.A.1.a.2", Outcome.OK),
        (CANDIDATE, {"rank": "II/d"}, "2.1.A.1.b.2", Outcome.REFUSED),
        (CANDIDATE, {"rank": "III/a"}, "2.1.A.1.b.2", Outcome.OK),
        (CANDIDATE, {"has_it_diploma": True}, "2.1.A.1.b.3", Outcome.NOT_APPLICABLE),
        (CANDIDATE, {"has_it_diploma": False}, "2.1.A.1.b.3", Outcome.REFUSED),
        (
            CANDIDATE,
            {"has_it_diploma": False, "has_it_training": True},
            "2.1.A.1.b.3",
            Outcome.OK,
        ),
        (CANDIDATE, {"dp3_good_years": 0}, "2.1.A.1.b.4", Outcome.REFUSED),
        (CANDIDATE, {"dp3_good_years": 1}, "2.1.A.1.b.4", Outcome.OK),
        (CANDIDATE, {"holds_other_post": False}, "2.1.A.2", Outcome.NOT_APPLICABLE),
        (
            CANDIDATE,
            {"holds_other_post": True, "it_experience_months": 23},
            "2.1.A.2",
            Outcome.REFUSED,
        ),
        (CANDIDATE, {"holds_other_post": True, "it_experience_months": 24}, "2.1.A.2", Outcome.OK),
    ],
)
def test_p1_p2_p3_boundaries(candidate, changed, point, outcome):
    found = verdicts_of(candidate, **changed)[point]
    assert found.outcome == outcome
    assert (level_of(candidate, **changed) is None) == (outcome == Outcome.REFUSED)


@pytest.mark.parametrize(
    ("born", "retires", "outcome"),
    [
        (dt.date(1951, 7, 7), 58, Outcome.OK),  # 52
        (dt.date(1951, 7, 6), 58, Outcome.OK),  # 53 on this very day: five years are left
        (dt.date(1951, 7, 5), 58, Outcome.REFUSED),  # five years less a day
        (dt.date(1949, 7, 6), 60, Outcome.OK),
        (dt.date(1949, 7, 5), 60, Outcome.REFUSED),
        (dt.date(1944, 7, 6), 65, Outcome.OK),
        (dt.date(1944, 7, 5), 65, Outcome.REFUSED),
    ],
)
def test_age_leaves_five_years_until_retirement(born, retires, outcome):
    found = verdicts_of(CANDIDATE, birth_date=born, retirement_age=retires)["2.1.A.1.b.5"]
    assert found.outcome == outcome


@pytest.mark.parametrize(
    ("on", "outcome"),
    [
        (dt.date(2005, 2, 28), Outcome.OK),
        (dt.date(2005, 3, 1), Outcome.OK),  # the birthday in a year without 29 February
        (dt.date(2005, 3, 2), Outcome.REFUSED),
    ],
)
def test_age_of_somebody_born_on_29_february(on, outcome):
    found = verdicts_of(CANDIDATE, on=on, birth_date=dt.date(1952, 2, 29))["2.1.A.1.b.5"]
    assert found.outcome == outcome


# Promotion

OFFICER = Officer(
    category="expert",
    level="madya",
    rank="IV/a",
    rank_since=dt.date(2004, 4, 1),
    post_since=dt.date(2004, 4, 1),
    credit=Decimal("550.000"),
    development=Decimal("12.000"),
    dp3_good_years=2,
)
LATER = dt.date(2006, 4, 1)


def test_k1_twice_a_year():
    found = [about("K1", OFFICER, DAY, assessments_this_year=count) for count in (0, 1, 2)]
    assert [verdict.outcome for verdict in found] == [
        Outcome.PENDING,
        Outcome.PENDING,
        Outcome.OK,
    ]
    assert found[1].sentence == "Penilaian angka kredit tahun 2004: 1 dari 2."


@pytest.mark.parametrize(
    ("on", "changed", "outcome"),
    [
        (LATER, {}, Outcome.OK),
        (dt.date(2006, 3, 31), {}, Outcome.PENDING),
        (LATER, {"credit": Decimal("549.999")}, Outcome.REFUSED),
        (LATER, {"dp3_good_years": 1}, Outcome.REFUSED),
        (LATER, {"rank": "IV/e"}, Outcome.NOT_APPLICABLE),
    ],
)
def test_k2_rank(on, changed, outcome):
    assert about("K2", OFFICER, on, **changed).outcome == outcome


@pytest.mark.parametrize(
    ("on", "changed", "outcome"),
    [
        (dt.date(2005, 4, 1), {"credit": Decimal("850.000")}, Outcome.OK),
        (dt.date(2005, 3, 31), {"credit": Decimal("850.000")}, Outcome.PENDING),
        (dt.date(2005, 4, 1), {"credit": Decimal("849.999")}, Outcome.REFUSED),
        (
            dt.date(2005, 4, 1),
            {"credit": Decimal("850.000"), "dp3_good_years": 0},
            Outcome.REFUSED,
        ),
        (LATER, {"level": "utama"}, Outcome.NOT_APPLICABLE),
    ],
)
def test_k3_level(on, changed, outcome):
    assert about("K3", OFFICER, on, **changed).outcome == outcome


@pytest.mark.parametrize(
    ("supporting", "outcome", "rank"),
    [("110.000", Outcome.OK, "IV/b"), ("110.001", Outcome.REFUSED, None)],
)
def test_k4_at_most_a_fifth_from_supporting_elements(supporting, outcome, rank):
    changed = {"supporting": Decimal(supporting)}
    assert about("K4", OFFICER, LATER, **changed).outcome == outcome
    assert granted(OFFICER, LATER, **changed)[0] == rank


@pytest.mark.parametrize(
    ("rank", "development", "outcome"),
    [
        ("IV/a", "11.999", Outcome.REFUSED),
        ("IV/a", "12.000", Outcome.OK),
        ("III/d", "0.000", Outcome.NOT_APPLICABLE),
        ("IV/e", "0.000", Outcome.NOT_APPLICABLE),
    ],
)
def test_k5_professional_development_from_iv_b_on(rank, development, outcome):
    found = about("K5", OFFICER, LATER, rank=rank, development=Decimal(development))
    assert found.outcome == outcome


def test_k6_what_is_more_counts_later():
    found = about("K6", ANNISA, dt.date(2005, 4, 1))
    assert found.sentence.startswith("Kelebihan 1,000 angka kredit diperhitungkan")
    assert about("K6", ANNISA, DAY, dp3_good_years=0).outcome == Outcome.WARNING
    exact = about("K6", ANNISA, DAY, credit=Decimal("150.000"))
    assert exact.outcome == Outcome.NOT_APPLICABLE


def test_k7_credit_for_two_levels_gives_one():
    muda = replace(OFFICER, level="pertama", rank="III/b", credit=Decimal("400.000"))
    found = about("K7", muda, LATER)
    assert found.sentence == (
        "Angka kredit cukup untuk Pranata Komputer Madya, tetapi kenaikan hanya satu jenjang: "
        "Pranata Komputer Muda."
    )
    assert granted(muda, LATER) == ("III/c", "muda")
    one = about("K7", muda, LATER, credit=Decimal("399.999"))
    assert one.outcome == Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("reached_on", "outcome"),
    [
        (dt.date(2004, 4, 1), Outcome.OK),
        (dt.date(2004, 4, 2), Outcome.NOT_APPLICABLE),  # not within the first year
        (None, Outcome.NOT_APPLICABLE),
    ],
)
def test_k8_only_who_reached_it_in_the_first_year(reached_on, outcome):
    assert about("K8", ANNISA, DAY, reached_on=reached_on).outcome == outcome


@pytest.mark.parametrize(
    ("category", "level", "rank", "points_of_year", "rule"),
    [
        ("skill", "penyelia", "III/d", ("9.999", "10.000"), "B2"),
        ("expert", "utama", "IV/e", ("24.999", "25.000"), "B3"),
    ],
)
def test_k9_b2_b3_points_of_each_year(category, level, rank, points_of_year, rule):
    officer = replace(ALDIANTO, category=category, level=level, rank=rank)
    too_few, enough = (Decimal(value) for value in points_of_year)
    last_day, limit = dt.date(2004, 3, 31), dt.date(2004, 4, 1)
    for of_rule in ("K9", rule):
        found = [
            about(of_rule, officer, last_day, main_in_year=too_few),
            about(of_rule, officer, limit, main_in_year=too_few),
            about(of_rule, officer, limit, main_in_year=enough),
        ]
        assert [verdict.outcome for verdict in found] == [
            Outcome.PENDING,
            Outcome.REFUSED,
            Outcome.OK,
        ]
    second = about(rule, officer, limit, main_in_year=too_few, year_in_rank=2)
    assert second.outcome == Outcome.PENDING
    assert about("B1", officer, limit).outcome == Outcome.NOT_APPLICABLE
    assert about("K9", officer, limit, rank="III/c").outcome == Outcome.NOT_APPLICABLE


def test_k10_no_level_while_the_next_rank_is_in_the_present_one():
    # Enough points for the next level, but III/b is still Pelaksana Lanjutan.
    rich = replace(ANNISA, credit=Decimal("200.000"))
    on = dt.date(2005, 4, 1)
    assert about("K3", rich, on).outcome == Outcome.OK
    assert about("K10", rich, on).outcome == Outcome.REFUSED
    assert granted(rich, on) == ("III/b", None)
    assert about("K10", SISWONO, on).outcome == Outcome.OK


# Temporary release


@pytest.mark.parametrize(
    ("on", "credit", "b1", "b7"),
    [
        (dt.date(2006, 10, 1), "79.999", Outcome.PENDING, Outcome.PENDING),
        (dt.date(2006, 10, 2), "79.999", Outcome.PENDING, Outcome.WARNING),
        (dt.date(2007, 3, 31), "79.999", Outcome.PENDING, Outcome.WARNING),
        (dt.date(2007, 4, 1), "79.999", Outcome.REFUSED, Outcome.WARNING),
        (dt.date(2007, 4, 1), "80.000", Outcome.OK, Outcome.NOT_APPLICABLE),
    ],
)
def test_b1_and_its_warning(on, credit, b1, b7):
    found = [about(rule, RONI, on, credit=Decimal(credit)).outcome for rule in ("B1", "B7")]
    assert found == [b1, b7]


def test_b1_runs_from_the_later_of_rank_and_post():
    assert term_of(replace(RONI, post_since=dt.date(2001, 4, 1)), DECREE).limit == dt.date(
        2007, 4, 1
    )
    assert term_of(replace(RONI, rank_since=dt.date(2001, 4, 1)), DECREE).limit == dt.date(
        2007, 4, 1
    )


def test_outside_the_scale_no_term_runs():
    assert term_of(replace(RONI, rank="I/a"), DECREE) is None
    assert {v.outcome for v in release(replace(RONI, rank="I/a"), DAY, DECREE)} == {
        Outcome.NOT_APPLICABLE
    }


# Tables, points and terms


def test_the_shipped_tables_belong_together():
    for category in ("skill", "expert"):
        scale = DECREE.scale(category)
        for band, following in pairwise(scale):
            assert band.minimum + band.increment == following.minimum
        assert scale[-1].increment is None
        assert all(DECREE.level_of_rank(category, band.rank) for band in scale)
    assert [level.name for level in DECREE.levels] == [
        "Pranata Komputer Pelaksana Pemula",
        "Pranata Komputer Pelaksana",
        "Pranata Komputer Pelaksana Lanjutan",
        "Pranata Komputer Penyelia",
        "Pranata Komputer Pertama",
        "Pranata Komputer Muda",
        "Pranata Komputer Madya",
        "Pranata Komputer Utama",
    ]


def test_points_are_written_with_three_places_and_a_comma():
    assert [points(Decimal(value)) for value in ("151", "46.8", "1050.125")] == [
        "151,000",
        "46,800",
        "1.050,125",
    ]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-0.001", "100000", "1.0001"])
def test_what_is_no_amount_of_points_cannot_be_given(value):
    with pytest.raises(ValueError, match="no amount"):
        require_points(Decimal(value))
    with pytest.raises(ValueError, match="no amount"):
        replace(CANDIDATE, credit=Decimal(value))


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (dt.date(2004, 2, 29), 12, dt.date(2005, 2, 28)),
        (dt.date(2004, 2, 29), 48, dt.date(2008, 2, 29)),
        (dt.date(2004, 8, 31), -6, dt.date(2004, 2, 29)),
        (dt.date(2004, 1, 1), -1, dt.date(2003, 12, 1)),
        (dt.date.max, 1, dt.date.max),
        (dt.date.min, -1, dt.date.min),
        (dt.date(9998, 12, 1), 12, dt.date(9999, 12, 1)),
    ],
)
def test_terms_at_the_edges_of_months_and_of_the_calendar(day, months, later):
    assert months_after(day, months) == later


def test_the_rules_know_no_database():
    """Rules and data of the package import the standard library, words and the reading of a NIP."""
    package = Path(eligibility.__file__).parent
    pure = ["facts", "inpassing_2020", "decree_tables", "decree_2004", "decree_examples"]
    known = {"proposals.nip", "inpassing.formats"} | {f"proposals.eligibility.{m}" for m in pure}
    for module in [*(package / f"{name}.py" for name in pure), package.parent / "nip.py"]:
        base = ["proposals", "eligibility"] if module.parent == package else ["proposals"]
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = base[: len(base) + 1 - node.level] if node.level else []
                names = [".".join([*above, *filter(None, [node.module])])]
            else:
                continue
            own = [name for name in names if name.split(".")[0] in {"proposals", "inpassing"}]
            assert set(own) <= known, f"{module.name} imports {own}"
            assert not any(name.split(".")[0] == "django" for name in names)


# What holds for any well-typed input

bounded = settings(max_examples=200, deadline=None, derandomize=True, database=None)
days = st.dates() | st.sampled_from(
    [dt.date.min, dt.date.max, dt.date(2004, 2, 29), dt.date(9996, 2, 29), dt.date(4, 2, 29)]
)
credits_ = st.decimals(min_value=0, max_value=Decimal("99999.999"), places=3) | st.sampled_from(
    [Decimal(0), Decimal("99999.999"), Decimal("99.999"), Decimal(400)]
)
categories = st.sampled_from(["skill", "expert"])
ranks = st.sampled_from([*DECREE.rank_orders, "", "V/a"])
levels = st.sampled_from([level.code for level in DECREE.levels] + ["x"])
years = st.integers(-3, 80) | st.sampled_from([-(10**9), 10**9])
any_candidate = st.builds(
    Candidate,
    category=categories,
    rank=ranks,
    education_name=st.text(max_size=8),
    education_order=st.integers(-1, 9),
    credit=credits_,
    birth_date=days,
    retirement_age=years,
    has_it_diploma=st.booleans(),
    has_it_training=st.booleans(),
    dp3_good_years=years,
    holds_other_post=st.booleans(),
    it_experience_months=years,
)
any_officer = st.builds(
    Officer,
    category=categories,
    level=levels,
    rank=ranks,
    rank_since=days,
    post_since=days,
    credit=credits_,
    supporting=credits_,
    development=credits_,
    dp3_good_years=years,
    reached_on=st.none() | days,
    main_in_second_year=credits_,
    main_in_year=credits_,
    year_in_rank=years,
    assessments_this_year=years,
)
any_decree = st.builds(
    lambda limit, warn: replace(DECREE, release_years=limit, warning_months=warn), years, years
)


@bounded
@given(any_candidate, days)
def test_no_candidate_raises_and_no_verdict_lacks_sentence_or_source(candidate, on):
    found = appointment(candidate, on, DECREE)
    assert len(found.verdicts) == len(APPOINTMENT_RULES) == 8
    assert all(
        v.sentence.endswith(".") and "Kepka BPS 289/2004, 2.1" in v.source for v in found.verdicts
    )
    assert found.rank == candidate.rank
    is_refused = any(v.outcome == Outcome.REFUSED for v in found.verdicts)
    assert found.is_appointed is not is_refused


@bounded
@given(any_officer, days, any_decree)
def test_no_officer_raises_and_no_verdict_lacks_sentence_or_source(officer, on, decree):
    found = promotion(officer, on, decree)
    verdicts = (*found.verdicts, *release(officer, on, decree))
    assert [v.rule for v in verdicts] == [
        *(f"K{number}" for number in range(1, 11)),
        "B1",
        "B2",
        "B3",
        "B7",
    ]
    assert len(verdicts) == len(PROMOTION_RULES) + len(RELEASE_RULES)
    assert all(v.sentence.endswith(".") and v.source.startswith("Kepka BPS") for v in verdicts)


@bounded
@given(any_candidate, credits_, days)
def test_more_credit_never_gives_a_lower_level(candidate, credit, on):
    low, high = sorted([candidate.credit, credit])
    before = appointment(replace(candidate, credit=low), on, DECREE).level
    after = appointment(replace(candidate, credit=high), on, DECREE).level
    if before:
        assert after is not None
        assert after.order >= before.order


@bounded
@given(categories, credits_, st.data())
def test_with_the_same_credit_a_higher_rank_is_never_easier_and_the_level_stays(
    category, credit, data
):
    scale = [band.rank for band in DECREE.scale(category)]
    lower, higher = sorted(
        [data.draw(st.integers(0, len(scale) - 1)), data.draw(st.integers(0, len(scale) - 1))]
    )
    base = replace(CANDIDATE, category=category, credit=credit)
    low = appointment(replace(base, rank=scale[lower]), DAY, DECREE).level
    high = appointment(replace(base, rank=scale[higher]), DAY, DECREE).level
    assert high in {None, low}


@bounded
@given(any_officer, credits_, days)
def test_more_credit_never_takes_a_promotion_away(officer, credit, on):
    low, high = sorted([officer.credit, credit])
    before = promotion(replace(officer, credit=low), on, DECREE)
    after = promotion(replace(officer, credit=high), on, DECREE)
    assert before.rank in {None, after.rank}
    assert before.level in {None, after.level}


@bounded
@given(any_officer, days, days)
def test_a_promotion_that_is_due_stays_due(officer, one, other):
    early, late = sorted([one, other])
    before, after = promotion(officer, early, DECREE), promotion(officer, late, DECREE)
    assert before.rank in {None, after.rank}
    assert before.level in {None, after.level}


@bounded
@given(any_officer, st.integers(0, 20), st.integers(0, 20))
def test_a_longer_limit_never_warns_or_releases_earlier(officer, one, other):
    short, long = sorted([one, other])
    first = term_of(officer, replace(DECREE, release_years=short))
    second = term_of(officer, replace(DECREE, release_years=long))
    assert (first is None) == (second is None)
    if first and second:
        assert first.warn_by <= first.limit
        assert (first.limit, first.warn_by) <= (second.limit, second.warn_by)


@bounded
@given(days, st.integers(0, 40))
def test_years_after_keeps_the_order_of_days(day, count):
    assert years_after(day, count) >= day
