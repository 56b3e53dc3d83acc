"""Files of work units for tests."""

from __future__ import annotations

import csv
import io

from openpyxl import Workbook

from proposals import imports
from proposals.unit_imports import UNITS
from tests.factories import number
from tests.proposals.import_files import saved, upload

HEAD = tuple(UNITS.headers.values())


def unit_row(**changed: object) -> dict[str, object]:
    """A good row with a name of its own."""
    return {
        "name": f"Dinas Contoh {number()}",
        "address": "Jalan Contoh 1",
        "head_name": "Drs. La Ode Contoh, M.Si.",
        "head_nip": "19700317 199503 1 901",
        "head_rank": "IV/c",
        "head_post": "Kepala Dinas",
        "head_capacity": "Definitif",
        **changed,
    }


def units_book(*rows: dict[str, object]) -> Workbook:
    book = Workbook()
    book.active.title = "Unit kerja"
    book.active.append(HEAD)
    for line in rows:
        book.active.append(list(line.values()))
    return book


def units_xlsx(*rows: dict[str, object]) -> bytes:
    return saved(units_book(*rows))


def units_csv(*rows: dict[str, object]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEAD)
    writer.writerows(line.values() for line in rows)
    return out.getvalue().encode()


def previewed_units(agency, data: bytes, *, by, name: str = "unit-kerja.xlsx"):
    """A batch of units that the worker has read and judged."""
    batch = imports.start(agency, None, upload(data, name), by=by)
    imports.work_due()
    batch.refresh_from_db()
    return batch
