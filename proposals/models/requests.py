"""Who asks to be an operator: the request, and how often a public page was asked for something."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from inpassing.accounts.models import Agency, User
from inpassing.files.models import StoredFile
from inpassing.reference.models import Region


class OperatorRequest(models.Model):
    """An agency employee's request for an operator account."""

    class Status(models.TextChoices):
        REQUESTED = "requested", "Menunggu persetujuan"
        ACTIVE = "active", "Aktif"
        REJECTED = "rejected", "Ditolak"
        REVOKED = "revoked", "Dicabut"
        EXPIRED = "expired", "Berakhir tanpa konfirmasi"

    agency = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="operator_requests"
    )
    agency_name = models.CharField("nama instansi", max_length=150, blank=True)
    agency_kind = models.CharField("jenis instansi", max_length=20, choices=Agency.Kind, blank=True)
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="daerah"
    )
    name = models.CharField("nama lengkap, dengan gelar", max_length=150)
    nip = models.CharField("NIP", max_length=18)
    office_email = models.EmailField("email kantor")
    email = models.EmailField("email pribadi", blank=True)
    phone = models.CharField("telepon", max_length=40)
    letter_number = models.CharField("nomor surat tugas", max_length=100)
    letter = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="surat tugas"
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    confirm_by = models.DateTimeField("dikonfirmasi paling lambat", null=True, blank=True)
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    user = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="operator_requests"
    )
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField("catatan", max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(status="requested", email_confirmed_at__isnull=False),
                name="operator_request_queue",
            ),
            models.Index(
                fields=["confirm_by"],
                condition=Q(status="requested", email_confirmed_at__isnull=True),
                name="operator_request_unconfirmed",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["nip", "agency_name", "agency"],
                condition=Q(status="requested"),
                nulls_distinct=False,
                name="operator_request_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.agency_label}"

    @property
    def agency_label(self) -> str:
        """The agency's name, known or asked for."""
        return self.agency.name if self.agency else self.agency_name


class PublicCount(models.Model):
    """How often something was asked for on a public page: by one network, to one address.

    The key is a keyed hash, so that the table tells neither. Counted under the row's lock.
    """

    key = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.count} sejak {self.since}"
