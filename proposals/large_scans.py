"""A scan over the limit: taken at its own address, made smaller by a worker, accepted or not.

Nothing of it counts before `accept` has put the smaller file into the slot as a version. A row is
written before the bytes are read, so that only so many are taken at a time, and again before the
worker is told, so that a lost hint or a killed worker loses nothing.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.files.inspector import inspect_stream
from inpassing.files.models import StoredFile
from inpassing.files.shrinker import look_at, sentence, shrink
from inpassing.files.storage import (
    discard,
    local_copy,
    save_preview,
    store_bytes,
    store_oversize,
)
from inpassing.queue import claim_oldest, hint
from inpassing.timeline.events import record

from .documents import attach_version
from .models import DocumentVersion, LargeScan, ProposalDocument
from .workflow import expect_filling

logger = logging.getLogger(__name__)

State = LargeScan.State
TASK = "proposals.tasks.shrink_due"
SEATS_LOCK = 0x5CA11ED  # any number that no other advisory lock of ours has
RECEIVING_TIME = timedelta(minutes=10)  # then a row without bytes is left by a killed process
KEPT = timedelta(hours=24)
CLAIM = timedelta(minutes=5)
MAX_ATTEMPTS = 3
PER_PERSON = 3


class NoSeatError(TransitionError):
    """As many large scans as may be are being received this moment; try again in `retry_after`."""

    retry_after = 20


# What a participant does


@contextmanager
def receiving(document: ProposalDocument, *, by: User) -> Iterator[LargeScan]:
    """A seat for one upload, held while its bytes are read and given back whatever happens.

    Refused when the slot takes no file now (proposal with period and agency loaded), when the
    person has as many scans undecided as may be, or with NoSeatError when all seats are taken.
    """
    scan = _take_seat(document, by=by)
    try:
        yield scan
    finally:
        LargeScan.objects.filter(pk=scan.pk, state=State.RECEIVING).delete()


@transaction.atomic
def _take_seat(document: ProposalDocument, *, by: User) -> LargeScan:
    expect_filling(document.proposal)
    if not document.is_open:
        raise TransitionError("Dokumen ini sudah diterima verifikator dan terkunci.")
    undecided = LargeScan.objects.filter(uploaded_by=by, state__in=LargeScan.LIVE)
    if undecided.exclude(document=document).count() >= PER_PERSON:
        raise TransitionError(
            f"{PER_PERSON} pindaian besar Anda belum diputuskan. Pakai atau buang salah satunya "
            "dahulu, lalu unggah yang ini."
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEATS_LOCK])
    held = LargeScan.objects.filter(state=State.RECEIVING)
    held.filter(created_at__lt=timezone.now() - RECEIVING_TIME).delete()
    if held.count() >= settings.SCAN_UPLOADS_AT_ONCE:
        raise NoSeatError(
            f"{settings.SCAN_UPLOADS_AT_ONCE} pindaian besar sedang kami terima dari peserta lain. "
            f"Berkas Anda belum sampai. Coba lagi {NoSeatError.retry_after} detik lagi."
        )
    return LargeScan.objects.create(document=document, uploaded_by=by)


@transaction.atomic
def keep(scan: LargeScan, upload: UploadedFile, *, by: User) -> LargeScan:
    """Store the bytes that came for a seat and have them made smaller.

    The same bytes that wait in this slot already (a repeated request) change nothing: that scan is
    returned. Another scan that waits there is replaced.
    """
    document = ProposalDocument.objects.select_for_update(of=("self",)).get(pk=scan.document_id)
    file = store_oversize(upload, owner=scan, by=by)
    waiting = LargeScan.objects.select_for_update().filter(
        document=document, state__in=LargeScan.LIVE
    )
    for earlier in waiting:
        if earlier.sha256 == file.sha256:
            discard(file)
            return earlier
        _end(earlier, State.DISCARDED)
    scan.state, scan.original = State.WAITING, file
    scan.name, scan.size, scan.sha256 = file.name, file.size, file.sha256
    scan.save()
    _tell(scan, "large_scan.received", "Pindaian besar diterima untuk dikecilkan", by=by)
    hint(TASK)
    return scan


@transaction.atomic
def accept(scan: LargeScan, *, by: User) -> DocumentVersion | None:
    """Put the smaller file into the slot, as `attach_version` does; the original is removed.

    None when that was done before (a second click).
    """
    scan = _lock(scan)
    if scan.state == State.ACCEPTED:
        return None
    file = scan.result
    if scan.state != State.READY or file is None:
        raise TransitionError(_not_there(scan))
    scan.result = None  # from now on the version's, or nobody's
    _end(scan, State.ACCEPTED)
    version = attach_version(scan.document, file, by=by)
    _tell(scan, "large_scan.accepted", "Pindaian yang dikecilkan dipakai peserta", by=by)
    return version


@transaction.atomic
def throw_away(scan: LargeScan, *, by: User) -> LargeScan:
    """Forget a scan and what came of it; nothing of it has counted. A second click changes
    nothing."""
    scan = _lock(scan)
    if scan.state == State.DISCARDED:
        return scan
    if not (scan.is_live or scan.state == State.FAILED):
        raise TransitionError(_not_there(scan))
    _end(scan, State.DISCARDED)
    _tell(scan, "large_scan.discarded", "Pindaian besar dibuang peserta", by=by)
    return scan


def _not_there(scan: LargeScan) -> str:
    if scan.state == State.WAITING:
        return "Pindaian masih dikecilkan. Tunggu hasilnya, lalu putuskan."
    return (
        f"Keadaan pindaian ini: {scan.get_state_display().lower()}. Unggah lagi bila masih perlu."
    )


def last_scan(document: ProposalDocument) -> LargeScan | None:
    """The scan of a slot that the person should know of: undecided, or failed a short while ago."""
    recent = timezone.now() - KEPT
    return (
        LargeScan.objects.filter(document=document)
        .filter(Q(state__in=LargeScan.LIVE) | Q(state=State.FAILED, concluded_at__gt=recent))
        .select_related("original", "result")
        .first()
    )


# What the worker does


def work_due(seconds: float = 30) -> None:
    """Shrink what waits, one after another, for about so many seconds, and remove what nobody
    decided; harmless when run twice."""
    expire()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        scan = claim_next()
        if scan is None:
            return
        work_on(scan)
    hint(TASK)


def claim_next() -> LargeScan | None:
    """The oldest waiting scan that nobody holds, now held by the caller."""
    return claim_oldest(LargeScan.objects.filter(state=State.WAITING), "pk", lease=CLAIM)


def work_on(scan: LargeScan) -> None:
    """Judge, shrink and judge again one claimed scan. What breaks is tried again by whoever claims
    it next, three times."""
    if scan.attempts > MAX_ATTEMPTS:
        _fail(scan, "too_complex")
        return
    try:
        _work_on(scan)
    except Exception:
        # The row stays claimed; after MAX_ATTEMPTS the person is told.
        logger.exception("scan.failed", extra={"scan": scan.pk, "attempt": scan.attempts})


def _work_on(scan: LargeScan) -> None:
    assert scan.original is not None
    with local_copy(scan.original) as path:
        data = Path(path).read_bytes()
    seen = look_at(data)
    if seen.code:
        _fail(scan, seen.code)
        return
    made = shrink(data)
    if made.code:
        _fail(scan, made.code)
        return
    verdict = inspect_stream(io.BytesIO(made.data))
    if verdict.code or verdict.pages != seen.pages:
        _fail(scan, verdict.code or "damaged")
        return
    with transaction.atomic():
        scan = _lock(scan)
        if scan.state != State.WAITING or scan.original is None:
            return  # thrown away or replaced meanwhile, or done by another worker
        result = store_bytes(made.data, name=scan.name, owner=scan.document, by=scan.uploaded_by)
        _note(result, verdict.pages, verdict.preview)
        _note(scan.original, seen.pages, seen.preview)
        scan.state, scan.result, scan.result_size = State.READY, result, result.size
        scan.claimed_at, scan.concluded_at = None, timezone.now()
        scan.save()
    logger.info(
        "scan.shrunk",
        extra={"scan": scan.pk, "before": scan.size, "after": result.size, "s": made.seconds},
    )


def expire() -> int:
    """Remove results that nobody decided on within a day, and seats that a killed process left;
    returns how many results."""
    now = timezone.now()
    LargeScan.objects.filter(state=State.RECEIVING, created_at__lt=now - RECEIVING_TIME).delete()
    due = LargeScan.objects.filter(state=State.READY, concluded_at__lt=now - KEPT)
    done = 0
    for pk in due.values_list("pk", flat=True)[:200]:
        with transaction.atomic():
            scan = _lock(LargeScan(pk=pk))
            if scan.state == State.READY:
                _end(scan, State.EXPIRED)
                _tell(scan, "large_scan.expired", "Pindaian besar dihapus setelah 24 jam", by=None)
                done += 1
    return done


@transaction.atomic
def _fail(scan: LargeScan, code: str) -> None:
    scan = _lock(scan)
    if scan.state == State.WAITING:
        scan.code, scan.message = code, sentence(code)
        _end(scan, State.FAILED)


def _end(scan: LargeScan, state: str) -> None:
    """Nothing is left to decide: the files go. A result that became a version was taken out."""
    files = [file for file in (scan.original, scan.result) if file]
    scan.state, scan.original, scan.result = state, None, None
    scan.claimed_at, scan.concluded_at = None, timezone.now()
    scan.save()
    for file in files:
        file.accesses.all().delete()  # by the person alone, of bytes that never counted
        discard(file)


def _note(file: StoredFile, pages: int | None, picture: bytes | None) -> None:
    file.pages = pages
    file.preview_path = save_preview(file, picture) if picture else ""
    file.inspected_at = timezone.now()
    file.save(update_fields=["pages", "preview_path", "inspected_at"])


def _lock(scan: LargeScan) -> LargeScan:
    return (
        LargeScan.objects.select_for_update(of=("self",))
        .select_related("document__proposal", "original", "result", "uploaded_by")
        .get(pk=scan.pk)
    )


def _tell(scan: LargeScan, kind: str, label: str, *, by: User | None) -> None:
    record(
        scan.document.proposal,
        kind,
        label,
        by=by,
        data={"document": scan.document_id, "scan": scan.pk, "size": scan.size},
    )
