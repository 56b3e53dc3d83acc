"""proposals:document_upload: what is taken, what is refused at once, what is asked."""

from __future__ import annotations

import threading

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from inpassing.files.models import StoredFile
from inpassing.files.tasks import inspect_due
from inpassing.timeline.models import TimelineEvent
from proposals.models import DocumentVersion, Proposal, ProposalDocument
from tests.proposals.filing import filing, operator_of, pdf, put, slot, strangers_of, upload_of

pytestmark = pytest.mark.django_db
Status = Proposal.Status
SCRIPT = {"X-Requested-With": "XMLHttpRequest"}


def url_of(document: ProposalDocument) -> str:
    return reverse("proposals:document_upload", args=[document.pk])


def send(client, document, data=None, *, page="daftar", script=False, name="ijazah.pdf"):
    body = {"dari": page, "file": upload_of(pdf("baru") if data is None else data, name)}
    return client.post(url_of(document), body, headers=SCRIPT if script else {})


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def stored() -> set[str]:
    return {path for folder in default_storage.listdir("")[0] for path in _paths(folder)}


def _paths(folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]


def test_an_upload_waits_for_the_worker_and_then_is_accepted(as_user):
    proposal = filing(complete=False)
    client, document = as_user(proposal.participant), slot(proposal)
    response = send(client, document)
    assert response.status_code == 302
    assert response.headers["Location"] == f"/usulan/{proposal.pk}/berkas/#slot-{document.pk}"
    version = slot(proposal).current
    assert (version.number, version.file.state, version.file.name) == (1, "waiting", "ijazah.pdf")
    assert TimelineEvent.objects.get(kind="document.uploaded").data["version"] == 1
    page = text_of(client.get(response.headers["Location"]))
    assert "Berkas sudah kami terima lengkap." in page
    assert "Fotokopi Ijazah yang diakui secara kedinasan sudah kami terima" in page
    inspect_due()
    fragment = client.get(
        reverse("proposals:document_slot", args=[document.pk]), {"dari": "daftar"}
    )
    assert 'class="slot slot--accepted"' in fragment.content.decode()
    assert "1 halaman" in fragment.content.decode()


def test_from_its_own_page_the_person_comes_back_there(as_user):
    proposal = filing(complete=False)
    document = slot(proposal)
    response = send(as_user(proposal.participant), document, page="halaman")
    assert response.headers["Location"] == f"/dokumen/{document.pk}/"


def test_the_script_gets_the_slot_alone(as_user):
    proposal = filing(complete=False)
    document = slot(proposal)
    client = as_user(proposal.participant)
    response = send(client, document, script=True)
    assert response.status_code == 200
    assert response.content.decode().strip().startswith('<article class="slot slot--waiting"')
    panel = send(client, document, pdf("zwei"), script=True, page="halaman")
    assert f'<div id="slot-{document.pk}" class="slot--waiting"' in panel.content.decode()


def test_replacing_keeps_the_earlier_version(as_user):
    proposal = filing()
    document = slot(proposal)
    send(as_user(proposal.participant), document)
    numbers = list(document.versions.values_list("number", flat=True))
    assert numbers == [2, 1]
    assert slot(proposal).current.number == 2


def test_the_same_bytes_again_change_nothing(as_user, django_capture_on_commit_callbacks):
    """A request is repeated when its answer was lost on the way."""
    proposal = filing(complete=False)
    client, document = as_user(proposal.participant), slot(proposal)
    send(client, document)
    before = stored()
    with django_capture_on_commit_callbacks(execute=True):
        assert send(client, document).status_code == 302
    assert document.versions.count() == 1
    assert StoredFile.objects.filter(owner_id=document.pk).count() == 1
    assert TimelineEvent.objects.filter(kind="document.uploaded").count() == 1
    assert stored() == before


@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"0" * 2000, "ijazah.pdf", "Berkas ini bukan PDF."),
        (b"PK\x03\x04" + b"0" * 2000, "ijazah.docx", "Berkas ini bukan PDF."),
        (b" " * 1100 + b"%PDF-1.4", "ijazah.pdf", "Berkas ini bukan PDF."),
        (b"", "ijazah.pdf", "Berkas itu kosong."),
    ],
)
def test_what_is_no_pdf_is_refused_at_once(as_user, data, name, sentence, script):
    proposal = filing(complete=False)
    document, before = slot(proposal), stored()
    response = send(as_user(proposal.participant), document, data, name=name, script=script)
    assert response.status_code == 422
    assert sentence in text_of(response)
    assert 'aria-invalid="true"' in text_of(response)
    assert DocumentVersion.objects.count() == 0
    assert stored() == before


def test_a_missing_file_is_said_at_the_field(as_user):
    proposal = filing(complete=False)
    document = slot(proposal)
    response = as_user(proposal.participant).post(url_of(document), {"dari": "halaman"})
    assert response.status_code == 422
    page = text_of(response)
    assert "Berkas belum dipilih." in page
    assert '<a href="#id_file">' in page


def test_a_declared_over_size_is_refused_without_reading(as_user):
    """The body is a stream that fails when it is touched."""

    class Untouchable:
        def read(self, *args):
            raise AssertionError("The body was read")

        readline = read

    proposal = filing(complete=False)
    response = as_user(proposal.participant).generic(
        "POST",
        url_of(slot(proposal)),
        content_type="multipart/form-data; boundary=x",
        **{"CONTENT_LENGTH": str(3 * 1024 * 1024), "wsgi.input": Untouchable()},
    )
    assert response.status_code == 413
    assert "Berkas lebih besar dari 2 MB." in text_of(response)
    assert DocumentVersion.objects.count() == 0


@pytest.mark.parametrize(("size", "status"), [(0, 302), (1, 413), (60_000, 413)])
def test_the_limit_is_counted_in_bytes_of_the_file(as_user, size, status):
    proposal = filing(complete=False)
    data = pdf("besar")
    data += b"%" * (settings.UPLOAD_MAX_BYTES - len(data) + size)
    response = send(as_user(proposal.participant), slot(proposal), data)
    assert response.status_code == status
    assert DocumentVersion.objects.count() == (status == 302)


def test_an_unchanged_refused_file_is_refused(as_user):
    proposal = filing(complete=False)
    document = slot(proposal)
    put(document, pdf("rusak"), state="refused", code="damaged", message="Rusak.")
    before = stored()
    response = send(as_user(proposal.participant), document, pdf("rusak"), page="halaman")
    assert response.status_code == 409
    assert "Berkas ini sama dengan yang ditolak." in text_of(response)
    assert document.versions.count() == 1
    assert stored() == before


def test_an_unchanged_returned_file_is_refused_and_a_mended_one_repairs(as_user):
    proposal = filing(Status.RETURNED)
    document = slot(proposal)
    document.versions.update(returned=True)
    ProposalDocument.objects.filter(pk=document.pk).update(review="returned", reason="Kabur")
    client = as_user(proposal.participant)
    assert send(client, document, pdf(f"slot {document.pk}")).status_code == 409
    assert send(client, document, pdf("baru")).status_code == 302
    document.refresh_from_db()
    assert document.review == ""
    assert document.is_present


def test_a_frozen_slot_takes_nothing(as_user):
    proposal = filing(Status.RETURNED)
    document = slot(proposal)
    ProposalDocument.objects.filter(pk=document.pk).update(review="accepted")
    response = send(as_user(proposal.participant), document, page="halaman")
    assert response.status_code == 409
    assert "sudah diterima verifikator dan terkunci" in text_of(response)
    assert document.versions.count() == 1


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.ELIGIBLE, Status.WITHDRAWN])
def test_a_proposal_that_is_not_being_filled_takes_nothing(as_user, status):
    proposal = filing(status, submitted_at=timezone.now())
    document = slot(proposal)
    response = send(as_user(proposal.participant), document, page="halaman")
    assert response.status_code == 409
    assert "Tidak ada yang diubah." in text_of(response)
    assert document.versions.count() == 1


def test_the_same_file_in_two_slots_is_asked_not_refused(as_user):
    proposal = filing(complete=False)
    client = as_user(proposal.participant)
    put(slot(proposal, "ijazah"), pdf("dua"))
    document = slot(proposal, "transkrip")
    page = text_of(
        client.get(send(client, document, pdf("dua"), page="halaman").headers["Location"])
    )
    assert (
        "Berkas ini sama dengan yang Anda unggah sebagai Fotokopi Ijazah yang diakui secara "
        "kedinasan. Memang satu berkas untuk keduanya?"
    ) in page
    assert slot(proposal, "transkrip").is_present
    assert not slot(proposal, "transkrip").current.same_file_confirmed
    answer = reverse("proposals:document_same_file", args=[document.pk])
    for _ in range(2):
        assert client.post(answer, {"dari": "halaman"}).status_code == 302
    assert slot(proposal, "transkrip").current.same_file_confirmed
    assert TimelineEvent.objects.filter(kind="document.same_file_confirmed").count() == 1
    page = text_of(client.get(reverse("proposals:document", args=[document.pk])))
    assert "Memang satu berkas" not in page


def test_another_persons_file_is_asked_without_naming_anybody(as_user):
    other = filing(complete=False)
    put(slot(other), pdf("sama"))
    proposal = filing(complete=False)
    client, document = as_user(proposal.participant), slot(proposal)
    fragment = text_of(send(client, document, pdf("sama"), script=True))
    assert "sama dengan berkas yang diunggah peserta lain" in fragment
    assert other.name not in fragment


def test_the_same_document_of_the_same_person_in_another_period_is_not_asked(as_user):
    earlier = filing(Status.TEST_FAILED, complete=False)
    put(slot(earlier), pdf("lama"))
    proposal = filing(complete=False, nip=earlier.nip, participant=earlier.participant)
    fragment = text_of(
        send(as_user(proposal.participant), slot(proposal), pdf("lama"), script=True)
    )
    assert "sama dengan" not in fragment


def test_the_question_is_answered_by_the_participant_only(as_user, refuses_everybody_else):
    proposal = filing()
    document = slot(proposal)
    stranger, onlooker = strangers_of(proposal)
    for name in ("document_upload", "document_same_file"):
        url = reverse(f"proposals:{name}", args=[document.pk])
        refuses_everybody_else(
            url, stranger=stranger, onlooker=onlooker, allowed=proposal.participant
        )
        refuses_everybody_else(url, onlooker=operator_of(proposal))
    empty = filing(complete=False)
    url = reverse("proposals:document_same_file", args=[slot(empty).pk])
    response = as_user(empty.participant).post(url, follow=True)
    assert "Belum ada berkas pada dokumen ini." in text_of(response)


@pytest.mark.django_db(transaction=True)
def test_two_uploads_at_once_become_versions_one_and_two(as_user):
    proposal = filing(complete=False)
    document = slot(proposal)
    start = threading.Barrier(2)
    answers = []

    def upload(mark: str) -> None:
        client = as_user(proposal.participant)
        start.wait()
        answers.append(send(client, document, pdf(mark)).status_code)
        connection.close()

    threads = [threading.Thread(target=upload, args=[mark]) for mark in ("satu", "dua")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302]
    assert sorted(document.versions.values_list("number", flat=True)) == [1, 2]
    assert slot(proposal).current.number == 2
