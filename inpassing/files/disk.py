"""Files on disk that a power cut does not take back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

from django.core.files.storage import FileSystemStorage


class DurableFileSystemStorage(FileSystemStorage):
    """Django's storage; what it has kept is on the disk when `save` returns, bytes and name, as the
    row is that names it once its transaction has committed."""

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        kept = super().save(name, content, max_length)
        path, root = Path(self.path(kept)), Path(self.base_location)
        # The folder too, and those above it: a new name stands in its folder's bytes.
        for place in (path, *(folder for folder in path.parents if folder.is_relative_to(root))):
            _to_disk(place)
        return kept


def _to_disk(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
