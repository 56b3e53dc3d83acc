"""The papers of stage 3, built from the records: test card, attendance sheet, minutes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from inpassing.formats import clock, date_in_words, long_date, weekday_date
from inpassing.letters.documents import (
    AttendanceSheet,
    CompetencyTestCard,
    Fact,
    Letterhead,
    Minutes,
    Person,
    SeatRow,
)

from .models import Seat, TestSession
from .proctors import proctors_of

BRING = ("Kartu peserta ini", "Kartu identitas pegawai atau KTP", "Alat tulis")
RULES = (
    "Datang paling lambat 30 menit sebelum uji dimulai.",
    "Tunjukkan kartu ini kepada pengawas untuk dicatat hadir.",
    "Telepon genggam dimatikan selama uji.",
)


def letterhead(session: TestSession) -> Letterhead:
    """The letterhead of the office that holds the session."""
    lines = tuple(line for line in (session.office.address, session.office.contact) if line)
    return Letterhead(
        name=session.office.name.upper(), parent=settings.LETTERHEAD["name"], lines=lines
    )


def _time(session: TestSession) -> str:
    tz = session.office.tz
    return f"{session.starts_at.astimezone(ZoneInfo(tz)):%H.%M}–{clock(session.ends_at, tz)}"


def session_name(session: TestSession) -> str:
    """What papers call a session: its wave, or its start."""
    return session.wave or f"Sesi {clock(session.starts_at, session.office.tz)}"


def test_card(seat: Seat) -> CompetencyTestCard:
    """The participant's card; its QR code leads the proctor to the right line."""
    session, proposal = seat.session, seat.proposal
    day = session.starts_at.astimezone(ZoneInfo(session.office.tz)).date()
    return CompetencyTestCard(
        letterhead=letterhead(session),
        number=seat.participant_number,
        name=proposal.full_name,
        nip=proposal.nip,
        agency=proposal.agency.name,
        level=proposal.level.name,
        period=session.period.name,
        session=session_name(session),
        day=weekday_date(day),
        time=_time(session),
        office=session.office.name,
        address=session.office.address,
        room=session.room,
        seat=str(seat.number),
        bring=BRING,
        rules=RULES,
        check_url=settings.SITE_URL + reverse("competency:checkin", args=[seat.participant_number]),
    )


def _row(seat: Seat) -> SeatRow:
    return SeatRow(
        number=seat.participant_number,
        name=seat.proposal.full_name,
        nip=seat.proposal.nip,
        seat=str(seat.number),
        agency=seat.proposal.agency.name,
        level=seat.proposal.level.name,
    )


def _proctors(session: TestSession) -> tuple[Person, ...]:
    people = [row.user for row in session.assignments.select_related("user")]
    people = people or proctors_of([session.office]).get(session.office_id, [])
    people = [user for user in people if user.nip]
    if people:
        return tuple(Person(name=user.full_name, nip=user.nip or "") for user in people)
    return (Person(name="." * 40, nip="." * 30),)


def attendance_sheet(session: TestSession) -> AttendanceSheet:
    """The list to be signed on paper."""
    day = session.starts_at.astimezone(ZoneInfo(session.office.tz)).date()
    return AttendanceSheet(
        letterhead=letterhead(session),
        place=session.office.name.removeprefix("BPS ").removeprefix("Kabupaten "),
        date=long_date(day),
        period=session.period.name,
        session=session_name(session),
        day=weekday_date(day),
        time=_time(session),
        office=session.office.name,
        room=session.room,
        people=tuple(_row(seat) for seat in session.seats.current().for_list()),
        proctors=_proctors(session),
    )


def _incidents(session: TestSession, seats: list[Seat]) -> tuple[Fact, ...]:
    """What was noted and who came late, in the order of the clock."""
    happened = [(incident.at, incident.text) for incident in session.incidents.all()]
    happened += [
        (seat.marked_at, f"{seat.proposal.full_name} (kursi {seat.number}) hadir terlambat")
        for seat in seats
        if seat.attendance == Seat.Attendance.LATE and seat.marked_at
    ]
    return tuple(
        Fact(label=clock(at, session.office.tz), text=text)
        for at, text in sorted(happened, key=lambda row: row[0])
    )


def minutes(session: TestSession) -> Minutes:
    """The minutes of a session whose attendance is complete."""
    tz = session.office.tz
    day = session.starts_at.astimezone(ZoneInfo(tz)).date()
    seats = list(session.seats.current().for_list())
    absent = [seat for seat in seats if not seat.is_present]
    return Minutes(
        letterhead=letterhead(session),
        place=session.office.name.removeprefix("BPS ").removeprefix("Kabupaten "),
        date=long_date(day),
        day_in_words=date_in_words(day),
        period=session.period.name,
        session=session_name(session),
        time=_time(session),
        office=session.office.name,
        room=session.room,
        registered=len(seats),
        present=len(seats) - len(absent),
        absent=tuple(_row(seat) for seat in absent),
        incidents=_incidents(session, seats),
        proctors=_proctors(session),
    )
