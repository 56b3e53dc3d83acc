"""proposals:large_scan…: a scan over the limit on its way to a file that counts."""

from __future__ import annotations

import datetime as dt
import os
import threading

import pikepdf
import pytest
import time_machine
from django.conf import settings as project
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inpassing.files.models import StoredFile
from inpassing.files.shrinker import ShrinkerUnavailableError
from inpassing.files.tasks import inspect_due
from inpassing.formats import format_bytes, long_datetime
from inpassing.timeline.models import TimelineEvent
from proposals import large_scans
from proposals.deadlines import deadline_of
from proposals.models import DocumentVersion, LargeScan, Proposal, ProposalDocument
from tests.factories import make_agency
from tests.files.test_shrinker import scan as pdf_scan
from tests.files.test_shrinker import written
from tests.proposals.filing import (
    filing,
    pdf,
    put,
    shrunk,
    slot,
    strangers_of,
    upload_of,
)

pytestmark = pytest.mark.django_db
State = LargeScan.State
Status = Proposal.Status
LATE = timezone.now() + dt.timedelta(days=90)
BIG = pdf("besar") + b"\n%" + b"0" * project.UPLOAD_MAX_BYTES


@pytest.fixture(scope="module")
def real():
    """One page of a real scan, 3.5 MB."""
    return pdf_scan(1)


def url(name, pk, *more):
    return reverse(f"proposals:large_scan{name}", args=[pk, *more])


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def send(client, document, data=BIG, name="pindaian.pdf"):
    return client.post(url("_upload", document.pk), {"file": upload_of(data, name)})


def stored() -> set[str]:
    folders = default_storage.listdir("")[0]
    return {f"{f}/{name}" for f in folders for name in default_storage.listdir(f)[1]}


def test_a_real_scan_becomes_a_version_once_it_is_accepted(
    as_user, real, django_capture_on_commit_callbacks
):
    proposal = filing(complete=False)
    client, document, before = as_user(proposal.participant), slot(proposal), stored()
    answer = send(client, document, real)
    assert (answer.status_code, answer.headers["Location"]) == (302, url("", document.pk))
    assert "Pindaian sudah kami terima lengkap." in text_of(client.get(url("", document.pk)))
    inspect_due()
    large_scans.work_due()
    scan = LargeScan.objects.get()
    assert scan.state == State.READY
    assert scan.size == len(real) > project.UPLOAD_MAX_BYTES >= scan.result_size
    assert slot(proposal).current is None  # nothing counts yet
    page = text_of(client.get(url("", document.pk)))
    assert f"{format_bytes(len(real))}, 1 halaman" in page
    assert "Pakai berkas ini" in page
    for which in ("semula", "hasil"):
        picture = client.get(url("_picture", scan.pk, which))
        assert b"".join(picture.streaming_content)[8:12] == b"WEBP"
    result = client.get(url("_result", scan.pk))
    assert len(b"".join(result.streaming_content)) == scan.result_size
    with django_capture_on_commit_callbacks(execute=True):
        accepted = client.post(url("_accept", scan.pk), follow=True)
    assert "sudah terpasang" in text_of(accepted)
    version = slot(proposal).current
    assert (version.number, version.file.state, version.file.pages) == (1, "accepted", 1)
    assert version.file.owner_id == document.pk
    assert version.file.size == scan.result_size
    scan.refresh_from_db()
    assert (scan.state, scan.original, scan.result) == (State.ACCEPTED, None, None)
    assert StoredFile.objects.filter(owner_kind="proposals.largescan").count() == 0
    assert stored() - before == {version.file.path, version.file.preview_path}
    kinds = TimelineEvent.objects.filter(proposal_id=proposal.pk).values_list("kind", flat=True)
    assert sorted(kinds) == [
        "document.uploaded",
        "large_scan.accepted",
        "large_scan.received",
    ]


@pytest.mark.parametrize(
    ("status", "changes", "word"),
    [
        (Status.FILLING, {}, "batas pengiriman"),
        (Status.RETURNED, {"repair_deadline": LATE}, "batas perbaikan"),
    ],
)
def test_the_page_says_until_when_it_has_to_be_accepted(as_user, status, changes, word):
    proposal = filing(status, agency=make_agency(region="81"), **changes)
    shrunk(slot(proposal), by=proposal.participant)
    ProposalDocument.objects.filter(proposal=proposal).update(review="returned")
    page = text_of(as_user(proposal.participant).get(url("", slot(proposal).pk)))
    until = long_datetime(deadline_of(proposal), "Asia/Jayapura")
    assert until.endswith("WIT")
    assert f"paling lambat <b>{until}</b> ({word})" in page


def test_a_second_click_puts_no_second_version(as_user):
    proposal = filing(complete=False)
    client, document = as_user(proposal.participant), slot(proposal)
    scan = shrunk(document, by=proposal.participant)
    for _ in range(2):
        assert client.post(url("_accept", scan.pk)).status_code == 302
    assert document.versions.count() == 1
    assert TimelineEvent.objects.filter(kind="large_scan.accepted").count() == 1


def test_what_stands_there_already_is_not_put_twice(as_user):
    proposal = filing(complete=False)
    document = slot(proposal)
    put(document, pdf("sama"))
    scan = shrunk(document, by=proposal.participant, data=pdf("sama"))
    as_user(proposal.participant).post(url("_accept", scan.pk))
    assert document.versions.count() == 1
    scan.refresh_from_db()
    assert (scan.state, scan.result) == (State.ACCEPTED, None)


@pytest.mark.parametrize("name", ["_accept", "_discard"])
def test_a_closed_proposal_changes_nothing_but_may_throw_away(as_user, name):
    proposal = filing()
    document = slot(proposal)
    scan = shrunk(document, by=proposal.participant)
    Proposal.objects.filter(pk=proposal.pk).update(status=Status.SUBMITTED)
    page = as_user(proposal.participant).post(url(name, scan.pk), follow=True)
    scan.refresh_from_db()
    assert document.versions.count() == 1
    if name == "_accept":
        assert "Tidak ada yang diubah. Keadaan usulan: menunggu verifikasi berkas." in text_of(page)
        assert scan.state == State.READY
    else:
        assert scan.state == State.DISCARDED


def test_thrown_away_it_is_gone(as_user, django_capture_on_commit_callbacks):
    proposal = filing(complete=False)
    client, before = as_user(proposal.participant), stored()
    scan = shrunk(slot(proposal), by=proposal.participant)
    list(client.get(url("_result", scan.pk)).streaming_content)  # was looked at, logged
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            assert client.post(url("_discard", scan.pk)).status_code == 302
    assert stored() == before
    scan.refresh_from_db()
    assert scan.state == State.DISCARDED
    assert client.get(url("_result", scan.pk)).status_code == 404
    assert TimelineEvent.objects.filter(kind="large_scan.discarded").count() == 1
    refused = client.post(url("_accept", scan.pk), follow=True)
    assert "Keadaan pindaian ini: dibuang." in text_of(refused)
    assert DocumentVersion.objects.count() == 0


def test_others_are_kept_out(as_user, refuses_everybody_else):
    proposal = filing(complete=False)
    document = slot(proposal)
    scan = shrunk(document, by=proposal.participant)
    stranger, onlooker = strangers_of(proposal)
    for name, pk in (("_upload", document.pk), ("_accept", scan.pk), ("_discard", scan.pk)):
        refuses_everybody_else(
            url(name, pk), onlooker=onlooker, stranger=stranger, allowed=proposal.participant
        )
    for address in (
        url("", document.pk),
        url("_result", scan.pk),
        url("_picture", scan.pk, "semula"),
    ):
        assert as_user(onlooker).get(address).status_code == 403
        assert as_user(stranger).get(address).status_code == 404


class Untouchable:
    """A body that must not be read."""

    def read(self, *args):
        raise AssertionError("The body was read")

    readline = read


def post_untouched(client, document, length):
    return client.generic(
        "POST",
        url("_upload", document.pk),
        content_type="multipart/form-data; boundary=x",
        **{"wsgi.input": Untouchable(), "CONTENT_LENGTH": str(length)},
    )


def test_who_may_not_is_told_before_a_byte_is_read(as_user):
    proposal = filing(complete=False)
    document, length = slot(proposal), 15_000_000
    stranger, onlooker = strangers_of(proposal)
    assert post_untouched(as_user(None), document, length).status_code == 302
    assert post_untouched(as_user(stranger), document, length).status_code == 404
    assert post_untouched(as_user(onlooker), document, length).status_code == 403
    client = as_user(proposal.participant)
    too_large = post_untouched(client, document, 30_000_000)
    assert too_large.status_code == 413
    assert "Pindaian ini lebih besar dari 20 MB. Pindai ulang pada 150 dpi" in text_of(too_large)
    document.review = "accepted"
    document.save()
    frozen = post_untouched(client, document, length)
    assert frozen.status_code == 409
    assert "sudah diterima verifikator dan terkunci" in text_of(frozen)
    document.review = ""
    document.save()
    Proposal.objects.filter(pk=proposal.pk).update(status=Status.SUBMITTED)
    assert post_untouched(client, document, length).status_code == 409
    assert LargeScan.objects.count() == 0


def test_the_fourth_at_a_time_waits(as_user):
    proposal = filing(complete=False)
    document = slot(proposal)
    assert proposal.participant is not None
    for other in proposal.documents.exclude(pk=document.pk)[:3]:
        LargeScan.objects.create(document=other, uploaded_by=proposal.participant)
    client = as_user(proposal.participant)
    response = post_untouched(client, document, 15_000_000)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "20")
    assert "3 pindaian besar sedang kami terima" in text_of(response)
    # Seats of a killed process are free again after a while, and each upload gives its seat back.
    LargeScan.objects.update(created_at=timezone.now() - dt.timedelta(minutes=11))
    assert send(client, document).status_code == 302
    assert list(LargeScan.objects.values_list("state", flat=True)) == [State.WAITING]


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        (b"PK" + BIG[2:].replace(b"%PDF-", b"12345"), 422, "Berkas ini bukan PDF."),
        (pdf("kecil"), 422, "Berkas ini tidak lebih besar dari 2 MB."),
        (b"", 422, "Berkas itu kosong."),
    ],
)
def test_what_is_refused_at_once_leaves_nothing(as_user, data, status, sentence):
    proposal = filing(complete=False)
    before = stored()
    response = send(as_user(proposal.participant), slot(proposal), data)
    assert response.status_code == status
    assert sentence in text_of(response)
    assert LargeScan.objects.count() == 0
    assert stored() == before


def test_the_token_is_still_asked_for(as_user):
    proposal = filing(complete=False)
    client = Client(enforce_csrf_checks=True)
    client.force_login(proposal.participant, backend="inpassing.accounts.backends.AccountBackend")
    assert send(client, slot(proposal)).status_code == 403
    assert LargeScan.objects.count() == 0


def test_the_same_bytes_again_are_one_scan_and_others_replace_it(
    as_user, django_capture_on_commit_callbacks
):
    proposal = filing(complete=False)
    client, document, before = as_user(proposal.participant), slot(proposal), stored()
    with django_capture_on_commit_callbacks(execute=True):
        send(client, document)
        send(client, document)
    first = LargeScan.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        send(client, document, BIG + b"1")
    first.refresh_from_db()
    assert first.state == State.DISCARDED
    assert LargeScan.objects.get(state=State.WAITING).size == len(BIG) + 1
    assert len(stored() - before) == 1


def test_one_person_decides_before_sending_more(as_user):
    proposal = filing(complete=False)
    documents = list(proposal.documents.all())
    for document in documents[:3]:
        shrunk(document, by=proposal.participant)
    response = post_untouched(as_user(proposal.participant), documents[3], 15_000_000)
    assert response.status_code == 409
    assert "3 pindaian besar Anda belum diputuskan." in text_of(response)


def without_pictures() -> bytes:
    """A file that is large for another reason."""
    pdf_file = pikepdf.new()
    pdf_file.add_blank_page()
    pdf_file.Root.Isi = pdf_file.make_stream(os.urandom(2_200_000))
    return written(pdf_file)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("damaged", "Berkas rusak atau tidak lengkap."),
        ("no_pictures", "Pindai ulang pada 150 dpi, abu-abu"),
    ],
)
def test_what_cannot_be_made_smaller_says_what_to_do(
    as_user, real, code, sentence, django_capture_on_commit_callbacks
):
    data = without_pictures() if code == "no_pictures" else real[:-20_000]
    proposal = filing(complete=False)
    client, document, before = as_user(proposal.participant), slot(proposal), stored()
    with django_capture_on_commit_callbacks(execute=True):
        send(client, document, data)
        large_scans.work_due()
    scan = LargeScan.objects.get()
    assert (scan.state, scan.code, scan.original) == (State.FAILED, code, None)
    page = text_of(client.get(url("", document.pk)))
    assert sentence in page
    assert "Unggah dan kecilkan" in page
    assert slot(proposal).current is None
    assert stored() == before


def test_a_worker_that_died_is_followed_by_another(as_user, real):
    proposal = filing(complete=False)
    send(as_user(proposal.participant), slot(proposal), real)
    assert large_scans.claim_next() is not None  # claimed, and then the worker is killed
    assert large_scans.claim_next() is None
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=6), tick=True):
        large_scans.work_due()
    scan = LargeScan.objects.get()
    assert (scan.state, scan.attempts) == (State.READY, 2)
    large_scans.work_on(scan)  # the first one comes back to life: nothing is made twice
    assert StoredFile.objects.filter(owner_kind="proposals.proposaldocument").count() == 1


def test_after_three_tries_the_person_is_told(as_user, monkeypatch, caplog):
    def fails(data):
        raise ShrinkerUnavailableError("no process")

    proposal = filing(complete=False)
    send(as_user(proposal.participant), slot(proposal))
    monkeypatch.setattr(large_scans, "look_at", fails)
    for minutes in (0, 6, 12, 18):
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes), tick=True):
            large_scans.work_due()
    scan = LargeScan.objects.get()
    assert (scan.state, scan.code) == (State.FAILED, "too_complex")
    assert [entry.getMessage() for entry in caplog.records].count("scan.failed") == 3


def test_nobody_decides_for_a_day(as_user, django_capture_on_commit_callbacks):
    proposal = filing(complete=False)
    before = stored()
    scan = shrunk(slot(proposal), by=proposal.participant)
    for hours, state in ((23, State.READY), (25, State.EXPIRED)):
        with (
            time_machine.travel(timezone.now() + dt.timedelta(hours=hours), tick=True),
            django_capture_on_commit_callbacks(execute=True),
        ):
            large_scans.work_due()
        scan.refresh_from_db()
        assert scan.state == state
    assert stored() == before


def test_the_document_page_leads_here_when_a_file_is_too_large(as_user):
    """Without a script: the refusal carries the link."""
    proposal = filing(complete=False)
    client, document = as_user(proposal.participant), slot(proposal)
    link = f'href="{url("", document.pk)}"'
    upload = reverse("proposals:document_upload", args=[document.pk])
    refused = client.post(upload, {"dari": "halaman", "file": upload_of(BIG)})
    assert refused.status_code == 413
    assert f"<a {link}>Kecilkan di sini</a>, sampai 20 MB." in text_of(refused)
    other = client.post(upload, {"dari": "halaman", "file": upload_of(b"bukan pdf")})
    assert text_of(other).count(link) == 1  # the standing offer alone
    shrunk(document, by=proposal.participant)
    tasks = text_of(client.get(reverse("proposals:tasks", args=[proposal.pk])))
    assert "Pindaian besar sudah dikecilkan." in tasks


@pytest.mark.django_db(transaction=True)
def test_four_at_the_same_moment_get_three_seats():
    proposal = filing(complete=False)
    documents = list(
        proposal.documents.select_related("proposal__period", "proposal__agency__region")[:4]
    )
    inside, go, results = threading.Barrier(4), threading.Event(), []

    def take(document):
        try:
            inside.wait(10)
            with large_scans.receiving(document, by=proposal.participant):
                results.append("seat")
                go.wait(10)
        except large_scans.NoSeatError:
            results.append("full")
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=[document]) for document in documents]
    for thread in threads:
        thread.start()
    for _ in range(200):
        if len(results) == 4:
            break
        threading.Event().wait(0.05)
    go.set()
    for thread in threads:
        thread.join(10)
    assert sorted(results) == ["full", "seat", "seat", "seat"]
    assert LargeScan.objects.count() == 0
