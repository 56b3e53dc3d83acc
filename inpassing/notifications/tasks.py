"""The mail task and its sweep are one: it sends whatever is due."""

from celery import shared_task

from .delivery import claim_next, deliver, mark_silent_as_uncertain

BATCH = 100


@shared_task
def deliver_due() -> None:
    """Send the mails that are due, at most BATCH; beat comes back for the rest."""
    mark_silent_as_uncertain()
    for _ in range(BATCH):
        row = claim_next()
        if row is None:
            return
        deliver(row)
