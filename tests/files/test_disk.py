"""files.disk: what is kept is on the disk, bytes and name, before the row that names it."""

import os

from django.core.files.base import ContentFile

from inpassing.files.disk import DurableFileSystemStorage


def test_file_and_folders_are_written_through(tmp_path, monkeypatch):
    reached: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        reached.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    storage = DurableFileSystemStorage(location=tmp_path)
    name = storage.save("ab/abc.pdf", ContentFile(b"%PDF"))
    assert (tmp_path / name).read_bytes() == b"%PDF"
    assert reached == [str(tmp_path / "ab/abc.pdf"), str(tmp_path / "ab"), str(tmp_path)]
