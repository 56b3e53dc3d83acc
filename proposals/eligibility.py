"""The rules of eligibility as pure functions over plain facts, and who must sit the test.

`check(facts, rules)` names every rule that was looked at, with its verdict, a sentence and its
source, so that a participant can see why. Only `facts_of` and `rules_of` touch the database.
Source: domain.md section 4; limits, rank tables and test rules are a period's own data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from inpassing.formats import long_date
from inpassing.reference.models import EducationLevel, Period

from .ledger import ledger
from .models import Formation, Proposal, ProposalDocument
from .nip import age_on

# Where the rules come from, as a reader of the page is told.
LETTER_2020 = "Surat BPS 7 Agustus 2020, persyaratan inpassing"
REGULATION = "PermenPANRB 42/2018"
DECREE_DISMISSAL = "Kepka BPS 289/2004, 6.1.B.4"
PERIOD_DATA = "data acuan periode"


class Outcome(StrEnum):
    OK = "ok"
    REFUSED = "refused"
    WARNING = "warning"
    PENDING = "pending"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Verdict:
    """What one rule says about one person."""

    rule: str
    outcome: Outcome
    sentence: str
    source: str


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

    @property
    def source(self) -> str:
        return f"formasi instansi, {self.state}"


@dataclass(frozen=True)
class Facts:
    """What is known about one proposal, as plain data."""

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


@dataclass(frozen=True)
class LevelRule:
    """A level that can be proposed in the period, and the ranks that fit it."""

    position: str
    code: str
    name: str
    ranks: tuple[str, ...]


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
    skill_education_order: int
    expert_education_order: int
    tests: tuple[TestRow, ...]


@dataclass(frozen=True)
class TestDecision:
    """Whether the competency test is required, and by which row (None: no row matched)."""

    __test__ = False

    required: bool
    rule_order: int | None
    sentence: str
    source: str


def check(facts: Facts, rules: PeriodRules) -> list[Verdict]:
    """The verdict of every rule, in the order of their numbers."""
    return [rule(facts, rules) for rule in RULES]


def appointment_papers(facts: Facts, rules: PeriodRules) -> Verdict:
    """E1: SK CPNS and SK PNS."""
    return _papers("E1", facts, ("sk_cpns", "sk_pns"), "SK CPNS dan SK PNS")


def all_documents(facts: Facts, rules: PeriodRules) -> Verdict:
    """E2: every document that applies is there and valid."""
    if not facts.has_slots:
        return Verdict(
            "E2", Outcome.PENDING, "Berkas diunggah peserta setelah usulan disetujui.", LETTER_2020
        )
    bad = [document for document in facts.documents if document.state in {"refused", "returned"}]
    missing = [document for document in facts.documents if document.state == "missing"]
    waiting = [document for document in facts.documents if document.state == "waiting"]
    total = len(facts.documents)
    if bad:
        return Verdict(
            "E2", Outcome.PENDING, f"Perlu diganti: {_names(bad)}.", f"{LETTER_2020}; aturan E3"
        )
    if missing:
        return Verdict(
            "E2",
            Outcome.PENDING,
            f"{total - len(missing)} dari {total} dokumen ada. Belum ada: {_names(missing)}.",
            LETTER_2020,
        )
    if waiting:
        return Verdict(
            "E2", Outcome.PENDING, f"Sedang diperiksa sistem: {_names(waiting)}.", LETTER_2020
        )
    return Verdict("E2", Outcome.OK, f"Semua {total} dokumen ada dan terbaca.", LETTER_2020)


def experience(facts: Facts, rules: PeriodRules) -> Verdict:
    """E4: two years of work in the field, by statement."""
    return _by_verifier(
        "E4",
        facts,
        "pengalaman kerja paling sedikit 2 tahun di bidang ini, menurut surat pernyataan",
    )


def competence(facts: Facts, rules: PeriodRules) -> Verdict:
    """E5: competence, by statement."""
    return _by_verifier("E5", facts, "kompetensi di bidang ini, menurut surat pernyataan")


def sanction(facts: Facts, rules: PeriodRules) -> Verdict:
    """E6: no medium or heavy sanction now."""
    return _by_verifier(
        "E6", facts, "tidak sedang menjalani hukuman disiplin sedang atau berat, menurut pernyataan"
    )


def structural_papers(facts: Facts, rules: PeriodRules) -> Verdict:
    """E7: two more documents for a structural official, never for others."""
    if not facts.is_structural:
        return Verdict(
            "E7",
            Outcome.NOT_APPLICABLE,
            "Bukan pejabat struktural: SP mundur dan SK jabatan tidak diminta.",
            LETTER_2020,
        )
    return _papers("E7", facts, ("sp_mundur", "sk_jabatan"), "SP mundur dan SK jabatan")


def post_left(facts: Facts, rules: PeriodRules) -> Verdict:
    """E8: a post of the formation at that level."""
    formation = facts.formation
    if formation is None or not formation.takes_nominations:
        outcome = Outcome.WARNING if facts.holds_post else Outcome.REFUSED
        return Verdict(
            "E8",
            outcome,
            f"Formasi {facts.position_name} belum dikirim ke BPS. Isi dan kirim formasi dahulu.",
            formation.source if formation else "formasi instansi, belum ada",
        )
    if formation.vacancy is None:
        outcome = Outcome.WARNING if facts.holds_post else Outcome.REFUSED
        return Verdict(
            "E8",
            outcome,
            f"Formasi tidak memuat jenjang {facts.level_name}. "
            "Ubah formasi atau pilih jenjang lain.",
            formation.source,
        )
    left = formation.vacancy - formation.taken
    if facts.holds_post:
        if left < 0:
            return Verdict(
                "E8",
                Outcome.WARNING,
                f"Formasi {facts.level_name} terlampaui {-left}: {formation.taken} dipesan untuk "
                f"{formation.vacancy} lowongan. Rekomendasi di luar formasi memerlukan alasan.",
                formation.source,
            )
        return Verdict(
            "E8", Outcome.OK, f"Satu formasi {facts.level_name} sudah dipesan.", formation.source
        )
    if left <= 0:
        return Verdict(
            "E8",
            Outcome.REFUSED,
            f"Formasi jenjang {facts.level_name} sudah habis: {formation.taken} dari "
            f"{formation.vacancy} dipakai. Ubah formasi atau pilih jenjang lain.",
            formation.source,
        )
    return Verdict(
        "E8",
        Outcome.OK,
        f"Formasi {facts.level_name} tersisa {left} dari {formation.vacancy}.",
        formation.source,
    )


def rank_fits(facts: Facts, rules: PeriodRules) -> Verdict:
    """E9: the rank fits the level, by the period's own table."""
    source = f"tabel jenjang dan pangkat, {PERIOD_DATA}"
    level = next(
        (
            level
            for level in rules.levels
            if (level.position, level.code) == (facts.position, facts.level_code)
        ),
        None,
    )
    if level is None:
        return Verdict(
            "E9",
            Outcome.REFUSED,
            f"Jenjang {facts.level_name} tidak dibuka pada {rules.period}. Pilih jenjang lain.",
            source,
        )
    fitting = ", ".join(level.ranks) or "tidak ada"
    if facts.rank in level.ranks:
        return Verdict(
            "E9", Outcome.OK, f"Pangkat {facts.rank} sesuai untuk {facts.level_name}.", source
        )
    sentence = f"Pangkat {facts.rank} belum sesuai untuk {facts.level_name} ({fitting})."
    if rules.rank_mismatch_is_warning:
        return Verdict(
            "E9", Outcome.WARNING, f"{sentence} Ini peringatan, bukan penolakan.", source
        )
    others = [
        other.name
        for other in rules.levels
        if other.position == facts.position and facts.rank in other.ranks
    ]
    advice = (
        f"Pilih jenjang {' atau '.join(others)}, atau betulkan pangkat."
        if others
        else "Betulkan pangkat, atau pilih jabatan lain."
    )
    return Verdict("E9", Outcome.REFUSED, f"{sentence} {advice}", source)


def education_fits(facts: Facts, rules: PeriodRules) -> Verdict:
    """E10: skill levels from SLTA or D-I, expert levels from S1 or D-IV."""
    is_expert = facts.category == "expert"
    least = rules.expert_education_order if is_expert else rules.skill_education_order
    kind, wanted = ("keahlian", "S1 atau D-IV") if is_expert else ("keterampilan", "SLTA")
    if facts.education_order >= least:
        return Verdict(
            "E10",
            Outcome.OK,
            f"Pendidikan {facts.education_name} memenuhi jenjang {kind}.",
            REGULATION,
        )
    return Verdict(
        "E10",
        Outcome.REFUSED,
        f"Pendidikan {facts.education_name} belum memenuhi jenjang {kind}: paling rendah {wanted}. "
        "Pilih jenjang lain, atau betulkan pendidikan.",
        REGULATION,
    )


def age_fits(facts: Facts, rules: PeriodRules) -> Verdict:
    """E11: the age on the reference date; only a flag for the verifier."""
    source = f"batas usia, {PERIOD_DATA}"
    limit = next(
        (row for row in rules.ages if row.from_order <= facts.rank_order <= row.to_order), None
    )
    if limit is None:
        return Verdict(
            "E11",
            Outcome.NOT_APPLICABLE,
            f"Periode ini tidak menetapkan batas usia untuk pangkat {facts.rank}.",
            source,
        )
    age = age_on(facts.birth_date, rules.age_on)
    day = long_date(rules.age_on)
    if age < limit.under_years:
        return Verdict(
            "E11",
            Outcome.OK,
            f"Usia {age} tahun pada {day}, di bawah batas {limit.under_years} tahun.",
            source,
        )
    return Verdict(
        "E11",
        Outcome.WARNING,
        f"Usia {age} tahun pada {day}; batas untuk pangkat {limit.band} di bawah "
        f"{limit.under_years} tahun. Ini peringatan: verifikator memeriksanya.",
        source,
    )


def never_dismissed(facts: Facts, rules: PeriodRules) -> Verdict:
    """E14: who was dismissed from Pranata Komputer never becomes one again."""
    if facts.position != "PRAKOM":
        return Verdict(
            "E14",
            Outcome.NOT_APPLICABLE,
            "Aturan pemberhentian hanya menyangkut Pranata Komputer.",
            DECREE_DISMISSAL,
        )
    if facts.dismissed_declared or facts.dismissed_on_record:
        how = "menurut isian" if facts.dismissed_declared else "menurut catatan usulan terdahulu"
        return Verdict(
            "E14",
            Outcome.REFUSED,
            f"Pernah diberhentikan dari Pranata Komputer, {how}. Yang bersangkutan tidak dapat "
            "diangkat lagi dalam jabatan itu.",
            DECREE_DISMISSAL,
        )
    return Verdict(
        "E14", Outcome.OK, "Tidak pernah diberhentikan dari Pranata Komputer.", DECREE_DISMISSAL
    )


def earlier_test(facts: Facts, rules: PeriodRules) -> Verdict:
    """E15: who failed a test in an earlier period may come again."""
    source = "Surat BPS 7 Agustus 2020, uji kompetensi"
    if facts.failed_in:
        return Verdict(
            "E15",
            Outcome.OK,
            f"Pernah tidak lulus uji kompetensi pada {facts.failed_in}. Boleh diusulkan lagi.",
            source,
        )
    return Verdict(
        "E15", Outcome.NOT_APPLICABLE, "Tidak ada uji kompetensi yang gagal sebelumnya.", source
    )


def one_at_a_time(facts: Facts, rules: PeriodRules) -> Verdict:
    """E16: one active proposal per NIP and period, over both positions."""
    source = "satu usulan per NIP per periode"
    if facts.active_elsewhere:
        return Verdict(
            "E16",
            Outcome.REFUSED,
            f"NIP ini mempunyai usulan lain yang masih berjalan pada {rules.period}. "
            "Tarik usulan itu dahulu.",
            source,
        )
    return Verdict("E16", Outcome.OK, "Tidak ada usulan lain yang aktif untuk NIP ini.", source)


RULES: tuple[Callable[[Facts, PeriodRules], Verdict], ...] = (
    appointment_papers,
    all_documents,
    experience,
    competence,
    sanction,
    structural_papers,
    post_left,
    rank_fits,
    education_fits,
    age_fits,
    never_dismissed,
    earlier_test,
    one_at_a_time,
)


def test_required(
    position: str, education_field: str, level_code: str, rules: PeriodRules
) -> TestDecision:
    """Whether the competency test is required: the first row of the period's table that matches.

    `education_field` is the verifier's value; while it is "" the decision is provisional and says
    so, and only rows that ask for no field can match.
    """
    until_set = "" if education_field else "Sementara, bidang pendidikan belum ditetapkan: "
    for row in rules.tests:
        if (
            row.position in {"", position}
            and row.education_field in {"", education_field}
            and row.level_code in {"", level_code}
        ):
            words = "wajib uji kompetensi" if row.competency_test else "tanpa uji kompetensi"
            return TestDecision(
                row.competency_test,
                row.order,
                _sentence(f"{until_set}{words} menurut baris {row.order} tabel uji."),
                f"tabel uji {rules.period}, baris {row.order}",
            )
    return TestDecision(
        True,
        None,
        _sentence(f"{until_set}wajib uji kompetensi, karena tidak ada baris tabel uji yang cocok."),
        f"tabel uji {rules.period}",
    )


test_required.__test__ = False  # type: ignore[attr-defined]  # not one of pytest's


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
    )


def rules_of(period: Period) -> PeriodRules:
    """The rule data of a period: five queries, always."""
    educations = dict(
        EducationLevel.objects.filter(code__in=["SLTA", "S1"]).values_list("code", "order")
    )
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
        skill_education_order=educations["SLTA"],
        expert_education_order=educations["S1"],
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


def _papers(rule: str, facts: Facts, codes: tuple[str, ...], words: str) -> Verdict:
    if not facts.has_slots:
        return Verdict(
            rule, Outcome.PENDING, f"{words} diunggah peserta, lalu diperiksa.", LETTER_2020
        )
    documents = [document for document in facts.documents if document.code in codes]
    if not documents:
        return Verdict(
            rule, Outcome.NOT_APPLICABLE, f"{words} tidak diminta pada periode ini.", LETTER_2020
        )
    lacking = [document for document in documents if document.state != "valid"]
    if lacking:
        return Verdict(
            rule, Outcome.PENDING, f"Belum ada atau belum terbaca: {_names(lacking)}.", LETTER_2020
        )
    return Verdict(rule, Outcome.OK, f"{words} ada dan terbaca.", LETTER_2020)


def _by_verifier(rule: str, facts: Facts, words: str) -> Verdict:
    if facts.is_verified:
        return Verdict(rule, Outcome.OK, f"Dibenarkan verifikator: {words}.", LETTER_2020)
    return Verdict(rule, Outcome.PENDING, f"Diperiksa verifikator: {words}.", LETTER_2020)


def _names(documents: list[DocumentFact]) -> str:
    """The first three by name; the page lists all of them anyway."""
    names = ", ".join(document.name for document in documents[:3])
    return f"{names}, dan {len(documents) - 3} lainnya" if len(documents) > 3 else names


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
