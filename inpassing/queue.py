"""Hints to the workers: publish a task after the commit, at most once per transaction.

A hint may be lost without harm, because beat's sweeps look for the rows themselves. After a failed
publish the process keeps quiet for a while, so that a dead Redis costs one request a second and
the next ones nothing.
"""

import logging
import time

from celery import current_app
from django.db import transaction

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
