"""Messages: one row per mail and one per inbox entry, written with the act that causes them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class OutboxMessage(models.Model):
    """One mail. It never holds a secret: a one-time link is made while the mail is sent."""

    class State(models.TextChoices):
        QUEUED = "queued", "Menunggu dikirim"
        SENDING = "sending", "Sedang dikirim"
        SENT = "sent", "Diterima server email"
        FAILED = "failed", "Ditolak server email"
        UNCERTAIN = "uncertain", "Tidak pasti"

    key = models.CharField(max_length=120, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="mails"
    )
    to_email = models.EmailField()
    template = models.CharField(max_length=60)
    fields = models.JSONField(default=dict)
    link_kind = models.CharField(max_length=20, blank=True)
    link_subject_id = models.BigIntegerField(null=True, blank=True)
    path = models.CharField(max_length=200, blank=True)
    proposal_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    message_id = models.UUIDField(default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    response = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(state__in=["queued", "sending"]), name="mail_due"
            ),
            models.Index(
                fields=["id"],
                condition=Q(state__in=["failed", "uncertain"]),
                name="mail_undelivered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.key}"


class MessageText(models.Model):
    """A message as an administrator words it; with an empty body the shipped text counts again.

    The row stays when the shipped text is taken back, so that its version only ever grows.
    """

    code = models.CharField(max_length=60, unique=True)
    subject = models.CharField("subjek", max_length=150, blank=True)
    body = models.TextField("isi", max_length=4000, blank=True)
    version = models.PositiveIntegerField(default=0)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(subject="", body="") | (~Q(subject="") & ~Q(body="")),
                name="message_text_whole_or_shipped",
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_edited(self) -> bool:
        return bool(self.body)


class InboxMessage(models.Model):
    """A message in a person's inbox inside the application."""

    key = models.CharField(max_length=160, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="inbox")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    path = models.CharField(max_length=200, blank=True)
    proposal_id = models.BigIntegerField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"]),
            models.Index(fields=["user"], condition=Q(read_at=None), name="inbox_unread"),
        ]

    def __str__(self) -> str:
        return self.subject
