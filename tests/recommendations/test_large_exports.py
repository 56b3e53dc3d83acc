"""Five thousand letters in one file: memory stays flat, a killed worker's work is gone on with."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pikepdf
import pytest
from django.core.files.storage import default_storage
from django.db import connection

from inpassing.files.models import StoredFile
from inpassing.letters.render import warm_up
from inpassing.reference.loaders import load_reference
from recommendations import exports
from recommendations.models import Export, Letter
from recommendations.numbering import new_code
from tests.factories import make_admin
from tests.recommendations.factories import make_printed

LETTERS = 5000
Content = Export.Content

pytestmark = [
    pytest.mark.soak,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning"),
]


def make_many(number: int) -> None:
    """So many issued letters, most of them extracts whose bytes are those of a few printed ones."""
    letter = make_printed(20)
    printed = list(letter.extracts.select_related("file"))
    wanted = number - 1 - len(printed)
    models = [printed[index % len(printed)] for index in range(wanted)]
    paths = [f"ex/large-{index}.pdf" for index in range(wanted)]
    for model, path in zip(models, paths, strict=True):
        assert model.file is not None
        target = Path(default_storage.path(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        os.link(default_storage.path(model.file.path), target)
    files = StoredFile.objects.bulk_create(
        [_copy(model.file, path=path) for model, path in zip(models, paths, strict=True)]
    )
    Letter.objects.bulk_create(
        [
            _copy(model, file=file, code=new_code())
            for model, file in zip(models, files, strict=True)
        ]
    )


def _copy(row, **changes):
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    values.pop("id")
    copy = type(row)(**values)
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy


@dataclass
class Run:
    """What a worker cost: seconds of CPU, resident megabytes after a tenth and at the most."""

    cpu: float
    early: float
    most: float


def work(export: Export, *, kill_after_covers: int = 0) -> Run:
    """A worker in a child of its own that makes the export, killed once so many parts of the cover
    are stored."""
    connection.close()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            seen: list[tuple[float, float]] = []
            done = threading.Event()
            threading.Thread(target=sample, args=(seen, done), daemon=True).start()
            while exports.work_due():
                pass
            done.set()
            used = resource.getrusage(resource.RUSAGE_SELF)
            early = next(mb for at, mb in seen if at >= seen[-1][0] / 10)
            most = max(mb for _, mb in seen)
            os.write(writer, f"{used.ru_utime + used.ru_stime} {early} {most}".encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    while kill_after_covers:
        time.sleep(0.1)
        if len(Export.objects.get(pk=export.pk).covers) >= kill_after_covers:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            Export.objects.update(claimed_at=None)
            return Run(0, 0, 0)
    with os.fdopen(reader) as pipe:
        told = pipe.read().split()
    assert os.waitpid(child, 0)[1] == 0
    return Run(*map(float, told))


def sample(seen: list[tuple[float, float]], done: threading.Event) -> None:
    """Note resident megabytes and the seconds since the beginning, twenty times a second."""
    began = time.monotonic()
    while not done.wait(0.05):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        megabytes = pages * os.sysconf("SC_PAGE_SIZE") / 1024**2
        seen.append((time.monotonic() - began, megabytes))


def test_five_thousand_letters_in_flat_memory(capsys: pytest.CaptureFixture[str]) -> None:
    load_reference()
    admin = make_admin()
    make_many(LETTERS)
    warm_up()
    lines = []
    for content in (Content.ORIGINALS, Content.TABLE, Content.COPY):
        export = exports.start(content, Letter.objects.issued().order_by("pk"), by=admin)
        if content == Content.COPY:
            work(export, kill_after_covers=3)
            export.refresh_from_db()
            kept = export.covers[:3]
            assert all(default_storage.exists(path) for path in kept)
        began = time.monotonic()
        run = work(export)
        export.refresh_from_db()
        assert (export.state, export.done) == ("done", export.total)
        assert export.file is not None
        assert run.most <= 1.3 * run.early + 20
        lines.append(
            f"{content}: {run.cpu:.1f} s CPU, {time.monotonic() - began:.1f} s, "
            f"{export.file.size / 1024**2:.0f} MiB, memory {run.early:.0f} → {run.most:.0f} MB"
        )
        check(content, export.file)
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")


def check(content: str, file: StoredFile) -> None:
    with default_storage.open(file.path) as data:
        if content == Content.ORIGINALS:
            with zipfile.ZipFile(data) as archive:
                assert len(set(archive.namelist())) == LETTERS
        elif content == Content.TABLE:
            sheet = openpyxl.load_workbook(data, read_only=True).active
            assert len(list(sheet.rows)) == 1 + 20 + LETTERS - 1
        else:
            with pikepdf.open(data) as copy:
                assert len(copy.pages) >= LETTERS
                assert len(copy.open_outline().root) == LETTERS
