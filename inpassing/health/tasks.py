"""Heartbeats: beat sends one per queue, the worker of that queue writes it down."""

from celery import current_app, shared_task
from django.utils import timezone

from .models import Heartbeat

QUEUES = ["inspect", "mail", "letters", "bulk"]


@shared_task
def beat_heartbeat() -> None:
    """Note that beat and a worker are alive, and ask each queue's worker for its own sign."""
    beat(name="beat")
    for queue in QUEUES:
        current_app.send_task(
            "inpassing.health.tasks.beat", kwargs={"name": queue}, queue=queue, expires=60
        )


@shared_task
def beat(*, name: str) -> None:
    """Write one heartbeat row."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})
