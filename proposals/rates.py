"""How often a public page may be used, and how fast it may answer.

Counts lie in a table of their own and are taken under the row's lock: ten requests at the same
moment count as ten, and a stopped Redis changes nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .models import PublicCount

KEPT = dt.timedelta(days=2)


def count_up(what: str, value: str, *, most: int, within: dt.timedelta) -> dt.datetime | None:
    """Count one use of `what` by `value`; when there were too many within the time, nothing is
    counted and the moment comes back from which it may be tried again."""
    key = salted_hmac("proposals.rates", f"{what}:{value}", algorithm="sha256").hexdigest()
    now = timezone.now()
    with transaction.atomic():
        PublicCount.objects.bulk_create([PublicCount(key=key, since=now)], ignore_conflicts=True)
        row = PublicCount.objects.select_for_update().get(key=key)
        if row.since + within <= now:
            row.since, row.count = now, 0
        if row.count >= most:
            return row.since + within
        row.count += 1
        row.save(update_fields=["since", "count"])
    return None


def forget_old() -> int:
    """Remove counts that no window reaches any more."""
    removed, _ = PublicCount.objects.filter(since__lt=timezone.now() - KEPT).delete()
    return removed


@contextmanager
def no_faster_than(seconds: float) -> Iterator[None]:
    """Let the answer take at least so long, so that its time does not tell what was found."""
    began = time.monotonic()
    yield
    time.sleep(max(0.0, seconds - (time.monotonic() - began)))
