"""The append-only story of every subject, hash-chained so that a change shows."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import models

GENESIS = "0" * 64


class TimelineHead(models.Model):
    """The last event of one subject; its row lock orders the subject's events."""

    subject_kind = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    seq = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id"], name="head_once")
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}: {self.seq}"


class TimelineEvent(models.Model):
    """One thing that happened. Codes and ids only; words about people stand in EventDetail."""

    subject_kind = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    seq = models.PositiveIntegerField()
    proposal_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    kind = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="events"
    )
    at = models.DateTimeField()
    detail_hash = models.CharField(max_length=64, blank=True)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["subject_kind", "subject_id", "seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "seq"], name="event_once_per_seq"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_kind} {self.subject_id}"

    def compute_hash(self) -> str:
        """SHA-256 over everything the event says and the hash before it."""
        body: dict[str, Any] = {
            "subject": [self.subject_kind, self.subject_id],
            "seq": self.seq,
            "proposal": self.proposal_id,
            "kind": self.kind,
            "label": self.label,
            "data": self.data,
            "actor": self.actor_id,
            "at": self.at.isoformat(),
            "detail": self.detail_hash,
            "prev": self.prev_hash,
        }
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


class EventDetail(models.Model):
    """Free text of an event, salted; erasing text and salt leaves the chain valid."""

    event = models.OneToOneField(TimelineEvent, models.PROTECT, related_name="detail")
    text = models.TextField(blank=True)
    salt = models.CharField(max_length=32, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"detail of {self.event_id}"

    @staticmethod
    def compute_hash(text: str, salt: str) -> str:
        return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


class TimelineAnchor(models.Model):
    """A daily hash over all heads, chained to the day before."""

    day = models.DateField(unique=True)
    heads = models.PositiveIntegerField()
    heads_hash = models.CharField(max_length=64)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return str(self.day)
