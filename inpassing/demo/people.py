"""Invented people. Every NIP has a sequence number 9xx, which no civil servant has."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

WOMEN = (
    "Wa Ode Nurhayati", "Asriani", "Maria Goreti", "Ni Luh Ayu", "Siti Mardhatillah", "Rosalina",
    "Sri Ramlah", "Nur Asyifa", "Theresia", "Dewi Anggraini", "Fitriani", "Selviana", "Yuliana",
    "Hasnawati", "Kartika", "Rahmawati", "Lestari", "Novita", "Mariani", "Andi Tenri",
)  # fmt: skip
MEN = (
    "La Ode Syarif", "Hasbullah", "Irwansyah", "Bernadus", "Muhamad Arfan", "Danu", "Yohanes",
    "Andi Firmansyah", "Rikhardus", "Stefanus", "Hartawan", "Rahmat", "I Made Suarta", "Daeng",
    "Zulkifli", "Agung", "Ridwan", "Teguh", "Bayu", "Ferdinandus",
)  # fmt: skip
FAMILY = (
    "Wahid", "Mokodompit", "Buton", "Tnunay", "Bria", "Wicaksono", "Kertiyasa", "Matara",
    "Pattikawa", "Prameswara", "Nabuasa", "Laka", "Mado", "Amalo", "Uba", "Hidayat", "Saputra",
    "Lakilaponto", "Rantetasik", "Manuputty", "Simbolon", "Wibisono", "Kusumadewi",
)  # fmt: skip

FIRST_YEAR, YEARS, DAYS = 1976, 16, 28
BIRTHS = YEARS * 12 * DAYS


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist."""

    name: str
    nip: str
    born: dt.date
    sex: int

    @property
    def address(self) -> str:
        """An address that no mail server takes."""
        name = "".join(c if c.isalpha() else "." for c in self.name.lower())
        return f"{name}.{self.nip[-3:]}{self.nip[6:8]}@contoh.example"


def person(number: int, *, sequence: int = 990, width: int = 10) -> Person:
    """Person `number`: the same on every call, another one for every other number.

    The NIP's sequence lies in `sequence` … `sequence + width - 1`.
    """
    sex = 1 + number % 2
    first = (MEN if sex == 1 else WOMEN)[number // 2 % len(MEN)]
    family = FAMILY[number // 40 % len(FAMILY) if number >= 40 else (number * 7) % len(FAMILY)]
    birth, rest = number % BIRTHS, number // BIRTHS
    day, birth = birth % DAYS, birth // DAYS
    # 7 and 5 share no divisor with 12 and 16: neighbours differ in month and year, none twice.
    month, year = birth % 12, birth // 12
    born = dt.date(FIRST_YEAR + (year * 5 + day) % YEARS, 1 + (month * 7 + day) % 12, 1 + day)
    last, rest = rest % width, rest // width
    cpns_month, cpns_year = 1 + rest % 12, born.year + 24 + rest // 12
    nip = f"{born:%Y%m%d}{cpns_year}{cpns_month:02d}{sex}{sequence + last:03d}"
    return Person(f"{first} {family}", nip, born, sex)
