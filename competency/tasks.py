"""Publication at its time, and seats freed by withdrawals."""

from celery import shared_task
from django.utils import timezone

from . import publishing, seats
from .models import Publication


@shared_task
def publish_due() -> None:
    """Run every publication whose time has come; what a killed worker left is finished."""
    seats.release_withdrawn()
    due = Publication.objects.filter(finished_at=None, scheduled_at__lte=timezone.now())
    for publication in due.select_related("period"):
        publishing.run_publication(publication)
