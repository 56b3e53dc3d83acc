"""Candidates from a file: upload, preview with every error, saving, the same file again."""

import datetime as dt
import io

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from inpassing.files.models import StoredFile
from inpassing.timeline.events import broken_links, events_of
from proposals import import_judging, import_sheets, imports
from proposals.models import ImportBatch, ImportRow, Proposal
from tests.factories import (
    make_admin,
    make_formation,
    make_nip,
    make_operator,
    make_period,
    make_proposal,
    make_user,
    make_verifier,
    make_work_unit,
)
from tests.proposals.import_files import csv_text, previewed, row, upload, xlsx

pytestmark = pytest.mark.django_db
CREATE = "/usulan/impor/"
ALL, GOOD = {"rows": "semua"}, {"rows": "benar"}


@pytest.fixture
def period():
    return make_period()


@pytest.fixture
def operator():
    return make_operator(nip=make_nip())


@pytest.fixture
def agency(operator):
    return operator.employer


@pytest.fixture
def preview(operator, agency, period):
    """A function from rows to the judged batch."""
    return lambda *rows: previewed(agency, period, xlsx(*rows), by=operator)


def act(batch, name):
    return reverse(f"proposals:import_{name}", args=[batch.pk])


def page_of(batch):
    return reverse("proposals:import", args=[batch.pk])


def target(agency, period):
    return f"{agency.pk}-{period.pk}"


def errors_of(batch, number=2):
    return batch.rows.get(number=number).errors


class TestUpload:
    def test_a_file_is_kept_and_read_by_the_worker(self, as_user, operator, agency, period):
        client = as_user(operator)
        answer = client.post(
            CREATE, {"target": target(agency, period), "file": upload(xlsx(row()))}
        )
        batch = ImportBatch.objects.get()
        assert answer.url == page_of(batch)
        assert (batch.agency, batch.period, batch.created_by) == (agency, period, operator)
        assert batch.state == "reading"
        page = client.get(page_of(batch)).content.decode()
        assert 'hx-trigger="every 2s"' in page
        assert "Perbarui status" in page
        imports.work_due()
        batch.refresh_from_db()
        assert (batch.state, batch.total, batch.counts) == ("ready", 1, {"new": 1, "warned": 1})
        assert Proposal.objects.count() == 0
        assert [e.kind for e in events_of(batch)] == ["import.uploaded"]

    def test_csv_too(self, operator, agency, period):
        data = csv_text(row(), row()).encode("cp1252")
        batch = previewed(agency, period, data, by=operator, name="calon.csv")
        assert (batch.state, batch.counts["new"]) == ("ready", 2)

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"%PDF-1.4\x00", import_sheets.NOT_A_TABLE),
            (b"PK\x03\x04", import_sheets.DAMAGED),
            (b"\xd0\xcf\x11\xe0", import_sheets.OLD_EXCEL),
        ],
    )
    def test_what_is_no_table_is_refused_at_the_field(
        self, as_user, operator, agency, period, data, sentence
    ):
        answer = as_user(operator).post(
            CREATE, {"target": target(agency, period), "file": upload(data)}
        )
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert not ImportBatch.objects.exists()

    def test_an_over_size_file_is_refused_by_its_length(self, as_user, operator, agency, period):
        data = b"x" * (import_sheets.MAX_BYTES + 200_000)
        answer = as_user(operator).post(
            CREATE, {"target": target(agency, period), "file": upload(data)}
        )
        assert answer.status_code == 413
        assert import_sheets.TOO_LARGE in answer.content.decode()
        assert not ImportBatch.objects.exists()

    def test_what_the_worker_cannot_read_is_one_sentence(self, as_user, operator, agency, period):
        batch = previewed(agency, period, b"nama;umur\nA;1\n", by=operator, name="a.csv")
        assert batch.state == "failed"
        page = as_user(operator).get(page_of(batch)).content.decode()
        assert "Judul kolom tidak cocok dengan templat. Tidak ada: NIP" in page

    def test_the_target_must_be_an_own_agency(self, as_user, operator, period):
        stranger = make_operator().employer
        answer = as_user(operator).post(
            CREATE, {"target": target(stranger, period), "file": upload(xlsx(row()))}
        )
        assert answer.status_code == 422
        assert not ImportBatch.objects.exists()

    def test_outside_the_nomination_window(self, as_user, operator, agency, period):
        period.nomination_deadline = timezone.now() - dt.timedelta(hours=1)
        period.save()
        client = as_user(operator)
        assert "Pengusulan belum dibuka" in client.get(CREATE).content.decode()
        client.post(CREATE, {"target": target(agency, period), "file": upload(xlsx(row()))})
        assert not ImportBatch.objects.exists()

    def test_refusals(self, as_user, period):
        for nobody in (make_user(), make_verifier(), make_admin()):
            assert as_user(nobody).get(CREATE).status_code == 403
            assert as_user(nobody).post(CREATE).status_code == 403
        assert as_user(None).post(CREATE).url.startswith("/akun/masuk/")


class TestTemplate:
    def test_the_lists_are_the_agencys_and_the_periods(self, as_user, operator, agency, period):
        make_work_unit(agency, "Dinas Kominfo")
        make_work_unit(agency, "Dinas Lama", is_active=False)
        answer = as_user(operator).get(
            reverse("proposals:import_template", args=[agency.pk, period.pk])
        )
        assert answer.headers["Content-Disposition"] == 'attachment; filename="templat-calon.xlsx"'
        lists = load_workbook(io.BytesIO(answer.content))["Daftar"]
        columns = {
            column[0].value: [c.value for c in column[1:] if c.value] for column in lists.columns
        }
        assert columns["Unit kerja"] == ["Dinas Kominfo"]
        assert columns["Jabatan tujuan"] == ["Pranata Komputer", "Statistisi"]
        assert columns["Jenjang"][:3] == ["Terampil", "Mahir", "Penyelia"]
        assert columns["Golongan ruang"][0] == "I/a"
        assert "Sarjana (S1)" in columns["Pendidikan terakhir"]


class TestJudging:
    """The form's own validators, all errors of all rows."""

    @pytest.mark.parametrize(
        ("changed", "column", "words"),
        [
            ({"nip": "1987113 201101 1 906"}, "nip", "NIP 17 angka, seharusnya 18"),
            ({"nip": 1.98904142014033e17}, "nip", "Ubah kolom NIP menjadi Teks"),
            ({"nip": ""}, "nip", "Belum diisi."),
            ({"nip": "19890414 201421 2 901"}, "nip", "Inpassing hanya untuk PNS"),
            ({"name": "#N/A"}, "name", "Sel berisi galat rumus (#N/A)."),
            ({"name": "..."}, "name", "Nama tidak berisi huruf"),
            ({"level": "Pertama"}, "level", "Nama jenjang lama. Tulis “Ahli Pertama”."),
            ({"level": "Pranata Komputer Muda"}, "level", "Tulis “Ahli Muda”."),
            ({"level": "Ahli"}, "level", "“Ahli” bukan jenjang Pranata Komputer. Pilih: Terampil"),
            ({"level": ""}, "level", "Belum diisi."),
            ({"position": ""}, "position", "Belum diisi."),
            ({"position": "Arsiparis"}, "position", "Tulis Pranata Komputer atau Statistisi."),
            ({"rank": "V/a"}, "rank", "“V/a” tidak dikenal. Tulis golongan ruang"),
            ({"education": "S9"}, "education", "“S9” tidak dikenal."),
            ({"is_structural": "mungkin"}, "is_structural", "Tulis Ya atau Tidak."),
            ({"dismissed_before": ""}, "dismissed_before", "Belum diisi."),
            ({"sex": "X"}, "sex", "Tulis L atau P"),
            ({"work_unit": "Dinas Antah"}, "work_unit", "“Dinas Antah” tidak dikenal."),
            ({"email": "ayu.kertiyasa"}, "email", "Alamat email belum lengkap."),
            ({"rank_effective_on": "31-02-2020"}, "rank_effective_on", "Tanggal tidak terbaca"),
            ({"rank_effective_on": "01-04-2099"}, "rank_effective_on", "masih akan datang"),
            ({"birth_date": "45017"}, "birth_date", "Tanggal tidak terbaca"),
            ({"title_before": "x" * 41}, "title_before", "40"),
        ],
    )
    def test_an_error_stands_at_its_column(self, preview, changed, column, words):
        batch = preview(row(**changed))
        assert list(errors_of(batch)) == [column]
        assert words in " ".join(errors_of(batch)[column])
        assert batch.counts["error"] == 1

    @pytest.mark.parametrize(
        "changed",
        [
            {"nip": "19890414 201403 2 901"},
            {"rank": "Penata Muda, III/a"},
            {"rank": "iii / A"},
            {"level": "AHLI  PERTAMA"},
            {"level": "Pranata Komputer Ahli Pertama", "position": ""},
            {"education": "S1"},
            {"education": "d-iv"},
            {"rank_effective_on": "1 April 2023"},
            {"rank_effective_on": "2023-04-01 00:00:00"},
            {"rank_effective_on": dt.datetime(2023, 4, 1)},  # noqa: DTZ001  (a cell's date)
            {"is_structural": True},
            {"is_structural": "TIDAK"},
            {"sex": "perempuan"},
            {"email": "CALON.Baru@Contoh.go.id"},
        ],
    )
    def test_what_people_write_is_understood(self, preview, changed):
        batch = preview(row(**changed))
        assert errors_of(batch) == {}
        assert batch.counts["new"] == 1

    def test_all_errors_of_all_rows_are_shown_at_once(self, as_user, operator, preview):
        batch = preview(
            row(nip="12", level="Pertama", email="x"),
            row(),
            row(rank="?", is_structural="", name=""),
        )
        assert set(errors_of(batch, 2)) == {"nip", "level", "email"}
        assert set(errors_of(batch, 4)) == {"rank", "is_structural", "name"}
        page = as_user(operator).get(page_of(batch) + "?hasil=semua").content.decode()
        for words in ("NIP 2 angka", "Nama jenjang lama", "belum lengkap", "golongan ruang"):
            assert words in page

    def test_twins_in_the_file_are_errors_on_both_rows(self, preview):
        first = row(email="satu@contoh.go.id")
        batch = preview(first, row(), row(nip=first["nip"]), row(email="Satu@contoh.go.id"))
        assert errors_of(batch, 2) == {
            "nip": ["NIP ini juga ada pada baris 4. Sisakan satu."],
            "email": ["Alamat ini juga ada pada baris 5. Tiap calon perlu alamat sendiri."],
        }
        assert "baris 2" in errors_of(batch, 4)["nip"][0]
        assert errors_of(batch, 3) == {}

    def test_an_address_of_somebody_else_is_refused(self, preview, agency, period):
        taken = make_proposal(agency, period)
        account = make_user(email="Orang.Lain@contoh.go.id")
        batch = preview(row(email=taken.email), row(email=account.email.lower()))
        assert "sudah dipakai orang lain" in errors_of(batch, 2)["email"][0]
        assert "sudah dipakai orang lain" in errors_of(batch, 3)["email"][0]

    def test_nobody_imports_themself(self, preview, operator):
        assert errors_of(preview(row(nip=operator.nip)))["nip"] == [import_judging.OWN]

    def test_a_nip_that_another_agency_proposes_is_refused(self, preview, period):
        other = make_proposal(period=period)
        assert "(Aturan E16)" in errors_of(preview(row(nip=other.nip)))["nip"][0]

    def test_a_draft_changes_and_says_what(self, preview, agency, period):
        draft = make_proposal(agency, period)
        batch = preview(row(nip=draft.nip, email=draft.email, rank="III/b"))
        line = batch.rows.get()
        assert (line.outcome, line.proposal) == ("changed", draft)
        assert {"Nama lengkap", "Golongan ruang"} <= set(line.changes)
        assert "Email pribadi" not in line.changes

    def test_a_sent_proposal_is_locked(self, preview, agency, period):
        sent = make_proposal(agency, period, status="nominated")
        sentences = errors_of(preview(row(nip=sent.nip, email=sent.email)))["nip"]
        assert sentences[0].startswith(
            "Data calon sudah terkunci. Keadaan usulan: menunggu verifikasi usulan."
        )

    def test_an_ended_proposal_is_no_hindrance(self, preview, agency, period):
        ended = make_proposal(agency, period, status="withdrawn")
        batch = preview(row(nip=ended.nip))
        assert batch.rows.get().outcome == "new"

    def test_warnings_are_those_of_the_form(self, preview, agency, period):
        make_formation(agency, period, lines={"pertama": (3, 3)})
        nip = make_nip()
        make_user(nip=nip, username=nip, name="Orang Lain")
        batch = preview(row(nip=nip, birth_date="14-05-1989", rank="IV/a"))
        warnings = " ".join(batch.rows.get().warnings)
        assert "Tanggal lahir berbeda dari NIP (14 April 1989)" in warnings
        assert "pernah tercatat dengan nama lain" in warnings
        assert "Orang Lain" not in warnings
        assert "Formasi jenjang Ahli Pertama sudah habis: 0 dari 0 dipakai" in warnings
        assert "Pangkat IV/a belum sesuai" in warnings
        assert batch.counts == {"new": 1, "warned": 1}

    def test_many_rows_cost_no_more_queries(self, operator, agency, period):
        def queries(count):
            batch = imports.start(
                agency, period, upload(xlsx(*(row() for _ in range(count)))), by=operator
            )
            imports._read(batch)
            with CaptureQueriesContext(
                connection,
            ) as caught:
                imports._judge(batch)
            return len(caught)

        make_work_unit(agency)
        make_formation(agency, period)
        assert queries(1) == queries(60)


class TestPreview:
    def test_filter_and_pages(self, as_user, operator, preview):
        batch = preview(*(row() for _ in range(60)), row(nip="12"))
        client = as_user(operator)
        first = client.get(page_of(batch))
        assert first.context["chosen"] == "galat"
        assert [r.number for r in first.context["rows"]] == [62]
        page = client.get(page_of(batch) + "?hasil=baru")
        assert [r.number for r in page.context["rows"]] == list(range(2, 52))
        page = client.get(page_of(batch) + page.context["next_url"])
        assert [r.number for r in page.context["rows"]] == list(range(52, 62))
        assert client.get(page_of(batch) + "?hasil=x&setelah=zz").status_code == 200

    def test_the_number_of_queries_is_fixed(self, as_user, operator, preview):
        def queries(count):
            batch = preview(*(row() for _ in range(count)))
            client = as_user(operator)
            client.get(page_of(batch))
            with CaptureQueriesContext(connection) as caught:
                client.get(page_of(batch))
            return len(caught)

        assert queries(1) == queries(60) <= 10

    def test_a_finished_poll_reloads_the_page(self, as_user, operator, agency, period):
        batch = imports.start(agency, period, upload(xlsx(row())), by=operator)
        client = as_user(operator)
        poll = client.get(page_of(batch), headers={"HX-Request": "true"})
        assert "Membaca isi berkas" in poll.content.decode()
        assert "<html" not in poll.content.decode()
        imports.work_due()
        poll = client.get(page_of(batch), headers={"HX-Request": "true"})
        assert poll.headers["HX-Refresh"] == "true"

    def test_the_marked_workbook_has_the_errors_beside_the_cells(self, as_user, operator, preview):
        batch = preview(row(), row(level="Pertama", title_after="=1+1"))
        answer = as_user(operator).get(act(batch, "marked"))
        sheet = load_workbook(io.BytesIO(answer.getvalue()))["Calon"]
        assert sheet["J3"].comment.text == "Nama jenjang lama. Tulis “Ahli Pertama”."
        assert sheet["P2"].value is None
        assert sheet["P3"].value == "Jenjang: Nama jenjang lama. Tulis “Ahli Pertama”."
        assert (sheet["D3"].data_type, sheet["D3"].value) == ("s", "=1+1")

    def test_without_errors_there_is_none(self, as_user, operator, preview):
        assert as_user(operator).get(act(preview(row()), "marked")).status_code == 404

    def test_only_the_agencys_operators_see_it(self, as_user, preview):
        batch = preview(row(nip="12"))
        strangers = (make_operator(), make_verifier(), make_admin(), make_user())
        for stranger in strangers:
            assert as_user(stranger).get(page_of(batch)).status_code == 404
            assert as_user(stranger).get(act(batch, "marked")).status_code == 404


class TestSave:
    def test_good_rows_become_drafts_and_bad_ones_are_left(
        self, as_user, operator, agency, period, preview
    ):
        unit = make_work_unit(agency, "Dinas Kominfo")
        draft = make_proposal(agency, period)
        batch = preview(
            row(nip="198904142014032901", name="Sri Ramlah", work_unit="dinas kominfo", sex="P"),
            row(nip=draft.nip, email=draft.email),
            row(nip="12"),
        )
        client = as_user(operator)
        answer = client.post(act(batch, "save"), GOOD)
        assert answer.url == page_of(batch)
        batch.refresh_from_db()
        assert batch.state == "saving"
        imports.work_due()
        batch.refresh_from_db()
        assert batch.state == "done"
        assert [(r.number, r.result) for r in batch.rows.all()] == [
            (2, "created"),
            (3, "updated"),
            (4, ""),
        ]
        made = Proposal.objects.get(nip="198904142014032901")
        assert (made.status, made.agency, made.period) == ("draft", agency, period)
        assert (made.name, made.level.code, made.rank_id) == ("Sri Ramlah", "pertama", "III/a")
        assert (made.birth_date, made.sex) == (dt.date(1989, 4, 14), 2)
        assert (made.work_unit, made.created_by) == (unit, operator)
        assert [e.kind for e in events_of(made)] == ["proposal.created"]
        assert [e.kind for e in events_of(draft)] == ["proposal.changed"]
        draft.refresh_from_db()
        assert draft.name == "Wa Ode Sri Ramlah"
        assert Proposal.objects.count() == 2
        assert [e.kind for e in events_of(batch)] == [
            "import.saved",
            "import.confirmed",
            "import.uploaded",
        ]
        page = client.get(page_of(batch)).content.decode()
        assert "Hasil impor calon" in page
        assert "Konsep dibuat" in client.get(page_of(batch) + "?hasil=semua").content.decode()

    def test_the_same_workbook_again_says_same_and_changes_nothing(
        self, as_user, operator, agency, period
    ):
        data = xlsx(row(title_before="dr."), row(name="I Made, S.Kom.", title_after=""))
        first = previewed(agency, period, data, by=operator)
        imports.save_rows(first, by=operator)
        imports.work_due()
        before = list(Proposal.objects.order_by("pk").values())
        again = previewed(agency, period, data, by=operator)
        assert again.counts == {"same": 2, "warned": 0}
        page = as_user(operator).get(page_of(again)).content.decode()
        assert "Semua baris sama dengan yang sudah tersimpan" in page
        assert "Siap disimpan" not in page
        assert "Siap disimpan" not in as_user(operator).get(CREATE).content.decode()
        as_user(operator).post(act(again, "save"), GOOD)
        again.refresh_from_db()
        assert again.state == "ready"
        assert list(Proposal.objects.order_by("pk").values()) == before

    def test_a_second_click_saves_nothing_twice(self, as_user, operator, preview):
        batch = preview(row())
        client = as_user(operator)
        client.post(act(batch, "save"), GOOD)
        page = client.post(act(batch, "save"), GOOD, follow=True).content.decode()
        assert "Keadaan impor sekarang: sedang disimpan." in page
        imports.work_due()
        page = client.post(act(batch, "save"), GOOD, follow=True).content.decode()
        assert "Keadaan impor sekarang: selesai." in page
        assert Proposal.objects.count() == 1

    def test_what_changed_since_the_preview_is_judged_again(self, operator, preview, period):
        good, bad = row(), row()
        batch = preview(good, bad)
        make_proposal(period=period, nip=bad["nip"])
        imports.save_rows(batch, by=operator)
        imports.work_due()
        batch.refresh_from_db()
        assert [r.result for r in batch.rows.all()] == ["created", "refused"]
        assert "(Aturan E16)" in errors_of(batch, 3)["nip"][0]
        assert batch.counts["refused"] == 1

    def test_after_the_nomination_deadline(self, as_user, operator, period, preview):
        batch = preview(row())
        period.nomination_deadline = timezone.now() - dt.timedelta(hours=1)
        period.save()
        page = as_user(operator).post(act(batch, "save"), GOOD, follow=True).content.decode()
        assert "sudah ditutup" in page
        batch.refresh_from_db()
        assert batch.state == "ready"

    def test_a_nip_that_somebody_takes_while_the_rows_are_written(
        self, operator, preview, period, monkeypatch
    ):
        first, second = row(), row()
        batch = preview(first, second)
        imports.save_rows(batch, by=operator)
        judge = imports.judge_of

        def judged_then_taken(batch, rows):
            found = judge(batch, rows)
            make_proposal(period=period, nip=second["nip"])
            return found

        monkeypatch.setattr(imports, "judge_of", judged_then_taken)
        imports.work_due()
        batch.refresh_from_db()
        assert (batch.state, batch.counts["created"], batch.counts["refused"]) == ("done", 1, 1)
        assert "(Aturan E16)" in errors_of(batch, 3)["nip"][0]
        made = Proposal.objects.get(nip=first["nip"])
        assert [e.kind for e in events_of(made)] == ["proposal.created"]
        assert not list(broken_links())

    def test_many_rows_cost_no_more_queries(self, operator, agency, period, preview):
        def queries(count):
            drafts = [make_proposal(agency, period) for _ in range(count)]
            changed = [row(nip=draft.nip, email=draft.email) for draft in drafts]
            batch = preview(*(row() for _ in range(count)), *changed)
            imports.save_rows(batch, by=operator)
            with CaptureQueriesContext(connection) as caught:
                imports._save(batch)
            batch.refresh_from_db()
            assert batch.done == 2 * count
            return len(caught)

        assert queries(1) == queries(30)

    @pytest.mark.parametrize("name", ["save", "cancel"])
    def test_refusals(self, refuses_everybody_else, operator, preview, name):
        batch = preview(row())
        for stranger in (make_operator(), make_admin(), make_verifier()):
            refuses_everybody_else(act(batch, name), stranger=stranger, allowed=operator)
        batch.refresh_from_db()
        assert batch.state == "ready"


class TestSaveWhole:
    """All rows in one act: saved together, or not one of them."""

    def test_every_row_is_saved_in_one_act(
        self, as_user, operator, agency, period, preview, monkeypatch
    ):
        monkeypatch.setattr(imports, "CHUNK", 2)
        draft = make_proposal(agency, period)
        batch = preview(row(), row(nip=draft.nip, email=draft.email), row(), row(), row())
        as_user(operator).post(act(batch, "save"), ALL)
        batch.refresh_from_db()
        assert (batch.state, batch.is_whole) == ("saving", True)
        page = as_user(operator).get(page_of(batch)).content.decode()
        assert "Menyimpan 5 baris sekaligus." in page
        held = imports.claim_next()
        imports.work_on(held)  # one step, not three
        batch.refresh_from_db()
        assert (batch.state, batch.done) == ("done", 5)
        assert [r.result for r in batch.rows.all()] == [
            "created",
            "updated",
            "created",
            "created",
            "created",
        ]
        assert Proposal.objects.count() == 5
        assert all(r.proposal for r in batch.rows.all())
        imports.work_on(held)  # harmless when it comes twice
        assert Proposal.objects.count() == 5
        assert not list(broken_links())

    def test_refused_while_a_row_is_wrong(self, as_user, operator, preview):
        batch = preview(row(), row(nip="12"))
        client = as_user(operator)
        assert (
            'value="semua" aria-describedby="semua-arti" disabled'
            in client.get(page_of(batch)).content.decode()
        )
        page = client.post(act(batch, "save"), ALL, follow=True).content.decode()
        assert imports.WRONG_ROWS in page
        batch.refresh_from_db()
        assert batch.state == "ready"
        imports.work_due()
        assert not Proposal.objects.exists()

    def test_nothing_is_saved_when_a_row_went_wrong_since_the_preview(
        self, as_user, operator, preview, period, monkeypatch
    ):
        monkeypatch.setattr(imports, "CHUNK", 2)
        rows = [row() for _ in range(5)]
        batch = preview(*rows)
        for taken in (rows[0], rows[3]):
            make_proposal(period=period, nip=taken["nip"])
        client = as_user(operator)
        client.post(act(batch, "save"), ALL)
        imports.work_due()
        batch.refresh_from_db()
        assert batch.state == "ready"
        assert batch.counts == {"new": 3, "error": 2, "warned": 3}
        assert [r.outcome for r in batch.rows.all()] == ["error", "new", "new", "error", "new"]
        assert not batch.rows.exclude(result="").exists()
        assert not Proposal.objects.filter(nip__in=[rows[1]["nip"], rows[2]["nip"]]).exists()
        assert batch.marked is not None
        page = client.get(page_of(batch)).content.decode()
        assert "sejak pratinjau, 2 baris tidak dapat disimpan lagi" in page
        assert "(Aturan E16)" in page
        assert events_of(batch)[0].kind == "import.not_saved"
        client.post(act(batch, "save"), GOOD)
        imports.work_due()
        batch.refresh_from_db()
        assert (batch.state, batch.counts["created"], batch.message) == ("done", 3, "")

    def test_without_a_choice_nothing_begins(self, as_user, operator, preview):
        batch = preview(row())
        for typed in ({}, {"rows": "x"}):
            page = as_user(operator).post(act(batch, "save"), typed, follow=True)
            assert "saving" not in page.content.decode()
            batch.refresh_from_db()
            assert batch.state == "ready"
        assert (
            "Pilih dahulu"
            in as_user(operator).post(act(batch, "save"), follow=True).content.decode()
        )


class TestCancel:
    def test_rows_and_bytes_are_gone(self, as_user, operator, preview):
        batch = preview(row(), row(nip="12"))
        assert StoredFile.objects.filter(owner_id=batch.pk).count() == 2
        client = as_user(operator)
        assert client.post(act(batch, "cancel")).url == CREATE
        batch.refresh_from_db()
        assert (batch.state, batch.file, batch.marked) == ("cancelled", None, None)
        assert not ImportRow.objects.exists()
        assert not StoredFile.objects.filter(owner_id=batch.pk).exists()
        assert not Proposal.objects.exists()
        assert "Isinya sudah dihapus" in client.get(page_of(batch)).content.decode()
        assert "dibatalkan" in client.post(act(batch, "cancel"), follow=True).content.decode()

    def test_not_once_saving_has_begun(self, as_user, operator, preview):
        batch = preview(row())
        imports.save_rows(batch, by=operator)
        page = as_user(operator).post(act(batch, "cancel"), follow=True).content.decode()
        assert "Impor ini tidak dapat dibatalkan lagi" in page
        imports.work_due()
        assert Proposal.objects.count() == 1

    def test_while_it_is_read(self, operator, agency, period):
        batch = imports.start(agency, period, upload(xlsx(row())), by=operator)
        held = imports.claim_next()
        imports.cancel(batch, by=operator)
        imports.work_on(held)
        batch.refresh_from_db()
        assert (batch.state, batch.rows.count()) == ("cancelled", 0)


class TestWorker:
    @pytest.fixture(autouse=True)
    def _small_chunks(self, monkeypatch):
        monkeypatch.setattr(imports, "CHUNK", 2)

    def step(self):
        batch = imports.claim_next()
        if batch:
            imports.work_on(batch)
        return batch

    def test_progress_is_seen_chunk_by_chunk(self, as_user, operator, agency, period):
        batch = imports.start(agency, period, upload(xlsx(*(row() for _ in range(5)))), by=operator)
        seen = []
        while self.step():
            batch.refresh_from_db()
            seen.append((batch.state, batch.done))
        assert seen == [
            ("judging", 0),
            ("judging", 2),
            ("judging", 4),
            ("judging", 5),
            ("ready", 5),
        ]

    def test_a_killed_worker_loses_one_chunk_and_nothing_comes_twice(
        self, operator, preview, monkeypatch
    ):
        batch = preview(*(row() for _ in range(5)))
        imports.save_rows(batch, by=operator)
        self.step()
        held = imports.claim_next()  # this worker dies: its transaction never commits
        assert held == batch
        assert imports.claim_next() is None
        assert Proposal.objects.count() == 2
        ImportBatch.objects.update(claimed_at=timezone.now() - imports.CLAIM * 2)
        imports.work_due()
        imports.work_on(held)  # and the dead one turns out to be alive
        batch.refresh_from_db()
        assert (batch.state, batch.counts["created"]) == ("done", 5)
        assert Proposal.objects.count() == 5

    def test_what_breaks_three_times_is_told(self, operator, preview, monkeypatch):
        batch = preview(row())
        imports.save_rows(batch, by=operator)

        def breaks(batch):
            raise RuntimeError("x")

        monkeypatch.setitem(imports.STEPS, ImportBatch.State.SAVING, breaks)
        for _ in range(4):
            assert self.step() == batch
            ImportBatch.objects.update(claimed_at=timezone.now() - imports.CLAIM * 2)
        batch.refresh_from_db()
        assert (batch.state, batch.message) == ("failed", imports.STOPPED)
        assert self.step() is None

    def test_the_task_leaves_the_rest_to_the_next_run(self, operator, agency, period):
        batch = imports.start(agency, period, upload(xlsx(row(), row(), row())), by=operator)
        imports.work_due(seconds=0)
        batch.refresh_from_db()
        assert batch.state == "reading"


class TestRetention:
    @pytest.fixture
    def later(self, time_machine):
        def go(days):
            time_machine.move_to(timezone.now() + dt.timedelta(days=days))

        return go

    def stored(self, batch):
        return [default_storage.exists(file.path) for file in (batch.file, batch.marked) if file]

    def test_rows_and_bytes_of_a_saved_file_go_after_their_time(
        self, as_user, operator, preview, later, django_capture_on_commit_callbacks
    ):
        batch = preview(row(), row(nip="12"))
        imports.save_rows(batch, by=operator)
        imports.work_due()
        as_user(operator).get(act(batch, "marked")).getvalue()  # its log keeps the file's record
        batch.refresh_from_db()
        file, marked = batch.file, batch.marked
        later(29)
        assert imports.clear_due() == 0
        later(2)
        with django_capture_on_commit_callbacks(execute=True):
            assert imports.clear_due() == 1
        batch.refresh_from_db()
        assert (batch.state, batch.rows.count(), batch.file, batch.marked) == (
            "done",
            0,
            None,
            None,
        )
        assert not default_storage.exists(file.path)
        assert not default_storage.exists(marked.path)
        assert list(StoredFile.objects.filter(pk__in=[file.pk, marked.pk])) == [marked]
        assert Proposal.objects.count() == 1
        page = as_user(operator).get(page_of(batch)).content.decode()
        assert "masa simpannya lewat" in page
        assert "konsep dibuat" in page
        assert as_user(operator).get(act(batch, "marked")).status_code == 404
        assert imports.clear_due() == 0
        assert events_of(batch)[0].kind == "import.cleared"

    def test_a_preview_that_nobody_went_on_with_ends(self, as_user, operator, preview, later):
        batch = preview(row())
        later(31)
        assert imports.clear_due() == 1
        batch.refresh_from_db()
        assert (batch.state, batch.rows.count()) == ("cancelled", 0)
        answer = as_user(operator).post(act(batch, "save"), GOOD, follow=True)
        assert "Keadaan impor sekarang: dibatalkan." in answer.content.decode()

    def test_the_page_says_how_long(self, as_user, operator, preview):
        page = as_user(operator).get(page_of(preview(row()))).content.decode()
        assert "Isi berkas dihapus 30 hari setelah selesai" in page
