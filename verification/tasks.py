"""Beat's sweep over claims."""

from celery import shared_task

from .claims import release_expired


@shared_task
def release_expired_claims() -> None:
    """Free the proposals whose holder has done nothing for 30 minutes."""
    release_expired()
