"""One act on many: files that are imported and batches of transitions, one result per row."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from inpassing.accounts.models import Agency, User
from inpassing.files.models import StoredFile
from inpassing.reference.models import Period

from .proposals import Proposal


class ImportBatch(models.Model):
    """A file that an operator sent, of candidates or of work units: read and judged by a worker,
    then saved."""

    class Kind(models.TextChoices):
        CANDIDATES = "candidates", "Calon"
        UNITS = "units", "Unit kerja"

    class State(models.TextChoices):
        READING = "reading", "Sedang dibaca"
        JUDGING = "judging", "Sedang diperiksa"
        READY = "ready", "Siap disimpan"
        SAVING = "saving", "Sedang disimpan"
        DONE = "done", "Selesai"
        CANCELLED = "cancelled", "Dibatalkan"
        FAILED = "failed", "Terhenti"

    WORKING = frozenset({State.READING, State.JUDGING, State.SAVING})
    CANCELLABLE = frozenset({State.READING, State.JUDGING, State.READY})

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="imports")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CANDIDATES)
    period = models.ForeignKey(Period, models.PROTECT, null=True, related_name="imports")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    name = models.CharField("nama berkas", max_length=200)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    marked = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="berkas bertanda"
    )
    state = models.CharField(max_length=9, choices=State, default=State.READING)
    message = models.CharField("keterangan", max_length=500, blank=True)
    ignored_columns = models.JSONField(default=list)
    total = models.PositiveIntegerField("baris", default=0)
    done = models.PositiveIntegerField("baris selesai", default=0)
    counts = models.JSONField(default=dict, help_text="outcome or result -> rows")
    is_whole = models.BooleanField(
        "semua atau tidak sama sekali", default=False, help_text="chosen when saving begins"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField("isi dihapus", null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["reading", "judging", "saving"]),
                name="import_working",
            ),
            models.Index(fields=["agency", "-created_at"], name="import_agency"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="units") | Q(period__isnull=False), name="import_has_its_period"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_working(self) -> bool:
        return self.state in self.WORKING

    @property
    def savable(self) -> int:
        """How many rows saving would write."""
        return int(self.counts.get("new", 0)) + int(self.counts.get("changed", 0))


class ImportRow(models.Model):
    """One row of such a file: what is written, what the validators say, what became of it."""

    class Outcome(models.TextChoices):
        WAITING = "", "Belum diperiksa"
        NEW = "new", "Baru"
        CHANGED = "changed", "Berubah"
        SAME = "same", "Sama"
        ERROR = "error", "Perlu dibetulkan"

    class Result(models.TextChoices):
        NONE = "", "Belum disimpan"
        CREATED = "created", "Konsep dibuat"
        CHANGED = "updated", "Konsep diubah"
        SAME = "unchanged", "Sama, tidak diubah"
        REFUSED = "refused", "Tidak disimpan"

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("baris")
    nip = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=254, blank=True)
    data = models.JSONField(help_text="column -> text as written")
    outcome = models.CharField(max_length=7, choices=Outcome, blank=True, default=Outcome.WAITING)
    errors = models.JSONField(default=dict, help_text="column -> sentences")
    warnings = models.JSONField(default=list)
    changes = models.JSONField(default=list, help_text="names of the fields that change")
    result = models.CharField(max_length=9, choices=Result, blank=True, default=Result.NONE)
    proposal = models.ForeignKey(Proposal, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="import_row_once")]
        indexes = [
            models.Index(fields=["batch", "outcome", "number"], name="import_row_outcome"),
            models.Index(fields=["batch", "nip"], name="import_row_nip"),
        ]

    def __str__(self) -> str:
        return f"baris {self.number}"


class Batch(models.Model):
    """One act on many proposals, asked for at once: each row is done by a worker on its own.

    `kind` says which act; whoever works on a kind gives the act to `proposals.batches.work_due`.
    """

    class Kind(models.TextChoices):
        NOMINATE = "nominate", "Usulkan ke BPS"
        APPROVE = "approve", "Setujui usulan"
        PASS_PORTFOLIO = "pass_portfolio", "Luluskan portofolio"

    class State(models.TextChoices):
        RUNNING = "running", "Sedang dikerjakan"
        DONE = "done", "Selesai"
        CANCELLED = "cancelled", "Dihentikan"
        FAILED = "failed", "Terhenti"

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.UUIDField(unique=True, help_text="made with the page that asks: sent twice, once")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField("usulan", default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["kind", "id"], condition=Q(state="running"), name="batch_running"),
            models.Index(fields=["created_by", "-created_at"], name="batch_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.total} usulan"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING


class BatchRow(models.Model):
    """One proposal of a batch and what became of it."""

    class Result(models.TextChoices):
        WAITING = "", "Menunggu giliran"
        DONE = "done", "Berhasil"
        REFUSED = "refused", "Tidak berhasil"
        CANCELLED = "cancelled", "Tidak dikerjakan"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("baris")
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="batch_rows")
    version = models.PositiveIntegerField(
        null=True, blank=True, help_text="of the proposal when it was chosen; null: any will do"
    )
    result = models.CharField(max_length=9, choices=Result, blank=True, default=Result.WAITING)
    message = models.CharField("keterangan", max_length=1000, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "proposal"], name="batch_row_once"),
            models.UniqueConstraint(fields=["batch", "number"], name="batch_row_number"),
        ]
        indexes = [models.Index(fields=["batch", "result", "number"], name="batch_row_result")]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_result_display()}"
