"""On the day: who is there, and what happened."""

from __future__ import annotations

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.formats import clock, weekday_date
from inpassing.timeline.events import record

from .models import AttendanceMark, Incident, Seat, TestSession


class MarkConflictError(TransitionError):
    """Somebody else marked the seat meanwhile; nothing was changed."""

    def __init__(self, seat: Seat, wanted: str) -> None:
        self.seat = seat
        now = seat.get_attendance_display().lower()
        who = f" oleh {seat.marked_by} pukul {_clock(seat)}" if seat.marked_by else ""
        mine = Seat.Attendance(wanted).label.lower()
        super().__init__(
            f"Kursi {seat.number}, {seat.proposal.name}: sudah tercatat {now}{who}. "
            f"Tanda Anda, {mine}, tidak disimpan."
        )


@transaction.atomic
def mark_attendance(
    seat: Seat,
    attendance: str,
    *,
    by: User,
    key: UUID | None = None,
    seen: str | None = None,
    ago: dt.timedelta = dt.timedelta(0),
) -> Seat:
    """Note that somebody is there, late, or absent; the same mark twice changes nothing.

    A mark that a browser kept while there was no connection comes with a `key`, under which it
    counts once however often it arrives, and with how long `ago` the act was: that moment is the
    one written down. `seen` is the mark that the person saw when they acted; when another one
    stands there now, and it says something else, MarkConflictError leaves it.
    """
    session = TestSession.objects.locked(seat.session)
    seat = (
        Seat.objects.select_for_update(of=("self",))
        .select_related("proposal", "marked_by", "session__office")
        .get(pk=seat.pk)
    )
    if key and (kept := AttendanceMark.objects.filter(key=key).first()):
        if kept.seat_id != seat.pk:
            raise TransitionError("Kode tanda ini sudah dipakai untuk kursi lain.")
        return seat
    if seat.released_at or session.is_cancelled:
        raise TransitionError("Kursi ini sudah dilepas. Muat ulang daftar.")
    if session.is_confirmed:
        raise TransitionError("Hasil sesi ini sudah dipastikan; kehadiran tidak dapat diubah.")
    if not session.takes_attendance():
        raise TransitionError(
            f"Kehadiran dicatat mulai {clock(session.attendance_opens_at, session.office.tz)} "
            f"pada {weekday_date(_local_day(session))}."
        )
    now = timezone.now()
    acted_at = min(now, max(now - ago, session.attendance_opens_at))
    if seat.attendance != attendance:
        if seen is not None and seat.attendance != seen:
            raise MarkConflictError(seat, attendance)
        _write(seat, attendance, by=by, at=acted_at)
    if key:
        AttendanceMark.objects.create(
            key=key, seat=seat, attendance=attendance, acted_at=acted_at, by=by
        )
    return seat


def _write(seat: Seat, attendance: str, *, by: User, at: dt.datetime) -> None:
    if hasattr(seat, "result") and attendance not in {"present", "late"}:
        raise TransitionError("Peserta ini sudah mempunyai nilai. Hapus nilainya dahulu.")
    seat.attendance = attendance
    seat.marked_at, seat.marked_by = (at, by) if attendance else (None, None)
    seat.save(update_fields=["attendance", "marked_at", "marked_by"])
    record(
        seat.proposal,
        "attendance.marked",
        f"Kehadiran uji: {seat.get_attendance_display().lower()}",
        by=by,
        data={
            "session": seat.session_id,
            "seat": seat.pk,
            "attendance": attendance,
            "acted_at": at.isoformat(timespec="seconds"),
        },
    )


def _clock(seat: Seat) -> str:
    return clock(seat.marked_at, seat.session.office.tz) if seat.marked_at else ""


def _local_day(session: TestSession) -> dt.date:
    return session.starts_at.astimezone(ZoneInfo(session.office.tz)).date()


@transaction.atomic
def note_incident(session: TestSession, text: str, *, by: User) -> Incident:
    """Write down what happened, for the minutes."""
    incident = Incident.objects.create(session=session, text=text, by=by)
    record(session, "incident.noted", "Kejadian dicatat", by=by, data={"incident": incident.pk})
    return incident
