"""Work units from a file: every spreadsheet trap, preview, saving, the same file again."""

import datetime as dt
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from inpassing.accounts.models import WorkUnit
from inpassing.timeline.events import events_of
from proposals import imports, unit_imports
from proposals.import_sheets import MAX_BYTES, TOO_LARGE, SheetError, read_table
from proposals.models import ImportBatch
from proposals.unit_imports import UNITS
from tests.factories import make_agency, make_operator, make_period, make_verifier, make_work_unit
from tests.proposals.import_files import row as candidate_row
from tests.proposals.import_files import saved, upload, xlsx
from tests.proposals.unit_files import (
    HEAD,
    previewed_units,
    unit_row,
    units_book,
    units_csv,
    units_xlsx,
)

pytestmark = pytest.mark.django_db
CREATE = "/unit-kerja/impor/"
GOOD = {"rows": "benar"}


@pytest.fixture
def operator():
    return make_operator()


@pytest.fixture
def agency(operator):
    return operator.employer


@pytest.fixture
def preview(operator, agency):
    """A function from rows to the judged batch."""
    return lambda *rows: previewed_units(agency, units_xlsx(*rows), by=operator)


def act(batch, name):
    return reverse(f"proposals:unit_import_{name}", args=[batch.pk])


def page_of(batch):
    return reverse("proposals:unit_import", args=[batch.pk])


def outcomes(batch):
    return list(batch.rows.values_list("outcome", flat=True))


def errors_of(batch, number=2):
    return batch.rows.get(number=number).errors


# Reading


def test_rows_are_read_whatever_the_kind_of_file():
    line = unit_row()
    for data in (units_xlsx(line), units_csv(line)):
        (only,) = read_table(data, UNITS).rows
        assert only.values == line


def refusal(data: bytes) -> str:
    with pytest.raises(SheetError) as caught:
        read_table(data, UNITS)
    return str(caught.value)


def test_merged_cells_below_the_header_are_refused():
    book = units_book(unit_row(), unit_row())
    book.active.merge_cells("F2:F3")
    assert refusal(saved(book)).startswith("Sel F2:F3 digabung. Pisahkan sel gabungan")


def test_a_hidden_sheet_is_never_read():
    book = units_book(unit_row(name="Tersembunyi"))
    book.active.sheet_state = "hidden"
    shown = book.create_sheet("Lembar2")
    shown.append(HEAD)
    shown.append(list(unit_row(name="Tampak").values()))
    assert [row.values["name"] for row in read_table(saved(book), UNITS).rows] == ["Tampak"]


def test_a_hundred_thousand_rows_are_refused_and_two_thousand_are_not():
    lines = units_csv(*[unit_row() for _ in range(2000)])
    assert len(read_table(lines, UNITS).rows) == 2000
    more = lines + b"Dinas lain;;;;;;\r\n"
    assert refusal(more) == (
        "Berkas berisi lebih dari 2.000 baris. Bagi menjadi beberapa berkas, lalu unggah lagi."
    )
    assert refusal(units_csv() + b"D;;;;;;\r\n" * 100_000) == UNITS.too_many


def test_a_file_of_candidates_is_no_file_of_units():
    assert "Judul kolom tidak cocok dengan templat" in refusal(xlsx(candidate_row()))


# Judging


def test_every_row_is_judged_by_the_forms_validators(preview):
    batch = preview(
        unit_row(),
        unit_row(name="", head_nip="123", head_rank="V/z", head_capacity="Pjs."),
        unit_row(name="x" * 151),
        unit_row(head_name="", head_post="Kepala Dinas"),
    )
    assert outcomes(batch) == ["new", "error", "error", "error"]
    found = errors_of(batch, 3)
    assert list(found) == ["name", "head_nip", "head_rank", "head_capacity"]
    assert found["name"] == ["Belum diisi."]
    assert found["head_nip"][0].startswith("NIP 3 angka, seharusnya 18.")
    assert found["head_rank"] == ["“V/z” tidak dikenal. Tulis golongan ruang, misalnya IV/c."]
    assert found["head_capacity"] == ["“Pjs.” tidak dikenal. Tulis Definitif, Plt., atau Plh."]
    assert "150" in errors_of(batch, 4)["name"][0]
    assert errors_of(batch, 5)["head_name"][0].startswith("Nama pimpinan belum diisi, padahal")
    assert batch.counts == {"new": 1, "error": 3, "warned": 0}


@pytest.mark.parametrize("written", [1.97003171995031e17, "1,97003E+17", "197003171995031000"])
def test_a_number_that_lost_its_digits_is_said_to_have(preview, written):
    assert errors_of(preview(unit_row(head_nip=written)))["head_nip"][0].startswith(
        "Angka terakhir NIP hilang"
    )


def test_formulas_errors_and_dates_are_taken_as_text(preview, agency, operator):
    book = units_book(unit_row(name="Dinas Rumus", head_post="=1+1"))
    book.active.append(list(unit_row(head_post="#REF!").values()))
    book.active.append(list(unit_row(name=dt.date(2026, 8, 17)).values()))
    batch = previewed_units(agency, saved(book), by=operator)
    # A formula that no office program has computed has no value: an empty cell.
    assert batch.rows.get(number=2).data["head_post"] == ""
    assert errors_of(batch, 3)["head_post"] == ["Sel berisi galat rumus (#REF!). Ketik isinya."]
    assert batch.rows.get(number=4).data["name"] == "17-08-2026"


def test_a_unit_is_known_by_its_name_however_it_is_spelled(preview, agency):
    make_work_unit(agency, "Dinas Komunikasi dan Informatika")
    batch = preview(
        unit_row(name="DINAS KOMUNIKASI  DAN INFORMATIKA."),
        unit_row(name="Dinas A"),
        unit_row(name="dinas-a"),
    )
    assert outcomes(batch) == ["changed", "error", "error"]
    assert errors_of(batch, 3)["name"] == ["Unit ini juga ada pada baris 4. Sisakan satu."]


def test_two_saved_units_of_one_name_are_not_guessed_between(preview, agency):
    make_work_unit(agency, "Dinas A")
    make_work_unit(agency, "Dinas-A")
    assert "sudah ada" in errors_of(preview(unit_row(name="DINAS A")))["name"][0]


def test_what_would_be_emptied_is_a_warning(preview, agency):
    make_work_unit(agency, "Dinas A", address="Jalan A", head_name="Drs. A", is_active=False)
    batch = preview({**dict.fromkeys(unit_row(), ""), "name": "Dinas A"})
    row = batch.rows.get()
    assert (row.outcome, row.changes) == ("changed", ["Alamat", "Nama pimpinan"])
    assert row.warnings == [
        "Isi yang tersimpan akan dikosongkan: Alamat, Nama pimpinan.",
        "Unit ini tersimpan sebagai tidak dipakai, dan tetap demikian.",
    ]


def test_units_of_another_agency_do_not_matter(preview):
    make_work_unit(make_agency(), "Dinas A")
    assert outcomes(preview(unit_row(name="Dinas A"))) == ["new"]


def test_judging_costs_the_same_for_one_row_and_for_a_hundred(operator, agency):
    def queries(rows):
        batch = imports.start(agency, None, upload(units_xlsx(*rows)), by=operator)
        imports.work_on(imports.claim_next())
        claimed = imports.claim_next()
        with CaptureQueriesContext(connection) as caught:
            imports.work_on(claimed)
        batch.delete()
        return len(caught)

    assert queries([unit_row()]) == queries([unit_row() for _ in range(100)]) <= 14


# The pages


def test_a_file_is_kept_and_read_by_the_worker(as_user, operator, agency):
    client = as_user(operator)
    page = client.get(CREATE).content.decode()
    assert reverse("proposals:unit_import_template", args=[agency.pk]) in page
    answer = client.post(CREATE, {"target": str(agency.pk), "file": upload(units_xlsx(unit_row()))})
    batch = ImportBatch.objects.get()
    assert answer.url == page_of(batch)
    assert (batch.kind, batch.agency, batch.period) == ("units", agency, None)
    assert "Sedang dibaca" in client.get(page_of(batch)).content.decode()
    imports.work_due()
    page = client.get(page_of(batch)).content.decode()
    assert "Pratinjau impor unit kerja" in page
    assert "Simpan 1 baris" in page
    assert "Drs. La Ode Contoh, M.Si." in page
    assert batch.name in client.get(CREATE).content.decode()


@pytest.mark.parametrize("data", [b"%PDF-1.4\x00", b"PK\x03\x04", b""])
def test_a_file_that_is_no_table_is_refused_at_once(as_user, operator, agency, data):
    answer = as_user(operator).post(CREATE, {"target": str(agency.pk), "file": upload(data)})
    assert answer.status_code == 422
    assert not ImportBatch.objects.exists()


def test_a_file_over_the_limit_is_refused_unread(as_user, operator, agency):
    answer = as_user(operator).post(
        CREATE, {"target": str(agency.pk), "file": upload(b"x" * (MAX_BYTES + 200_000))}
    )
    assert answer.status_code == 413
    assert TOO_LARGE in answer.content.decode()


def test_another_agency_cannot_be_chosen(as_user, operator):
    other = make_agency()
    answer = as_user(operator).post(
        CREATE, {"target": str(other.pk), "file": upload(units_xlsx(unit_row()))}
    )
    assert answer.status_code == 422
    assert not ImportBatch.objects.exists()


def test_good_rows_are_saved_and_the_same_file_again_says_same(as_user, operator, agency, preview):
    changed = make_work_unit(agency, "Dinas Lama", head_name="Drs. Lama")
    rows = [unit_row(), unit_row(name="DINAS LAMA", head_capacity="plt"), unit_row(name="")]
    batch = preview(*rows)
    client = as_user(operator)
    assert "Hanya baris yang benar" in client.get(page_of(batch)).content.decode()
    assert client.post(act(batch, "save"), GOOD).url == page_of(batch)
    imports.work_due()
    batch.refresh_from_db()
    assert batch.state == "done"
    changed.refresh_from_db()
    assert (changed.name, changed.head_capacity, changed.head_rank_id) == (
        "DINAS LAMA",
        "Plt.",
        "IV/c",
    )
    new = WorkUnit.objects.get(name=rows[0]["name"])
    assert (new.agency, new.head_nip) == (agency, "197003171995031901")
    assert [event.kind for event in events_of(new)] == ["work_unit.created"]
    assert events_of(changed)[0].kind == "work_unit.changed"
    page = client.get(page_of(batch) + "?hasil=semua").content.decode()
    assert "Ditambahkan" in page
    assert "Konsep" not in page
    assert outcomes(preview(*rows)) == ["same", "same", "error"]
    assert client.post(act(batch, "save"), GOOD).url == page_of(batch)
    assert WorkUnit.objects.count() == 2


def test_a_unit_made_in_the_meantime_is_compared_again(as_user, operator, agency, preview):
    line = unit_row(name="Dinas Balapan")
    batch = preview(line)
    make_work_unit(agency, "dinas balapan")
    as_user(operator).post(act(batch, "save"), GOOD)
    imports.work_due()
    assert batch.rows.get().result == "updated"
    assert WorkUnit.objects.get().name == "Dinas Balapan"


def test_the_marked_workbook_has_no_formula(as_user, operator, preview):
    batch = preview(unit_row(name='=HYPERLINK("http://contoh","x")', head_nip="+62"))
    answer = as_user(operator).get(act(batch, "marked"))
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))["Unit kerja"]
    assert sheet["H1"].value == "Yang perlu dibetulkan"
    assert "NIP pimpinan: NIP hanya berisi angka." in sheet["H2"].value
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


def test_the_template_holds_the_units_and_reads_back_the_same(as_user, operator, agency, preview):
    make_work_unit(
        agency,
        "=Dinas A",
        head_name="Drs. A",
        head_nip="197003171995031901",
        head_rank_id="IV/c",
        head_capacity="Plt.",
    )
    url = reverse("proposals:unit_import_template", args=[agency.pk])
    data = as_user(operator).get(url).content
    book = load_workbook(io.BytesIO(data))
    sheet = book["Unit kerja"]
    assert [cell.value for cell in sheet[1]] == list(HEAD)
    assert sheet["A2"].data_type == "s"
    rules = {
        str(rule.sqref).split(":")[0]: rule.formula1
        for rule in sheet.data_validations.dataValidation
    }
    assert rules["E2"] == "Daftar!$E$2:$E$18"
    assert [cell.value for cell in book["Daftar"]["G"][1:4]] == ["Definitif", "Plt.", "Plh."]
    batch = previewed_units(agency, data, by=operator)
    assert outcomes(batch) == ["same"]


def test_cancelling_forgets_the_file(as_user, operator, preview):
    batch = preview(unit_row())
    answer = as_user(operator).post(act(batch, "cancel"))
    assert answer.url == CREATE
    assert not WorkUnit.objects.exists()
    again = as_user(operator).post(act(batch, "cancel"))
    assert again.url == page_of(batch)
    batch.refresh_from_db()
    assert batch.state == "cancelled"


@pytest.mark.parametrize("name", ["save", "cancel"])
def test_acts_are_refused_to_everybody_else(operator, preview, name, refuses_everybody_else):
    batch = preview(unit_row())
    refuses_everybody_else(act(batch, name), stranger=make_operator(), allowed=operator)
    refuses_everybody_else(act(batch, name), stranger=make_verifier())
    assert not WorkUnit.objects.exists()


def test_a_batch_is_opened_at_the_address_of_its_kind_only(as_user, operator, preview):
    batch = preview(unit_row())
    client = as_user(operator)
    assert client.get(reverse("proposals:import", args=[batch.pk])).status_code == 404
    assert client.post(reverse("proposals:import_save", args=[batch.pk])).status_code == 404
    make_period()
    assert batch.name not in client.get("/usulan/impor/").content.decode()


def test_a_large_file_is_read_to_its_end(operator, agency):
    rows = [unit_row() for _ in range(250)]
    batch = previewed_units(agency, units_csv(*rows), by=operator, name="unit.csv")
    assert (batch.state, batch.total, batch.counts["new"]) == ("ready", 250, 250)


def test_a_workbook_without_our_sheet_is_read_from_the_first(operator, agency):
    book = Workbook()
    book.active.append(HEAD)
    book.active.append(list(unit_row(name="Dinas Satu").values()))
    assert read_table(saved(book), UNITS).rows[0].values["name"] == "Dinas Satu"


def test_the_columns_are_the_fields_of_the_form():
    assert list(unit_imports.HEADERS) == list(unit_row())
