"""Sessions: created and cancelled."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.reference.models import BpsOffice
from inpassing.timeline.events import record
from proposals.messages import tell

from .models import TestSession
from .seats import release


@transaction.atomic
def create_session(session: TestSession, *, by: User) -> TestSession:
    """Keep a new session, unless the room is taken in that time, the office has too few seats for
    all that goes on there at once, or it is switched off."""
    office = BpsOffice.objects.select_for_update().get(pk=session.office_id)
    if not office.is_active:
        raise TransitionError("Kantor ini tidak dipakai. Pilih kantor lain.")
    at_once = TestSession.objects.planned().filter(
        office=office, starts_at__lt=session.ends_at, ends_at__gt=session.starts_at
    )
    if at_once.filter(room__iexact=session.room).exists():
        raise TransitionError("Ruang itu sudah dipakai sesi lain pada waktu yang sama.")
    used = at_once.aggregate(seats=Sum("capacity"))["seats"] or 0
    if used + session.capacity > office.usable_seats:
        raise TransitionError(
            f"{used + session.capacity} kursi pada waktu yang sama; {office} dapat memakai "
            f"{office.usable_seats}. Kurangi kursinya atau pilih waktu lain."
        )
    session.created_by = by
    try:
        with transaction.atomic():
            session.save()
    except IntegrityError as error:
        raise TransitionError("Sesi yang sama sudah ada.") from error
    record(session, "session.created", "Sesi dibuat", by=by)
    return session


@transaction.atomic
def cancel_session(session: TestSession, *, by: User, reason: str) -> TestSession:
    """Cancel a session: its people are to be seated again, never absent."""
    session = TestSession.objects.locked(session)
    if session.is_cancelled:
        raise TransitionError("Sesi ini sudah dibatalkan.")
    if session.is_confirmed or session.seats.current().exclude(attendance="").exists():
        raise TransitionError("Kehadiran sesi ini sudah dicatat; sesi tidak dapat dibatalkan.")
    session.cancelled_at = timezone.now()
    session.save(update_fields=["cancelled_at"])
    event = record(session, "session.cancelled", "Sesi dibatalkan", by=by, note=reason)
    for seat in session.seats.current().for_list().select_related("proposal__participant"):
        release(seat, note=f"Sesi dibatalkan: {reason}"[:200], by=by)
        tell(
            seat.proposal,
            f"session_cancelled:{event.pk}:{seat.pk}",
            "test_session_cancelled",
            alasan=reason,
        )
    return session
