"""On the day: who is there, and what happened."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.formats import clock, weekday_date
from inpassing.timeline.events import record

from .models import Incident, Seat, TestSession


@transaction.atomic
def mark_attendance(seat: Seat, attendance: str, *, by: User) -> Seat:
    """Note that somebody is there, late, or absent; the same mark twice changes nothing."""
    session = TestSession.objects.locked(seat.session)
    seat = Seat.objects.select_for_update(of=("self",)).select_related("proposal").get(pk=seat.pk)
    if seat.released_at or session.is_cancelled:
        raise TransitionError("Kursi ini sudah dilepas. Muat ulang daftar.")
    if session.is_confirmed:
        raise TransitionError("Hasil sesi ini sudah dipastikan; kehadiran tidak dapat diubah.")
    if not session.takes_attendance():
        raise TransitionError(
            f"Kehadiran dicatat mulai {clock(session.attendance_opens_at, session.office.tz)} "
            f"pada {weekday_date(_local_day(session))}."
        )
    if seat.attendance == attendance:
        return seat
    if hasattr(seat, "result") and attendance not in {"present", "late"}:
        raise TransitionError("Peserta ini sudah mempunyai nilai. Hapus nilainya dahulu.")
    seat.attendance = attendance
    seat.marked_at, seat.marked_by = (timezone.now(), by) if attendance else (None, None)
    seat.save(update_fields=["attendance", "marked_at", "marked_by"])
    record(
        seat.proposal,
        "attendance.marked",
        f"Kehadiran uji: {seat.get_attendance_display().lower()}",
        by=by,
        data={"session": session.pk, "seat": seat.pk, "attendance": attendance},
    )
    return seat


def _local_day(session: TestSession) -> dt.date:
    return session.starts_at.astimezone(ZoneInfo(session.office.tz)).date()


@transaction.atomic
def note_incident(session: TestSession, text: str, *, by: User) -> Incident:
    """Write down what happened, for the minutes."""
    incident = Incident.objects.create(session=session, text=text, by=by)
    record(session, "incident.noted", "Kejadian dicatat", by=by, data={"incident": incident.pk})
    return incident
