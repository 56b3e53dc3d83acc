"""A part of a document: its fields, what is missing or cannot be printed, its own JSON."""

from collections.abc import Iterator
from dataclasses import MISSING, field, fields
from types import NoneType, UnionType
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

from ..errors import MEND, LetterError
from ..glyphs import named, unprintable

# What fields are called that may be blank.
CALLED = {
    "acting": "Plt. atau Plh.",
    "address": "alamat",
    "agency": "instansi",
    "annex_title": "judul lampiran",
    "attention": "u.p.",
    "bring": "yang dibawa",
    "check_code": "kode cek",
    "check_url": "alamat cek",
    "copies": "tembusan",
    "counts": "tabel jumlah",
    "credit": "angka kredit",
    "credit_note": "catatan lampiran",
    "date": "tanggal",
    "duration": "lama uji",
    "duties": "uraian tugas",
    "group": "golongan ruang",
    "level": "jabatan dan jenjang",
    "lines": "alamat pada kop surat",
    "made_at": "waktu pembuatan",
    "not_recommended": "tidak direkomendasikan",
    "note": "keterangan",
    "number": "nomor surat",
    "office": "tempat uji",
    "on_behalf_of": "atas nama",
    "parent": "induk instansi",
    "place": "tempat",
    "points": "isi surat",
    "post": "jabatan",
    "rank": "pangkat",
    "rank_since": "TMT pangkat",
    "room": "ruang",
    "rules": "tata tertib",
    "schedule": "jadwal",
    "seat": "kursi",
    "signature": "jenis tanda tangan",
    "signer": "penanda tangan",
    "source": "dasar",
    "through": "pejabat antara",
    "unit": "unit kerja",
}


STRANGE_SHOWN = 5


def need(label: str) -> Any:
    """A dataclass field that must be filled; the label is how a person calls it."""
    return field(metadata={"label": label})


class Part:
    """Part of a document: knows which of its fields are missing, and its own JSON."""

    def missing_fields(self) -> list[str]:
        """Return the labels of the blank fields that must be filled, in the order of the letter."""
        missing = []
        for item in fields(self):  # type: ignore[arg-type]
            label, value = item.metadata.get("label", ""), getattr(self, item.name)
            if label and (value in ("", ()) or (isinstance(value, str) and not value.strip())):
                missing.append(label)
            elif isinstance(value, Part):
                missing += [_under(label, inner) for inner in value.missing_fields()]
            elif isinstance(value, tuple):
                for number, row in enumerate(value, start=1):
                    if isinstance(row, Part):
                        missing += [
                            _under(_row(label or item.name, number, row), inner)
                            for inner in row.missing_fields()
                        ]
        return missing

    def unprintable_fields(self) -> list[str]:
        """What the font of the letters lacks, each with its person and field:
        "“漢” (U+6F22) pada daftar nama baris 3 (Budi 漢): nama"."""
        return [
            f"{named(strange)} pada {where}"
            for where, text in self._texts()
            if (strange := unprintable(text))
        ]

    def check(self) -> None:
        """Raise LetterError that names every blank field, else every unprintable character."""
        if missing := self.missing_fields():
            raise LetterError(f"Surat belum lengkap: {', '.join(missing)}.", missing=missing)
        if strange := self.unprintable_fields():
            more = len(strange) - STRANGE_SHOWN
            names = "; ".join(strange[:STRANGE_SHOWN]) + (f"; dan {more} lagi" if more > 0 else "")
            raise LetterError(f"Tidak dapat dicetak pada surat: {names}. {MEND}")

    def _texts(self) -> Iterator[tuple[str, str]]:
        """Every text of the part with what a person calls its field."""
        for item in fields(self):  # type: ignore[arg-type]
            label = item.metadata.get("label") or CALLED.get(item.name, item.name)
            value = getattr(self, item.name)
            if isinstance(value, str):
                yield label, value
            elif isinstance(value, Part):
                yield from ((_under(label, where), text) for where, text in value._texts())
            elif isinstance(value, tuple):
                for number, row in enumerate(value, start=1):
                    if isinstance(row, Part):
                        called = _row(label, number, row)
                        yield from ((_under(called, where), text) for where, text in row._texts())
                    else:
                        yield f"{label} butir {number}", row

    def to_json(self) -> dict[str, object]:
        """Return the part as plain values that JSON holds."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the part that `to_json` described; raise ValueError for any other shape."""
        hints, known = get_type_hints(cls), {item.name: item for item in fields(cls)}  # type: ignore[arg-type]
        if unknown := data.keys() - known.keys():
            raise ValueError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
        for name, item in known.items():
            if name not in data and item.default is MISSING:
                raise ValueError(f"{cls.__name__} lacks {name}")
        return cls(**{name: _typed(hints[name], value) for name, value in data.items()})


def _under(label: str, inner: str) -> str:
    return f"{label}: {inner}"


def _row(label: str, number: int, row: Part) -> str:
    name = getattr(row, "name", "").strip()
    return f"{label} baris {number} ({name})" if name else f"{label} baris {number}"


def _plain(value: object) -> object:
    if isinstance(value, Part):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _typed(hint: Any, value: Any) -> Any:
    """The value as its annotation says; ValueError when it is something else."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        if value is None and NoneType in arguments:
            return None
        return _typed(next(inner for inner in arguments if inner is not NoneType), value)
    if origin is tuple and isinstance(value, list):
        return tuple(_typed(arguments[0], item) for item in value)
    if origin is Literal and value in arguments:
        return value
    if isinstance(hint, type) and issubclass(hint, Part) and isinstance(value, dict):
        return hint.from_json(value)
    if hint in (str, int, bool) and type(value) is hint:
        return value
    raise ValueError(f"{value!r} is not {hint}")
