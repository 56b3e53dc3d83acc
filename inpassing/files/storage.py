"""Taking files in and giving them out. Nothing else touches the storage."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import models, transaction
from django.http import FileResponse, HttpRequest

from inpassing.queue import hint

from .models import FileAccess, PagePicture, StoredFile

if TYPE_CHECKING:
    from inpassing.accounts.models import User

CHUNK = 64 * 1024
DAY = 24 * 60 * 60


class ReceivedFile(TemporaryUploadedFile):
    """An upload that was hashed while it came, in a file that local storage keeps by renaming."""

    def __init__(
        self,
        name: str | None,
        content_type: str | None,
        charset: str | None,
        content_type_extra: dict[str, bytes] | None,
    ) -> None:
        # Not the parent's: that one takes a folder of the system, often on another disk. Django
        # closes it at the end of the request.
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=_incoming())  # noqa: SIM115
        UploadedFile.__init__(self, file, name, content_type, 0, charset, content_type_extra)
        self.digest = hashlib.sha256()
        self.received = 0
        self._write = file.write

    def take(self, chunk: bytes) -> None:
        """Add the next bytes."""
        self.digest.update(chunk)
        self.received += len(chunk)
        self._write(chunk)


class HashingReader(File[bytes]):
    """A file that computes SHA-256 and size while the storage reads it, chunk by chunk."""

    def __init__(self, source: File[bytes]) -> None:
        super().__init__(source.file, source.name)
        self.source = source
        self.digest = hashlib.sha256()
        self.received = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        for chunk in self.source.chunks(chunk_size or CHUNK):
            self.digest.update(chunk)
            self.received += len(chunk)
            yield chunk


def store_upload(upload: UploadedFile, *, owner: models.Model, by: User | None) -> StoredFile:
    """Keep an uploaded PDF and queue its inspection; call inside the owner's transaction.

    The bytes are written once, in constant memory, before the row; a row without bytes cannot
    exist, and bytes without a row are harmless.
    """
    row = _store(upload, owner=owner, by=by)
    hint("inpassing.files.tasks.inspect_due")
    return row


def store_oversize(upload: UploadedFile, *, owner: models.Model, by: User | None) -> StoredFile:
    """Keep an upload that is too large to count: it stands as refused and is never inspected."""
    return _store(upload, owner=owner, by=by, state=StoredFile.State.REFUSED, code="too_large")


def _store(
    upload: UploadedFile, *, owner: models.Model, by: User | None, **fields: str
) -> StoredFile:
    reader = upload if isinstance(upload, ReceivedFile) else HashingReader(upload)
    path = default_storage.save(_new_path(".pdf"), reader)
    return StoredFile.objects.create(
        owner_kind=owner._meta.label_lower,
        owner_id=owner.pk,
        name=clean_name(upload.name or "berkas.pdf"),
        size=reader.received,
        sha256=reader.digest.hexdigest(),
        path=path,
        uploaded_by=by,
        **fields,
    )


def copy_of(row: StoredFile, *, owner: models.Model) -> StoredFile:
    """The same bytes once more, with the verdict and picture that they have, for another record.

    A copy of its own, so that rights and retention of the two records stay apart.
    """
    with default_storage.open(row.path) as source:
        path = default_storage.save(_new_path(".pdf"), source)
    preview = ""
    if row.preview_path:
        with default_storage.open(row.preview_path) as source:
            preview = default_storage.save(_new_path(".webp"), source)
    return StoredFile.objects.create(
        owner_kind=owner._meta.label_lower,
        owner_id=owner.pk,
        name=row.name,
        size=row.size,
        sha256=row.sha256,
        content_type=row.content_type,
        path=path,
        preview_path=preview,
        state=row.state,
        code=row.code,
        message=row.message,
        pages=row.pages,
        inspected_at=row.inspected_at,
        uploaded_by=row.uploaded_by,
    )


def store_bytes(
    data: bytes,
    *,
    name: str,
    owner: models.Model,
    by: User | None = None,
    content_type: str = "application/pdf",
) -> StoredFile:
    """Keep a file that the system made itself; it needs no inspection."""
    suffix = os.path.splitext(name)[1] or ".bin"
    path = default_storage.save(_new_path(suffix), ContentFile(data))
    return StoredFile.objects.create(
        owner_kind=owner._meta.label_lower,
        owner_id=owner.pk,
        name=name,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        content_type=content_type,
        path=path,
        state=StoredFile.State.ACCEPTED,
        uploaded_by=by,
    )


def store_stream(
    source: IO[bytes], *, name: str, content_type: str, owner: models.Model, by: User | None = None
) -> StoredFile:
    """Keep a large file that the system made, read from its beginning, in constant memory."""
    source.seek(0)
    reader = HashingReader(File(source, name))
    path = default_storage.save(_new_path(os.path.splitext(name)[1] or ".bin"), reader)
    return StoredFile.objects.create(
        owner_kind=owner._meta.label_lower,
        owner_id=owner.pk,
        name=name,
        size=reader.received,
        sha256=reader.digest.hexdigest(),
        content_type=content_type,
        path=path,
        state=StoredFile.State.ACCEPTED,
        uploaded_by=by,
    )


def discard(row: StoredFile) -> None:
    """Forget a file that nothing refers to: the row now, bytes and pictures after the commit."""
    drawn = row.page_pictures.exclude(path="").values_list("path", flat=True)
    paths = [row.path, *filter(None, [row.preview_path]), *drawn]
    row.delete()

    def delete() -> None:
        for path in paths:
            default_storage.delete(path)

    transaction.on_commit(delete, robust=True)


def remove_bytes(row: StoredFile) -> None:
    """Remove the bytes of a file whose row is about to be rolled back, or stays for its log."""
    default_storage.delete(row.path)


def open_stored(row: StoredFile) -> File[bytes]:
    """A file's bytes, open for reading wherever they are stored."""
    return default_storage.open(row.path)


@contextmanager
def local_copy(row: StoredFile) -> Iterator[str]:
    """The path of a file on this machine: the stored one, or a copy where the store is remote."""
    try:
        path = default_storage.path(row.path)
    except NotImplementedError:
        with (
            tempfile.NamedTemporaryFile(suffix=".pdf") as copy,
            default_storage.open(row.path) as f,
        ):
            shutil.copyfileobj(f, copy, CHUNK)
            copy.flush()
            yield copy.name
    else:
        yield path


def save_preview(row: StoredFile, picture: bytes) -> str:
    """Keep the picture of a page of a file; returns its path."""
    return default_storage.save(_new_path(".webp"), ContentFile(picture))


def serve(
    request: HttpRequest, row: StoredFile, *, download: bool = False, framed: bool = False
) -> FileResponse:
    """The file's bytes as a response; the view has decided that this person may see them.

    `framed` allows our own pages to show it in a frame. Every call is written to the access log.
    """
    user: Any = request.user
    FileAccess.objects.create(file=row, user=user if user.is_authenticated else None)
    response = FileResponse(
        default_storage.open(row.path),
        as_attachment=download,
        filename=row.name,
        content_type=row.content_type,
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    if framed:
        response["X-Frame-Options"] = "SAMEORIGIN"
        response._csp_replace = {"frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]
    return response


def serve_public(row: StoredFile) -> FileResponse:
    """A file that anybody may download, as a download; it may be cached and is not logged."""
    response = FileResponse(
        default_storage.open(row.path),
        as_attachment=True,
        filename=row.name,
        content_type=row.content_type,
    )
    response["Cache-Control"] = "public, max-age=300"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def serve_preview(row: StoredFile) -> FileResponse:
    """The first-page picture; FileNotFoundError when there is none."""
    if not row.preview_path:
        raise FileNotFoundError(row.pk)
    response = FileResponse(default_storage.open(row.preview_path), content_type="image/webp")
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response


def serve_page(request: HttpRequest, picture: PagePicture) -> FileResponse:
    """The picture of a page, under the same conditions as its file: the view has decided that this
    person may see it, the access is logged, and nothing keeps it."""
    user: Any = request.user
    FileAccess.objects.create(
        file_id=picture.file_id,
        page=picture.number,
        user=user if user.is_authenticated else None,
    )
    response = FileResponse(default_storage.open(picture.path), content_type="image/webp")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def clean_name(name: str) -> str:
    """A file name that is safe to show and to send back: no path, no control characters."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in base if c.isprintable() and c not in '"<>|:*?').strip(" .")
    stem, suffix = os.path.splitext(kept)
    return (stem[: 190 - len(suffix)] + suffix) or "berkas.pdf"


def forget_interrupted() -> int:
    """Remove uploads that a killed process left half received a day ago; returns how many."""
    folder, removed = _incoming(), 0
    if folder is None:
        return 0
    for entry in os.scandir(folder):
        if entry.stat().st_mtime < time.time() - DAY:
            os.remove(entry.path)
            removed += 1
    return removed


def _incoming() -> str | None:
    """The folder of uploads that are coming in, beside what is stored; None for remote storage."""
    try:
        folder = default_storage.path("incoming")
    except NotImplementedError:
        return None
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder


def _new_path(suffix: str) -> str:
    key = uuid.uuid4().hex
    return f"{key[:2]}/{key}{suffix}"
