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


class PagePicture(models.Model):
    """The picture of one page of a file, made by the worker once somebody looks at the page.

    It stands in for the browser's own viewer, is a copy that can be made again at any time, and
    goes with its file.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Sedang digambar"
        DRAWN = "drawn", "Tergambar"
        FAILED = "failed", "Tidak dapat digambar"

    file = models.ForeignKey(StoredFile, models.CASCADE, related_name="page_pictures")
    number = models.PositiveIntegerField("halaman")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    path = models.CharField(max_length=120, blank=True)
    height = models.PositiveIntegerField("tinggi (px)", default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["file", "number"]
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="page_picture_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="page_picture_number"),
            models.CheckConstraint(
                condition=Q(state="drawn", height__gte=1) & ~Q(path="")
                | ~Q(state="drawn") & Q(path="", height=0),
                name="page_picture_is_there_when_drawn",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(state="waiting"), name="page_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.file_id}, halaman {self.number}"

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_drawn(self) -> bool:
        return self.state == self.State.DRAWN

    @property
    def has_failed(self) -> bool:
        return self.state == self.State.FAILED


class FileAccess(models.Model):
    """Who opened which document, and when; `page` when it was the picture of that page."""

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="accesses")
    page = models.PositiveIntegerField("halaman", null=True, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["file", "at"])]

    def __str__(self) -> str:
        return f"{self.file_id} {self.at}"
