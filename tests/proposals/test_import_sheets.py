"""Reading files of candidates: every trap of a spreadsheet; writing them without formulas."""

import datetime as dt
import io
import zipfile
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from proposals import import_sheets
from proposals.import_sheets import (
    CANDIDATES,
    COLUMNS,
    HEADERS,
    KEYS,
    Layout,
    MarkedRow,
    SheetError,
    has_lost_digits,
    read_table,
    write_marked,
    write_template,
)
from tests.proposals.import_files import csv_text, row, saved, workbook, xlsx


def read_one(data: bytes) -> dict[str, str]:
    (only,) = read_table(data).rows
    return only.values


def refusal(data: bytes, layout: Layout = CANDIDATES) -> str:
    with pytest.raises(SheetError) as caught:
        read_table(data, layout)
    return str(caught.value)


def repacked(data: bytes, **parts: bytes) -> bytes:
    """The workbook with some of its parts replaced; keys are file names with . and / as _."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            key = info.filename.replace("/", "_").replace(".", "_")
            new.writestr(info.filename, parts.get(key, old.read(info.filename)))
    return out.getvalue()


def test_a_row_is_read_as_written():
    first, second = row(name="I Made Ārya"), row(title_before="dr.")
    table = read_table(xlsx(first, second))
    assert [found.number for found in table.rows] == [2, 3]
    assert [found.values for found in table.rows] == [first, second]
    assert table.ignored == []


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_of_every_kind(sign, encoding):
    typed = row(name="Désirée Wowor")
    assert read_one(csv_text(typed, sign=sign).encode(encoding)) == typed


def test_other_words_order_and_columns_are_understood():
    book = workbook()
    sheet = book.active
    sheet.delete_rows(1)
    sheet.append(["Daftar calon Kota Baubau"])
    keys = [*KEYS[::-1]]
    heads = {**HEADERS, "name": "NAMA", "rank": " pangkat ", "email": "E-mail"}
    sheet.append(["No", *(heads[key] for key in keys), "Catatan"])
    typed = row()
    sheet.append([1, *(typed[key] for key in keys), "baik"])
    table = read_table(saved(book))
    assert [(found.number, found.values) for found in table.rows] == [(3, typed)]
    assert table.ignored == ["No", "Catatan"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (dt.datetime(2023, 4, 1), "01-04-2023"),  # noqa: DTZ001  (a cell knows no zone)
        ("1 April 2023", "1 April 2023"),
        (45017, "45017"),
        (None, ""),
        ("  01-04-2023\u00a0\n", "01-04-2023"),
    ],
)
def test_dates_as_dates_and_as_text(written, read):
    assert read_one(xlsx(row(rank_effective_on=written)))["rank_effective_on"] == read


@pytest.mark.parametrize(
    ("written", "lost"),
    [
        ("198904142014032901", False),
        (198904142014032901, True),  # as a number no program keeps all digits
        (1.98904142014033e17, True),
        ("1,98904E+17", True),
        ("198904142014032000", True),
        ("19890414 201403 2 901", False),
        ("", False),
    ],
)
def test_a_number_that_lost_its_digits_is_noticed(written, lost):
    assert has_lost_digits(read_one(xlsx(row(nip=written)))["nip"]) is lost


def test_booleans_are_words():
    assert read_one(xlsx(row(is_structural=True)))["is_structural"] == "Ya"


def test_a_hidden_sheet_is_not_read():
    book = workbook(row())
    hidden = book.create_sheet("Rahasia", 0)
    hidden.append(list(HEADERS.values()))
    hidden.append(["x"] * len(COLUMNS))
    hidden.sheet_state = "hidden"
    assert len(read_table(saved(book)).rows) == 1
    book.active = book.index(hidden)
    book["Calon"].sheet_state = "hidden"
    book.create_sheet("Kosong")
    assert refusal(saved(book)) == (
        "Lembar “Calon” tersembunyi. Tampilkan lembarnya, lalu unggah lagi."
    )


def test_merged_cells_are_refused_by_name_below_the_header():
    book = workbook(row(), row())
    book.active.merge_cells("N2:N3")
    assert refusal(saved(book)) == (
        "Sel N2:N3 digabung. Pisahkan sel gabungan di bawah judul kolom, lalu unggah lagi."
    )


def test_a_merged_title_above_the_header_is_fine():
    book = workbook(row())
    book.active.insert_rows(1)
    book.active["A1"] = "Daftar calon"
    book.active.merge_cells("A1:F1")
    assert len(read_table(saved(book)).rows) == 1


def test_wrong_headers_are_named():
    head = tuple("Nomor induk" if h == "NIP" else h for h in HEADERS.values())
    assert refusal(saved(workbook(row(), head=head))).startswith(
        "Judul kolom tidak cocok dengan templat. Tidak ada: NIP. Unduh templat"
    )


def test_a_column_that_is_there_twice_is_refused():
    book = workbook(row())
    book.active.cell(1, len(COLUMNS) + 1, "NIP")
    assert refusal(saved(book)) == "Kolom NIP ada dua kali. Hapus salah satunya."


def test_too_many_rows():
    three = replace(CANDIDATES, max_rows=3)
    assert len(read_table(xlsx(*[row()] * 3), three).rows) == 3
    assert refusal(xlsx(*[row()] * 4), three) == three.too_many
    assert refusal(csv_text(*[row()] * 4).encode(), three) == three.too_many


def test_a_hundred_thousand_rows_are_refused_without_reading_them_all():
    text = csv_text(row()) + "\n".join(["1;2"] * 100_000)
    assert refusal(text.encode()) == CANDIDATES.too_many


def test_empty_rows_do_not_count():
    book = workbook(row())
    book.active.append([])
    book.active.append([row()[key] for key in KEYS])
    book.active.cell(60_000, 1, "")
    assert [found.number for found in read_table(saved(book)).rows] == [2, 4]


def test_a_wrong_dimension_hides_no_row():
    data = xlsx(row(), row())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b'<dimension ref="A1:O3"' in sheet
    lying = repacked(data, xl_worksheets_sheet1_xml=sheet.replace(b"A1:O3", b"A1:A1"))
    assert len(read_table(lying).rows) == 2


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    data = xlsx(row())
    bomb = repacked(data, docProps_core_xml=b" " * (import_sheets.MAX_UNPACKED + 1))
    monkeypatch.setattr("openpyxl.load_workbook", None)
    assert refusal(bomb) == import_sheets.TOO_COMPLEX


def test_a_workbook_of_very_many_parts_is_refused():
    out = io.BytesIO(xlsx(row()))
    with zipfile.ZipFile(out, "a") as archive:
        for index in range(import_sheets.MAX_PARTS):
            archive.writestr(f"xl/{index}.txt", "")
    assert refusal(out.getvalue()) == import_sheets.TOO_COMPLEX


def test_entities_are_refused():
    data = xlsx(row())
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
    assert refusal(repacked(data, xl_workbook_xml=evil)) == import_sheets.DAMAGED


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", import_sheets.NO_ROWS),
        (b"%PDF-1.4 \x00", import_sheets.NOT_A_TABLE),
        (b"\x89PNG\r\n\x1a\n\x00\x00", import_sheets.NOT_A_TABLE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", import_sheets.OLD_EXCEL),
        (b"PK\x03\x04 not a zip", import_sheets.DAMAGED),
        (b"x" * (import_sheets.MAX_BYTES + 1), import_sheets.TOO_LARGE),
        (csv_text().encode(), import_sheets.NO_ROWS),
    ],
)
def test_files_that_are_something_else(data, sentence):
    assert refusal(data) == sentence


def test_a_zip_that_is_no_workbook():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("catatan.txt", "x")
    assert refusal(out.getvalue()) == import_sheets.NOT_A_TABLE


def test_a_damaged_workbook_gives_a_sentence_not_an_error():
    data = xlsx(row())
    for name in ("xl_workbook_xml", "xl_worksheets_sheet1_xml", "xl_styles_xml"):
        assert refusal(repacked(data, **{name: b"<x"})) == import_sheets.DAMAGED


def test_the_template_can_be_filled_in_and_read():
    book = load_workbook(
        io.BytesIO(write_template({"rank": ["II/c", "III/a"], "work_unit": ["=1+1"]}))
    )
    sheet = book["Calon"]
    assert [cell.value for cell in sheet[1]] == list(HEADERS.values())
    assert book["Daftar"].sheet_state == "hidden"
    rules = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert rules == {"G2:G5001": "Daftar!$G$2:$G$3", "N2:N5001": "Daftar!$N$2:$N$2"}
    unit = book["Daftar"]["N2"]
    assert (unit.data_type, unit.value) == ("s", "=1+1")
    typed = row()
    sheet.append([typed[key] for key in KEYS])
    assert read_one(saved(book)) == typed


@pytest.mark.parametrize("text", ["=1+1", "+62812", "-1", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_what_looks_like_a_formula_is_written_as_text(text):
    typed = row(name=text, title_after=text)
    data = write_marked([MarkedRow(typed, {"name": [f"{text} salah."]})], {})
    sheet = load_workbook(io.BytesIO(data))["Calon"]
    assert [(cell.data_type, cell.quotePrefix) for cell in (sheet["C2"], sheet["D2"])] == [
        ("s", True),
        ("s", True),
    ]
    assert all(cell.data_type != "f" for line in sheet for cell in line)
    assert read_one(data) == typed


def test_errors_stand_beside_the_cells():
    typed = row(level="Pertama")
    data = write_marked([MarkedRow(typed, {"level": ["Nama jenjang lama."]})], {})
    sheet = load_workbook(io.BytesIO(data))["Calon"]
    cell = sheet.cell(2, KEYS.index("level") + 1)
    assert (cell.value, cell.comment.text) == ("Pertama", "Nama jenjang lama.")
    assert cell.fill.fgColor.rgb.endswith("F6D5D0")
    assert sheet.cell(2, len(KEYS) + 1).value == "Jenjang: Nama jenjang lama."
    assert read_table(data).ignored == []
