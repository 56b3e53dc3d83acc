"""Fill the database with demo data."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inpassing.demo.bulk import MOST, seed_proposals
from inpassing.demo.cast import PASSWORD
from inpassing.demo.seeding import seed


class Command(BaseCommand):
    help = (
        "Creates invented agencies, people and proposals in every status, and the demo accounts. "
        "A second run changes nothing. Refuses to run where DEBUG is off."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--proposals",
            type=int,
            default=0,
            metavar="N",
            help=f"add N bare proposals (no documents, no story) for measurements, at most {MOST}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo data are for development only: DEBUG is off.")
        number = options["proposals"]
        if not 0 <= number <= MOST:
            raise CommandError(f"--proposals takes 0 to {MOST}.")
        began = time.monotonic()
        if seed():
            self.stdout.write(f"Demo data made in {time.monotonic() - began:.1f} s.")
            self.stdout.write(f"Password of every demo account: {PASSWORD}")
        else:
            self.stdout.write("The demo data are there already; nothing changed.")
        if number:
            began = time.monotonic()
            seed_proposals(number)
            seconds = time.monotonic() - began
            self.stdout.write(
                f"{number} proposals added in {seconds:.1f} s, {number / seconds:.0f} per second."
            )
