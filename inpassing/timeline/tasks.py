"""The daily anchor."""

from celery import shared_task

from .events import make_anchor


@shared_task
def anchor() -> None:
    """Anchor all chains once a day."""
    make_anchor()
