"""Play an act at another time, so that invented stories have believable dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Let `timezone.now()` say `moment` in this process; for a command that runs alone only."""
    real, played = timezone.now, moment.astimezone(dt.UTC)  # as the real one: in UTC
    timezone.now = lambda: played
    try:
        yield
    finally:
        timezone.now = real
