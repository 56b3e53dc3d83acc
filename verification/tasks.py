"""Beat's sweeps over claims and over decisions on many proposals."""

from celery import shared_task

from proposals.batches import work_due

from .batches import APPROVE, PASS
from .claims import release_expired


@shared_task
def release_expired_claims() -> None:
    """Free the proposals whose holder has done nothing for 30 minutes."""
    release_expired()


@shared_task
def approve_due() -> None:
    """Let in the candidates that verifiers approved many at once; harmless when run twice."""
    work_due(APPROVE.kind, APPROVE.act)


@shared_task
def pass_portfolios_due() -> None:
    """Pass the portfolios that verifiers chose many at once; harmless when run twice."""
    work_due(PASS.kind, PASS.act)
