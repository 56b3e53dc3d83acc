"""The decree of 2004 for Pranata Komputer: appointment by credit points, promotion, release.

Pure functions, one for each rule P1–P5, K1–K10, B1–B3 and B7. They have no part in inpassing.
Where an example of the decree says otherwise than its rule, the rule is followed;
`decree_examples` names the difference. Source: Kepka BPS 289/2004 (domain.md sections 5 and 6).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from inpassing.formats import long_date

from ..nip import age_on
from .decree_tables import (
    CATEGORY_NAMES,
    Band,
    Category,
    Decree,
    Level,
    months_after,
    points,
    require_points,
    years_after,
)
from .facts import Outcome, Verdict

DECREE = "Kepka BPS 289/2004"
ZERO = Decimal("0.000")


# Appointment


@dataclass(frozen=True)
class Candidate:
    """A civil servant who is to be appointed. `dp3_good_years` counts the latest years in which
    every element was "baik"; `retirement_age` is that of the last post, in years."""

    category: Category
    rank: str
    education_name: str
    education_order: int
    credit: Decimal
    birth_date: dt.date
    retirement_age: int
    has_it_diploma: bool = False
    has_it_training: bool = False
    dp3_good_years: int = 0
    holds_other_post: bool = False
    it_experience_months: int = 0

    def __post_init__(self) -> None:
        require_points(self.credit)

    @property
    def rule(self) -> str:
        """The rule of the category: P1 (terampil) or P2 (ahli)."""
        return "P1" if self.category == "skill" else "P2"

    @property
    def source(self) -> str:
        return f"{DECREE}, 2.1.A.1.{'a' if self.category == 'skill' else 'b'}"


@dataclass(frozen=True)
class Appointment:
    """The verdicts on a candidate, and the level when nothing stands against it."""

    verdicts: tuple[Verdict, ...]
    rank: str
    level: Level | None

    @property
    def is_appointed(self) -> bool:
        return self.level is not None


def appointment(candidate: Candidate, on: dt.date, decree: Decree) -> Appointment:
    """Rules P1 to P5 on a day: the rank stays, the level follows the credit points."""
    verdicts = tuple(rule(candidate, on, decree) for rule in APPOINTMENT_RULES)
    is_refused = any(verdict.outcome == Outcome.REFUSED for verdict in verdicts)
    level = decree.level_by_credit(candidate.category, candidate.credit)
    return Appointment(verdicts, candidate.rank, None if is_refused else level)


def education(candidate: Candidate, on: dt.date, decree: Decree) -> Verdict:
    """P1, P2: SLTA or D-I for terampil, S1 or D-IV for ahli."""
    is_skill = candidate.category == "skill"
    least = decree.skill_education if is_skill else decree.expert_education
    wanted = "SLTA atau D-I" if is_skill else "S1 atau D-IV"
    if candidate.education_order >= least:
        outcome, words = Outcome.OK, "memenuhi"
    else:
        outcome, words = Outcome.REFUSED, "belum memenuhi"
    return Verdict(
        candidate.rule,
        outcome,
        f"Pendidikan {candidate.education_name} {words} syarat paling rendah {wanted}.",
        f"{candidate.source}.1",
    )


def lowest_rank(candidate: Candidate, on: dt.date, decree: Decree) -> Verdict:
    """P1, P2: from II/a for terampil, from III/a for ahli."""
    lowest = decree.scale(candidate.category)[0].rank
    reached = decree.rank_orders.get(candidate.rank, 0) >= decree.rank_orders[lowest]
    return Verdict(
        candidate.rule,
        Outcome.OK if reached else Outcome.REFUSED,
        f"Pangkat {candidate.rank} {'memenuhi' if reached else 'belum memenuhi'} syarat paling "
        f"rendah {lowest}.",
        f"{candidate.source}.2",
    )


def training(candidate: Candidate, on: dt.date, decree: Decree) -> Verdict:
    """P1, P2: functional IT training, unless the education is in information technology."""
    source = f"{candidate.source}.3"
    if candidate.has_it_diploma:
        return Verdict(
            candidate.rule,
            Outcome.NOT_APPLICABLE,
            "Berijazah teknologi informasi: diklat fungsional tidak diminta.",
            source,
        )
    if candidate.has_it_training:
        return Verdict(
            candidate.rule, Outcome.OK, "Lulus diklat fungsional teknologi informasi.", source
        )
    return Verdict(
        candidate.rule,
        Outcome.REFUSED,
        "Belum lulus diklat fungsional teknologi informasi, dan ijazah bukan di bidang itu.",
        source,
    )


def performance(candidate: Candidate, on: dt.date, decree: Decree) -> Verdict:
    """P1, P2: every element of the DP3 "baik" for a year."""
    is_good = candidate.dp3_good_years >= 1
    return Verdict(
        candidate.rule,
        Outcome.OK if is_good else Outcome.REFUSED,
        f"Tiap unsur DP3 {'' if is_good else 'belum '}bernilai baik dalam 1 tahun terakhir.",
        f"{candidate.source}.4",
    )


def age(candidate: Candidate, on: dt.date, decree: Decree) -> Verdict:
    """P1, P2: on the day, at least five years are left until retirement from the last post."""
    oldest = candidate.retirement_age - decree.years_to_retirement
    years = age_on(candidate.birth_date, on)
    # On the birthday itself exactly that many years are left, on the next day fewer.
    is_birthday = on == dt.date.min or age_on(candidate.birth_date, on - dt.timedelta(1)) < years
    fits = years < oldest or (years == oldest and is_birthday)
    return Verdict(
        candidate.rule,
        Outcome.OK if fits else Outcome.REFUSED,
        f"Usia {years} tahun pada {long_date(on)}; paling tinggi {oldest} tahun, "
        f"{decree.years_to_retirement} tahun sebelum pensiun ({candidate.retirement_age}).",
        f"{candidate.source}.5",
    )


def other_post(candidate: Candidate, on: dt.date, decree: Decree) -> Verdict:
    """P3: from another post, also two years of experience in information technology."""
    source = f"{DECREE}, 2.1.A.2"
    if not candidate.holds_other_post:
        return Verdict(
            "P3",
            Outcome.NOT_APPLICABLE,
            "Pengangkatan pertama kali: syarat pindah jabatan tidak berlaku.",
            source,
        )
    reached = candidate.it_experience_months >= decree.experience_months
    return Verdict(
        "P3",
        Outcome.OK if reached else Outcome.REFUSED,
        f"Pengalaman di bidang teknologi informasi {candidate.it_experience_months} bulan, paling "
        f"sedikit {decree.experience_months} bulan.",
        source,
    )


def level_by_credit(candidate: Candidate, on: dt.date, decree: Decree) -> Verdict:
    """P4: the rank stays; the level is the one whose band holds the credit points."""
    source = f"{DECREE}, 2.1.B"
    band = decree.band_by_credit(candidate.category, candidate.credit)
    level = decree.level_by_credit(candidate.category, candidate.credit)
    if band is None or level is None:
        return Verdict(
            "P4",
            Outcome.NOT_APPLICABLE,
            f"Angka kredit {points(candidate.credit)} di bawah jenjang terendah.",
            source,
        )
    return Verdict(
        "P4",
        Outcome.OK,
        f"Pangkat tetap {candidate.rank}. Angka kredit {points(candidate.credit)} mencapai minimum "
        f"{points(band.minimum)} ({band.rank}): jenjang {level.name}.",
        source,
    )


def own_minimum(candidate: Candidate, on: dt.date, decree: Decree) -> Verdict:
    """P5: below the minimum of the own rank nobody is appointed."""
    source = f"{DECREE}, 2.1.B, contoh Arno"
    band = decree.band(candidate.category, candidate.rank)
    if band is None:
        return Verdict(
            "P5",
            Outcome.REFUSED,
            f"Pangkat {candidate.rank} tidak ada dalam tabel angka kredit tingkat "
            f"{CATEGORY_NAMES[candidate.category]}.",
            source,
        )
    reached = candidate.credit >= band.minimum
    return Verdict(
        "P5",
        Outcome.OK if reached else Outcome.REFUSED,
        f"Angka kredit {points(candidate.credit)} {'mencapai' if reached else 'di bawah'} minimum "
        f"{points(band.minimum)} untuk pangkat {candidate.rank}"
        f"{'.' if reached else ': belum diangkat.'}",
        source,
    )


APPOINTMENT_RULES: tuple[Callable[[Candidate, dt.date, Decree], Verdict], ...] = (
    education,
    lowest_rank,
    training,
    performance,
    age,
    other_post,
    level_by_credit,
    own_minimum,
)


# After the appointment


@dataclass(frozen=True)
class Officer:
    """A Pranata Komputer. All points are credit points.

    `credit` is the cumulative total, `supporting` the part of it from supporting elements,
    `development` that from professional development; `reached_on` the day on which the credit for
    the next rank was reached; `main_in_second_year` counts main elements without education and
    development; `main_in_year` main elements in year number `year_in_rank` (1 is the first).
    """

    category: Category
    level: str
    rank: str
    rank_since: dt.date
    post_since: dt.date
    credit: Decimal
    supporting: Decimal = ZERO
    development: Decimal = ZERO
    dp3_good_years: int = 0
    reached_on: dt.date | None = None
    main_in_second_year: Decimal = ZERO
    main_in_year: Decimal = ZERO
    year_in_rank: int = 1
    assessments_this_year: int = 0

    def __post_init__(self) -> None:
        require_points(
            self.credit,
            self.supporting,
            self.development,
            self.main_in_second_year,
            self.main_in_year,
        )


@dataclass(frozen=True)
class Promotion:
    """The verdicts on an officer, and what can be granted on the day: a rank, a level, or both."""

    verdicts: tuple[Verdict, ...]
    rank: str | None
    level: Level | None


def promotion(officer: Officer, on: dt.date, decree: Decree) -> Promotion:
    """Rules K1 to K10 on a day."""
    verdicts = tuple(rule(officer, on, decree) for rule in PROMOTION_RULES)
    stands = {
        verdict.rule
        for verdict in verdicts
        if verdict.outcome in {Outcome.REFUSED, Outcome.PENDING}
    }
    following = decree.next_band(officer.category, officer.rank)
    level = decree.next_level(officer.category, officer.level)
    return Promotion(
        verdicts,
        rank=following.rank if following and not stands & FOR_RANK else None,
        level=level if level and not stands & FOR_LEVEL else None,
    )


def two_assessments(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """K1: points are assessed twice a year."""
    count = officer.assessments_this_year
    return Verdict(
        "K1",
        Outcome.OK if count >= 2 else Outcome.PENDING,
        f"Penilaian angka kredit tahun {on.year}: {count} dari 2.",
        f"{DECREE}, 3.1.B",
    )


def next_rank(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """K2: the next rank's credit, two years in the rank, two years of DP3 "baik"."""
    source = f"{DECREE}, 3.1.D.1–3"
    following = decree.next_band(officer.category, officer.rank)
    if following is None:
        return Verdict(
            "K2",
            Outcome.NOT_APPLICABLE,
            f"Tidak ada pangkat di atas {officer.rank} dalam tabel angka kredit tingkat ini.",
            source,
        )
    return _when_due(
        "K2",
        source,
        f"Kenaikan pangkat ke {following.rank}",
        _lacking(officer, following.minimum, dp3_years=2),
        on,
        years_after(officer.rank_since, 2),
    )


def next_level(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """K3: the next level's credit, a year in the post, a year of DP3 "baik"."""
    source = f"{DECREE}, 3.1.D.4–7"
    level = decree.next_level(officer.category, officer.level)
    minimum = decree.level_minimum(level) if level else None
    if level is None or minimum is None:
        return Verdict(
            "K3", Outcome.NOT_APPLICABLE, "Tidak ada jenjang di atas jenjang ini.", source
        )
    return _when_due(
        "K3",
        source,
        f"Kenaikan jabatan ke {level.name}",
        _lacking(officer, minimum, dp3_years=1),
        on,
        years_after(officer.post_since, 1),
    )


def main_share(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """K4: at most 20 percent of the points from supporting elements."""
    most = officer.credit * decree.supporting_percent / 100
    fits = officer.supporting <= most
    return Verdict(
        "K4",
        Outcome.OK if fits else Outcome.REFUSED,
        f"Unsur penunjang {points(officer.supporting)} dari {points(officer.credit)}; paling "
        f"banyak {decree.supporting_percent} persen, unsur utama paling sedikit "
        f"{100 - decree.supporting_percent} persen.",
        f"{DECREE}, 3.1.E",
    )


def development(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """K5: to IV/b and above, twelve points of professional development and a year of DP3 "baik"."""
    source = f"{DECREE}, 3.1.F"
    following = decree.next_band(officer.category, officer.rank)
    orders = decree.rank_orders
    if following is None or orders[following.rank] < orders[decree.development_from]:
        return Verdict(
            "K5",
            Outcome.NOT_APPLICABLE,
            f"Angka kredit pengembangan profesi diminta untuk {decree.development_from} ke atas.",
            source,
        )
    reached = officer.development >= decree.development_points
    fits = reached and officer.dp3_good_years >= 1
    return Verdict(
        "K5",
        Outcome.OK if fits else Outcome.REFUSED,
        f"Pengembangan profesi {points(officer.development)}, paling sedikit "
        f"{points(decree.development_points)} untuk naik ke {following.rank}, dengan DP3 baik "
        "1 tahun terakhir.",
        source,
    )


def surplus(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """K6: what exceeds the next rank's minimum counts towards the one after."""
    source = f"{DECREE}, 3.1.G"
    following = decree.next_band(officer.category, officer.rank)
    if following is None or officer.credit <= following.minimum:
        return Verdict("K6", Outcome.NOT_APPLICABLE, "Tidak ada kelebihan angka kredit.", source)
    extra = points(officer.credit - following.minimum)
    if officer.dp3_good_years < 1:
        return Verdict(
            "K6",
            Outcome.WARNING,
            f"Kelebihan {extra} angka kredit baru diperhitungkan bila DP3 baik 1 tahun terakhir.",
            source,
        )
    return Verdict(
        "K6",
        Outcome.OK,
        f"Kelebihan {extra} angka kredit diperhitungkan untuk kenaikan berikutnya.",
        source,
    )


def one_level_only(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """K7: credit for two levels or more gives one."""
    source = f"{DECREE}, 3.1.H"
    following = decree.next_level(officer.category, officer.level)
    reached = decree.level_by_credit(officer.category, officer.credit)
    if following is None or reached is None or reached.order <= following.order:
        return Verdict(
            "K7", Outcome.NOT_APPLICABLE, "Angka kredit tidak melampaui dua jenjang.", source
        )
    return Verdict(
        "K7",
        Outcome.OK,
        f"Angka kredit cukup untuk {reached.name}, tetapi kenaikan hanya satu jenjang: "
        f"{following.name}.",
        source,
    )


def second_year(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """K8: reached within the first year, 20 percent of the increment in the second."""
    source = f"{DECREE}, 3.1.I"
    band = decree.band(officer.category, officer.rank)
    begins = years_after(officer.rank_since, 1)
    if (
        band is None
        or band.increment is None
        or officer.reached_on is None
        or officer.reached_on > begins
    ):
        return Verdict(
            "K8",
            Outcome.NOT_APPLICABLE,
            "Angka kredit pangkat berikutnya tidak tercapai pada tahun pertama.",
            source,
        )
    wanted = band.increment * decree.first_year_percent / 100
    after = years_after(officer.rank_since, 2)
    if officer.main_in_second_year >= wanted:
        outcome = Outcome.OK
    else:
        outcome = Outcome.PENDING if on < after else Outcome.REFUSED
    return Verdict(
        "K8",
        outcome,
        f"Sejak {long_date(begins)} sampai sebelum {long_date(after)} wajib "
        f"{decree.first_year_percent} persen dari {points(band.increment)}, yaitu "
        f"{points(wanted)} angka kredit unsur utama; terkumpul "
        f"{points(officer.main_in_second_year)}.",
        source,
    )


def yearly_points(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """K9: at the highest rank, 10 (Penyelia III/d) or 25 (Utama IV/e) main points each year."""
    source = f"{DECREE}, 3.1.J–K"
    wanted = _yearly(officer, decree)
    if wanted is None:
        return Verdict(
            "K9",
            Outcome.NOT_APPLICABLE,
            "Kewajiban tahunan hanya bagi Penyelia III/d dan Utama IV/e.",
            source,
        )
    ends = years_after(officer.rank_since, officer.year_in_rank)
    if officer.main_in_year >= wanted:
        outcome = Outcome.OK
    else:
        outcome = Outcome.PENDING if on < ends else Outcome.REFUSED
    return Verdict(
        "K9",
        outcome,
        f"Unsur utama {points(officer.main_in_year)} dari {points(wanted)} yang wajib terkumpul "
        f"sebelum {long_date(ends)}.",
        source,
    )


def same_level(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """K10: no new level while the next rank is in the present one; the level may come first."""
    source = f"{DECREE}, 3.1.I, contoh Annisa"
    following = decree.next_band(officer.category, officer.rank)
    level = decree.level(officer.category, officer.level)
    if following is None or level is None:
        return Verdict(
            "K10", Outcome.NOT_APPLICABLE, "Tidak ada pangkat berikutnya dalam tabel ini.", source
        )
    if following.rank in level.ranks:
        return Verdict(
            "K10",
            Outcome.REFUSED,
            f"Pangkat berikutnya {following.rank} masih dalam jenjang {level.name}: kenaikan "
            "jabatan tidak diterbitkan.",
            source,
        )
    return Verdict(
        "K10",
        Outcome.OK,
        f"Pangkat berikutnya {following.rank} di luar jenjang {level.name}: jabatan boleh naik "
        "lebih dahulu daripada pangkat.",
        source,
    )


PROMOTION_RULES: tuple[Callable[[Officer, dt.date, Decree], Verdict], ...] = (
    two_assessments,
    next_rank,
    next_level,
    main_share,
    development,
    surplus,
    one_level_only,
    second_year,
    yearly_points,
    same_level,
)
FOR_RANK = frozenset({"K2", "K4", "K5", "K8"})
FOR_LEVEL = frozenset({"K3", "K4", "K10"})


# Temporary release


@dataclass(frozen=True)
class Term:
    """Until when points must be there, by which rule, and the last day for the written warning."""

    rule: str
    limit: dt.date
    warn_by: dt.date
    wanted: Decimal
    collected: Decimal

    @property
    def is_reached(self) -> bool:
        return self.collected >= self.wanted


def term_of(officer: Officer, decree: Decree) -> Term | None:
    """The term that runs for an officer; None outside the scale.

    B1 runs from the later of rank and post: the decree says "jabatan terakhir", its example has
    both on one day, and a fresh rank must not be due at once.
    """
    wanted = _yearly(officer, decree)
    if wanted is not None:
        limit = years_after(officer.rank_since, officer.year_in_rank)
        return Term(
            "B2" if officer.category == "skill" else "B3",
            limit,
            months_after(limit, -decree.short_warning_months),
            wanted,
            officer.main_in_year,
        )
    following = decree.next_band(officer.category, officer.rank)
    if following is None:
        return None
    limit = years_after(max(officer.rank_since, officer.post_since), decree.release_years)
    return Term(
        "B1",
        limit,
        months_after(limit, -decree.warning_months),
        following.minimum,
        officer.credit,
    )


def release(officer: Officer, on: dt.date, decree: Decree) -> tuple[Verdict, ...]:
    """Rules B1, B2, B3 and B7 on a day."""
    return tuple(rule(officer, on, decree) for rule in RELEASE_RULES)


def four_years(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """B1: the next rank's credit within the limit of years (a parameter)."""
    return _released("B1", f"{DECREE}, 4.1.A.1", officer, on, decree)


def penyelia_year(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """B2: Penyelia III/d, ten main points within the year."""
    return _released("B2", f"{DECREE}, 4.1.A.2", officer, on, decree)


def utama_year(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """B3: Utama IV/e, twenty-five main points within the year."""
    return _released("B3", f"{DECREE}, 4.1.A.3", officer, on, decree)


def written_warning(officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    """B7: a written warning six months before the limit of B1, three before that of B2 and B3."""
    source = f"{DECREE}, 4.1.E"
    term = term_of(officer, decree)
    if term is None or term.is_reached:
        return Verdict(
            "B7", Outcome.NOT_APPLICABLE, "Peringatan tertulis tidak diperlukan.", source
        )
    return Verdict(
        "B7",
        Outcome.PENDING if on <= term.warn_by else Outcome.WARNING,
        f"Peringatan tertulis paling lambat {long_date(term.warn_by)}, karena batas waktu aturan "
        f"{term.rule} berakhir {long_date(term.limit)}.",
        source,
    )


RELEASE_RULES: tuple[Callable[[Officer, dt.date, Decree], Verdict], ...] = (
    four_years,
    penyelia_year,
    utama_year,
    written_warning,
)


def _released(rule: str, source: str, officer: Officer, on: dt.date, decree: Decree) -> Verdict:
    term = term_of(officer, decree)
    if term is None or term.rule != rule:
        return Verdict(
            rule, Outcome.NOT_APPLICABLE, f"Aturan {rule} tidak berlaku bagi pangkat ini.", source
        )
    if term.is_reached:
        outcome, words = Outcome.OK, "tercapai"
    elif on < term.limit:
        outcome, words = Outcome.PENDING, f"dengan batas waktu {long_date(term.limit)}"
    else:
        outcome = Outcome.REFUSED
        words = f"tidak tercapai pada {long_date(term.limit)}: dibebaskan sementara"
    return Verdict(
        rule,
        outcome,
        f"Angka kredit {points(term.collected)} dari {points(term.wanted)}, {words}.",
        source,
    )


def _yearly(officer: Officer, decree: Decree) -> Decimal | None:
    """The main points that each year asks of the highest rank of the scale; None below it."""
    highest: Band = decree.scale(officer.category)[-1]
    if officer.rank != highest.rank:
        return None
    is_skill = officer.category == "skill"
    return decree.skill_yearly_points if is_skill else decree.expert_yearly_points


def _lacking(officer: Officer, minimum: Decimal, *, dp3_years: int) -> list[str]:
    lacking = []
    if officer.credit < minimum:
        lacking.append(f"angka kredit {points(officer.credit)} di bawah {points(minimum)}")
    if officer.dp3_good_years < dp3_years:
        lacking.append(f"DP3 belum baik {dp3_years} tahun terakhir")
    return lacking


def _when_due(
    rule: str, source: str, what: str, lacking: list[str], on: dt.date, from_day: dt.date
) -> Verdict:
    """Refused for what is lacking, pending while only time is, granted otherwise."""
    if lacking:
        return Verdict(rule, Outcome.REFUSED, f"{what} belum: {', '.join(lacking)}.", source)
    if on < from_day:
        return Verdict(rule, Outcome.PENDING, f"{what} paling cepat {long_date(from_day)}.", source)
    return Verdict(rule, Outcome.OK, f"{what} memenuhi syarat.", source)
