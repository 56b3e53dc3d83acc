"""Stage 3: test sessions at BPS offices, seats, attendance, results and their publication."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.files.models import StoredFile
from inpassing.reference.models import BpsOffice, Period, PeriodPosition, TestComponent
from proposals.models import Proposal

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class SessionQuerySet(models.QuerySet["TestSession"]):
    def visible_to(self, user: User | AnonymousUser) -> SessionQuerySet:
        """Sessions of the own office for a proctor, all for an administrator, else none."""
        roles = roles_of(user)
        if roles.is_admin:
            return self
        return self.filter(office__in=roles.office_ids) if roles.is_proctor else self.none()

    def planned(self) -> SessionQuerySet:
        return self.filter(cancelled_at=None)

    def locked(self, session: TestSession) -> TestSession:
        """The session's row, locked and fresh: it orders everything about its seats."""
        return (
            self.select_for_update(of=("self",))
            .select_related("office__region", "period")
            .get(pk=session.pk)
        )


class SessionPlan(models.Model):
    """Many sessions asked for at once; the row comes before the task that makes them."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="session_plans")
    spec = models.JSONField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    made = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.period}: {self.created_at}"


class TestSession(models.Model):
    """One test at one office: a room, a time, a number of seats."""

    __test__ = False  # pytest: this is no test class

    period = models.ForeignKey(Period, models.PROTECT, related_name="sessions")
    office = models.ForeignKey(
        BpsOffice, models.PROTECT, related_name="sessions", verbose_name="kantor BPS"
    )
    starts_at = models.DateTimeField("mulai")
    ends_at = models.DateTimeField("selesai")
    room = models.CharField("ruang", max_length=100)
    capacity = models.PositiveSmallIntegerField("kursi", validators=[MinValueValidator(1)])
    wave = models.CharField("gelombang", max_length=40, blank=True)
    proctors = models.ManyToManyField(
        User, through="SessionProctor", through_fields=("session", "user"), related_name="+"
    )
    is_accessible = models.BooleanField("ruang untuk kebutuhan khusus", default=False)
    plan = models.ForeignKey(
        SessionPlan, models.PROTECT, null=True, blank=True, related_name="sessions"
    )
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    results_confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    results_confirmed_at = models.DateTimeField(null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_ends"),
            models.UniqueConstraint(
                fields=["office", "room", "starts_at"],
                condition=Q(cancelled_at=None),
                name="room_once_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["period", "starts_at"])]

    def __str__(self) -> str:
        return f"{self.office}, {self.room}"

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None

    @property
    def is_confirmed(self) -> bool:
        """Whether the results were confirmed by a second person and are closed."""
        return self.results_confirmed_at is not None

    @property
    def attendance_opens_at(self) -> dt.datetime:
        """From when attendance may be marked: two hours before the start."""
        return self.starts_at - dt.timedelta(hours=2)

    def takes_attendance(self, at: dt.datetime | None = None) -> bool:
        """Whether a mark may be made now: from two hours before the start until confirmation."""
        at = at or timezone.now()
        return not self.is_cancelled and not self.is_confirmed and at >= self.attendance_opens_at


class SessionProctor(models.Model):
    """Who watches over a session; nobody at two sessions at once."""

    session = models.ForeignKey(TestSession, models.CASCADE, related_name="assignments")
    user = models.ForeignKey(User, models.PROTECT, related_name="proctored")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "user"], name="proctor_once_per_session")
        ]

    def __str__(self) -> str:
        return f"{self.session}: {self.user}"


class SeatingRun(models.Model):
    """One act that seats everybody of a period who has no seat; the row comes before the task."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="seating_runs")
    wave = models.CharField("gelombang", max_length=40, blank=True)
    seed = models.CharField("benih undian", max_length=40)
    holds_invitations = models.BooleanField("undangan ditahan", default=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    seated = models.PositiveIntegerField(default=0)
    own_region = models.PositiveIntegerField(default=0)
    own_province = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=Q(finished_at=None), name="one_seating_run_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.period}: {self.created_at}"

    @property
    def head_office(self) -> int:
        """How many of the seated went beyond their own province."""
        return self.seated - self.own_region - self.own_province


class Unseated(models.Model):
    """Somebody whom a run could not seat, and why."""

    run = models.ForeignKey(SeatingRun, models.CASCADE, related_name="unseated")
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "run"], name="unseated_once_per_run")
        ]

    def __str__(self) -> str:
        return self.reason


class SeatQuerySet(models.QuerySet["Seat"]):
    def current(self) -> SeatQuerySet:
        """Seats that somebody holds."""
        return self.filter(released_at=None)

    def uninvited(self) -> SeatQuerySet:
        """Current seats whose people were not told yet."""
        return self.current().filter(invited_at=None)

    def visible_to(self, user: User | AnonymousUser) -> SeatQuerySet:
        """Seats of the own agency for an operator, at the own office for a proctor, all for an
        administrator."""
        roles = roles_of(user)
        if roles.is_admin:
            return self
        return self.filter(
            Q(proposal__agency__in=roles.agency_ids) | Q(session__office__in=roles.office_ids)
        )

    def in_state(self, state: str) -> SeatQuerySet:
        """Seats by what came of them: "menunggu", "hadir", "absen", "lulus", "gagal"."""
        published = self.filter(result__published_at__isnull=False)
        return {
            "menunggu": self.filter(attendance=""),
            "hadir": self.filter(attendance__in=[Seat.Attendance.PRESENT, Seat.Attendance.LATE]),
            "absen": self.filter(attendance=Seat.Attendance.ABSENT),
            "lulus": published.filter(result__total__gte=F("result__passing_grade")),
            "gagal": published.filter(result__total__lt=F("result__passing_grade")),
        }[state]

    def for_list(self) -> SeatQuerySet:
        return self.select_related(
            "session__office", "session__period", "proposal__agency", "proposal__level__position"
        )


class Seat(models.Model):
    """A seat of a session for one proposal; a released seat stays as history."""

    class Attendance(models.TextChoices):
        UNKNOWN = "", "Belum dicatat"
        PRESENT = "present", "Hadir"
        LATE = "late", "Hadir terlambat"
        ABSENT = "absent", "Tidak hadir"

    session = models.ForeignKey(TestSession, models.PROTECT, related_name="seats")
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="seats")
    number = models.PositiveSmallIntegerField("kursi")
    participant_number = models.CharField("nomor peserta", max_length=30)
    explanation = models.CharField("alasan penempatan", max_length=200, blank=True)
    run = models.ForeignKey(SeatingRun, models.PROTECT, null=True, blank=True, related_name="seats")
    invited_at = models.DateTimeField(null=True, blank=True)
    attendance = models.CharField(
        "kehadiran", max_length=8, choices=Attendance, blank=True, default=Attendance.UNKNOWN
    )
    marked_at = models.DateTimeField(null=True, blank=True)
    marked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)
    release_note = models.CharField(max_length=200, blank=True)

    objects = SeatQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal"], condition=Q(released_at=None), name="one_seat_per_proposal"
            ),
            models.UniqueConstraint(
                fields=["session", "number"],
                condition=Q(released_at=None),
                name="one_person_per_seat",
            ),
            models.UniqueConstraint(
                fields=["participant_number"],
                condition=Q(released_at=None),
                name="participant_number_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(released_at=None, invited_at=None),
                name="seat_uninvited",
            )
        ]

    def __str__(self) -> str:
        return f"{self.participant_number}, kursi {self.number}"

    @property
    def is_present(self) -> bool:
        return self.attendance in {self.Attendance.PRESENT, self.Attendance.LATE}


class AttendanceMark(models.Model):
    """A mark as a browser sent it; its key makes a mark that arrives twice count once."""

    key = models.UUIDField(unique=True)
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="marks")
    attendance = models.CharField(max_length=8, choices=Seat.Attendance, blank=True)
    acted_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.seat_id}: {self.attendance}"


class Incident(models.Model):
    """What happened during a session, for the minutes."""

    session = models.ForeignKey(TestSession, models.PROTECT, related_name="incidents")
    text = models.CharField("kejadian", max_length=500)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.text


class TestResult(models.Model):
    """The result of a seat; hidden until it is published."""

    __test__ = False

    class Source(models.TextChoices):
        TYPED = "typed", "Diketik"
        IMPORTED = "imported", "Diimpor"
        ONLINE = "online", "Ujian daring"

    seat = models.OneToOneField(Seat, models.PROTECT, related_name="result")
    total = models.DecimalField("nilai akhir", max_digits=5, decimal_places=2)
    passing_grade = models.DecimalField("nilai lulus", max_digits=5, decimal_places=2)
    source = models.CharField(max_length=8, choices=Source, default=Source.TYPED)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total__gte=0) & Q(total__lte=100), name="total_is_0_to_100"
            )
        ]
        indexes = [models.Index(fields=["published_at"])]

    def __str__(self) -> str:
        return f"{self.seat}: {self.total}"

    @property
    def is_passed(self) -> bool:
        return self.total >= self.passing_grade


class ComponentScore(models.Model):
    """The score of one component, 0 to 100."""

    result = models.ForeignKey(TestResult, models.CASCADE, related_name="scores")
    component = models.ForeignKey(TestComponent, models.PROTECT, related_name="+")
    score = models.DecimalField(
        "nilai",
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )

    class Meta:
        ordering = ["component__order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["result", "component"], name="score_once"),
            models.CheckConstraint(
                condition=Q(score__gte=0) & Q(score__lte=100), name="score_is_0_to_100"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component}: {self.score}"


class ResultImport(models.Model):
    """A file of results of one period and position, read by a worker, then saved."""

    class State(models.TextChoices):
        READING = "reading", "Sedang diperiksa"
        READY = "ready", "Siap disimpan"
        SAVING = "saving", "Sedang disimpan"
        DONE = "done", "Selesai"
        CANCELLED = "cancelled", "Dibatalkan"
        FAILED = "failed", "Terhenti"

    entry = models.ForeignKey(PeriodPosition, models.PROTECT, related_name="result_imports")
    name = models.CharField("nama berkas", max_length=200)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.READING)
    message = models.CharField("keterangan", max_length=500, blank=True)
    counts = models.JSONField(default=dict, help_text="outcome -> rows; missing, saved")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_working(self) -> bool:
        return self.state in {self.State.READING, self.State.SAVING}

    @property
    def savable(self) -> int:
        """How many rows saving would write."""
        return int(self.counts.get("new", 0)) + int(self.counts.get("changed", 0))


class ResultRow(models.Model):
    """One row of such a file."""

    class Outcome(models.TextChoices):
        NEW = "new", "Baru"
        CHANGED = "changed", "Berubah"
        SAME = "same", "Sama"
        ERROR = "error", "Galat"

    batch = models.ForeignKey(ResultImport, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("baris")
    participant_number = models.CharField(max_length=40)
    data = models.JSONField()
    outcome = models.CharField(max_length=7, choices=Outcome)
    errors = models.JSONField(default=list, help_text="[header, what is written, sentence]")
    saved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="result_row_once")]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.number}"


class ResultCorrection(models.Model):
    """A new version of a published result, proposed by one person and applied by another."""

    result = models.ForeignKey(TestResult, models.PROTECT, related_name="corrections")
    number = models.PositiveSmallIntegerField("versi")
    reason = models.CharField("alasan", max_length=500)
    before = models.JSONField(help_text="component id -> score, total")
    after = models.JSONField(help_text="component id -> score, total")
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    applied = models.BooleanField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["result", "number"], name="correction_number_once"),
            models.UniqueConstraint(
                fields=["result"], condition=Q(decided_at=None), name="one_open_correction"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="correction_needs_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.result_id}: {self.number}"


class Publication(models.Model):
    """The one act that makes a period's confirmed results public at a set time."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="publications")
    scheduled_at = models.DateTimeField("diumumkan pada")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-scheduled_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=Q(finished_at=None), name="one_publication_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.period}: {self.scheduled_at}"
