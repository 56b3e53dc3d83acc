"""`manage.py inspect_pdf`: what it prints, where, and how it exits."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from inpassing.files.inspector import MESSAGES, inspect
from tests import pdf_factory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One page, three pages and a file that is no PDF."""
    (tmp_path / "satu.pdf").write_bytes(pdf_factory.scan(dpi=60))
    (tmp_path / "tiga.pdf").write_bytes(pdf_factory.document(3))
    (tmp_path / "bukan.pdf").write_bytes(b"Surat")
    return tmp_path


def run(*arguments: object) -> tuple[list[str], list[str], int]:
    """Lines on stdout and stderr, and the exit status."""
    out, err = io.StringIO(), io.StringIO()
    status: object = 0
    try:
        call_command("inspect_pdf", *map(str, arguments), stdout=out, stderr=err, no_color=True)
    except SystemExit as stop:
        status = stop.code
    assert isinstance(status, int)
    return out.getvalue().splitlines(), err.getvalue().splitlines(), status


def test_text_in_the_order_given(folder):
    out, err, status = run(folder / "tiga.pdf", folder / "bukan.pdf", folder / "satu.pdf")
    assert out == [
        f"{folder}/tiga.pdf: accepted (3 pages)",
        f"{folder}/bukan.pdf: refused: not_pdf: {MESSAGES['not_pdf']}",
        f"{folder}/satu.pdf: accepted (1 page)",
    ]
    assert err == []
    assert status == 1


def test_json_is_one_object_per_line(folder):
    out, err, status = run(folder / "satu.pdf", folder / "bukan.pdf", "--format", "json")
    accepted, refused = map(json.loads, out)
    assert list(accepted) == [
        "file", "verdict", "code", "message", "pages", "bytes", "sha256", "seconds", "peak_mb",
    ]  # fmt: skip
    same = inspect(folder / "satu.pdf")
    assert accepted | {"seconds": 0, "peak_mb": 0} == {
        "file": f"{folder}/satu.pdf",
        "verdict": "accepted",
        "code": None,
        "message": None,
        "pages": 1,
        "bytes": same.bytes,
        "sha256": same.sha256,
        "seconds": 0,
        "peak_mb": 0,
    }
    assert accepted["seconds"] > 0
    assert accepted["peak_mb"] > 0
    assert (refused["verdict"], refused["code"], refused["pages"]) == ("refused", "not_pdf", None)
    assert refused["message"] == MESSAGES["not_pdf"]
    assert (err, status) == ([], 1)


def test_all_accepted_exits_with_zero(folder):
    assert run(folder / "satu.pdf", folder / "tiga.pdf")[2] == 0


def test_missing_path_is_told_and_the_others_judged(folder):
    os.mkfifo(folder / "pipa")
    out, err, status = run(
        folder / "tiada.pdf", folder / "bukan.pdf", folder, folder / "pipa", folder / "satu.pdf"
    )
    assert [line.split(": ")[:2] for line in out] == [
        [f"{folder}/bukan.pdf", "refused"],
        [f"{folder}/satu.pdf", "accepted (1 page)"],
    ]
    assert [line.split(": ")[0] for line in err] == [
        f"{folder}/tiada.pdf",
        str(folder),
        f"{folder}/pipa",
    ]
    assert status == 2


def test_no_file_is_a_usage_error():
    with pytest.raises(CommandError, match="FILE"):
        call_command("inspect_pdf")


def test_as_a_process_without_any_database(folder):
    done = subprocess.run(
        [sys.executable, "manage.py", "inspect_pdf", "--format=json", folder / "satu.pdf"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert json.loads(done.stdout)["verdict"] == "accepted"
    usage = subprocess.run(
        [sys.executable, "manage.py", "inspect_pdf", "--format=xml", folder / "satu.pdf"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert usage.returncode == 2
    assert usage.stdout == ""
