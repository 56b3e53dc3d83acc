"""Seating, invitations, publication at its time, seats freed by withdrawals."""

from celery import shared_task
from django.utils import timezone

from . import planning, publishing, reminders, result_imports, seats
from .models import Publication, SeatingRun, SessionPlan


@shared_task
def make_sessions() -> None:
    """Make the sessions of every plan that was asked for."""
    for plan in SessionPlan.objects.filter(finished_at=None).order_by("pk"):
        planning.make_sessions(plan)


@shared_task
def seat_people() -> None:
    """Do every seating run that was asked for; what a killed worker left is done anew."""
    for run in SeatingRun.objects.filter(finished_at=None):
        seats.run_seating(run)


@shared_task
def invite_seated() -> None:
    """Tell everybody who got a seat and was not told yet."""
    while seats.invite_some():
        pass


@shared_task
def remind_due() -> None:
    """Remind everybody whose test is near."""
    reminders.remind_due()


@shared_task
def import_results() -> None:
    """Read and save files of results."""
    result_imports.work_due()


@shared_task
def publish_due() -> None:
    """Run every publication whose time has come; what a killed worker left is finished."""
    seats.release_withdrawn()
    due = Publication.objects.filter(finished_at=None, scheduled_at__lte=timezone.now())
    for publication in due.select_related("period"):
        publishing.run_publication(publication)
