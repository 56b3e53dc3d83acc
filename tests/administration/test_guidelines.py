"""The public page of guidelines and its keeping: guidelines, guideline_file, guideline_*."""

import io
import zipfile

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inpassing.files.models import FileAccess, StoredFile
from inpassing.files.tasks import inspect_due
from inpassing.reference.models import Guideline
from inpassing.timeline.events import events_of
from inpassing.timeline.models import TimelineEvent
from tests.factories import PDF, make_admin, make_file, make_operator, make_period, make_verifier

pytestmark = pytest.mark.django_db
LIST = "/kelola/pedoman/"
NEW = "/kelola/pedoman/baru/"


@pytest.fixture
def client(as_user):
    return as_user(make_admin())


def office(*names):
    """A package as office programs write it, with these parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        for name in names:
            package.writestr(name, "<x/>")
    return target.getvalue()


DOCX = office("[Content_Types].xml", "word/document.xml")


def upload(data=PDF, name="peraturan.pdf"):
    return SimpleUploadedFile(name, data)


def data(**changes):
    return {
        "category": "rule",
        "title": "Peraturan BPS 6/2019",
        "summary": "Lihat https://contoh.go.id/peraturan",
        "dated_on": "2019-08-01",
        "order": "1",
        "is_published": "on",
        **changes,
    }


def guideline(*, file=None, **fields):
    row = Guideline.objects.create(**{"title": "Pedoman operator", "order": 1, **fields})
    if file:
        row.file_id = make_file(row, state=file).pk
        row.save()
    return row


class TestPublicPage:
    def test_groups_order_dates_and_links(self, as_user):
        guideline(category="sample", title="Contoh surat", file="accepted")
        guideline(category="rule", title="Kedua", order=2, dated_on="2019-08-01")
        guideline(category="rule", title="Pertama", order=1, summary="https://contoh.go.id/a")
        guideline(title="Tersembunyi", is_published=False)
        page = as_user(None).get("/pedoman/").content.decode()
        assert page.index("Peraturan</h2>") < page.index("Pertama") < page.index("Kedua")
        assert page.index("Kedua") < page.index("Contoh format</h2>") < page.index("Contoh surat")
        assert "1 Agustus 2019" in page
        assert 'href="https://contoh.go.id/a"' in page
        assert f"(PDF, {len(PDF)} byte)" in page
        assert "Tersembunyi" not in page
        assert "Pedoman</h2>" not in page
        assert LIST not in page

    def test_nothing_yet(self, as_user):
        assert "Belum ada pedoman" in as_user(None).get("/pedoman/").content.decode()
        make_period(legal_basis="PermenPANRB 42/2018")
        page = as_user(None).get("/pedoman/").content.decode()
        assert "PermenPANRB 42/2018" in page
        assert "Belum ada pedoman" not in page

    @pytest.mark.parametrize("state", ["waiting", "refused"])
    def test_a_file_that_the_inspector_has_not_accepted_is_not_offered(self, as_user, state):
        row = guideline(file=state)
        page = as_user(None).get("/pedoman/").content.decode()
        assert "Pedoman operator" in page
        assert "Unduh" not in page
        assert as_user(None).get(f"/pedoman/{row.pk}/berkas/").status_code == 404

    def test_everybody_downloads_what_is_published(self, as_user):
        row = guideline(file="accepted")
        answer = as_user(None).get(f"/pedoman/{row.pk}/berkas/")
        assert b"".join(answer.streaming_content) == PDF
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert not FileAccess.objects.exists()

    def test_what_is_not_published_only_an_administrator_downloads(self, as_user, client):
        row = guideline(file="accepted", is_published=False)
        address = f"/pedoman/{row.pk}/berkas/"
        assert as_user(None).get(address).status_code == 404
        assert as_user(make_operator()).get(address).status_code == 404
        answer = client.get(address)
        assert b"".join(answer.streaming_content) == PDF

    def test_another_records_file_has_no_way_out_here(self, as_user):
        row = guideline()
        stray = make_file(make_period())
        assert as_user(None).get(f"/pedoman/{row.pk}/berkas/").status_code == 404
        assert as_user(None).get(f"/pedoman/{stray.pk}/berkas/").status_code == 404

    def test_the_number_of_queries_is_fixed(self, as_user, client):
        def queries(visitor, address):
            with CaptureQueriesContext(connection) as caught:
                assert visitor.get(address).status_code == 200
            return len(caught)

        guideline(file="accepted")
        few = queries(as_user(None), "/pedoman/"), queries(client, LIST)
        for number in range(60):
            guideline(title=f"Pedoman {number}", file="accepted")
        assert (queries(as_user(None), "/pedoman/"), queries(client, LIST)) == few
        assert max(few) <= 10


class TestKeeping:
    def test_a_pdf_is_offered_once_the_inspector_has_accepted_it(self, as_user, client):
        answer = client.post(NEW, data(file=upload()))
        assert answer.url == LIST
        row = Guideline.objects.get()
        assert (row.category, str(row.dated_on), row.order) == ("rule", "2019-08-01", 1)
        assert "Sedang diperiksa" in client.get(LIST).content.decode()
        inspect_due()
        assert "peraturan.pdf" in client.get(LIST).content.decode()
        answer = as_user(None).get(f"/pedoman/{row.pk}/berkas/")
        assert b"".join(answer.streaming_content) == PDF
        assert [event.kind for event in events_of(row)] == ["guideline.created"]

    def test_a_sample_format_is_offered_at_once(self, as_user, client):
        client.post(NEW, data(category="sample", file=upload(DOCX, "Contoh.DOCX")))
        file = StoredFile.objects.get()
        assert file.is_accepted
        assert file.content_type.endswith("wordprocessingml.document")
        page = as_user(None).get("/pedoman/").content.decode()
        assert "(DOCX," in page

    def test_change_and_replacement_forget_the_old_file(self, client):
        row = guideline(file="accepted")
        old = StoredFile.objects.get()
        address = f"{LIST}{row.pk}/"
        assert "berkas.pdf" in client.get(address).content.decode()
        client.post(address, data(title="Judul baru", file=upload()))
        row.refresh_from_db()
        assert (row.title, StoredFile.objects.get().pk) == ("Judul baru", row.file_id)
        assert row.file_id != old.pk

    def test_without_a_file_the_present_one_stays_and_can_be_removed(self, client):
        row = guideline(file="accepted")
        address = f"{LIST}{row.pk}/"
        client.post(address, data())
        row.refresh_from_db()
        assert row.file_id
        client.post(address, data(remove_file="on"))
        row.refresh_from_db()
        assert (row.file_id, StoredFile.objects.count()) == (None, 0)

    def test_hidden_by_leaving_the_tick_out(self, as_user, client):
        row, values = guideline(), data()
        del values["is_published"]
        client.post(f"{LIST}{row.pk}/", values)
        row.refresh_from_db()
        assert not row.is_published

    @pytest.mark.parametrize(
        ("file", "words"),
        [
            (upload(b"MZ\x90", "peraturan.pdf"), "Isi berkas bukan PDF"),
            (upload(b"MZ\x90", "alat.exe"), "Jenis berkas ini tidak diterima"),
            (upload(PDF, "tanpa-akhiran"), "Jenis berkas ini tidak diterima"),
            (upload(PDF, "contoh.docx"), "bukan DOCX tanpa makro"),
            (upload(DOCX, "contoh.xlsx"), "bukan XLSX tanpa makro"),
            (
                upload(
                    office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
                    "contoh.docx",
                ),
                "bukan DOCX tanpa makro",
            ),
        ],
    )
    def test_other_files_are_refused_and_what_was_typed_stays(self, client, file, words):
        file.seek(0)
        page = client.post(NEW, data(file=file))
        assert page.status_code == 422
        assert words in page.content.decode()
        assert "Peraturan BPS 6/2019" in page.content.decode()
        assert not Guideline.objects.exists()
        assert not StoredFile.objects.exists()

    def test_a_large_file_is_refused_with_a_sentence(self, client):
        page = client.post(NEW, data(file=upload(PDF + b"0" * (2 * 1024 * 1024))))
        assert page.status_code in {413, 422}
        assert "lebih besar dari 2 MB" in page.content.decode()
        page = client.post(NEW, data(file=upload(PDF + b"0" * (3 * 1024 * 1024))))
        assert page.status_code == 413
        assert "lebih besar dari 2 MB" in page.content.decode()
        assert not Guideline.objects.exists()

    def test_removing_asks_first_and_takes_the_file_along(self, client):
        row = guideline(file="accepted")
        path = StoredFile.objects.get().path
        address = f"{LIST}{row.pk}/hapus/"
        assert "Hapus pedoman ini?" in client.get(address).content.decode()
        assert Guideline.objects.exists()
        client.post(address)
        assert not Guideline.objects.exists()
        assert not StoredFile.objects.exists()
        assert default_storage.exists(path)  # the bytes go after the commit
        event = TimelineEvent.objects.get(kind="guideline.removed")
        assert event.detail.text == "Pedoman operator"
        assert client.post(address).status_code == 404

    def test_the_list_is_empty_and_says_what_to_do(self, client):
        assert "Belum ada pedoman" in client.get(LIST).content.decode()

    def test_refusals(self, refuses_everybody_else):
        row = guideline()
        for address in (NEW, f"{LIST}{row.pk}/", f"{LIST}{row.pk}/hapus/"):
            refuses_everybody_else(address, onlooker=make_verifier())
            refuses_everybody_else(address, onlooker=make_operator())
        assert Guideline.objects.get().title == "Pedoman operator"
