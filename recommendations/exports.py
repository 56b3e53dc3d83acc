"""Many letters in one file: asked for as a row, made by a worker, kept for a week.

A merged copy begins with a cover, which costs the most: it is made in parts that are stored as they
are finished, so that another worker goes on where a killed one stopped. The rest is one pass over
the originals, in constant memory, which is begun again.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import BinaryIO, cast

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.fields.json import KT
from django.utils import timezone

from inpassing.accounts.models import Agency, User
from inpassing.errors import TransitionError
from inpassing.files.storage import remove_bytes, store_stream
from inpassing.formats import format_number, short_datetime
from inpassing.queue import claim_oldest, hint
from inpassing.timeline.events import record

from .issuing import plain
from .models import Export, Letter, LetterQuerySet

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)
CLAIM = timedelta(minutes=2)
MAX_ATTEMPTS = 3
CHUNK_SECONDS = 45.0
LETTERS_AT_ONCE = 200
LETTERS_PER_COVER = 250
ZIP_TYPE = "application/zip"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TZ = "Asia/Jakarta"
GAVE_UP = "Berkas tidak dapat dibuat karena gangguan sistem. Coba lagi, atau hubungi administrator."
CHANGED = "Surat {number} tidak sama lagi dengan sidik digitalnya. Laporkan kepada administrator."

Content = Export.Content
State = Export.State


class ExportError(Exception):
    """The file cannot be made; the message is for the person who asked."""


class LostClaimError(Exception):
    """Another worker has taken the export over."""


@transaction.atomic
def start(
    content: str,
    letters: LetterQuerySet,
    *,
    by: User,
    agency: Agency | None = None,
    filters: list[list[str]] | None = None,
) -> Export:
    """Ask for a file of these letters, in this order; the same wish that is still waiting counts
    once. Refused when there are none."""
    ids = list(letters.values_list("pk", flat=True))
    if not ids:
        raise TransitionError("Tidak ada surat yang cocok dengan saringan. Ubah saringannya.")
    User.objects.select_for_update().get(pk=by.pk)  # two clicks, one after the other
    same = Export.objects.unfinished().filter(
        requested_by=by, content=content, agency=agency, letter_ids=ids
    )
    if waiting := same.first():
        return waiting
    export = Export.objects.create(
        requested_by=by,
        agency=agency,
        content=content,
        filters=filters or [],
        letter_ids=ids,
        total=len(ids) * (2 if content == Content.COPY else 1),
    )
    record(
        export,
        "export.requested",
        "Ekspor surat diminta",
        by=by,
        data={"content": content, "letters": len(ids)},
    )
    hint("recommendations.tasks.export_due")
    return export


@transaction.atomic
def retry(export: Export) -> Export:
    """Let the worker try a failed export again."""
    export = Export.objects.select_for_update(of=("self",)).get(pk=export.pk)
    if not export.is_failed:
        raise TransitionError("Ekspor ini tidak gagal. Tidak ada yang perlu diulang.")
    export.state, export.message, export.attempts = State.WAITING, "", 0
    export.done, export.claimed_at = len(export.covers) * LETTERS_PER_COVER, None
    export.save()
    hint("recommendations.tasks.export_due")
    return export


def work_due() -> bool:
    """Make what is waiting, for a while; True when there is more to do."""
    until = time.monotonic() + CHUNK_SECONDS
    while time.monotonic() < until:
        export = claim_next()
        if export is None:
            return False
        make(export, until=until)
    return True


def claim_next() -> Export | None:
    """The oldest waiting export that nobody holds, now held by the caller."""
    return claim_oldest(Export.objects.unfinished(), "created_at", lease=CLAIM)


def make(export: Export, *, until: float) -> None:
    """Make one claimed export, or as much of it as there is time for."""
    if export.attempts > MAX_ATTEMPTS:
        _fail(export, GAVE_UP)
        return
    try:
        if not _make_covers(export, until=until):
            _release(export)
            return
        suffix, content_type, write = WRITERS[Content(export.content)]
        with tempfile.TemporaryFile() as output:
            write(export, cast(BinaryIO, output))
            _conclude(export, cast(BinaryIO, output), suffix=suffix, content_type=content_type)
    except ExportError as error:
        _fail(export, str(error))
    except LostClaimError:
        logger.info("export.taken_over", extra={"export": export.pk})
    except Exception:
        # The row stays claimed for a while and is tried again, at most MAX_ATTEMPTS times.
        logger.exception("export.failed", extra={"export": export.pk})
    else:
        logger.info("export.made", extra={"export": export.pk})


def expire_due() -> int:
    """Remove the bytes of exports whose week is over; the row and the access log stay."""
    with transaction.atomic():
        over = list(
            Export.objects.filter(state=State.DONE, expires_at__lte=timezone.now())
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("file")
        )
        Export.objects.filter(pk__in=[export.pk for export in over]).update(state=State.EXPIRED)
    for export in over:
        assert export.file is not None  # a constraint of the database
        remove_bytes(export.file)
    return len(over)


def entry_name(number: str, agency: str, nip: str) -> str:
    """The name of a letter in the ZIP, plain ASCII without a path:
    "B-1187-BPS-2340-11-2026_kota-baubau_198904142014032901.pdf"."""
    parts = [plain(number), plain(agency).lower(), plain(nip)]
    return "_".join(part for part in parts if part) + ".pdf"


# The worker's steps


def _make_covers(export: Export, *, until: float) -> bool:
    """The parts of the cover that are missing; False when time ran out."""
    if export.content != Content.COPY:
        return True
    from inpassing.letters.documents import CopyCover, CopyRow, Fact
    from inpassing.letters.merge import MARK
    from inpassing.letters.render import render_document

    parts = _batched(export.letter_ids, LETTERS_PER_COVER)
    for index in range(len(export.covers), len(parts)):
        if time.monotonic() >= until:
            return False
        rows = tuple(
            CopyRow(number=letter.number, about=_about(letter), sha256=letter.sha256)
            for letter in _letters(parts[index])
        )
        facts: tuple[Fact, ...] = ()
        if index == 0:
            chosen = [Fact(label=label, text=text) for label, text in export.filters]
            facts = (
                *chosen,
                Fact(label="Jumlah", text=f"{format_number(len(export.letter_ids))} surat"),
                Fact(label="Dibuat", text=short_datetime(export.created_at, TZ)),
            )
        cover = CopyCover(mark=MARK, facts=facts, first=index * LETTERS_PER_COVER + 1, letters=rows)
        pdf = render_document(cover)
        path = default_storage.save(f"ex/{export.pk}-{index}.pdf", ContentFile(pdf))
        export.covers = [*export.covers, path]
        done = min((index + 1) * LETTERS_PER_COVER, len(export.letter_ids))
        _advance(export, done, covers=export.covers, attempts=0)
    return True


def _write_zip(export: Export, output: BinaryIO) -> None:
    names: set[str] = set()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as archive:
        for number, (letter, data) in enumerate(_originals(export), start=1):
            name = entry_name(letter.number, letter.agency.name, _nip(letter))
            if name in names:
                name = f"{name.removesuffix('.pdf')}_{letter.pk}.pdf"
            names.add(name)
            moment = timezone.localtime(letter.issued_at).timetuple()[:6]
            entry = zipfile.ZipInfo(name, moment)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
            _advance_now_and_then(export, number)


def _write_copy(export: Export, output: BinaryIO) -> None:
    from inpassing.letters.merge import ReadingCopy

    copy = ReadingCopy(output)
    for path in export.covers:
        with default_storage.open(path) as cover:
            copy.add_cover(cover.read())
    for number, (letter, data) in enumerate(_originals(export), start=1):
        copy.add_letter(data, title=f"{letter.number} {_about(letter)}")
        _advance_now_and_then(export, len(export.letter_ids) + number)
    copy.close()


def _write_table(export: Export, output: BinaryIO) -> None:
    from .sheets import TABLE, table_rows, write_sheet

    def rows() -> Iterator[list[object]]:
        for number, letter in enumerate(_letters(export.letter_ids, with_content=True), start=1):
            yield from table_rows(letter)
            _advance_now_and_then(export, number)

    write_sheet("Surat", TABLE, rows(), output)


def _write_register(export: Export, output: BinaryIO) -> None:
    from .sheets import REGISTER, register_row, write_sheet

    def rows() -> Iterator[list[object]]:
        for number, letter in enumerate(_letters(export.letter_ids), start=1):
            yield register_row(letter)
            _advance_now_and_then(export, number)

    write_sheet("Register", REGISTER, rows(), output)


Writer = Callable[[Export, BinaryIO], None]
WRITERS: dict[Content, tuple[str, str, Writer]] = {
    Content.ORIGINALS: ("zip", ZIP_TYPE, _write_zip),
    Content.COPY: ("pdf", "application/pdf", _write_copy),
    Content.TABLE: ("xlsx", XLSX_TYPE, _write_table),
    Content.REGISTER: ("xlsx", XLSX_TYPE, _write_register),
}
NAMES = {
    Content.ORIGINALS: "surat-asli",
    Content.COPY: "salinan-gabungan",
    Content.TABLE: "daftar-surat",
    Content.REGISTER: "register-surat",
}


def _letters(ids: Sequence[int], *, with_content: bool = False) -> Iterator[Letter]:
    """The letters in this order, some hundred in memory at a time."""
    rows = Letter.objects.for_list().annotate(nip=KT("content__person__nip"))
    rows = rows.annotate(person_name=KT("content__person__name")).select_related("replaced_by")
    if with_content:
        rows = rows.defer(None)
    for some in _batched(ids, LETTERS_AT_ONCE):
        found = {letter.pk: letter for letter in rows.filter(pk__in=some)}
        for pk in some:
            yield found[pk]


def _batched(ids: Sequence[int], size: int) -> list[Sequence[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _originals(export: Export) -> Iterator[tuple[Letter, bytes]]:
    """Each letter with its bytes, which are checked against the hash that the public page shows."""
    for letter in _letters(export.letter_ids):
        assert letter.file is not None  # chosen among those that are out
        with default_storage.open(letter.file.path) as source:
            data = source.read()
        if hashlib.sha256(data).hexdigest() != letter.sha256:
            raise ExportError(CHANGED.format(number=letter.number))
        yield letter, data


def _nip(letter: Letter) -> str:
    return getattr(letter, "nip", None) or ""


def _about(letter: Letter) -> str:
    """Who a letter is about: the agency, or the person of an extract."""
    person = getattr(letter, "person_name", None)
    return f"{letter.title}, {person or letter.agency.name}"


def _advance_now_and_then(export: Export, done: int) -> None:
    if done % LETTERS_AT_ONCE == 0:
        _advance(export, done)


def _advance(export: Export, done: int, **fields: object) -> None:
    """Note how far the work has come, and keep the claim; LostClaimError when it is another's."""
    now = timezone.now()
    mine = Export.objects.filter(pk=export.pk, state=State.WAITING, claimed_at=export.claimed_at)
    if not mine.update(done=done, claimed_at=now, **fields):
        raise LostClaimError
    export.done, export.claimed_at = done, now


def _release(export: Export) -> None:
    Export.objects.filter(pk=export.pk, claimed_at=export.claimed_at).update(claimed_at=None)


def _conclude(export: Export, output: BinaryIO, *, suffix: str, content_type: str) -> None:
    """Store the file, unless another worker was faster; then its bytes go again."""
    name = f"{NAMES[Content(export.content)]}-{timezone.localdate():%Y-%m-%d}.{suffix}"
    with transaction.atomic():
        file = store_stream(
            output, name=name, content_type=content_type, owner=export, by=export.requested_by
        )
        now = timezone.now()
        mine = Export.objects.filter(
            pk=export.pk, state=State.WAITING, claimed_at=export.claimed_at
        )
        if not mine.update(
            state=State.DONE,
            file=file,
            done=export.total,
            finished_at=now,
            expires_at=now + KEPT,
            claimed_at=None,
            covers=[],
        ):
            remove_bytes(file)
            raise LostClaimError
    for path in export.covers:
        default_storage.delete(path)


def _fail(export: Export, why: str) -> None:
    Export.objects.filter(pk=export.pk, state=State.WAITING).update(
        state=State.FAILED, message=why[:500], finished_at=timezone.now(), claimed_at=None
    )
    logger.warning("export.given_up", extra={"export": export.pk})
