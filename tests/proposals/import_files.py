"""Files of candidates for tests: rows as people write them, workbooks and CSV made from them."""

from __future__ import annotations

import csv
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from proposals import imports
from proposals.import_sheets import HEADERS, KEYS
from tests.factories import make_nip, number


def row(**changed: object) -> dict[str, object]:
    """A good row; an invented NIP of its own unless one is given."""
    return {
        "nip": make_nip(),
        "title_before": "",
        "name": "Wa Ode Sri Ramlah",
        "title_after": "S.Kom.",
        "birth_date": "",
        "sex": "",
        "rank": "III/a",
        "rank_effective_on": "01-04-2023",
        "position": "Pranata Komputer",
        "level": "Ahli Pertama",
        "education": "Sarjana (S1)",
        "is_structural": "Tidak",
        "dismissed_before": "Tidak",
        "work_unit": "",
        "email": f"calon{number()}@contoh.go.id",
        **changed,
    }


def workbook(*rows: dict[str, object], head: tuple[str, ...] = tuple(HEADERS.values())) -> Workbook:
    book = Workbook()
    book.active.title = "Calon"
    book.active.append(head)
    for line in rows:
        book.active.append([line[key] for key in KEYS])
        for cell in book.active[book.active.max_row]:
            if cell.data_type == "f":  # typed by a person as text
                cell.data_type = "s"
    return book


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx(*rows: dict[str, object]) -> bytes:
    return saved(workbook(*rows))


def csv_text(*rows: dict[str, object], sign: str = ";") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sign)
    writer.writerow(HEADERS.values())
    writer.writerows([line[key] for key in KEYS] for line in rows)
    return out.getvalue()


def upload(data: bytes, name: str = "daftar-calon.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def previewed(agency, period, data: bytes, *, by, name: str = "daftar-calon.xlsx"):
    """A batch that the worker has read and judged."""
    batch = imports.start(agency, period, upload(data, name), by=by)
    imports.work_due()
    batch.refresh_from_db()
    return batch
