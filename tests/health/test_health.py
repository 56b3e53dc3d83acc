"""/healthz/ and /readyz/."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inpassing.health import tasks
from inpassing.health.models import Heartbeat


def test_healthz_needs_nothing(client):
    assert client.get("/healthz/").json() == {"status": "ok"}


@pytest.mark.django_db
class TestReady:
    def beat_all(self):
        for name in ["beat", *tasks.QUEUES]:
            tasks.beat(name=name)

    def test_ok_when_everything_beats(self, client):
        self.beat_all()
        response = client.get("/readyz/")
        assert (response.status_code, response.json()) == (200, {"status": "ok", "degraded": []})

    def test_a_silent_worker_is_degraded_but_ready(self, client):
        self.beat_all()
        Heartbeat.objects.filter(name="letters").update(at=timezone.now() - timedelta(minutes=5))
        response = client.get("/readyz/")
        assert (response.status_code, response.json()["degraded"]) == (200, ["letters"])

    def test_dead_redis_is_degraded_but_ready(self, client, settings):
        self.beat_all()
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        response = client.get("/readyz/")
        assert (response.status_code, response.json()["degraded"]) == (200, ["redis"])
