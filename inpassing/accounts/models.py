"""Who uses the system: people, agencies, work units, roles, and one-time links."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import timedelta

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from inpassing.reference.models import BpsOffice, Position, Rank, Region


def sort_name(name: str) -> str:
    """The form of a name by which it is sorted and searched: casefolded, accents off."""
    plain = unicodedata.normalize("NFKD", name)
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in kept).casefold().split())


class AgencyQuerySet(models.QuerySet["Agency"]):
    def active(self) -> AgencyQuerySet:
        return self.filter(is_active=True)


class Agency(models.Model):
    """A government agency that proposes civil servants."""

    class Kind(models.TextChoices):
        MINISTRY = "ministry", "Kementerian"
        LPNK = "lpnk", "Lembaga pemerintah nonkementerian"
        STATE_SECRETARIAT = "state_secretariat", "Sekretariat lembaga negara"
        LNS_SECRETARIAT = "lns_secretariat", "Sekretariat lembaga nonstruktural"
        PROVINCE = "province", "Pemerintah provinsi"
        REGENCY = "regency", "Pemerintah kabupaten"
        CITY = "city", "Pemerintah kota"

    kind = models.CharField("jenis", max_length=20, choices=Kind)
    name = models.CharField("nama", max_length=150)
    name_key = models.CharField(max_length=150, unique=True, editable=False)
    region = models.OneToOneField(
        Region, models.PROTECT, null=True, blank=True, related_name="agency"
    )
    personnel_office = models.CharField(
        "unit kepegawaian", max_length=150, blank=True, help_text="Misalnya BKPSDM Kota Baubau"
    )
    addressee = models.CharField(
        "jabatan penerima surat", max_length=150, blank=True, help_text="Misalnya Wali Kota Baubau"
    )
    addressee_via = models.CharField("u.p.", max_length=150, blank=True)
    address = models.CharField("alamat", max_length=300, blank=True)
    city = models.CharField("kota", max_length=100, blank=True)
    phone = models.CharField("telepon", max_length=40, blank=True)
    is_active = models.BooleanField("dipakai", default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AgencyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(region__isnull=False) | ~Q(kind__in=["province", "regency", "city"]),
                name="regional_agency_has_region",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, **kwargs: object) -> None:
        self.name_key = sort_name(self.name)
        super().save(**kwargs)  # type: ignore[arg-type]

    @property
    def is_regional(self) -> bool:
        return self.region_id is not None

    @property
    def province_code(self) -> str:
        """The province's code, or "" for a central agency."""
        return (self.region_id or "")[:2]

    @property
    def tz(self) -> str:
        """The zone in which this agency's people read times (region loaded)."""
        return self.region.tz if self.region else "Asia/Jakarta"

    @property
    def personnel_words(self) -> str:
        """The office that keeps the agency's personnel: its name, else what such an office is
        called."""
        return self.personnel_office or ("BKD/BKPSDM" if self.is_regional else "Biro Kepegawaian")

    @property
    def head_of_unit_title(self) -> str:
        """What the agency calls the head of a work unit."""
        return "Pimpinan Perangkat Daerah" if self.is_regional else "Pimpinan Unit Kerja"


class WorkUnit(models.Model):
    """A work unit (perangkat daerah, unit kerja) of an agency, and its head."""

    class Capacity(models.TextChoices):
        DEFINITE = "", "Definitif"
        PLT = "Plt.", "Plt."
        PLH = "Plh.", "Plh."

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="work_units")
    name = models.CharField("nama unit kerja", max_length=150)
    address = models.CharField("alamat", max_length=300, blank=True)
    head_name = models.CharField("nama pimpinan, dengan gelar", max_length=150, blank=True)
    head_nip = models.CharField("NIP pimpinan", max_length=18, blank=True)
    head_rank = models.ForeignKey(
        Rank, models.PROTECT, null=True, blank=True, verbose_name="pangkat pimpinan"
    )
    head_post = models.CharField("jabatan pimpinan", max_length=150, blank=True)
    head_capacity = models.CharField(
        "kedudukan", max_length=4, choices=Capacity, blank=True, default=Capacity.DEFINITE
    )
    is_active = models.BooleanField("dipakai", default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("agency", Lower("name"), name="work_unit_once_per_agency")
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, username: str, email: str = "", password: str | None = None, **fields: object
    ) -> User:
        """Create an account; without a password it cannot sign in until one is set by link."""
        user = self.model(username=username, email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """One person, one account, over all periods and roles."""

    username = models.CharField(
        "nama pengguna", max_length=40, unique=True, validators=[UnicodeUsernameValidator()]
    )
    nip = models.CharField("NIP", max_length=18, unique=True, null=True, blank=True)
    name = models.CharField("nama", max_length=150)
    title_before = models.CharField("gelar depan", max_length=40, blank=True)
    title_after = models.CharField("gelar belakang", max_length=60, blank=True)
    email = models.EmailField("email", blank=True)
    phone = models.CharField("telepon", max_length=40, blank=True)
    employer = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="employees"
    )
    is_active = models.BooleanField("aktif", default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="email_once")
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """The name with titles, as it is printed."""
        return full_name(self.title_before, self.name, self.title_after)

    def get_full_name(self) -> str:
        return self.full_name

    @property
    def has_been_used(self) -> bool:
        """Whether the owner has set a password; until then an operator may correct the address."""
        return self.has_usable_password()


def full_name(title_before: str, name: str, title_after: str) -> str:
    """A name with its titles: "dr. Citra Ayu, M.Kes."."""
    head = f"{title_before} {name}".strip()
    return f"{head}, {title_after}" if title_after else head


class RoleGrant(models.Model):
    """A role given to a person, per agency (operator) or per office (proctor)."""

    class Role(models.TextChoices):
        OPERATOR = "operator", "Operator instansi"
        VERIFIER = "verifier", "Verifikator BPS"
        PROCTOR = "proctor", "Pengawas ujian"
        SIGNER = "signer", "Penanda tangan"
        ADMIN = "admin", "Administrator"

    user = models.ForeignKey(User, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=10, choices=Role)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="grants")
    office = models.ForeignKey(
        BpsOffice, models.PROTECT, null=True, blank=True, related_name="grants"
    )
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["granted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "agency", "office"],
                condition=Q(revoked_at__isnull=True),
                nulls_distinct=False,
                name="grant_once",
            ),
            models.CheckConstraint(
                condition=(
                    Q(role="operator", agency__isnull=False, office__isnull=True)
                    | Q(role="proctor", agency__isnull=True, office__isnull=False)
                    | Q(
                        role__in=["verifier", "signer", "admin"],
                        agency__isnull=True,
                        office__isnull=True,
                    )
                ),
                name="grant_has_its_scope",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class VerifierScope(models.Model):
    """One line of a verifier's work: a position or all, a province or all. None = sees nothing."""

    user = models.ForeignKey(User, models.CASCADE, related_name="scopes")
    position = models.ForeignKey(Position, models.PROTECT, null=True, blank=True, related_name="+")
    province = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "position", "province"], nulls_distinct=False, name="scope_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.position or 'semua jabatan'}, {self.province or 'semua provinsi'}"


class SignerProfile(models.Model):
    """What a signer's block in a letter says."""

    user = models.OneToOneField(User, models.PROTECT, related_name="signer_profile")
    capacity = models.CharField(
        "atas nama",
        max_length=80,
        blank=True,
        help_text="Misalnya a.n. Kepala Badan Pusat Statistik",
    )
    post = models.CharField("jabatan", max_length=100)
    rank = models.ForeignKey(Rank, models.PROTECT, null=True, blank=True)
    unit_code = models.CharField("kode unit dalam nomor surat", max_length=10, default="2340")

    def __str__(self) -> str:
        return f"{self.post}: {self.user}"


class OneTimeLink(models.Model):
    """A link that works once; only the hash of its token is kept."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Undangan"
        OPERATOR_REQUEST = "operator_request", "Konfirmasi alamat permohonan operator"

    kind = models.CharField(max_length=20, choices=Kind)
    subject_id = models.BigIntegerField()
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "subject_id"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject_id}"

    @classmethod
    def issue(cls, kind: str, subject_id: int, *, valid_for: timedelta) -> str:
        """A fresh token for the subject; links made earlier for it stop working."""
        cls.objects.filter(kind=kind, subject_id=subject_id, used_at=None).delete()
        token = secrets.token_urlsafe(32)
        cls.objects.create(
            kind=kind,
            subject_id=subject_id,
            token_hash=hash_token(token),
            expires_at=timezone.now() + valid_for,
        )
        return token

    @classmethod
    def find(cls, kind: str, token: str) -> OneTimeLink | None:
        """The unused, unexpired link of a token, or None."""
        return cls.objects.filter(
            kind=kind, token_hash=hash_token(token), used_at=None, expires_at__gt=timezone.now()
        ).first()

    def consume(self) -> bool:
        """Use the link up; False when somebody else was first."""
        return bool(
            OneTimeLink.objects.filter(pk=self.pk, used_at=None).update(used_at=timezone.now())
        )


def hash_token(token: str) -> str:
    """SHA-256 of a token, in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()
