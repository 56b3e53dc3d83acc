"""Many letters in one file: asked for, made by the worker, fetched, gone after a week."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import time
import zipfile

import openpyxl
import pikepdf
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import RoleGrant
from inpassing.accounts.roles import grant
from recommendations import exports, tasks, workflow
from recommendations.models import Export, Letter
from tests.factories import make_admin, make_agency, make_operator
from tests.letters import pdf as read
from tests.recommendations.factories import (
    make_due_period,
    make_issued,
    make_issuing,
    make_printed,
)

pytestmark = pytest.mark.django_db
EXPORTS = "/surat/ekspor/"
Content = Export.Content


def text_of(response) -> str:
    return response.content.decode()


def bytes_of(export: Export) -> bytes:
    export.refresh_from_db()
    assert export.file is not None
    with default_storage.open(export.file.path) as file:
        return file.read()


def make_export(content: str = Content.ORIGINALS, *, by=None, letters=None, **fields) -> Export:
    letters = letters if letters is not None else Letter.objects.issued().order_by("pk")
    return exports.start(content, letters, by=by or make_admin(), **fields)


# recommendations:exports


def test_exports_start(as_user, refuses_everybody_else) -> None:
    letter = make_issued(2, operator=False)
    refuses_everybody_else(EXPORTS, data={"content": "originals"}, onlooker=make_operator_of_none())
    client = as_user(make_admin())
    page = text_of(client.get(EXPORTS))
    assert "3 surat terpilih" in page
    response = client.post(EXPORTS, {"content": "originals"})
    export = Export.objects.get()
    assert response.headers["Location"] == reverse("recommendations:export", args=[export.pk])
    assert export.letter_ids == [
        letter.pk,
        *letter.extracts.order_by("pk").values_list("pk", flat=True),
    ]
    assert (export.state, export.done, export.total) == ("waiting", 0, 3)


def make_operator_of_none():
    from tests.factories import make_user

    return make_user()


def test_a_second_click_asks_for_nothing_new(as_user) -> None:
    make_issued(1, operator=False)
    client = as_user(make_admin())
    for _ in range(2):
        client.post(EXPORTS, {"content": "originals"})
    assert Export.objects.count() == 1


def test_nothing_chosen_is_refused(as_user) -> None:
    client = as_user(make_admin())
    response = client.post(EXPORTS, {"content": "originals"}, follow=True)
    assert "Tidak ada surat yang cocok" in text_of(response)
    assert not Export.objects.exists()


def test_a_content_must_be_chosen(as_user) -> None:
    make_issued(1, operator=False)
    response = as_user(make_admin()).post(EXPORTS, {"content": "register"})
    assert response.status_code == 422


def test_the_filter_of_the_list_chooses(as_user) -> None:
    first, second = make_issued(1, operator=False), make_issued(1, operator=False)
    revoked = workflow.revoke(
        make_issued(1, operator=False), by=make_admin(), reason="Keliru", replace=True
    )
    client = as_user(make_admin())

    def ids(query: str) -> list[int]:
        client.post(f"{EXPORTS}?{query}", {"content": "originals"})
        return Export.objects.first().letter_ids

    assert ids(f"periode={first.period_id}&jenis=recommendation") == [first.pk]
    assert ids(f"q={second.agency.name}&jenis=recommendation") == [second.pk]
    assert ids("jenis=recommendation") == [first.pk, second.pk]
    assert ids("jenis=recommendation&keadaan=revoked") == [revoked.pk]
    assert Export.objects.first().filters == [
        ["Jenis", "Surat rekomendasi"],
        ["Keadaan", "Dicabut"],
    ]


def test_an_operator_takes_away_the_own_agency_only(as_user) -> None:
    own, _ = make_issued(1), make_issued(1)
    client = as_user(make_operator(own.agency))
    client.post(EXPORTS, {"content": "originals"})
    export = Export.objects.get()
    assert set(export.letter_ids) == {own.pk, own.extracts.get().pk}
    assert export.agency == own.agency
    assert export.filters == [["Instansi", own.agency.name]]


def test_an_operator_of_two_agencies_says_of_which(as_user) -> None:
    first, second = make_issued(1, operator=False), make_issued(1, operator=False)
    operator = make_operator(first.agency)
    grant(operator, RoleGrant.Role.OPERATOR, by=None, agency=second.agency)
    client = as_user(operator)
    assert client.post(EXPORTS, {"content": "originals"}).status_code == 422
    client.post(EXPORTS, {"content": "originals", "agency_key": second.agency_id})
    assert Export.objects.get().agency == second.agency
    other = {"content": "originals", "agency_key": make_agency().pk}
    assert client.post(EXPORTS, other).status_code == 422


@pytest.mark.parametrize("number", [1, 30])
def test_exports_costs_the_same_number_of_queries(as_user, number: int) -> None:
    admin = make_admin()
    make_issued(1, operator=False)
    for n in range(number):
        export = make_export(by=admin)
        Export.objects.filter(pk=export.pk).update(state="failed", message=str(n))
    client = as_user(admin)
    client.get(EXPORTS)
    with CaptureQueriesContext(connection) as queries:
        client.get(EXPORTS)
    assert len(queries) <= 9


# recommendations:export, recommendations:export_file, recommendations:export_retry


def test_only_who_asked_sees_it(as_user) -> None:
    letter = make_issued(1)
    operator = make_operator(letter.agency)
    export = make_export(by=operator, agency=letter.agency)
    exports.work_due()
    for name in ("export", "export_file"):
        url = reverse(f"recommendations:{name}", args=[export.pk])
        response = as_user(operator).get(url)
        assert (response.status_code, len(response.getvalue()) > 100) == (200, True)
        for other in (make_admin(), make_operator(letter.agency), make_operator()):
            assert as_user(other).get(url).status_code == 404
        assert as_user(None).get(url).status_code == 302
    operator.grants.update(revoked_at=timezone.now())
    url = reverse("recommendations:export_file", args=[export.pk])
    assert as_user(operator).get(url).status_code == 404


def test_export_shows_progress_then_the_download(as_user) -> None:
    admin = make_admin()
    make_issued(1, operator=False)
    export = make_export(by=admin)
    client = as_user(admin)
    url = reverse("recommendations:export", args=[export.pk])
    assert "<progress" in text_of(client.get(url))
    poll = client.get(url, headers={"HX-Request": "true"})
    assert "<progress" in text_of(poll)
    assert "<html" not in text_of(poll)
    early = client.get(reverse("recommendations:export_file", args=[export.pk]))
    assert early.headers["Location"] == url
    tasks.export_due()
    assert client.get(url, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert "Unduh</a>" in text_of(client.get(url))


def test_a_broken_download_goes_on_where_it_stopped(as_user) -> None:
    admin = make_admin()
    make_issued(1, operator=False)
    export = make_export(by=admin)
    exports.work_due()
    whole = bytes_of(export)
    client = as_user(admin)
    url = reverse("recommendations:export_file", args=[export.pk])
    first = client.get(url)
    assert (first.status_code, first["Accept-Ranges"]) == (200, "bytes")
    assert b"".join(first.streaming_content) == whole
    size = len(whole)
    for header, start, end in (
        ("bytes=100-", 100, size - 1),
        ("bytes=5-9", 5, 9),
        ("bytes=-7", size - 7, size - 1),
        (f"bytes=0-{size + 50}", 0, size - 1),
    ):
        part = client.get(url, headers={"Range": header, "If-Range": first["ETag"]})
        assert part.status_code == 206
        assert part["Content-Range"] == f"bytes {start}-{end}/{size}"
        assert b"".join(part.streaming_content) == whole[start : end + 1]
    for headers in (
        {"Range": "bytes=5-9", "If-Range": '"lain"'},
        {"Range": f"bytes={size + 5}-"},
        {"Range": "bytes=-"},
        {"Range": "lines=1-2"},
    ):
        response = client.get(url, headers=headers)
        assert response.status_code == 200
        assert b"".join(response.streaming_content) == whole


def test_export_retry(as_user, refuses_everybody_else) -> None:
    admin = make_admin()
    make_issued(1, operator=False)
    export = make_export(by=admin)
    url = reverse("recommendations:export_retry", args=[export.pk])
    refuses_everybody_else(url, stranger=make_admin(), allowed=admin)
    client = as_user(admin)
    assert "tidak gagal" in text_of(client.post(url, follow=True))
    Export.objects.filter(pk=export.pk).update(state="failed", message="Rusak", attempts=4)
    assert "Rusak" in text_of(client.get(reverse("recommendations:export", args=[export.pk])))
    client.post(url)
    exports.work_due()
    export.refresh_from_db()
    assert export.is_done


# The worker


def test_the_zip_holds_the_originals_byte_for_byte() -> None:
    letters = [make_printed(2), make_printed(1)]
    export = make_export(letters=Letter.objects.issued().order_by("sequence", "pk"))
    exports.work_due()
    with zipfile.ZipFile(io.BytesIO(bytes_of(export))) as archive:
        assert archive.testzip() is None
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    rows = list(Letter.objects.issued().select_related("agency"))
    assert len(entries) == len(rows) == 5
    by_hash = {hashlib.sha256(data).hexdigest(): name for name, data in entries.items()}
    for row in rows:
        nip = row.content["person"]["nip"] if row.is_extract else ""
        agency = "-".join(row.agency.name.lower().replace("/", " ").split())
        parts = [row.number.replace("/", "-"), agency, nip]
        assert by_hash[row.sha256] == "_".join(part for part in parts if part) + ".pdf"
    assert letters[0].number != letters[1].number


@pytest.mark.parametrize(
    ("number", "agency", "nip", "name"),
    [
        ("B-1/X/1", "Kota Baubau", "", "B-1-X-1_kota-baubau.pdf"),
        ("B-1", "../../etc/passwd", "1989", "B-1_etc-passwd_1989.pdf"),
        ("B-1", 'Badan "Ünik" \N{SNOWMAN}: \\ a*?', "", "B-1_badan-unik-a.pdf"),
        ("B-1", "", "", "B-1.pdf"),
    ],
)
def test_entry_names_are_safe(number: str, agency: str, nip: str, name: str) -> None:
    assert exports.entry_name(number, agency, nip) == name


def test_two_letters_with_the_same_name_are_both_there() -> None:
    first = make_issued(1, operator=False)
    Letter.objects.filter(parent=first).update(content={"letterhead": {"name": "BPS"}})
    export = make_export()
    exports.work_due()
    with zipfile.ZipFile(io.BytesIO(bytes_of(export))) as archive:
        assert len(set(archive.namelist())) == 2


def test_the_copy_is_marked_and_begins_with_number_name_and_hash() -> None:
    from inpassing.letters.merge import MARK

    letter = make_printed(1)
    export = make_export(Content.COPY, filters=[["Periode", letter.period.name]])
    exports.work_due()
    data = bytes_of(export)
    cover, *rest = read.pages(data)
    extract = letter.extracts.get()
    words = "".join(cover.split())
    for row in (letter, extract):
        assert row.number in words
        assert row.sha256 in words
    assert extract.lines.get().proposal.full_name.replace(" ", "") in words
    assert letter.period.name.replace(" ", "") in words
    assert all(MARK in page for page in rest)
    with pikepdf.open(io.BytesIO(data)) as merged, merged.open_outline() as outline:
        assert len(outline.root) == 2
        assert merged.check_pdf_syntax() == []
    assert export.total == 4
    assert export.done == 4


def test_the_table_has_a_row_for_each_person_and_no_formulas() -> None:
    period = make_due_period()
    letter = make_issuing(1, period=period)
    content = letter.content
    content["people"][0]["name"] = "=1+1"
    Letter.objects.filter(pk=letter.pk).update(content=content)
    from tests.recommendations.factories import finish

    letter.refresh_from_db()
    finish(letter)
    export = make_export(Content.TABLE, letters=Letter.objects.main())
    exports.work_due()
    sheet = openpyxl.load_workbook(io.BytesIO(bytes_of(export))).active
    head, row = sheet.iter_rows()
    cells = {name.value: cell for name, cell in zip(head, row, strict=True)}
    assert cells["Nomor surat"].value == letter.number
    assert (cells["Nama"].value, cells["Nama"].data_type) == ("=1+1", "s")
    assert cells["NIP"].value == letter.lines.get().proposal.nip
    assert cells["Tanggal"].value.date() == letter.letter_date


def test_a_letter_whose_bytes_changed_stops_the_export() -> None:
    letter = make_issued(1, operator=False)
    Letter.objects.filter(pk=letter.pk).update(sha256="0" * 64)
    export = make_export()
    exports.work_due()
    export.refresh_from_db()
    assert export.is_failed
    assert letter.number in export.message
    assert "sidik digital" in export.message


def test_a_killed_worker_s_export_is_made_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "LETTERS_PER_COVER", 1)
    make_printed(2)
    export = make_export(Content.COPY)
    held = exports.claim_next()
    assert held is not None
    assert exports.claim_next() is None
    # Killed after the second part of the cover.
    real = exports._advance

    def die(row: Export, done: int, **fields: object) -> None:
        real(row, done, **fields)
        if done == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(exports, "_advance", die)
        with pytest.raises(KeyboardInterrupt):
            exports.make(held, until=time.monotonic() + 60)
    export.refresh_from_db()
    assert (export.state, export.done, len(export.covers)) == ("waiting", 2, 2)
    parts = list(export.covers)
    Export.objects.update(claimed_at=timezone.now() - dt.timedelta(minutes=3))
    exports.work_due()
    export.refresh_from_db()
    assert (export.state, export.done, export.covers) == ("done", 6, [])
    assert not any(default_storage.exists(path) for path in parts)
    assert len(read.pages(bytes_of(export))) == 3 + 4


def test_a_long_cover_is_made_in_several_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "LETTERS_PER_COVER", 1)
    monkeypatch.setattr(exports, "CHUNK_SECONDS", 0.2)
    make_printed(3)
    export = make_export(Content.COPY)
    rounds = 1
    while exports.work_due():
        rounds += 1
        assert rounds < 20
    export.refresh_from_db()
    assert export.is_done


def test_a_slow_worker_that_was_overtaken_stores_nothing() -> None:
    make_issued(1, operator=False)
    export = make_export()
    slow = exports.claim_next()
    assert slow is not None
    Export.objects.update(claimed_at=timezone.now() - dt.timedelta(minutes=3))
    exports.work_due()
    export.refresh_from_db()
    file = export.file_id
    exports.make(slow, until=time.monotonic() + 60)
    export.refresh_from_db()
    assert (export.state, export.file_id) == ("done", file)


def test_after_three_attempts_it_gives_up_in_words() -> None:
    make_issued(1, operator=False)
    export = make_export()
    Export.objects.update(attempts=exports.MAX_ATTEMPTS)
    exports.work_due()
    export.refresh_from_db()
    assert (export.state, export.message) == ("failed", exports.GAVE_UP)


def test_after_a_week_the_bytes_are_gone_and_the_letters_are_not(as_user) -> None:
    admin = make_admin()
    letter = make_issued(1, operator=False)
    export = make_export(by=admin)
    tasks.export_due()
    export.refresh_from_db()
    assert export.expires_at - export.finished_at == dt.timedelta(days=7)
    client = as_user(admin)
    url = reverse("recommendations:export_file", args=[export.pk])
    assert b"".join(client.get(url).streaming_content)[:2] == b"PK"
    path = export.file.path
    tasks.export_due()
    assert default_storage.exists(path)
    Export.objects.update(expires_at=timezone.now())
    tasks.export_due()
    export.refresh_from_db()
    assert export.is_expired
    assert not default_storage.exists(path)
    assert "Berkas sudah dihapus" in text_of(client.get(url, follow=True))
    assert default_storage.exists(letter.file.path)
