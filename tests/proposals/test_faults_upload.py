"""No worker, no Redis, a broken store: what was taken is kept, and nothing else is said to be."""

from __future__ import annotations

import logging

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from kombu.exceptions import OperationalError

from inpassing import queue
from inpassing.celery import app
from inpassing.files.models import StoredFile
from inpassing.files.tasks import inspect_due
from proposals.models import DocumentVersion, LargeScan
from proposals.tasks import shrink_due
from tests.files.test_shrinker import scan as pdf_scan
from tests.proposals.filing import filing, pdf, put, slot, upload_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_redis(monkeypatch):
    """Publishing fails as it does when Redis is gone."""

    def refuse(name: str) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(app, "send_task", refuse)
    monkeypatch.setattr(queue, "_quiet_until", 0.0)
    yield
    queue._quiet_until = 0.0


def send(client, document, data: bytes):
    url = reverse("proposals:document_upload", args=[document.pk])
    return client.post(url, {"file": upload_of(data)})


@pytest.mark.django_db(transaction=True)
def test_without_redis_the_upload_is_kept_and_completes_by_itself(as_user, no_redis, caplog):
    proposal = filing(complete=False)
    client, document = as_user(proposal.participant), slot(proposal)
    queue._quiet_until = 0.0
    with caplog.at_level(logging.WARNING):
        response = send(client, document, pdf("tanpa redis"))
    assert response.status_code == 302
    assert "queue.publish_failed" in caplog.text
    page = client.get(response.headers["Location"]).content.decode()
    assert "Berkas sudah kami terima lengkap." in page
    inspect_due()  # what the sweep does once a worker is back
    assert slot(proposal).current.file.state == "accepted"


@pytest.mark.django_db(transaction=True)
def test_without_redis_a_large_scan_is_kept_and_made_smaller_later(as_user, no_redis, caplog):
    proposal = filing(complete=False)
    client, document = as_user(proposal.participant), slot(proposal)
    queue._quiet_until = 0.0
    url = reverse("proposals:large_scan_upload", args=[document.pk])
    with caplog.at_level(logging.WARNING):
        response = client.post(url, {"file": upload_of(pdf_scan(1))})
    assert response.status_code == 302
    assert "queue.publish_failed" in caplog.text
    page = client.get(response.headers["Location"]).content.decode()
    assert "Pindaian sudah kami terima lengkap." in page
    shrink_due()  # what the sweep does once a worker is back
    assert LargeScan.objects.get().state == LargeScan.State.READY


@pytest.mark.django_db(transaction=True)
def test_after_a_failed_publish_the_next_requests_do_not_try(as_user, no_redis, monkeypatch):
    tries = []

    def refuse(name: str) -> None:
        tries.append(name)
        raise OperationalError("Connection refused")

    proposal = filing(complete=False)
    client = as_user(proposal.participant)
    monkeypatch.setattr(app, "send_task", refuse)
    queue._quiet_until = 0.0
    for code in ("ijazah", "transkrip"):
        assert send(client, slot(proposal, code), pdf(code)).status_code == 302
    assert len(tries) == 1


def test_a_store_that_breaks_leaves_no_row(as_user, monkeypatch):
    proposal = filing(complete=False)
    client = as_user(proposal.participant)
    client.raise_request_exception = False

    def full(name, content):
        raise OSError("No space left on device")

    files = StoredFile.objects.count()
    monkeypatch.setattr(default_storage, "save", full)
    assert send(client, slot(proposal), pdf("penuh")).status_code == 500
    assert StoredFile.objects.count() == files
    assert DocumentVersion.objects.count() == 0


def test_a_worker_that_died_during_the_inspection_is_followed_by_another(monkeypatch):
    proposal = filing(complete=False)
    put(slot(proposal), pdf("mati"), state="waiting", pages=None)
    row = slot(proposal).current.file
    from inpassing.files import tasks as file_tasks

    assert file_tasks.claim_next().pk == row.pk
    assert file_tasks.claim_next() is None
    StoredFile.objects.update(claimed_at=row.created_at - file_tasks.CLAIM)
    inspect_due()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("accepted", 2)
