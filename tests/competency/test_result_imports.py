"""Results from a file: every trap named, nothing saved unseen, nothing lost or done twice."""

import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from competency import attendance, result_imports
from competency.models import ResultImport, TestResult
from competency.tasks import import_results
from inpassing.reference.models import PeriodPosition
from inpassing.timeline.events import broken_links
from proposals.import_sheets import MarkedRow, write_template
from tests.competency.factories import begin, make_seat, make_session
from tests.factories import make_admin, make_operator, make_proposal, make_user

pytestmark = pytest.mark.django_db
URL = "/uji/nilai/impor/"


@pytest.fixture
def session():
    """Three people of one position: two there, one absent."""
    session = make_session()
    for name in ("Ani Baik", "Budi Lemah", "Citra Absen"):
        make_seat(session, make_proposal(period=session.period, status="test_required", name=name))
    begin(session)
    for seat, mark in zip(people(session), ["present", "late", "absent"], strict=True):
        attendance.mark_attendance(seat, mark, by=make_user())
    return session


def people(session):
    return list(session.seats.current().select_related("proposal", "session").order_by("number"))


def entry_of(session):
    return PeriodPosition.objects.get(
        period=session.period, position=people(session)[0].proposal.position
    )


def row(seat, *scores, **changes):
    keys = [column.key for column in result_imports.layout_of(entry_of(seat.session)).columns]
    values = [seat.participant_number, seat.proposal.name, *scores]
    return dict(zip(keys, values, strict=True)) | changes


def workbook(session, *rows):
    layout = result_imports.layout_of(entry_of(session))
    data = write_template({}, layout, [MarkedRow(values, {}) for values in rows])
    return SimpleUploadedFile("nilai.xlsx", data)


def upload(client, session, *rows):
    answer = client.post(URL, {"entry": entry_of(session).pk, "file": workbook(session, *rows)})
    assert answer.status_code == 302, answer.content.decode()
    import_results()
    return ResultImport.objects.latest("pk")


def outcomes(batch):
    return list(batch.rows.order_by("number").values_list("outcome", flat=True))


def sentences(batch):
    return [error[2] for found in batch.rows.order_by("number") for error in found.errors]


class TestImport:
    def test_shown_then_saved_then_the_same_again_changes_nothing(self, as_user, session):
        ani, budi, _ = people(session)
        client = as_user(make_admin())
        batch = upload(client, session, row(ani, "80", "90,5"), row(budi, "60", "70"))
        page = client.get(f"{URL}{batch.pk}/").content.decode()
        assert "Simpan 2 nilai" in page
        assert not TestResult.objects.exists()
        for _ in range(2):
            client.post(f"{URL}{batch.pk}/simpan/")
            import_results()
        assert TestResult.objects.get(seat=ani).total == Decimal("83.15")
        assert set(TestResult.objects.values_list("source", flat=True)) == {"imported"}
        again = upload(client, session, row(ani, "80", "90.50"), row(budi, "60", "71"))
        assert outcomes(again) == ["same", "changed"]
        client.post(f"{URL}{again.pk}/simpan/")
        import_results()
        assert TestResult.objects.get(seat=budi).total == Decimal("63.30")
        assert TestResult.objects.count() == 2
        assert list(broken_links()) == []

    def test_every_wrong_row_says_what_to_do_and_who_is_missing_is_counted(self, as_user, session):
        ani, _, citra = people(session)
        stranger = row(ani, "1", "2", number="P1-00-99999")
        rows = [
            stranger,
            row(citra, "50", "60"),
            row(ani, "101", "abc", name="Orang Lain"),
            row(ani, "", "1,234", number=""),
            row(ani, "70", "NaN", number="p9", name=""),
            row(ani, "70", "70", number="P9", name=""),
        ]
        batch = upload(as_user(make_admin()), session, *rows)
        assert outcomes(batch) == ["error"] * 6
        said = sentences(batch)
        assert "Nomor ini tidak dikenal pada periode dan jabatan ini." in said
        assert "Peserta ini tercatat tidak hadir." in said
        assert "Nomor ini milik Ani Baik. Periksa nama dan nomornya." in said
        assert "Isi nomor peserta seperti pada kartu." in said
        assert said.count("Nomor ini ada lebih dari sekali dalam berkas. Sisakan satu baris.") == 2
        assert said.count("Isi angka 0 sampai 100, misalnya 78,5.") == 5
        assert batch.counts["missing"] == 1  # Budi; Ani's number stands in the file
        page = as_user(make_admin()).get(f"/uji/nilai/impor/{batch.pk}/?hasil=missing")
        assert [seat.proposal.name for seat in page.context["missing_people"]] == ["Budi Lemah"]
        marked = as_user(make_admin()).get(f"{URL}{batch.pk}/bertanda.xlsx")
        sheet = load_workbook(io.BytesIO(marked.content)).worksheets[0]
        assert "tercatat tidak hadir" in str(sheet.cell(3, sheet.max_column).value)

    def test_the_template_holds_who_was_there_and_has_no_result(self, as_user, session):
        answer = as_user(make_admin()).get(f"/uji/nilai/templat/{entry_of(session).pk}.xlsx")
        sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
        names = [cell.value for cell in sheet["B"]][1:3]
        assert names == ["Ani Baik", "Budi Lemah"]

    def test_a_session_confirmed_meanwhile_is_left_alone(self, as_user, session):
        ani, *_ = people(session)
        client = as_user(make_admin())
        batch = upload(client, session, row(ani, "80", "90"))
        session.results_confirmed_at, session.results_confirmed_by = session.starts_at, make_user()
        session.save()
        client.post(f"{URL}{batch.pk}/simpan/")
        import_results()
        assert not TestResult.objects.exists()
        assert "sudah dipastikan" in client.get(f"{URL}{batch.pk}/").content.decode()

    def test_a_killed_worker_loses_and_doubles_nothing(self, as_user, session, monkeypatch):
        ani, budi, _ = people(session)
        client = as_user(make_admin())
        batch = upload(client, session, row(ani, "80", "90"), row(budi, "60", "70"))
        client.post(f"{URL}{batch.pk}/simpan/")
        monkeypatch.setattr(result_imports, "CHUNK", 1)
        real, calls = result_imports.record_many, []

        def die_at_the_second(*args, **fields):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*args, **fields)

        with monkeypatch.context() as patch:
            patch.setattr(result_imports, "record_many", die_at_the_second)
            with pytest.raises(KeyboardInterrupt):
                import_results()
        assert TestResult.objects.count() == 1
        import_results()
        assert TestResult.objects.count() == 2
        assert ResultImport.objects.get().state == "done"
        assert list(broken_links()) == []

    @pytest.mark.parametrize("data", [b"%PDF-1.7", b"", b"PK\x03\x04bad", b"Nomor,Nama\n1,Ani\n"])
    def test_the_wrong_file_gets_one_sentence(self, as_user, session, data):
        client = as_user(make_admin())
        file = SimpleUploadedFile("nilai.csv", data)
        answer = client.post(URL, {"entry": entry_of(session).pk, "file": file})
        if answer.status_code == 302:
            import_results()
            assert "Judul kolom tidak cocok" in client.get(answer.url).content.decode()
        else:
            assert answer.status_code == 422
        assert not TestResult.objects.exists()

    def test_cancelled_before_saving_nothing_stays(self, as_user, session):
        client = as_user(make_admin())
        batch = upload(client, session, row(people(session)[0], "80", "90"))
        for _ in range(2):
            client.post(f"{URL}{batch.pk}/batalkan/")
        client.post(f"{URL}{batch.pk}/simpan/")
        import_results()
        batch.refresh_from_db()
        assert (batch.state, batch.rows.count()) == ("cancelled", 0)

    @pytest.mark.parametrize("act", ["simpan", "batalkan"])
    def test_refusals(self, act, refuses_everybody_else):
        session = make_session()
        make_seat(session, make_proposal(period=session.period, status="test_required"))
        batch = ResultImport.objects.create(
            entry=entry_of(session), name="a.xlsx", created_by=make_admin()
        )
        refuses_everybody_else(
            f"{URL}{batch.pk}/{act}/", onlooker=make_operator(), allowed=make_admin()
        )
