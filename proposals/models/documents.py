"""The documents of a proposal: slots, their versions, and scans on their way to becoming one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from inpassing.accounts.models import User
from inpassing.files.models import StoredFile
from inpassing.reference.models import RequiredDocument

from .proposals import Proposal


class ProposalDocument(models.Model):
    """One required document of one proposal: a slot with versions.

    The slot is made when the nomination is approved, from the period's list and the person's
    situation (rule E7), so that a later change of the list never changes what was asked.
    """

    class Review(models.TextChoices):
        NONE = "", "Belum diperiksa"
        ACCEPTED = "accepted", "Diterima"
        RETURNED = "returned", "Dikembalikan"

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="documents")
    requirement = models.ForeignKey(RequiredDocument, models.PROTECT, related_name="+")
    order = models.PositiveSmallIntegerField()
    current = models.ForeignKey(
        "DocumentVersion", models.PROTECT, null=True, blank=True, related_name="+"
    )
    review = models.CharField(max_length=8, choices=Review, blank=True, default=Review.NONE)
    reason = models.CharField("alasan", max_length=200, blank=True)
    note = models.CharField("catatan", max_length=500, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "requirement"], name="slot_once")
        ]
        indexes = [
            # What closing looks for: slots that keep a proposal from being sent.
            models.Index(
                fields=["proposal"],
                condition=Q(current=None) | Q(review="returned"),
                name="slot_open",
            )
        ]

    def __str__(self) -> str:
        return self.requirement.name

    @property
    def is_open(self) -> bool:
        """Whether a file may be put here: not accepted by a verifier (then it is frozen)."""
        return self.review != self.Review.ACCEPTED

    @property
    def is_present(self) -> bool:
        """Whether a file counts: accepted by the inspector or still waiting, and not sent back."""
        if self.current is None or self.current.file.is_refused:
            return False
        return self.review != self.Review.RETURNED


class DocumentVersion(models.Model):
    """One upload into a slot; replacing keeps the earlier ones."""

    document = models.ForeignKey(ProposalDocument, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="+")
    returned = models.BooleanField("dikembalikan verifikator", default=False)
    same_file_confirmed = models.BooleanField("berkas sama dibenarkan", default=False)
    carried_from = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="carried_to",
        verbose_name="dibawa dari periode lalu",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="version_once")]

    def __str__(self) -> str:
        return f"versi {self.number}"


class LargeScan(models.Model):
    """A scan over the limit, on its way to a smaller file that the participant accepts or not.

    It is no version of the document: it counts for nothing before `accept`. The original is removed
    as soon as there is nothing left to decide, at the latest a day after the result was there.
    """

    class State(models.TextChoices):
        RECEIVING = "receiving", "Sedang diterima"
        WAITING = "waiting", "Sedang dikecilkan"
        READY = "ready", "Siap dilihat"
        FAILED = "failed", "Tidak dapat dikecilkan"
        ACCEPTED = "accepted", "Dipakai"
        DISCARDED = "discarded", "Dibuang"
        EXPIRED = "expired", "Terhapus karena tidak diputuskan"

    LIVE = frozenset({State.WAITING, State.READY})

    document = models.ForeignKey(ProposalDocument, models.PROTECT, related_name="scans")
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.RECEIVING)
    name = models.CharField("nama berkas", max_length=200, blank=True)
    size = models.PositiveBigIntegerField("ukuran (byte)", default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    original = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    result = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    result_size = models.PositiveBigIntegerField("ukuran hasil (byte)", default=0)
    code = models.CharField("kode penolakan", max_length=20, blank=True)
    message = models.CharField("keterangan", max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["document"],
                condition=Q(state__in=["waiting", "ready"]),
                name="one_live_scan_per_document",
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["receiving", "waiting", "ready"]),
                name="scan_working",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_state_display()})"

    @property
    def is_live(self) -> bool:
        """Whether something is still to be done or decided."""
        return self.state in self.LIVE
