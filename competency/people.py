"""The people of a test: one list for an agency, for an office, for everybody."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from inpassing.formats import format_nip, zone_name

from .models import Seat

MOST_ROWS = 5_000
HEADERS = [
    ("Kantor BPS", 30),
    ("Ruang", 22),
    ("Gelombang", 14),
    ("Tanggal", 12),
    ("Mulai", 12),
    ("Kursi", 7),
    ("Nomor peserta", 18),
    ("Nama", 34),
    ("NIP", 24),
    ("Instansi", 34),
    ("Jabatan dan jenjang", 30),
    ("Kehadiran", 16),
    ("Nilai akhir", 11),
    ("Hasil", 13),
    ("Nilai komponen", 50),
]


def workbook(seats: Iterable[Seat]) -> bytes:
    """The list as XLSX, one row per seat; scores only where they are published."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Peserta uji")
    for index, (_, width) in enumerate(HEADERS, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = "A2"
    heads = [WriteOnlyCell(sheet, value=header) for header, _ in HEADERS]
    for cell in heads:
        cell.font = Font(bold=True)
    sheet.append(heads)
    for seat in seats:
        sheet.append([_cell(sheet, value) for value in _values(seat)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str) and value.startswith("="):
        cell.data_type = "s"  # words of a person are never a formula
    return cell


def _values(seat: Seat) -> list[object]:
    session, proposal = seat.session, seat.proposal
    start = session.starts_at.astimezone(ZoneInfo(session.office.tz))
    result = published_result(seat)
    return [
        session.office.name,
        session.room,
        session.wave,
        start.date(),
        f"{start:%H.%M} {zone_name(session.office.tz)}",
        seat.number,
        seat.participant_number,
        proposal.full_name,
        format_nip(proposal.nip),
        proposal.agency.name,
        proposal.level.name,
        seat.get_attendance_display(),
        result.total if result else "",
        ("Lulus" if result.is_passed else "Tidak lulus") if result else "",
        "; ".join(
            f"{row.component.name} {row.score:.2f}".replace(".", ",") for row in result.scores.all()
        )
        if result
        else "",
    ]


def published_result(seat: Seat):  # type: ignore[no-untyped-def]
    """The seat's result when it is published, else None."""
    result = getattr(seat, "result", None)
    return result if result and result.published_at else None
