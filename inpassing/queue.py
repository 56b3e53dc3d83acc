"""Hints to the workers: publish a task after the commit, at most once per transaction.

A hint may be lost without harm, because beat's sweeps look for the rows themselves. After a failed
publish the process keeps quiet for a while, so that a dead Redis costs one request a second and
the next ones nothing.

A worker takes its work from the database: `claim_oldest`.
"""

import logging
import time
from datetime import timedelta
from typing import Any, TypeVar

from celery import current_app
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

Row = TypeVar("Row", bound=models.Model)

logger = logging.getLogger(__name__)

QUIET_SECONDS = 5.0
_quiet_until = 0.0


def hint(task_name: str) -> None:
    """Ask a worker to run the argument-less task `task_name` once this transaction commits."""
    connection = transaction.get_connection()
    marker = f"hint:{task_name}"
    if any(getattr(entry[1], "marker", None) == marker for entry in connection.run_on_commit):
        return

    def publish() -> None:
        _publish(task_name)

    publish.marker = marker  # type: ignore[attr-defined]
    transaction.on_commit(publish, robust=True)


def _publish(task_name: str) -> None:
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        current_app.send_task(task_name)
    except Exception:
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning("queue.publish_failed", extra={"task": task_name}, exc_info=True)


def claim_oldest(waiting: models.QuerySet[Row], *order: str, lease: timedelta) -> Row | None:
    """The first row in that order that no worker holds, now the caller's; None when there is none.

    The rows have `claimed_at` and `attempts`, which counts before the work begins, so that what
    kills its workers can be set aside. A claim older than `lease` is that of a dead worker.
    """
    stale = timezone.now() - lease
    with transaction.atomic():
        row = (
            waiting.filter(Q(claimed_at=None) | Q(claimed_at__lt=stale))
            .select_for_update(of=("self",), skip_locked=True)
            .order_by(*order)
            .first()
        )
        if row is not None:
            claimed: Any = row
            claimed.claimed_at, claimed.attempts = timezone.now(), claimed.attempts + 1
            claimed.save(update_fields=["claimed_at", "attempts"])
        return row
