"""What `seed_demo` does: the whole standard set in one transaction, once."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from inpassing.accounts.models import User

from .cast import engage, forget_old_mail
from .stories import tell_all

_LOCK = 0x1A9A551  # any number that no other advisory lock of ours has


def is_seeded() -> bool:
    """Whether the demo accounts are there."""
    return User.objects.filter(username="peserta").exists()


@transaction.atomic
def seed() -> bool:
    """Create the demo set unless it is there; a second one at the same time waits and finds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if is_seeded():
        return False
    now = timezone.now().replace(microsecond=0)
    cast = engage(now)
    tell_all(cast)
    forget_old_mail(now)
    return True
