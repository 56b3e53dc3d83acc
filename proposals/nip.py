"""Reading an employee number (NIP): what its 18 digits say, and what is wrong with them.

Source: domain.md section 3. Nothing here reads the database or the clock.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

from inpassing.formats import MONTHS, long_date

LENGTH = 18
YOUNGEST_CPNS = 18
SEXES = {1: "Laki-laki", 2: "Perempuan"}


class NipError(ValueError):
    """The number cannot be right; the message is a sentence for the person who typed it."""


@dataclass(frozen=True)
class Nip:
    """What a number says about its bearer."""

    digits: str
    birth_date: dt.date
    cpns_month: dt.date
    sex: int

    @property
    def sex_name(self) -> str:
        return SEXES[self.sex]

    @property
    def cpns_text(self) -> str:
        """ "Maret 2014"."""
        return f"{MONTHS[self.cpns_month.month - 1]} {self.cpns_month.year}"

    def age_on(self, day: dt.date) -> int:
        return age_on(self.birth_date, day)


def digits_of(text: str) -> str:
    """A number as it is stored: spaces, dots and dashes taken away, wide digits plain.

    Marks that nobody sees, as they come along when a number is copied, are taken away too.
    """
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(sign for sign in plain if unicodedata.category(sign) not in {"Cf", "Pd"})
    return re.sub(r"[\s.'’]", "", seen)


def read_nip(text: str, *, today: dt.date) -> Nip:
    """Read a number as it was typed; NipError with one sentence when it cannot be right."""
    digits = digits_of(text)
    if not digits:
        raise NipError("NIP belum diisi. Ketik 18 angka.")
    if not re.fullmatch(r"[0-9]+", digits):
        raise NipError("NIP hanya berisi angka. Hapus huruf dan tanda lain.")
    if len(digits) != LENGTH:
        raise NipError(
            f"NIP {len(digits)} angka, seharusnya {LENGTH}. Cocokkan lagi dengan SK: tanggal lahir "
            "8 angka, bulan CPNS 6 angka, jenis kelamin 1 angka, nomor urut 3 angka."
        )
    born = _birth_date(digits[:8])
    if born > today:
        raise NipError("Tanggal lahir pada NIP masih akan datang. Periksa 8 angka pertama.")
    month = _cpns_month(digits[8:14])
    if month > today:
        raise NipError("Bulan CPNS pada NIP masih akan datang. Periksa angka ke-9 sampai ke-14.")
    # The day of the month is not in the number, so only a birthday after that month is certain.
    if (month.year - YOUNGEST_CPNS, month.month) < (born.year, born.month):
        raise NipError(
            f"Menurut NIP, CPNS dimulai sebelum usia {YOUNGEST_CPNS} tahun. Periksa tahun lahir "
            "dan tahun CPNS."
        )
    sex = int(digits[14])
    if sex not in SEXES:
        raise NipError(
            f"Angka ke-15 pada NIP adalah {sex}, seharusnya 1 (laki-laki) atau 2 (perempuan)."
        )
    return Nip(digits, born, month, sex)


def warnings_of(nip: Nip, *, birth_date: dt.date | None, sex: int | None) -> list[str]:
    """What was typed otherwise than the number says: warnings, never refusals."""
    found = []
    if birth_date and birth_date != nip.birth_date:
        found.append(
            f"Tanggal lahir berbeda dari NIP ({long_date(nip.birth_date)}). Ini peringatan, bukan "
            "penolakan. Jika tanggal lahir pernah dikoreksi, lampirkan bukti bersama SK PNS."
        )
    if sex and sex != nip.sex:
        found.append(
            f"Jenis kelamin berbeda dari NIP ({nip.sex_name.lower()}). Ini peringatan, bukan "
            "penolakan. Periksa NIP dan isian."
        )
    return found


def age_on(born: dt.date, day: dt.date) -> int:
    """Completed years of age on a day; a birthday on 29 February counts from 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _birth_date(digits: str) -> dt.date:
    try:
        born = dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise NipError(
            f"Tanggal lahir pada NIP ({digits[6:]}-{digits[4:6]}-{digits[:4]}) tidak ada. "
            "Periksa 8 angka pertama."
        ) from None
    if born.year < 1900:
        raise NipError(
            f"Tahun lahir pada NIP ({born.year}) tidak mungkin. Periksa 4 angka pertama."
        )
    return born


def _cpns_month(digits: str) -> dt.date:
    year, month = int(digits[:4]), int(digits[4:])
    if month > 12:
        raise NipError(
            f"Bulan CPNS pada NIP tertulis {month}, ciri nomor PPPK. Inpassing hanya untuk PNS."
        )
    if month < 1 or year < 1900:
        raise NipError(
            f"Bulan CPNS pada NIP ({digits[4:]}-{digits[:4]}) tidak ada. "
            "Periksa angka ke-9 sampai ke-14."
        )
    return dt.date(year, month, 1)
