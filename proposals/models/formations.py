"""The posts of an agency per period, position and level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from inpassing.accounts.models import Agency, User, WorkUnit
from inpassing.accounts.roles import roles_of
from inpassing.files.models import StoredFile
from inpassing.reference.models import (
    Period,
    Position,
    PositionLevel,
)

from .proposals import in_scope

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class FormationQuerySet(models.QuerySet["Formation"]):
    def visible_to(self, user: User | AnonymousUser) -> FormationQuerySet:
        """Formations whose existence `user` may know of."""
        roles = roles_of(user)
        if roles.is_admin:
            return self
        visible = Q(agency__in=roles.agency_ids) if roles.is_operator else Q(pk__in=[])
        if roles.is_verifier:
            visible |= in_scope(user)
        return self.filter(visible)


class Formation(models.Model):
    """The posts of one agency for one position in one period, as a ledger."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Konsep"
        SUBMITTED = "submitted", "Menunggu validasi"
        VALIDATED = "validated", "Divalidasi"
        RETURNED = "returned", "Dikembalikan"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="formations")
    period = models.ForeignKey(Period, models.PROTECT, related_name="formations")
    position = models.ForeignKey(Position, models.PROTECT, related_name="formations")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    table = models.ForeignKey(
        StoredFile,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="tabel bertanda tangan",
    )
    calculation = models.ForeignKey(
        StoredFile,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="perhitungan kebutuhan",
    )
    note = models.CharField("catatan BPS", max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FormationQuerySet.as_manager()

    class Meta:
        ordering = ["-period", "agency", "position"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "period", "position"], name="formation_once")
        ]

    def __str__(self) -> str:
        return f"Formasi {self.position}, {self.agency}, {self.period}"

    @property
    def is_editable(self) -> bool:
        """Whether the operator may change rows and the table."""
        return self.status in {self.Status.DRAFT, self.Status.RETURNED}

    @property
    def takes_nominations(self) -> bool:
        return self.status in {self.Status.SUBMITTED, self.Status.VALIDATED}


class FormationLine(models.Model):
    """Posts needed and filled at one level, for a work unit or for the whole agency."""

    formation = models.ForeignKey(Formation, models.CASCADE, related_name="lines")
    level = models.ForeignKey(PositionLevel, models.PROTECT, related_name="+")
    work_unit = models.ForeignKey(
        WorkUnit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="unit kerja"
    )
    needed = models.PositiveIntegerField("kebutuhan")
    filled = models.PositiveIntegerField("terisi")
    validated = models.PositiveIntegerField("divalidasi BPS", null=True, blank=True)
    validation_note = models.CharField("alasan", max_length=300, blank=True)
    extra = models.JSONField(
        default=dict, blank=True, help_text="id of a FormationColumn -> text or number"
    )

    class Meta:
        ordering = ["level__order", "work_unit__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["formation", "level", "work_unit"],
                nulls_distinct=False,
                name="formation_line_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.level}: {self.needed}"

    @property
    def vacancy(self) -> int:
        """Posts to fill: what BPS validated, else needed less filled, never below 0."""
        return self.open_posts if self.validated is None else self.validated

    @property
    def open_posts(self) -> int:
        """Needed less filled, never below 0: what the agency itself proposes."""
        return max(self.needed - self.filled, 0)

    @property
    def surplus(self) -> int:
        """How many more are filled than needed ("kelebihan n"), or 0."""
        return max(self.filled - self.needed, 0)
