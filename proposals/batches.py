"""One act on many proposals, asked for at once and done by the worker, one recorded result each.

Each row is a transaction of its own: the row's lock, the permission and the state as they are
then, the act, the result. So a killed worker loses nothing, a second one does nothing twice, and a
batch that is stopped leaves what was done as it is. A kind brings its act to `work_due`: here the
nominations of operators, in `verification.batches` the decisions of verifiers.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.queue import claim_oldest, hint
from inpassing.timeline.events import record

from . import workflow
from .models import Batch, BatchRow, Proposal
from .permissions import can_edit_as_operator, is_own_proposal

logger = logging.getLogger(__name__)

# Does the act on one proposal as `by`; TransitionError with a sentence when it is refused. A row
# that knows the version which was chosen gives it along (`version=`).
Act = Callable[..., object]

State, Result = Batch.State, BatchRow.Result
MAX_ROWS = 5_000
CLAIM = timedelta(minutes=2)
BEAT = 10.0  # seconds after which a worker says again that it holds the batch
MAX_ATTEMPTS = 3
TASKS = {
    Batch.Kind.NOMINATE: "proposals.tasks.nominate_due",
    Batch.Kind.APPROVE: "verification.tasks.approve_due",
    Batch.Kind.PASS_PORTFOLIO: "verification.tasks.pass_portfolios_due",
}
SELF = (
    "Calon ini Anda sendiri. Minta operator lain di instansi Anda mengusulkannya, atau "
    "administrator BPS bila Anda satu-satunya operator."
)
NOT_YOURS = (
    "Anda bukan operator instansi calon ini lagi. Minta operator instansi itu mengusulkannya."
)
ALREADY = "Sudah diusulkan sebelum gilirannya."
BROKEN = "Gangguan sistem pada baris ini. Kerjakan usulan ini satu per satu dari halamannya."
STOPPED = "Pengerjaan terhenti karena gangguan sistem sebelum baris ini. Ulangi untuk yang tersisa."
CANCELLED = "Dihentikan sebelum gilirannya. Tidak ada yang berubah."


@transaction.atomic
def start(
    kind: str,
    proposals: Sequence[int],
    *,
    by: User,
    key: uuid.UUID,
    versions: Mapping[int, int] | None = None,
) -> Batch:
    """Ask for an act on these proposals (ids); the same `key` again gives the first batch.

    With `versions` (id -> Proposal.version as it was chosen) a row is refused whose proposal has
    changed since.
    """
    known = Batch.objects.filter(key=key, created_by=by).first()
    if known is not None:
        return known
    if not proposals:
        raise TransitionError("Tidak ada usulan yang dipilih. Pilih paling sedikit satu.")
    if len(proposals) > MAX_ROWS:
        raise TransitionError(
            f"Paling banyak {MAX_ROWS:,} usulan sekaligus. Persempit saringannya.".replace(",", ".")
        )
    try:
        with transaction.atomic():
            batch = Batch.objects.create(kind=kind, key=key, created_by=by, total=len(proposals))
    except IntegrityError:
        # Two clicks at the same moment, or somebody else's key: then there is none of one's own.
        return Batch.objects.get(key=key, created_by=by)
    BatchRow.objects.bulk_create(
        [
            BatchRow(
                batch=batch,
                number=number,
                proposal_id=pk,
                version=versions[pk] if versions else None,
            )
            for number, pk in enumerate(proposals, start=1)
        ],
        batch_size=1000,
    )
    record(
        batch,
        "batch.started",
        f"{batch.get_kind_display()} sekaligus dimulai",
        by=by,
        data={"kind": kind, "rows": len(proposals)},
    )
    hint(TASKS[Batch.Kind(kind)])
    return batch


@transaction.atomic
def cancel(batch: Batch, *, by: User) -> Batch:
    """Stop before the rows whose turn has not come; what was done stays done."""
    batch = Batch.objects.select_for_update().get(pk=batch.pk)
    if not batch.is_running:
        raise TransitionError(
            f"Pengerjaan ini sudah {batch.get_state_display().lower()}. Tidak ada yang dihentikan."
        )
    _end(batch, State.CANCELLED, Result.CANCELLED, CANCELLED)
    record(batch, "batch.cancelled", "Pengerjaan sekaligus dihentikan", by=by)
    return batch


def counts_of(batch: Batch) -> dict[str, int]:
    """Rows by result, and `finished`: how many have one."""
    counts = Counter(batch.rows.values_list("result", flat=True))
    return {**counts, "finished": counts.total() - counts[Result.WAITING]}


# What the worker does


def work_due(kind: str, act: Act, *, seconds: float = 45) -> None:
    """Do the waiting rows of a kind, batch by batch, for about so many seconds.

    Harmless when run twice; what is left is hinted again and found by beat's sweep.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        batch = claim_next(kind)
        if batch is None:
            return
        work_on(batch, act, until=until)
    hint(TASKS[Batch.Kind(kind)])


def claim_next(kind: str) -> Batch | None:
    """The oldest running batch of the kind that nobody holds, now held by the caller."""
    running = Batch.objects.filter(kind=kind, state=State.RUNNING)
    return claim_oldest(running, "pk", lease=CLAIM)


def work_on(batch: Batch, act: Act, *, until: float) -> None:
    """Do a claimed batch's rows in their order until they are done or the time is over."""
    if batch.attempts > MAX_ATTEMPTS:
        with transaction.atomic():
            batch = Batch.objects.select_for_update().get(pk=batch.pk)
            if batch.is_running:
                _end(batch, State.FAILED, Result.CANCELLED, STOPPED)
        return
    said = time.monotonic()
    while time.monotonic() < until:
        try:
            is_left = _do_next(batch, act)
        except OperationalError:
            # The database, not the row: whoever claims the batch next goes on from here.
            logger.exception("batch.interrupted", extra={"batch": batch.pk})
            return
        if not is_left:
            _finish(batch)
            return
        if time.monotonic() - said > BEAT:
            said = time.monotonic()
            Batch.objects.filter(pk=batch.pk).update(claimed_at=timezone.now(), attempts=1)
    Batch.objects.filter(pk=batch.pk, state=State.RUNNING).update(claimed_at=None, attempts=0)


@transaction.atomic
def _do_next(batch: Batch, act: Act) -> bool:
    """Do the first waiting row; False when there is none."""
    row = (
        batch.rows.filter(result=Result.WAITING)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("proposal__agency")
        .order_by("number")
        .first()
    )
    if row is None:
        return False
    row.result, row.message = _outcome(batch, row, act)
    row.finished_at = timezone.now()
    row.save(update_fields=["result", "message", "finished_at"])
    return True


def _outcome(batch: Batch, row: BatchRow, act: Act) -> tuple[str, str]:
    # Read anew for each row: a role taken away while the batch runs counts at once.
    by = User.objects.get(pk=batch.created_by_id)
    seen = {} if row.version is None else {"version": row.version}
    try:
        with transaction.atomic():
            act(row.proposal, by, **seen)
    except TransitionError as refusal:
        return Result.REFUSED, str(refusal)[:1000]
    except OperationalError:
        raise
    except Exception:
        logger.exception("batch.row_failed", extra={"batch": batch.pk, "row": row.pk})
        return Result.REFUSED, BROKEN
    return Result.DONE, ""


def _finish(batch: Batch) -> None:
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch.pk)
        if not batch.is_running or batch.rows.filter(result=Result.WAITING).exists():
            return
        batch.state, batch.finished_at, batch.claimed_at = State.DONE, timezone.now(), None
        batch.save(update_fields=["state", "finished_at", "claimed_at"])
        record(batch, "batch.finished", "Pengerjaan sekaligus selesai", by=batch.created_by)


def _end(batch: Batch, state: str, result: str, message: str) -> None:
    now = timezone.now()
    batch.rows.filter(result=Result.WAITING).update(result=result, message=message, finished_at=now)
    batch.state, batch.finished_at, batch.claimed_at = state, now, None
    batch.save(update_fields=["state", "finished_at", "claimed_at"])


# Nominations


def nominate_row(proposal: Proposal, by: User) -> None:
    """Nominate one draft for `work_due`: the person's permission and the state as they are now."""
    if is_own_proposal(by, proposal):
        raise TransitionError(SELF)
    if not can_edit_as_operator(by, proposal):
        raise TransitionError(NOT_YOURS)
    if Proposal.objects.filter(pk=proposal.pk, status=Proposal.Status.NOMINATED).exists():
        raise TransitionError(ALREADY)
    workflow.nominate(proposal, by=by)
