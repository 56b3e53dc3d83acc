"""The decree's own seven examples, beside what its rules give: data for a page and for tests.

Names are those of the decree, shortened. What an example leaves open is given so that nothing
else stands in the way (education, training, DP3 and age fit; no supporting elements).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from inpassing.formats import long_date

from .decree_2004 import DECREE, Candidate, Officer, appointment, promotion, term_of
from .decree_tables import Category, Decree, points


@dataclass(frozen=True)
class Comparison:
    """An example: what was given, what the decree's text says, what its rule gives, and why the
    two differ ("" where they agree)."""

    name: str
    rules: tuple[str, ...]
    given: str
    text_says: str
    rule_gives: str
    note: str
    source: str

    @property
    def agrees(self) -> bool:
        return self.text_says == self.rule_gives


@dataclass(frozen=True)
class Inconsistency:
    """A place where the decree's text contradicts itself without an example."""

    rules: tuple[str, ...]
    text_says: str
    rule_gives: str
    source: str


INCONSISTENCIES = (
    Inconsistency(
        ("K2", "K3"),
        "Satu daftar 1–7 untuk kenaikan pangkat; butir 4 sampai 7 ternyata tentang jabatan.",
        "Butir 1–3 berlaku untuk pangkat (K2), butir 5–7 untuk jabatan (K3).",
        f"{DECREE}, 3.1.D",
    ),
    Inconsistency(
        ("K4",),
        "Menunjuk butir D1 dan D2, padahal D2 adalah masa kepangkatan.",
        "Berlaku untuk angka kredit kenaikan pangkat (D1) dan jabatan (D5).",
        f"{DECREE}, 3.1.E",
    ),
    Inconsistency(
        ("R1", "R3"),
        "Butir 5.1.A.2 menyebut hukuman sedang dan berat, butir 5.1.C ringan dan sedang.",
        "Pengangkatan kembali belum dihitung sistem; perbedaan ini diputus pejabat berwenang.",
        f"{DECREE}, 5.1.A.2 dan 5.1.C",
    ),
)


def comparisons(decree: Decree) -> list[Comparison]:
    """The seven examples in the decree's order, judged with the given tables and limits."""
    return [example(decree) for example in EXAMPLES]


def comparison(name: str, decree: Decree) -> Comparison:
    """One example by its name; KeyError for a name that the decree has not."""
    return {found.name: found for found in comparisons(decree)}[name]


def notes_on(rules: Iterable[str], decree: Decree) -> list[str]:
    """What a page must say beside verdicts of these rules: where text and rule differ."""
    asked = set(rules)
    notes = [
        f"{found.name}: teks menyebut {found.text_says}; aturan memberi {found.rule_gives}. "
        f"{found.note} ({found.source})"
        for found in comparisons(decree)
        if found.note and asked & set(found.rules)
    ]
    return notes + [
        f"{found.text_says} {found.rule_gives} ({found.source})"
        for found in INCONSISTENCIES
        if asked & set(found.rules)
    ]


def hendro(decree: Decree) -> Comparison:
    """Expert, IV/a, credit 400."""
    return Comparison(
        "Hendro",
        ("P4",),
        "Ahli, IV/a, angka kredit 400,000",
        "Pranata Komputer Muda",
        _appointed(decree, "expert", "IV/a", "400.000", dt.date(2004, 7, 6)),
        "400,000 adalah angka kredit minimum IV/a, dan IV/a termasuk jenjang Madya.",
        f"{DECREE}, 2.1.B",
    )


def arno(decree: Decree) -> Comparison:
    """Skill, III/a, credit 87."""
    return Comparison(
        "Arno",
        ("P5",),
        "Terampil, III/a, angka kredit 87,000",
        "belum diangkat",
        _appointed(decree, "skill", "III/a", "87.000", dt.date(2004, 4, 1)),
        "",
        f"{DECREE}, 2.1.B",
    )


def elvina(decree: Decree) -> Comparison:
    """Expert, III/b, credit 199."""
    return Comparison(
        "Elvina",
        ("P4",),
        "Ahli, III/b, angka kredit 199,000",
        "Pranata Komputer Muda",
        _appointed(decree, "expert", "III/b", "199.000", dt.date(2004, 4, 1)),
        "199,000 kurang dari 200,000, angka kredit minimum jenjang Muda.",
        f"{DECREE}, 2.1.B",
    )


ANNISA = Officer(
    category="skill",
    level="mahir",
    rank="III/a",
    rank_since=dt.date(2003, 4, 1),
    post_since=dt.date(2003, 4, 1),
    credit=Decimal("151.000"),
    reached_on=dt.date(2004, 4, 1),
    main_in_second_year=Decimal("10.000"),
    dp3_good_years=2,
)
SISWONO = Officer(
    category="skill",
    level="pemula",
    rank="II/a",
    rank_since=dt.date(2003, 4, 1),
    post_since=dt.date(2003, 4, 1),
    credit=Decimal("46.800"),
    reached_on=dt.date(2004, 4, 1),
    main_in_second_year=Decimal("3.000"),
    dp3_good_years=2,
)
RONI = Officer(
    category="skill",
    level="terampil",
    rank="II/c",
    rank_since=dt.date(2003, 4, 1),
    post_since=dt.date(2003, 4, 1),
    # No list of points was handed in: the minimum of the own rank is all there is.
    credit=Decimal("60.000"),
)
ALDIANTO = Officer(
    category="skill",
    level="penyelia",
    rank="III/d",
    rank_since=dt.date(2003, 4, 1),
    post_since=dt.date(2003, 4, 1),
    credit=Decimal("300.000"),
    main_in_year=Decimal("5.000"),
)


def annisa(decree: Decree) -> Comparison:
    """Skill III/a, 151 points after a year: the rank may rise after a second year, not the post."""
    return Comparison(
        "Annisa",
        ("K2", "K8", "K10"),
        "Terampil, III/a sejak 1 April 2003; 105,000 menjadi 151,000 pada 1 April 2004",
        "10,000 angka kredit unsur utama; III/b pada 1 April 2005; jabatan tetap",
        _course(ANNISA, decree),
        "",
        f"{DECREE}, 3.1.I",
    )


def siswono(decree: Decree) -> Comparison:
    """Skill II/a, 46.8 points after a year: the post rises first, the rank a year later."""
    return Comparison(
        "Siswono",
        ("K2", "K3", "K8", "K10"),
        "Terampil, II/a sejak 1 April 2003; 30,000 menjadi 46,800 pada 1 April 2004",
        "3,000 angka kredit unsur utama; II/b pada 1 April 2005; "
        "Pranata Komputer Pelaksana pada 1 April 2004",
        _course(SISWONO, decree),
        "",
        f"{DECREE}, 3.1.I",
    )


def roni(decree: Decree) -> Comparison:
    """Pelaksana II/c since 1 April 2003 without new points."""
    return Comparison(
        "Roni",
        ("B1", "B7"),
        "Pelaksana, II/c sejak 1 April 2003, belum mengajukan penilaian",
        "peringatan paling lambat 1 Oktober 2007",
        _warned(RONI, decree),
        "Enam bulan sebelum batas empat tahun, yaitu 1 April 2007. Teks cocok dengan batas lima "
        "tahun.",
        f"{DECREE}, 4.1.A.1 dan 4.1.E",
    )


def aldianto(decree: Decree) -> Comparison:
    """Penyelia III/d since 1 April 2003 with five points."""
    return Comparison(
        "Aldianto",
        ("B2", "B7"),
        "Penyelia, III/d sejak 1 April 2003, baru 5,000 angka kredit",
        "peringatan paling lambat 2 Januari 2004",
        _warned(ALDIANTO, decree),
        "Tiga bulan sebelum batas satu tahun, yaitu 1 April 2004. Teks juga menyebut nama orang "
        "lain.",
        f"{DECREE}, 4.1.A.2 dan 4.1.E",
    )


EXAMPLES: tuple[Callable[[Decree], Comparison], ...] = (
    hendro,
    arno,
    elvina,
    annisa,
    siswono,
    roni,
    aldianto,
)


def _appointed(decree: Decree, category: Category, rank: str, credit: str, on: dt.date) -> str:
    candidate = Candidate(
        category=category,
        rank=rank,
        education_name="Sarjana (S1)" if category == "expert" else "Diploma III",
        education_order=decree.expert_education if category == "expert" else decree.skill_education,
        credit=Decimal(credit),
        birth_date=dt.date(1970, 1, 1),
        retirement_age=58,
        has_it_diploma=True,
        dp3_good_years=1,
    )
    level = appointment(candidate, on, decree).level
    return level.name if level else "belum diangkat"


def _course(officer: Officer, decree: Decree) -> str:
    """What an officer gets in the two years after the rank, judged on each 1 April."""
    days = [officer.rank_since.replace(year=officer.rank_since.year + years) for years in (1, 2)]
    found = [(day, promotion(officer, day, decree)) for day in days]
    rank = next((f"{step.rank} pada {long_date(day)}" for day, step in found if step.rank), "tetap")
    level = next(
        (f"{step.level.name} pada {long_date(day)}" for day, step in found if step.level),
        "jabatan tetap",
    )
    band = decree.band(officer.category, officer.rank)
    wanted = (
        points(band.increment * decree.first_year_percent / 100) if band and band.increment else "0"
    )
    return f"{wanted} angka kredit unsur utama; {rank}; {level}"


def _warned(officer: Officer, decree: Decree) -> str:
    term = term_of(officer, decree)
    return f"peringatan paling lambat {long_date(term.warn_by)}" if term else "tanpa peringatan"
