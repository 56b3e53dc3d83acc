"""`manage.py inspect_pdf FILE... [--format json]`: the inspector's verdict on files."""

import json
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inpassing.files.inspector import Inspection, inspect


class Command(BaseCommand):
    """Exit status 0 all accepted, 1 any refused, 2 a path or usage error."""

    help = "Periksa berkas PDF: diterima, atau ditolak dengan kode dan sebabnya."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        missing = refused = False
        person = f"run {os.getpid()}"  # whoever asks for these files in one run
        for name in options["files"]:
            try:
                found = inspect(name, preview=False, person=person)
            except OSError as error:
                self.stderr.write(f"{name}: {error.strerror or error}")
                missing = True
                continue
            refused = refused or not found.accepted
            self.stdout.write(
                as_json(name, found) if options["format"] == "json" else as_text(name, found)
            )
            self.stdout.flush()
        if missing:
            sys.exit(2)
        if refused:
            sys.exit(1)


def as_json(name: str, found: Inspection) -> str:
    """One line of JSON with the keys of product.md, section 4, in that order."""
    return json.dumps(
        {
            "file": name,
            "verdict": found.verdict,
            "code": found.code,
            "message": found.message,
            "pages": found.pages,
            "bytes": found.bytes,
            "sha256": found.sha256 or None,
            "seconds": found.seconds,
            "peak_mb": found.peak_mb,
        },
        ensure_ascii=False,
    )


def as_text(name: str, found: Inspection) -> str:
    """One line for people."""
    if found.accepted:
        return f"{name}: accepted ({found.pages} {'page' if found.pages == 1 else 'pages'})"
    return f"{name}: refused: {found.code}: {found.message}"
