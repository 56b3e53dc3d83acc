"""Stored files: private, reached only through their record, each inspected before it counts."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def waiting(self) -> StoredFileQuerySet:
        """Files that the inspector has not judged yet."""
        return self.filter(state=StoredFile.State.WAITING)


class StoredFile(models.Model):
    """One file as it was received. `owner_kind` and `owner_id` name the record it belongs to."""

    class State(models.TextChoices):
        WAITING = "waiting", "Sedang diperiksa"
        ACCEPTED = "accepted", "Terbaca baik"
        REFUSED = "refused", "Ditolak sistem"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner_kind = models.CharField(max_length=60)
    owner_id = models.BigIntegerField()
    name = models.CharField("nama berkas", max_length=200)
    size = models.PositiveBigIntegerField("ukuran (byte)")
    sha256 = models.CharField(max_length=64, db_index=True)
    content_type = models.CharField(max_length=100, default="application/pdf")
    path = models.CharField(max_length=120, unique=True)
    preview_path = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    code = models.CharField("kode penolakan", max_length=20, blank=True)
    message = models.CharField("keterangan", max_length=300, blank=True)
    pages = models.PositiveIntegerField("halaman", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    inspected_at = models.DateTimeField(null=True, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner_kind", "owner_id"]),
            models.Index(fields=["created_at"], condition=Q(state="waiting"), name="file_waiting"),
            models.Index(fields=["id"], condition=Q(state="refused"), name="file_refused"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        """What a reader calls its type: "PDF", "DOCX"."""
        return self.name.rpartition(".")[2].upper()

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_accepted(self) -> bool:
        return self.state == self.State.ACCEPTED

    @property
    def is_refused(self) -> bool:
        return self.state == self.State.REFUSED


class FileAccess(models.Model):
    """Who opened which document, and when."""

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="accesses")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["file", "at"])]

    def __str__(self) -> str:
        return f"{self.file_id} {self.at}"
