"""The inspection task: each file judged once, whatever happens to a worker."""

from datetime import timedelta

import celery
import kombu
import pytest
from celery.signals import worker_init
from django.utils import timezone

from inpassing.files import inspector, tasks
from inpassing.files.inspector import client
from inpassing.files.models import StoredFile
from tests.factories import PDF, make_agency, make_file

pytestmark = pytest.mark.django_db


def waiting(data=PDF):
    return make_file(make_agency(), data, state="waiting", pages=None)


def test_harmless_file_is_accepted_with_pages_and_picture():
    row = waiting()
    tasks.inspect_due()
    row.refresh_from_db()
    assert (row.state, row.pages, row.code) == ("accepted", 1, "")
    assert row.preview_path


def test_renamed_picture_is_refused_with_a_sentence():
    row = waiting(b"\x89PNG\r\n\x1a\n" + b"0" * 500)
    tasks.inspect_due()
    row.refresh_from_db()
    assert (row.state, row.code) == ("refused", "not_pdf")
    assert row.message


def test_one_call_judges_everything_that_waits():
    for _ in range(3):
        waiting()
    tasks.inspect_due()
    assert not StoredFile.objects.waiting().exists()


def test_a_file_held_by_another_worker_is_left_alone_until_its_claim_is_stale():
    row = waiting()
    assert tasks.claim_next() == row
    tasks.inspect_due()
    row.refresh_from_db()
    assert row.is_waiting
    StoredFile.objects.update(claimed_at=timezone.now() - 2 * tasks.CLAIM)
    tasks.inspect_due()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("accepted", 2)


def test_a_file_that_kills_workers_again_and_again_is_set_aside():
    row = waiting()
    StoredFile.objects.update(
        attempts=tasks.MAX_ATTEMPTS, claimed_at=timezone.now() - timedelta(hours=1)
    )
    tasks.inspect_due()
    row.refresh_from_db()
    assert (row.state, row.code) == ("refused", "too_complex")


class FakeWorker:
    """What Celery passes to `worker_init`, with the queues that it consumes."""

    def __init__(self, *queues):
        self.app = celery.Celery(set_as_current=False)
        self.app.conf.task_queues = [kombu.Queue(name) for name in ("inspect", "mail")]
        self.app.amqp.queues.select(queues)


@pytest.mark.parametrize(("queue", "started"), [("inspect", True), ("mail", False)])
def test_worker_of_the_queue_starts_the_inspector_before_it_forks(monkeypatch, queue, started):
    server = client.Server()
    monkeypatch.setattr(client, "server", server)
    monkeypatch.setattr(inspector, "server", server)
    worker_init.send(sender=FakeWorker(queue))
    assert (server.control is not None) == started
    if server.control is not None:
        server.drop(server.control)
