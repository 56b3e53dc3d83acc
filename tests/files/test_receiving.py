"""Uploads on their way in: written once, kept by renaming, and nothing is left of what failed."""

from __future__ import annotations

import hashlib
import os
import time

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.urls import reverse

from inpassing.files.models import StoredFile
from inpassing.files.tasks import forget_interrupted
from proposals.models import DocumentVersion
from tests.proposals.filing import filing, pdf, slot, upload_of

pytestmark = pytest.mark.django_db


def incoming() -> list[str]:
    folder = default_storage.path("incoming")
    return os.listdir(folder) if os.path.isdir(folder) else []


def send(client, document, data: bytes):
    url = reverse("proposals:document_upload", args=[document.pk])
    return client.post(url, {"file": upload_of(data)})


@pytest.fixture
def document(db):
    return slot(filing(complete=False))


def test_what_comes_is_kept_by_renaming(as_user, document):
    data, before = pdf("sekali tulis"), StoredFile.objects.count()
    assert send(as_user(document.proposal.participant), document, data).status_code == 302
    file = DocumentVersion.objects.get().file
    assert (file.size, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    with default_storage.open(file.path) as kept:
        assert kept.read() == data
    assert os.stat(default_storage.path(file.path)).st_mode & 0o777 == 0o600
    assert (StoredFile.objects.count(), incoming()) == (before + 1, [])


@pytest.mark.parametrize(
    ("data", "status"), [(b"bukan pdf" * 1000, 422), (b"%PDF-1.7\n" + bytes(2_150_000), 413)]
)
def test_nothing_is_left_of_what_is_refused(as_user, document, data, status):
    before = StoredFile.objects.count()
    assert send(as_user(document.proposal.participant), document, data).status_code == status
    assert (StoredFile.objects.count(), incoming()) == (before, [])


def test_nothing_is_left_of_a_body_that_breaks_off(as_user, document):
    url = reverse("proposals:document_upload", args=[document.pk])
    head = b'--batas\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-'
    answer = as_user(document.proposal.participant).generic(
        "POST",
        url,
        head + bytes(100_000),  # and no closing boundary
        content_type="multipart/form-data; boundary=batas",
    )
    assert answer.status_code == 422
    assert (DocumentVersion.objects.count(), incoming()) == (0, [])


def test_a_store_elsewhere_gets_the_bytes(as_user, document, monkeypatch):
    def no_path(self, name):
        raise NotImplementedError("This store has no paths.")

    taken: dict[str, bytes] = {}

    def save(name, content, **options):
        taken[name] = b"".join(content.chunks())
        return name

    monkeypatch.setattr(FileSystemStorage, "path", no_path)
    monkeypatch.setattr(default_storage, "save", save)
    data = pdf("jauh")
    assert send(as_user(document.proposal.participant), document, data).status_code == 302
    file = DocumentVersion.objects.get().file
    assert taken == {file.path: data}
    assert forget_interrupted() is None


def test_what_a_killed_process_left_is_removed_after_a_day():
    os.makedirs(default_storage.path("incoming"), exist_ok=True)
    for name, hours in (("lama.upload", 25), ("baru.upload", 1)):
        path = default_storage.path(f"incoming/{name}")
        with open(path, "wb") as file:
            file.write(b"%PDF-")
        os.utime(path, (time.time() - hours * 3600,) * 2)
    forget_interrupted()
    assert incoming() == ["baru.upload"]
    os.remove(default_storage.path("incoming/baru.upload"))
