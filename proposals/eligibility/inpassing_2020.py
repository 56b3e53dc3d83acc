"""Rules E1 to E17 of inpassing, each a pure function of a proposal's facts and a period's rules.

`check(facts, rules)` names every rule with its verdict, a sentence and its source, so that a
participant can see why. Limits, levels and test rows are a period's own data.
Source: domain.md section 4 (it has no E12 and E13).
"""

from __future__ import annotations

from collections.abc import Callable

from inpassing.formats import long_date

from ..nip import age_on
from .facts import DocumentFact, Facts, Outcome, PeriodRules, TestDecision, Verdict

# Where the rules come from, as a reader of the page is told.
LETTER_2020 = "Surat BPS 7 Agustus 2020, persyaratan inpassing"
LETTER_STAGES = "Surat BPS 7 Agustus 2020, tahapan inpassing"
LETTER_TEST = "Surat BPS 7 Agustus 2020, uji kompetensi"
REGULATION = "PermenPANRB 42/2018"
DECREE_DISMISSAL = "Kepka BPS 289/2004, 6.1.B.4"
PERIOD_DATA = "data acuan periode"
ONE_PROPOSAL = "satu usulan per NIP per periode"


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
    returned = [document for document in facts.documents if document.state == "returned"]
    refused = [document for document in facts.documents if document.state == "refused"]
    missing = [document for document in facts.documents if document.state == "missing"]
    waiting = [document for document in facts.documents if document.state == "waiting"]
    total = len(facts.documents)
    if returned or refused:
        return Verdict(
            "E2", Outcome.PENDING, f"Perlu diganti: {_names(returned + refused)}.", LETTER_2020
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


def readable_files(facts: Facts, rules: PeriodRules) -> Verdict:
    """E3: each file is a harmless, readable PDF of at most 2 MB; the inspector judges it."""
    refused = [document for document in facts.documents if document.state == "refused"]
    waiting = [document for document in facts.documents if document.state == "waiting"]
    if refused:
        return Verdict(
            "E3",
            Outcome.WARNING,
            f"Ditolak sistem: {_names(refused)}. Unggah berkas pengganti.",
            LETTER_STAGES,
        )
    if waiting:
        return Verdict(
            "E3", Outcome.PENDING, f"Sedang diperiksa sistem: {_names(waiting)}.", LETTER_STAGES
        )
    if not any(document.state in {"valid", "returned"} for document in facts.documents):
        return Verdict(
            "E3",
            Outcome.PENDING,
            "Tiap berkas diperiksa sistem saat diunggah: PDF yang terbaca, paling besar 2 MB.",
            LETTER_STAGES,
        )
    return Verdict(
        "E3", Outcome.OK, "Berkas yang ada terbaca dan paling besar 2 MB.", LETTER_STAGES
    )


def experience(facts: Facts, rules: PeriodRules) -> Verdict:
    """E4: the period's years of work in the field (two by the letter), by statement."""
    return _by_verifier(
        "E4",
        facts,
        f"pengalaman kerja paling sedikit {rules.min_field_years} tahun di bidang ini, menurut "
        "surat pernyataan",
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
    """E10: skill levels from SLTA or D-I, expert levels from S1 or D-IV (the period's own data).

    What the participant picked counts provisionally until the verifier has set the field.
    """
    is_expert = facts.category == "expert"
    least = rules.expert_education if is_expert else rules.skill_education
    kind = "keahlian" if is_expert else "keterampilan"
    if facts.education_order >= least.order:
        sentence = f"Pendidikan {facts.education_name} memenuhi jenjang {kind}."
        if facts.education_field:
            return Verdict("E10", Outcome.OK, sentence, REGULATION)
        return Verdict(
            "E10",
            Outcome.OK,
            f"{sentence} Sementara, sampai verifikator memeriksa ijazah.",
            REGULATION,
            is_provisional=True,
        )
    return Verdict(
        "E10",
        Outcome.REFUSED,
        f"Pendidikan {facts.education_name} belum memenuhi jenjang {kind}: paling rendah "
        f"{least.words}. "
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
    if facts.failed_in:
        return Verdict(
            "E15",
            Outcome.OK,
            f"Pernah tidak lulus uji kompetensi pada {facts.failed_in}. Boleh diusulkan lagi.",
            LETTER_TEST,
        )
    return Verdict(
        "E15",
        Outcome.NOT_APPLICABLE,
        "Tidak ada uji kompetensi yang gagal sebelumnya.",
        LETTER_TEST,
    )


def one_at_a_time(facts: Facts, rules: PeriodRules) -> Verdict:
    """E16: one active proposal per NIP and period, over both positions."""
    if facts.active_elsewhere:
        return Verdict(
            "E16",
            Outcome.REFUSED,
            f"NIP ini mempunyai usulan lain yang masih berjalan pada {rules.period}. "
            "Tarik usulan itu dahulu.",
            ONE_PROPOSAL,
        )
    return Verdict(
        "E16", Outcome.OK, "Tidak ada usulan lain yang aktif untuk NIP ini.", ONE_PROPOSAL
    )


def recommendable(facts: Facts, rules: PeriodRules) -> Verdict:
    """E17: eligible, portfolio passed, the test passed or not required, the formation validated.

    The run asks again under the lock of the formation (`recommendations.gate`).
    """
    if facts.portfolio == "failed" or facts.test == "failed":
        which = "uji portofolio" if facts.portfolio == "failed" else "uji kompetensi"
        return Verdict(
            "E17",
            Outcome.REFUSED,
            f"Tidak lulus {which}, jadi tidak direkomendasikan pada {rules.period}. "
            "Boleh diusulkan lagi pada periode berikutnya.",
            LETTER_STAGES,
        )
    waits = []
    if not facts.is_verified:
        waits.append("pemeriksaan berkas")
    if facts.portfolio != "passed":
        waits.append("uji portofolio")
    if facts.test == "required":
        waits.append("uji kompetensi")
    if facts.formation is None or not facts.formation.is_validated:
        waits.append("validasi formasi")
    decision = test_required(facts.position, facts.education_field, facts.level_code, rules)
    is_undecided = facts.test == ""
    # A verifier may decide otherwise than the table, so the table speaks only until then.
    about_test = f" {decision.sentence}" if is_undecided else ""
    source = f"{LETTER_STAGES}; {decision.source}" if is_undecided else LETTER_STAGES
    if waits or is_undecided:
        waiting = ", ".join(waits) or "penetapan uji kompetensi"
        return Verdict(
            "E17",
            Outcome.PENDING,
            f"Rekomendasi menunggu {waiting}.{about_test}",
            source,
            is_provisional=is_undecided and not facts.education_field,
        )
    return Verdict("E17", Outcome.OK, "Semua syarat rekomendasi terpenuhi.", source)


RULES: tuple[Callable[[Facts, PeriodRules], Verdict], ...] = (
    appointment_papers,
    all_documents,
    readable_files,
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
    recommendable,
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
