"""Letters as rows of a workbook."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

from django.utils import timezone

from .models import Letter

# (heading, width)
TABLE = [
    ("Nomor surat", 28),
    ("Tanggal", 12),
    ("Jenis", 28),
    ("Keadaan", 12),
    ("Periode", 24),
    ("Instansi", 36),
    ("Jabatan", 22),
    ("Nama", 36),
    ("NIP", 21),
    ("Pangkat, golongan ruang", 28),
    ("Jabatan dan jenjang", 36),
    ("Penanda tangan", 30),
    ("Kode cek", 17),
    ("SHA-256", 68),
    ("Terbit", 18),
]
REGISTER = [
    ("Nomor urut", 11),
    ("Nomor surat", 28),
    ("Tanggal", 12),
    ("Jenis", 28),
    ("Periode", 24),
    ("Instansi", 36),
    ("Jabatan", 22),
    ("Orang", 8),
    ("Penanda tangan", 30),
    ("Keadaan", 18),
    ("Keterangan", 60),
]


def table_rows(letter: Letter) -> list[list[object]]:
    """A row for each person in a letter (with its content and what for_list loads)."""
    content = letter.content or {}
    people = [content["person"]] if "person" in content else content.get("people", [])
    head = [
        letter.number,
        letter.letter_date,
        letter.get_kind_display(),
        letter.get_status_display(),
        letter.period.name,
        letter.agency.name,
        letter.position.name if letter.position else "",
    ]
    tail = [str(letter.signer), letter.code, letter.sha256, _moment(letter.issued_at)]
    return [
        [*head, row["name"], row["nip"], row.get("rank", ""), row["level"], *tail] for row in people
    ]


def register_row(letter: Letter) -> list[object]:
    """The row of a number (what for_list loads, and replaced_by)."""
    return [
        letter.sequence,
        letter.number,
        letter.letter_date,
        letter.get_kind_display(),
        letter.period.name,
        letter.agency.name,
        letter.position.name if letter.position else "",
        letter.people,  # type: ignore[attr-defined]
        str(letter.signer),
        letter.get_status_display(),
        register_note(letter),
    ]


def register_note(letter: Letter) -> str:
    """What became of a number that does not stand: why it ended, and what took its place."""
    if not letter.end_reason:
        return ""
    by = f" Diganti dengan {letter.replaced_by.number}." if letter.replaced_by else ""
    return f"{letter.end_reason.rstrip('.')}.{by}"


def write_sheet(
    title: str, columns: list[tuple[str, int]], rows: Iterable[list[object]], output: BinaryIO
) -> None:
    """A workbook with one sheet, row by row; what begins like a formula stays text."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    head = []
    for index, (heading, width) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
        cell = WriteOnlyCell(sheet, heading)
        cell.font = Font(bold=True)
        head.append(cell)
    sheet.append(head)
    for row in rows:
        cells: list[object] = []
        for value in row:
            if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"}:
                cell = WriteOnlyCell(sheet, value)
                cell.data_type = "s"
                cells.append(cell)
            else:
                cells.append(value)
        sheet.append(cells)
    book.save(output)


def _moment(at: Any) -> str:
    return timezone.localtime(at).strftime("%d-%m-%Y %H.%M") if at else ""
