"""Files that agencies send: the columns, reading XLSX and CSV, and writing workbooks. No ORM here.

What a person sends may be anything, so a workbook is opened only after its parts were counted and
measured, and never further than the rows that can be taken. What cannot be read is a SheetError
with one sentence for the person.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from inpassing.accounts.models import sort_name

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 5_000
# A workbook of 5,000 full rows unpacks to about 6 MB.
MAX_UNPACKED = 32 * 1024 * 1024
MAX_PARTS = 400
MAX_COLUMNS = 60
HEADER_WITHIN = 10
# Empty rows below the last one are read past, but not for ever.
MAX_SCANNED = 120_000
CELL_LENGTH = 500

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET = "Calon"
MARK_HEADER = "Yang perlu dibetulkan"

TOO_LARGE = "Berkas lebih dari 2 MB. Bagi daftarnya menjadi beberapa berkas, lalu unggah lagi."
NOT_A_TABLE = "Berkas ini bukan XLSX atau CSV. Unduh templat, isi, lalu unggah berkas itu."
OLD_EXCEL = (
    "Berkas ini XLS lama atau terkunci kata sandi. Simpan sebagai XLSX tanpa kata sandi, lalu "
    "unggah lagi."
)
DAMAGED = "Berkas XLSX rusak dan tidak dapat dibuka. Simpan lagi dari Excel, lalu unggah lagi."
TOO_COMPLEX = (
    "Isi berkas XLSX terlalu besar untuk sebuah daftar. Salin barisnya ke templat, lalu unggah "
    "lagi."
)
NO_ROWS = "Berkas tidak berisi satu baris pun. Isi paling sedikit satu di bawah judul kolom."
HIDDEN_SHEET = "Lembar “{sheet}” tersembunyi. Tampilkan lembarnya, lalu unggah lagi."
NO_SHEET = "Berkas tidak mempunyai lembar yang tampak. Tampilkan lembarnya, lalu unggah lagi."


class SheetError(ValueError):
    """The file cannot be taken; the message is a sentence for the person who sent it."""


class HeaderError(SheetError):
    """A sheet has not the columns of the template."""


@dataclass(frozen=True)
class Column:
    """A column of the file: its key, how its header is written, and what may stand below."""

    key: str
    header: str
    width: int
    hint: str
    others: tuple[str, ...] = ()
    is_date: bool = False


COLUMNS = (
    Column("nip", "NIP", 24, "18 angka, boleh dengan spasi"),
    Column("title_before", "Gelar depan", 13, "Boleh kosong"),
    Column("name", "Nama lengkap", 32, "Tanpa gelar, seperti pada SK pangkat", ("Nama",)),
    Column("title_after", "Gelar belakang", 15, "Boleh kosong"),
    Column(
        "birth_date",
        "Tanggal lahir menurut SK",
        24,
        "Hanya bila berbeda dari NIP, misalnya 14-05-1989",
        ("Tanggal lahir",),
        is_date=True,
    ),
    Column(
        "sex",
        "Jenis kelamin menurut SK",
        24,
        "Hanya bila berbeda dari NIP: L atau P",
        ("Jenis kelamin",),
    ),
    Column("rank", "Golongan ruang", 16, "Misalnya III/a", ("Pangkat", "Golongan")),
    Column("rank_effective_on", "TMT pangkat", 14, "Misalnya 01-04-2023", is_date=True),
    Column("position", "Jabatan tujuan", 20, "Pranata Komputer atau Statistisi", ("Jabatan",)),
    Column("level", "Jenjang", 16, "Misalnya Ahli Pertama"),
    Column("education", "Pendidikan terakhir", 20, "Misalnya S1", ("Pendidikan",)),
    Column("is_structural", "Pejabat struktural", 18, "Ya atau Tidak"),
    Column(
        "dismissed_before",
        "Pernah diberhentikan dari Pranata Komputer",
        42,
        "Ya atau Tidak",
        ("Pernah diberhentikan",),
    ),
    Column("work_unit", "Unit kerja", 32, "Boleh kosong; pilih dari daftar"),
    Column("email", "Email pribadi", 30, "Undangan dikirim ke alamat ini", ("Email",)),
)
HEADERS = {column.key: column.header for column in COLUMNS}
KEYS = tuple(HEADERS)


@dataclass(frozen=True)
class Layout:
    """One kind of file: the sheet's name, its columns, how many rows it may hold, what stays in
    sight while scrolling."""

    sheet: str
    columns: tuple[Column, ...]
    max_rows: int
    freeze: str

    @property
    def headers(self) -> dict[str, str]:
        """Key -> header, in the order of the columns."""
        return {column.key: column.header for column in self.columns}

    @cached_property
    def by_header(self) -> dict[str, str]:
        """Normalised header -> key, with the other words that people write for it."""
        return {
            word_key(header): column.key
            for column in self.columns
            for header in (column.header, *column.others)
        }

    @property
    def too_many(self) -> str:
        most = f"{self.max_rows:,}".replace(",", ".")
        return (
            f"Berkas berisi lebih dari {most} baris. Bagi menjadi beberapa berkas, lalu unggah "
            "lagi."
        )


CANDIDATES = Layout(SHEET, COLUMNS, MAX_ROWS, "D2")


@dataclass(frozen=True)
class SheetRow:
    """One row: its number in the file and what is written in each column."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True)
class Table:
    """What a file holds: the rows, and the headers of columns that are not ours."""

    rows: list[SheetRow]
    ignored: list[str] = field(default_factory=list)


@lru_cache(maxsize=4096)
def word_key(text: str) -> str:
    """A word as it is compared: case, accents, spaces and signs do not count."""
    return sort_name(text).replace(" ", "")


def check_file(data: bytes) -> None:
    """Refuse at once what need not wait for the worker: size, kind, a workbook that is a trap."""
    if len(data) > MAX_BYTES:
        raise SheetError(TOO_LARGE)
    if not data.strip():
        raise SheetError(NO_ROWS)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetError(OLD_EXCEL)
    if data.startswith(b"PK"):
        _check_parts(data)
    else:
        _text_of(data)


def read_table(data: bytes, layout: Layout = CANDIDATES) -> Table:
    """The rows of an XLSX or CSV file, whichever it is; SheetError with one sentence."""
    check_file(data)
    return _read_workbook(data, layout) if data.startswith(b"PK") else _read_csv(data, layout)


def has_lost_digits(text: str) -> bool:
    """Whether a number was kept as a floating number on its way: "1,98904E+17", or three zeros at
    the end, which no employee number has."""
    if re.fullmatch(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}", text.strip()):
        return True
    digits = re.sub(r"\D", "", text)
    return len(digits) == 18 and digits.endswith("000")


def _check_parts(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names or not any(
                name.startswith("xl/") for name in names
            ):
                raise SheetError(NOT_A_TABLE)
            # zipfile never unpacks more of a part than it declares, so the sum is a true bound.
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise SheetError(TOO_COMPLEX)
            if any(part.flag_bits & 0x1 for part in parts):
                raise SheetError(OLD_EXCEL)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as stream:
                        # Entities need a document type, which no office program writes.
                        if b"<!DOCTYPE" in stream.read(4096).replace(b"\x00", b""):
                            raise SheetError(DAMAGED)
    except SheetError:
        raise
    except Exception as error:
        raise SheetError(DAMAGED) from error


def _read_workbook(data: bytes, layout: Layout) -> Table:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            sheets = [
                sheet
                for sheet in book.worksheets
                if sheet.sheet_state == "visible" and hasattr(sheet, "reset_dimensions")
            ]
            if not sheets:
                raise SheetError(NO_SHEET)
            sheet = next((s for s in sheets if _is_of(layout, s)), sheets[0])
            sheet.reset_dimensions()  # many programs write them wrong
            rows = ([_text(value) for value in row] for row in _values(sheet))
            try:
                table, header = _table_of(enumerate(rows, start=1), layout)
            except HeaderError:
                if any(_is_of(layout, other) for other in book.worksheets if other not in sheets):
                    raise SheetError(HIDDEN_SHEET.format(sheet=layout.sheet)) from None
                raise
            _refuse_merged(data, str(sheet._worksheet_path), header)  # type: ignore[attr-defined]
            return table
        finally:
            book.close()
    except SheetError:
        raise
    except Exception as error:
        # Whatever the library raises about a broken workbook: KeyError, ValueError, ParseError …
        raise SheetError(DAMAGED) from error


def _is_of(layout: Layout, sheet: Any) -> bool:
    """Whether a sheet is called as the template's."""
    return word_key(sheet.title) == word_key(layout.sheet)


def _values(sheet: Any) -> Iterator[tuple[Any, ...]]:
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
    return rows


def _refuse_merged(data: bytes, path: str, header: int) -> None:
    """A merged cell gives its words to the first row only: refused below the header."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read(path.lstrip("/"))
    for found in re.finditer(
        rb'<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z]+[0-9]+:[A-Z]+([0-9]+))"', xml
    ):
        if int(found[2]) > header:
            raise SheetError(
                f"Sel {found[1].decode()} digabung. Pisahkan sel gabungan di bawah judul kolom, "
                "lalu unggah lagi."
            )


def _read_csv(data: bytes, layout: Layout) -> Table:
    text = _text_of(data)
    best = max(",;\t", key=lambda sign: _headers_in(text, sign, layout))
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=best)
        numbered = (
            (number, [_clean(cell) for cell in row[:MAX_COLUMNS]])
            for number, row in enumerate(rows, start=1)
        )
        table, _ = _table_of(numbered, layout)
    except csv.Error as error:
        raise SheetError(NOT_A_TABLE) from error
    return table


def _headers_in(text: str, sign: str, layout: Layout) -> int:
    lines = text.splitlines()[:HEADER_WITHIN]
    return max(
        (sum(word_key(cell.strip('" ')) in layout.by_header for cell in line.split(sign)))
        for line in lines
    )


def _text_of(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        if b"\x00" in data or data.startswith(b"%PDF"):
            raise SheetError(NOT_A_TABLE)
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetError(NOT_A_TABLE)


def _table_of(rows: Iterable[tuple[int, list[str]]], layout: Layout) -> tuple[Table, int]:
    """The table below the header, and the header's row number."""
    headers, by_header = layout.headers, layout.by_header
    header: dict[int, str] = {}
    header_at = 0
    best_missing: list[str] = list(headers.values())
    ignored: list[str] = []
    found: list[SheetRow] = []
    for number, cells in rows:
        if number > MAX_SCANNED:
            raise SheetError(layout.too_many)
        if not header_at:
            if number > HEADER_WITHIN:
                break
            known = {i: by_header.get(word_key(cell)) for i, cell in enumerate(cells)}
            keys = {i: key for i, key in known.items() if key}
            missing = [headers[key] for key in headers if key not in keys.values()]
            if not missing:
                _refuse_twice(list(keys.values()), headers)
                header, header_at = keys, number
                ignored = [
                    c for i, c in enumerate(cells) if c and i not in keys and c != MARK_HEADER
                ]
            elif len(missing) < len(best_missing):
                best_missing = missing
            continue
        if not any(cells[i] for i in header if i < len(cells)):
            continue
        if len(found) >= layout.max_rows:
            raise SheetError(layout.too_many)
        values = dict.fromkeys(headers, "")
        values |= {key: cells[i] for i, key in header.items() if i < len(cells)}
        found.append(SheetRow(number, values))
    if not header_at:
        raise HeaderError(
            f"Judul kolom tidak cocok dengan templat. Tidak ada: {', '.join(best_missing)}. "
            "Unduh templat, lalu salin isinya ke sana."
        )
    if not found:
        raise SheetError(NO_ROWS)
    return Table(found, ignored), header_at


def _refuse_twice(keys: list[str], headers: Mapping[str, str]) -> None:
    for key in keys:
        if keys.count(key) > 1:
            raise SheetError(f"Kolom {headers[key]} ada dua kali. Hapus salah satunya.")


def _text(value: Any) -> str:
    """A cell's value as the person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Ya" if value else "Tidak"
    if isinstance(value, dt.datetime | dt.date):
        return f"{value:%d-%m-%Y}"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 10**15:
            return str(int(value))
        return f"{value:.10g}".upper() if abs(value) < 10**15 else f"{value:.10E}"
    return _clean(str(value))


def _clean(text: str) -> str:
    plain = unicodedata.normalize("NFC", text[: CELL_LENGTH * 2])
    kept = "".join(c if c.isprintable() else " " for c in plain)
    return " ".join(kept.split())[:CELL_LENGTH]


# Writing


@dataclass(frozen=True)
class MarkedRow:
    """A row to write back: what was written, and what is wrong with each column."""

    values: dict[str, str]
    errors: dict[str, list[str]]


def write_template(
    lists: Mapping[str, Sequence[str]],
    layout: Layout = CANDIDATES,
    rows: Iterable[MarkedRow] = (),
) -> bytes:
    """The workbook to fill in, or with `rows` to change; `lists` gives the drop-down list of a
    column by its key."""
    return _write(rows, lists, layout, is_marked=False)


def write_marked(
    rows: Iterable[MarkedRow], lists: Mapping[str, Sequence[str]], layout: Layout = CANDIDATES
) -> bytes:
    """The same workbook with the rows as they were sent and the errors beside the cells."""
    return _write(rows, lists, layout, is_marked=True)


def _write(
    rows: Iterable[MarkedRow],
    lists: Mapping[str, Sequence[str]],
    layout: Layout,
    *,
    is_marked: bool,
) -> bytes:
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    bold = Font(bold=True, color="FFFFFF")
    navy = PatternFill("solid", fgColor="1B3A66")
    red = PatternFill("solid", fgColor="F6D5D0")
    wrapped = Alignment(wrap_text=True, vertical="top")
    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet(layout.sheet)
    choices = book.create_sheet("Daftar")
    choices.sheet_state = "hidden"
    last = layout.max_rows + 1
    for index, column in enumerate(layout.columns, start=1):
        letter = get_column_letter(index)
        head = sheet.cell(1, index, column.header)
        head.font, head.fill, head.alignment = bold, navy, wrapped
        head.comment = Comment(column.hint, "Inpassing")
        sheet.column_dimensions[letter].width = column.width
        # Text everywhere: an employee number typed as a number loses its last digits.
        sheet.column_dimensions[letter].number_format = "dd-mm-yyyy" if column.is_date else "@"
        words = lists.get(column.key)
        if not words:
            continue
        choices.cell(1, index, column.header)
        for line, word in enumerate(words, start=2):
            _put(choices, line, index, word)
        rule = DataValidation(
            "list", formula1=f"Daftar!${letter}$2:${letter}${len(words) + 1}", allow_blank=True
        )
        rule.error, rule.errorTitle = "Pilih dari daftar.", column.header
        rule.add(f"{letter}2:{letter}{last}")
        sheet.add_data_validation(rule)
    sheet.freeze_panes = layout.freeze
    marks = len(layout.columns) + 1
    if is_marked:
        head = sheet.cell(1, marks, MARK_HEADER)
        head.font, head.fill = bold, navy
        sheet.column_dimensions[get_column_letter(marks)].width = 70
    for line, row in enumerate(rows, start=2):
        for index, column in enumerate(layout.columns, start=1):
            text = row.values.get(column.key, "")
            wrong = row.errors.get(column.key)
            if text:
                _put(sheet, line, index, text)
            if wrong:
                cell = sheet.cell(line, index)
                cell.fill = red
                cell.comment = Comment(" ".join(wrong), "Inpassing")
        said = [
            f"{header}: {' '.join(row.errors[key])}"
            for key, header in layout.headers.items()
            if key in row.errors
        ]
        if said:
            _put(sheet, line, marks, " ".join(said))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _put(sheet: Any, line: int, index: int, text: str) -> None:
    """Write text as text: what begins with = + - @ must never become a formula."""
    cell = sheet.cell(line, index, text)
    cell.data_type = "s"
    cell.number_format = "@"
    if text[:1] in "=+-@":
        cell.quotePrefix = True
