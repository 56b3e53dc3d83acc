"""What waits to be printed, and what has been."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from inpassing.files.models import StoredFile


class PrintJob(models.Model):
    """One PDF that a worker makes from a document. Ask for one with `printing.request_print`.

    `owner_kind` and `owner_id` name the record the paper belongs to; `fingerprint` is the hash of
    everything that decides what the paper says, so that the same paper is made once.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Sedang disiapkan"
        DONE = "done", "Siap diunduh"
        FAILED = "failed", "Tidak dapat dibuat"

    owner_kind = models.CharField(max_length=60)
    owner_id = models.BigIntegerField()
    fingerprint = models.CharField(max_length=64, unique=True)
    document = models.JSONField(help_text="Document.to_json()")
    title = models.CharField("judul", max_length=300)
    filename = models.CharField("nama berkas", max_length=200)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    message = models.CharField("keterangan", max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="berkas"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner_kind", "owner_id"]),
            models.Index(fields=["created_at"], condition=Q(state="waiting"), name="print_waiting"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="done", file__isnull=False)
                | (~Q(state="done") & Q(file__isnull=True)),
                name="printed_has_its_file",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_done(self) -> bool:
        return self.state == self.State.DONE

    @property
    def is_failed(self) -> bool:
        return self.state == self.State.FAILED
