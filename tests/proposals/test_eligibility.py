"""The rules of eligibility: boundary values, properties, and the adapters to the database."""

import datetime as dt
from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils.html import escape
from hypothesis import given, settings
from hypothesis import strategies as st

from inpassing.reference.loaders import rows
from inpassing.reference.models import Rank
from proposals.eligibility import (
    AgeRule,
    DocumentFact,
    Facts,
    FormationFact,
    LeastEducation,
    LevelRule,
    Outcome,
    PeriodRules,
    TestRow,
    check,
    facts_of,
    refusals_for,
    rules_of,
    test_required,
)
from proposals.models import Proposal
from tests.factories import (
    make_agency,
    make_formation,
    make_level,
    make_nip,
    make_operator,
    make_period,
    make_proposal,
)

decide = test_required
del test_required

FORMATION = FormationFact(True, 8, 4, "menunggu validasi")
FACTS = Facts(
    position="PRAKOM",
    position_name="Pranata Komputer",
    level_code="pertama",
    level_name="Ahli Pertama",
    category="expert",
    rank="III/a",
    rank_order=9,
    education_name="Sarjana (S1)",
    education_order=5,
    birth_date=dt.date(1989, 4, 14),
    is_structural=False,
    dismissed_declared=False,
    dismissed_on_record=False,
    active_elsewhere=False,
    failed_in="",
    formation=FORMATION,
    holds_post=False,
    has_slots=False,
    is_verified=False,
)
RULES = PeriodRules(
    period="Periode II Tahun 2026",
    levels=(
        LevelRule("PRAKOM", "terampil", "Terampil", ("II/b", "II/c", "II/d")),
        LevelRule("PRAKOM", "pertama", "Ahli Pertama", ("III/a", "III/b")),
        LevelRule("PRAKOM", "muda", "Ahli Muda", ("III/c", "III/d")),
    ),
    ages=(AgeRule(1, 12, "I/a–III/d", 56), AgeRule(13, 17, "IV/a–IV/e", 58)),
    age_on=dt.date(2026, 8, 28),
    rank_mismatch_is_warning=False,
    skill_education=LeastEducation(1, "SLTA/sederajat"),
    expert_education=LeastEducation(5, "Diploma IV atau Sarjana (S1)"),
    min_field_years=2,
    tests=(
        TestRow(0, "STATISTISI", "statistik", "terampil", False),
        TestRow(1, "STATISTISI", "statistik", "pertama", False),
        TestRow(2, "PRAKOM", "teknologi_informasi", "terampil", False),
        TestRow(3, "PRAKOM", "teknologi_informasi", "pertama", False),
        TestRow(4, "", "", "", True),
    ),
)


def verdict(rule, facts=FACTS, rules=RULES, **changed):
    return next(v for v in check(replace(facts, **changed), rules) if v.rule == rule)


def test_a_fitting_draft_is_refused_by_no_rule():
    outcomes = {v.rule: v.outcome for v in check(FACTS, RULES)}
    assert list(outcomes) == [
        "E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E11", "E14", "E15", "E16",
        "E17",
    ]  # fmt: skip
    assert Outcome.REFUSED not in outcomes.values()
    assert {r for r, o in outcomes.items() if o == Outcome.PENDING} == {
        "E1",
        "E2",
        "E3",
        "E4",
        "E5",
        "E6",
        "E17",
    }
    assert {r for r, o in outcomes.items() if o == Outcome.NOT_APPLICABLE} == {"E7", "E15"}


@pytest.mark.parametrize(
    ("states", "e1", "e2"),
    [
        (("valid", "valid", "valid"), Outcome.OK, Outcome.OK),
        (("valid", "missing", "valid"), Outcome.PENDING, Outcome.PENDING),
        (("valid", "valid", "waiting"), Outcome.OK, Outcome.PENDING),
        (("valid", "valid", "refused"), Outcome.OK, Outcome.PENDING),
        (("returned", "valid", "valid"), Outcome.PENDING, Outcome.PENDING),
    ],
)
def test_documents_count_when_they_are_there_and_readable(states, e1, e2):
    names = ("sk_cpns", "sk_pns", "ijazah")
    documents = tuple(DocumentFact(c, c.upper(), s) for c, s in zip(names, states, strict=True))
    assert verdict("E1", has_slots=True, documents=documents).outcome == e1
    assert verdict("E2", has_slots=True, documents=documents).outcome == e2


@pytest.mark.parametrize(
    ("states", "outcome", "words"),
    [
        ((), Outcome.PENDING, "diperiksa sistem saat diunggah"),
        (("missing", "missing"), Outcome.PENDING, "diperiksa sistem saat diunggah"),
        (("valid", "missing"), Outcome.OK, "terbaca"),
        (("valid", "waiting"), Outcome.PENDING, "Sedang diperiksa sistem: IJAZAH."),
        (("waiting", "refused"), Outcome.WARNING, "Ditolak sistem: IJAZAH. Unggah berkas"),
        (("returned", "valid"), Outcome.OK, "terbaca"),
    ],
)
def test_e3_says_what_the_inspector_found(states, outcome, words):
    documents = tuple(
        DocumentFact(c, c.upper(), s) for c, s in zip(("sk_pns", "ijazah"), states, strict=False)
    )
    found = verdict("E3", has_slots=bool(states), documents=documents)
    assert (found.outcome, words in found.sentence) == (outcome, True)


def test_e2_names_what_is_missing():
    documents = (
        DocumentFact("sk_cpns", "SK CPNS", "valid"),
        DocumentFact("ijazah", "Ijazah", "missing"),
    )
    found = verdict("E2", has_slots=True, documents=documents)
    assert found.sentence == "1 dari 2 dokumen ada. Belum ada: Ijazah."


@pytest.mark.parametrize("rule", ["E4", "E5", "E6"])
def test_statements_wait_for_the_verifier(rule):
    assert verdict(rule).outcome == Outcome.PENDING
    assert verdict(rule, is_verified=True).outcome == Outcome.OK


def test_e7_asks_structural_officials_only():
    documents = (
        DocumentFact("sp_mundur", "SP mundur", "valid"),
        DocumentFact("sk_jabatan", "SK", "valid"),
    )
    assert verdict("E7", is_structural=False).outcome == Outcome.NOT_APPLICABLE
    assert verdict("E7", is_structural=True).outcome == Outcome.PENDING
    assert (
        verdict("E7", is_structural=True, has_slots=True, documents=documents).outcome == Outcome.OK
    )


@pytest.mark.parametrize(
    ("formation", "holds", "outcome", "words"),
    [
        (None, False, Outcome.REFUSED, "belum dikirim ke BPS"),
        (replace(FORMATION, takes_nominations=False), False, Outcome.REFUSED, "belum dikirim"),
        (replace(FORMATION, vacancy=None), False, Outcome.REFUSED, "tidak memuat jenjang Ahli"),
        (replace(FORMATION, vacancy=3, taken=3), False, Outcome.REFUSED, "sudah habis: 3 dari 3"),
        (replace(FORMATION, vacancy=3, taken=2), False, Outcome.OK, "tersisa 1 dari 3"),
        (replace(FORMATION, vacancy=3, taken=3), True, Outcome.OK, "sudah dipesan"),
        (replace(FORMATION, vacancy=2, taken=3), True, Outcome.WARNING, "terlampaui 1"),
        (None, True, Outcome.WARNING, "belum dikirim"),
    ],
)
def test_e8_a_post_must_be_left(formation, holds, outcome, words):
    found = verdict("E8", formation=formation, holds_post=holds)
    assert (found.outcome, words in found.sentence) == (outcome, True)


def test_e8_the_last_post_and_none():
    for vacancy, taken, outcome in (
        (1, 0, Outcome.OK),
        (1, 1, Outcome.REFUSED),
        (1, 2, Outcome.REFUSED),
        (0, 0, Outcome.REFUSED),
    ):
        formation = replace(FORMATION, vacancy=vacancy, taken=taken)
        assert verdict("E8", formation=formation).outcome == outcome


SHIPPED = [row for row in rows("position_levels.csv") if row["in_inpassing_2020"] == "yes"]


@pytest.mark.parametrize("row", SHIPPED, ids=[f"{r['position']} {r['code']}" for r in SHIPPED])
def test_e9_each_shipped_level_takes_its_ranks_and_no_other(row):
    rules = replace(
        RULES,
        levels=tuple(
            LevelRule(r["position"], r["code"], r["name"], tuple(r["ranks"].split()))
            for r in SHIPPED
        ),
    )
    fitting = {
        rank["code"]
        for rank in rows("ranks.csv")
        if verdict(
            "E9", rules=rules, rank=rank["code"], position=row["position"], level_code=row["code"]
        ).outcome
        == Outcome.OK
    }
    assert fitting == set(row["ranks"].split())


def test_e9_rank_and_level_by_the_periods_table():
    assert verdict("E9", rank="III/b").outcome == Outcome.OK
    refused = verdict("E9", rank="III/c")
    assert refused.outcome == Outcome.REFUSED
    assert refused.sentence == (
        "Pangkat III/c belum sesuai untuk Ahli Pertama (III/a, III/b). "
        "Pilih jenjang Ahli Muda, atau betulkan pangkat."
    )
    lenient = replace(RULES, rank_mismatch_is_warning=True)
    assert verdict("E9", rules=lenient, rank="III/c").outcome == Outcome.WARNING
    assert verdict("E9", level_code="pemula").outcome == Outcome.REFUSED
    assert verdict("E9", rules=lenient, level_code="pemula").outcome == Outcome.REFUSED


@pytest.mark.parametrize(
    ("category", "order", "outcome"),
    [
        ("skill", 0, Outcome.REFUSED),
        ("skill", 1, Outcome.OK),
        ("expert", 4, Outcome.REFUSED),
        ("expert", 5, Outcome.OK),
        ("expert", 7, Outcome.OK),
    ],
)
def test_e10_education(category, order, outcome):
    assert verdict("E10", category=category, education_order=order).outcome == outcome


def test_e10_refusal_names_the_least_education_of_the_period():
    diploma = replace(RULES, skill_education=LeastEducation(4, "Diploma III"))
    for order, outcome in ((3, Outcome.REFUSED), (4, Outcome.OK)):
        found = verdict("E10", rules=diploma, category="skill", education_order=order)
        assert found.outcome == outcome
    assert "paling rendah Diploma III. Pilih jenjang lain" in (
        verdict("E10", rules=diploma, category="skill", education_order=1).sentence
    )


def test_e10_is_provisional_until_the_verifier_has_set_the_field():
    before, after = verdict("E10"), verdict("E10", education_field="lainnya")
    assert before.sentence == (
        "Pendidikan Sarjana (S1) memenuhi jenjang keahlian. "
        "Sementara, sampai verifikator memeriksa ijazah."
    )
    assert after.sentence == "Pendidikan Sarjana (S1) memenuhi jenjang keahlian."
    assert (before.is_provisional, after.is_provisional) == (True, False)


@pytest.mark.parametrize(
    ("born", "rank_order", "outcome"),
    [
        (dt.date(1970, 8, 29), 12, Outcome.OK),  # 55 on the reference date
        (dt.date(1970, 8, 28), 12, Outcome.WARNING),  # 56 on that very day
        (dt.date(1970, 8, 28), 13, Outcome.OK),  # from IV/a on 58 is the limit
        (dt.date(1968, 8, 29), 13, Outcome.OK),
        (dt.date(1968, 8, 28), 13, Outcome.WARNING),
        (dt.date(1968, 8, 28), 99, Outcome.NOT_APPLICABLE),
    ],
)
def test_e11_age_only_flags(born, rank_order, outcome):
    assert verdict("E11", birth_date=born, rank_order=rank_order).outcome == outcome


@pytest.mark.parametrize(
    ("on", "outcome"),
    [
        (dt.date(2026, 2, 27), Outcome.OK),
        (dt.date(2026, 2, 28), Outcome.OK),
        (dt.date(2026, 3, 1), Outcome.WARNING),  # the birthday in a year without 29 February
    ],
)
def test_e11_counts_on_the_reference_date_of_the_period(on, outcome):
    leap_day = dt.date(1968, 2, 29)
    found = verdict("E11", rules=replace(RULES, age_on=on), birth_date=leap_day, rank_order=13)
    assert found.outcome == outcome


def test_e11_limits_are_the_periods():
    stricter = replace(RULES, ages=(AgeRule(1, 17, "I/a–IV/e", 37),))
    assert verdict("E11", rules=stricter).sentence.startswith(
        "Usia 37 tahun pada 28 Agustus 2026; batas untuk pangkat I/a–IV/e di bawah 37 tahun."
    )
    assert verdict("E11", rules=replace(RULES, ages=())).outcome == Outcome.NOT_APPLICABLE


def test_e14_dismissed_from_pranata_komputer_never_again():
    assert verdict("E14").outcome == Outcome.OK
    assert verdict("E14", dismissed_declared=True).outcome == Outcome.REFUSED
    assert verdict("E14", dismissed_on_record=True).outcome == Outcome.REFUSED
    other = verdict("E14", dismissed_declared=True, position="STATISTISI")
    assert other.outcome == Outcome.NOT_APPLICABLE


def test_e15_who_failed_may_come_again():
    found = verdict("E15", failed_in="Periode I Tahun 2026")
    assert (found.outcome, "Periode I Tahun 2026" in found.sentence) == (Outcome.OK, True)


def test_e16_one_active_proposal():
    assert verdict("E16", active_elsewhere=True).outcome == Outcome.REFUSED


READY = replace(
    FACTS,
    formation=replace(FORMATION, is_validated=True),
    has_slots=True,
    is_verified=True,
    education_field="teknologi_informasi",
    portfolio="passed",
    test="passed",
)


@pytest.mark.parametrize(
    ("changed", "outcome", "words"),
    [
        ({}, Outcome.OK, "Semua syarat rekomendasi terpenuhi."),
        ({"is_verified": False}, Outcome.PENDING, "menunggu pemeriksaan berkas."),
        ({"portfolio": ""}, Outcome.PENDING, "menunggu uji portofolio."),
        ({"test": "required"}, Outcome.PENDING, "menunggu uji kompetensi."),
        ({"test": ""}, Outcome.PENDING, "menunggu penetapan uji kompetensi. Tanpa uji"),
        ({"formation": FORMATION}, Outcome.PENDING, "menunggu validasi formasi."),
        ({"formation": None}, Outcome.PENDING, "menunggu validasi formasi."),
        ({"portfolio": "failed"}, Outcome.REFUSED, "Tidak lulus uji portofolio"),
        ({"test": "failed"}, Outcome.REFUSED, "Tidak lulus uji kompetensi"),
    ],
)
def test_e17_needs_all_of_it(changed, outcome, words):
    found = verdict("E17", READY, **changed)
    assert (found.outcome, words in found.sentence) == (outcome, True)
    assert found.is_provisional is False


def test_e17_says_provisionally_who_must_sit_the_test():
    before = verdict("E17")
    assert before.is_provisional is True
    assert before.sentence == (
        "Rekomendasi menunggu pemeriksaan berkas, uji portofolio, validasi formasi. Sementara, "
        "bidang pendidikan belum ditetapkan: wajib uji kompetensi menurut baris 4 tabel uji."
    )
    after = verdict("E17", education_field="teknologi_informasi")
    assert after.is_provisional is False
    assert after.sentence.endswith("Tanpa uji kompetensi menurut baris 3 tabel uji.")
    assert after.source.endswith("tabel uji Periode II Tahun 2026, baris 3")


@pytest.mark.parametrize(
    ("position", "field", "level", "required", "row"),
    [
        ("PRAKOM", "teknologi_informasi", "pertama", False, 3),
        ("PRAKOM", "teknologi_informasi", "terampil", False, 2),
        ("PRAKOM", "teknologi_informasi", "muda", True, 4),
        ("PRAKOM", "statistik", "pertama", True, 4),
        ("STATISTISI", "statistik", "pertama", False, 1),
        ("STATISTISI", "lainnya", "terampil", True, 4),
    ],
)
def test_who_must_sit_the_test(position, field, level, required, row):
    decision = decide(position, field, level, RULES)
    assert (decision.required, decision.rule_order) == (required, row)
    assert decision.source == f"tabel uji Periode II Tahun 2026, baris {row}"


def test_before_the_verifier_sets_the_field_the_decision_is_provisional():
    decision = decide("PRAKOM", "", "pertama", RULES)
    assert decision.required is True
    assert decision.sentence.startswith("Sementara, bidang pendidikan belum ditetapkan")


def test_without_a_matching_row_the_test_is_required():
    decision = decide("PRAKOM", "lainnya", "muda", replace(RULES, tests=()))
    assert (decision.required, decision.rule_order) == (True, None)


bounded = settings(max_examples=200, deadline=None, derandomize=True, database=None)
words = st.text(max_size=8)
days = st.dates() | st.sampled_from([dt.date.min, dt.date.max, dt.date(2024, 2, 29)])
documents = st.lists(
    st.builds(
        DocumentFact,
        st.sampled_from(["sk_cpns", "sk_pns", "sp_mundur", "sk_jabatan", "ijazah"]),
        words,
        st.sampled_from(["missing", "waiting", "valid", "refused", "returned"]),
    ),
    max_size=5,
).map(tuple)
any_facts = st.builds(
    Facts,
    position=st.sampled_from(["PRAKOM", "STATISTISI", "X"]),
    position_name=words,
    level_code=st.sampled_from(["terampil", "pertama", "muda", "x"]),
    level_name=words,
    category=st.sampled_from(["skill", "expert"]),
    rank=st.sampled_from(["II/b", "III/a", "III/c", "IV/e", "x"]),
    rank_order=st.integers(0, 20),
    education_name=words,
    education_order=st.integers(0, 9),
    birth_date=days,
    is_structural=st.booleans(),
    dismissed_declared=st.booleans(),
    dismissed_on_record=st.booleans(),
    active_elsewhere=st.booleans(),
    failed_in=words,
    formation=st.none()
    | st.builds(
        FormationFact,
        st.booleans(),
        st.none() | st.integers(0, 99),
        st.integers(0, 99),
        words,
        st.booleans(),
    ),
    holds_post=st.booleans(),
    has_slots=st.booleans(),
    is_verified=st.booleans(),
    documents=documents,
    education_field=st.sampled_from(["", "statistik", "teknologi_informasi", "lainnya"]),
    portfolio=st.sampled_from(["", "passed", "failed"]),
    test=st.sampled_from(["", "required", "passed", "failed"]),
)
any_rules = st.builds(
    replace,
    st.just(RULES),
    levels=st.sampled_from([(), RULES.levels]),
    ages=st.lists(
        st.builds(AgeRule, st.integers(0, 20), st.integers(0, 20), words, st.integers(0, 200)),
        max_size=3,
    ).map(tuple),
    age_on=days,
    rank_mismatch_is_warning=st.booleans(),
    expert_education=st.builds(LeastEducation, st.integers(0, 9), words),
    min_field_years=st.integers(0, 9),
    tests=st.sampled_from([(), RULES.tests]),
)


@bounded
@given(any_facts, any_rules)
def test_no_facts_raise_and_no_verdict_lacks_a_source(facts, rules):
    verdicts = check(facts, rules)
    assert len({v.rule for v in verdicts}) == len(verdicts) == 15
    assert all(v.sentence and v.source for v in verdicts)


@bounded
@given(any_facts, any_rules)
def test_once_the_field_is_set_no_verdict_is_provisional(facts, rules):
    found = check(facts, rules)
    provisional = [v for v in found if v.is_provisional]
    assert all("sementara" in v.sentence.lower() for v in provisional)
    assert {v.rule for v in provisional} <= {"E10", "E17"}
    if facts.education_field:
        assert provisional == []


@bounded
@given(any_facts, any_rules, days)
def test_a_later_birthday_never_brings_an_age_flag(facts, rules, born):
    older, younger = sorted([facts.birth_date, born])
    if verdict("E11", facts, rules, birth_date=older).outcome == Outcome.OK:
        assert verdict("E11", facts, rules, birth_date=younger).outcome == Outcome.OK


@bounded
@given(any_facts, st.integers(0, 99))
def test_more_posts_never_refuse(facts, more):
    if facts.formation is None or facts.formation.vacancy is None:
        return
    formation = replace(facts.formation, vacancy=facts.formation.vacancy + more)
    if verdict("E8", facts).outcome == Outcome.OK:
        assert verdict("E8", facts, formation=formation).outcome == Outcome.OK


@bounded
@given(any_facts, st.integers(0, 9))
def test_more_education_never_turns_a_verdict_into_a_refusal(facts, order):
    higher = replace(facts, education_order=max(order, facts.education_order))
    if verdict("E10", facts).outcome == Outcome.OK:
        assert verdict("E10", higher).outcome == Outcome.OK


@bounded
@given(words, words, words)
def test_the_test_table_always_decides(position, field, level):
    decision = decide(position, field, level, RULES)
    assert decision.sentence
    assert decision.source


# With the database


@pytest.fixture
def draft(db):
    return make_proposal()


def test_a_draft_of_the_factories_has_no_refusal(draft):
    assert refusals_for(draft) == []


def test_refusals_say_what_stands_against_it(draft):
    draft.rank_id, draft.education_id, draft.dismissed_before = "IV/a", "SLTA", True
    draft.save()
    draft = Proposal.objects.for_list().select_related("education").get(pk=draft.pk)
    found = refusals_for(draft)
    assert len(found) == 3
    assert found[0].startswith("Pangkat IV/a belum sesuai untuk Ahli Pertama (III/a, III/b).")
    assert found[1].startswith("Pendidikan SLTA/sederajat belum memenuhi jenjang keahlian")
    assert found[2].startswith("Pernah diberhentikan dari Pranata Komputer, menurut isian.")


def test_an_earlier_nominated_declaration_is_a_record_a_draft_is_not(draft):
    earlier = make_proposal(
        status="withdrawn", nip=draft.nip, participant=None, dismissed_before=True
    )
    assert facts_of(draft).dismissed_on_record is True
    Proposal.objects.filter(pk=earlier.pk).update(nominated_at=None)
    assert facts_of(draft).dismissed_on_record is False


def test_an_earlier_failed_test_and_another_active_proposal_are_found(draft):
    period = make_period(name="Periode lama")
    make_proposal(period=period, status="test_failed", nip=draft.nip)
    facts = facts_of(draft)
    assert (facts.failed_in, facts.active_elsewhere) == ("Periode lama", False)


def test_the_ledger_reaches_the_facts(db):
    agency, period = make_agency(), make_period()
    make_formation(agency, period, lines={"pertama": (5, 2)})
    draft = make_proposal(agency, period)
    make_proposal(agency, period, status="filling")
    make_proposal(agency, period, status="recommended")
    make_proposal(agency, period, status="withdrawn")
    formation = facts_of(draft).formation
    assert formation is not None
    assert (formation.vacancy, formation.taken) == (3, 2)


def test_the_number_of_queries_never_varies(db, django_assert_num_queries):
    lone = make_proposal(status="draft")
    full = make_proposal(status="submitted")
    for _ in range(4):
        make_proposal(full.agency, full.period, status="filling", nip=make_nip())
    for proposal in (lone, full):
        loaded = Proposal.objects.for_list().select_related("education").get(pk=proposal.pk)
        with django_assert_num_queries(5):
            facts_of(loaded)
        with django_assert_num_queries(5):
            rules_of(loaded.period)


def test_the_shipped_rules_are_the_periods(db):
    rules = rules_of(make_period())
    level = make_level("PRAKOM", "madya")
    found = next(r for r in rules.levels if (r.position, r.code) == ("PRAKOM", level.code))
    assert found.ranks == ("IV/a", "IV/b", "IV/c")
    assert [age.under_years for age in rules.ages] == [56, 58]
    assert decide("STATISTISI", "statistik", "pertama", rules).required is False
    assert decide("STATISTISI", "statistik", "muda", rules).required is True


@pytest.mark.parametrize(
    ("status", "portfolio", "test", "e17"),
    [
        ("submitted", "", "", Outcome.PENDING),
        ("eligible", "", "", Outcome.PENDING),
        ("portfolio_failed", "failed", "", Outcome.REFUSED),
        ("test_required", "passed", "required", Outcome.PENDING),
        ("test_failed", "passed", "failed", Outcome.REFUSED),
        ("test_absent", "passed", "failed", Outcome.REFUSED),
        ("ready", "passed", "passed", Outcome.OK),
        ("recommended", "passed", "passed", Outcome.OK),
    ],
)
def test_the_status_tells_portfolio_and_test(db, status, portfolio, test, e17):
    proposal = make_proposal(status=status)
    proposal.period.formations.update(status="validated")
    facts = facts_of(proposal)
    assert (facts.portfolio, facts.test) == (portfolio, test)
    found = check(facts, rules_of(proposal.period))[-1]
    assert (found.rule, found.outcome) == ("E17", e17)


def test_the_page_says_provisional_until_the_verifier_has_set_the_field(as_user, db):
    agency = make_agency()
    proposal = make_proposal(agency, status="submitted")
    operator, address = make_operator(agency), reverse("proposals:detail", args=[proposal.pk])
    before = as_user(operator).get(address).content.decode()
    assert "Sementara, sampai verifikator memeriksa ijazah." in before
    assert "Sementara, bidang pendidikan belum ditetapkan" in before
    Proposal.objects.filter(pk=proposal.pk).update(education_field="teknologi_informasi")
    after = as_user(operator).get(address).content.decode()
    assert "Sementara" not in after
    assert "Tanpa uji kompetensi menurut baris 3 tabel uji." in after


def test_the_participant_sees_every_rule_with_its_source_before_sending(as_user, db):
    proposal = make_proposal(status="filling", is_structural=True)
    address = reverse("proposals:check", args=[proposal.pk])
    page = as_user(proposal.participant).get(address).content.decode()
    for verdict_ in check(facts_of(proposal), rules_of(proposal.period)):
        assert f"Aturan {verdict_.rule} · {verdict_.source}" in page
        assert escape(verdict_.sentence) in page
    Proposal.objects.filter(pk=proposal.pk).update(status="withdrawn")
    ended = as_user(proposal.participant).get(address)
    assert (ended.status_code, "Pemeriksaan syarat" in ended.content.decode()) == (200, False)


def test_ages_count_on_the_filing_day_in_jakarta_unless_a_day_is_set(db):
    period = make_period()
    period.filing_deadline = dt.datetime(2026, 8, 28, 17, 30, tzinfo=dt.UTC)
    assert rules_of(period).age_on == dt.date(2026, 8, 29)
    period.age_reference_on = dt.date(2026, 1, 1)
    assert rules_of(period).age_on == dt.date(2026, 1, 1)


def test_what_an_administrator_edits_is_what_the_rules_say(db):
    period = make_period(
        skill_education_id="D3",
        expert_education_id="S2",
        rank_mismatch_is_warning=True,
        min_field_years=4,
    )
    period.age_limits.update(under_years=50)
    period.period_levels.get(level=make_level("PRAKOM", "pertama")).ranks.set(
        [Rank.objects.get(pk="III/b")]
    )
    period.test_rules.all().delete()
    rules = rules_of(period)
    assert rules.rank_mismatch_is_warning is True
    assert rules.min_field_years == 4
    assert (rules.skill_education, rules.expert_education) == (
        LeastEducation(4, "Diploma III"),
        LeastEducation(6, "Magister (S2)"),
    )
    assert [age.under_years for age in rules.ages] == [50, 50]
    assert ("PRAKOM", "pertama", ("III/b",)) in [
        (level.position, level.code, level.ranks) for level in rules.levels
    ]
    assert rules.tests == ()


def test_d_iv_and_s1_are_named_together(db):
    assert rules_of(make_period()).expert_education.words == "Diploma IV atau Sarjana (S1)"


def test_proposals_of_other_periods_and_ended_ones_are_not_active_elsewhere(draft):
    make_proposal(
        draft.agency, make_period(), level=make_level("STATISTISI", "pertama"), nip=draft.nip
    )
    assert facts_of(draft).active_elsewhere is False
    other = make_agency()
    make_proposal(
        other,
        draft.period,
        level=make_level("STATISTISI", "pertama"),
        status="withdrawn",
        nip=draft.nip,
    )
    assert facts_of(draft).active_elsewhere is False


def test_a_test_that_was_missed_may_be_sat_again(draft):
    make_proposal(period=make_period(name="Periode lama"), status="test_absent", nip=draft.nip)
    assert facts_of(draft).failed_in == "Periode lama"
    assert refusals_for(draft) == []
