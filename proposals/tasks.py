"""Beat's tasks of stage 1; the work itself is in the modules they call."""

from celery import shared_task

from . import batches, closing, imports, large_scans, operator_requests, rates
from .models import Batch


@shared_task
def close_due() -> None:
    """Close, send and return what the dates demand; harmless when run twice."""
    closing.close_due()


@shared_task
def remind_due() -> None:
    """Send the reminders that are due; harmless when run twice."""
    closing.remind_due()


@shared_task
def shrink_due() -> None:
    """Make scans over the limit smaller, remove what nobody decided; harmless when run twice."""
    large_scans.work_due()


@shared_task
def import_due() -> None:
    """Read, judge and save what operators sent as a file; harmless when run twice."""
    imports.work_due()


@shared_task
def clear_imports() -> None:
    """Remove what files of candidates and units held, after their time; harmless when run twice."""
    imports.clear_due()


@shared_task
def nominate_due() -> None:
    """Nominate what operators asked for many at once; harmless when run twice."""
    batches.work_due(Batch.Kind.NOMINATE, batches.nominate_row)


@shared_task
def expire_requests() -> None:
    """End the operator requests that nobody has confirmed; harmless when run twice."""
    operator_requests.expire_unconfirmed()
    rates.forget_old()
