"""Make the web font that the stylesheet asks for."""

import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

NAME = "plus-jakarta-sans-latin.woff2"
UNICODES = (
    "U+20-7E,A0,A7,AB,B0-B2,B7,BB,D7,E9,2010-2015,2018-201D,2022,2026,"
    "2190-2193,2212,2264,2265,2713,2717"
)
FEATURES = "kern,liga,tnum,calt,ccmp,locl"


class Command(BaseCommand):
    help = (
        f"Writes static/css/fonts/{NAME}: the Latin part of Plus Jakarta Sans, from the installed "
        "package fontpkg-plus-jakarta-sans (OFL 1.1). Does nothing when the file is up to date."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        source = (
            Path(str(files("fontpkg_plus_jakarta_sans"))) / "files" / "PlusJakartaSans[wght].ttf"
        )
        target = Path(settings.BASE_DIR) / "static" / "css" / "fonts" / NAME
        newest = max(source.stat().st_mtime, Path(__file__).stat().st_mtime)
        if target.exists() and target.stat().st_mtime >= newest:
            self.stdout.write(f"{NAME} is up to date.")
            return
        # fontTools takes half a second to load: only when there is work.
        from fontTools import subset

        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(f".{os.getpid()}.part")  # demo and tests may begin at once
        subset.main(
            [
                str(source),
                "--flavor=woff2",
                f"--layout-features={FEATURES}",
                f"--unicodes={UNICODES}",
                f"--output-file={unfinished}",
            ]
        )
        unfinished.replace(target)
        self.stdout.write(f"{NAME}: {target.stat().st_size / 1024:.1f} KB")
