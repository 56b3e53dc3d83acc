from typing import Any

from django.core.management.base import BaseCommand

from inpassing.timeline.events import broken_links


class Command(BaseCommand):
    help = "Prints a line per broken link of the timeline; exit status 1 when there is any."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for line in broken_links():
            self.stdout.write(line)
            broken += 1
        if broken:
            raise SystemExit(1)
        self.stdout.write("Linimasa utuh.")
