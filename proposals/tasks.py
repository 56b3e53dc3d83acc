"""Beat's tasks of stage 1; the work itself is in `closing`."""

from celery import shared_task

from . import closing, imports


@shared_task
def close_due() -> None:
    """Close, send and return what the dates demand; harmless when run twice."""
    closing.close_due()


@shared_task
def remind_due() -> None:
    """Send the reminders that are due; harmless when run twice."""
    closing.remind_due()


@shared_task
def import_due() -> None:
    """Read, judge and save what operators sent as a file; harmless when run twice."""
    imports.work_due()
