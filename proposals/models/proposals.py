"""The proposal and who may see it.

`Proposal.status` is the one coarse truth about who holds a proposal. Later stages keep their own
detail in their own records and move the status through `proposals.workflow` only.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q

from inpassing.accounts.models import Agency, User, WorkUnit, full_name, sort_name
from inpassing.accounts.roles import roles_of
from inpassing.reference.models import (
    EducationLevel,
    Period,
    Position,
    PositionLevel,
    Rank,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def in_scope(user: User | AnonymousUser, prefix: str = "") -> Q:
    """What lies in a verifier's scope and is not of the agency that they belong to.

    `prefix` leads to the record that has `agency` and `position`, for example "proposal__".
    """
    roles = roles_of(user)
    scope = Q(pk__in=[])
    for position, province in roles.scopes:
        line = Q()
        if position:
            line &= Q(**{f"{prefix}position": position})
        if province:
            line &= Q(**{f"{prefix}agency__region__code": province}) | Q(
                **{f"{prefix}agency__region__province": province}
            )
        # an empty Q matches everything: a scope row for all positions and all provinces
        scope = scope | (line if line else Q(pk__isnull=False))
    own = set(roles.agency_ids)
    employer = getattr(user, "employer_id", None)
    if employer:
        own.add(employer)
    return scope & ~Q(**{f"{prefix}agency__in": own}) if own else scope


def on_desk(user: User | AnonymousUser) -> Q:
    """The proposals that a verifier may handle: in scope, sent by the agency, not the own."""
    mine = Q(participant=user.pk)
    if isinstance(user, User) and user.nip:
        mine |= Q(nip=user.nip)
    return in_scope(user) & ~Q(status=Proposal.Status.DRAFT) & ~mine


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, user: User | AnonymousUser) -> ProposalQuerySet:
        """Proposals whose existence `user` may know of: all for an administrator, the own agency's
        for an operator, the own for a participant, those in scope (never the own or the own
        agency's) for a verifier."""
        if not isinstance(user, User):
            return self.none()
        roles = roles_of(user)
        if roles.is_admin:
            return self
        visible = Q(participant=user)
        if roles.is_operator:
            visible |= Q(agency__in=roles.agency_ids)
        if roles.is_verifier:
            visible |= on_desk(user)
        return self.filter(visible)

    def on_desk_of(self, user: User | AnonymousUser) -> ProposalQuerySet:
        """What a verifier may handle: in scope, sent by the agency, not the own."""
        return self.filter(on_desk(user))

    def active(self) -> ProposalQuerySet:
        """Proposals that have not ended."""
        return self.filter(status__in=Proposal.ACTIVE)

    def reserving(self) -> ProposalQuerySet:
        """Proposals that hold a post of the formation without having used it."""
        return self.filter(status__in=Proposal.RESERVING)

    def holding_post(self) -> ProposalQuerySet:
        """Proposals whose post is used: recommended or appointed."""
        return self.filter(status__in=[Proposal.Status.RECOMMENDED, Proposal.Status.APPOINTED])

    def for_list(self) -> ProposalQuerySet:
        """Rows for a list: every relation that a row prints is loaded."""
        return self.select_related(
            "agency__region", "position", "level__position", "period", "rank", "work_unit"
        )

    def for_rows(self, *also: str) -> ProposalQuerySet:
        """Rows for a long list: only what a line prints is read (and the fields named in `also`),
        which costs a third of whole records."""
        return self.select_related("agency", "level").only(
            "nip",
            "title_before",
            "name",
            "title_after",
            "status",
            "status_since",
            "submitted_at",
            "participant_id",
            "agency__name",
            "level__name",
            *also,
        )

    def awaiting_nomination_check(self) -> ProposalQuerySet:
        return self.filter(status=Proposal.Status.NOMINATED)

    def awaiting_verification(self) -> ProposalQuerySet:
        return self.filter(status=Proposal.Status.SUBMITTED)

    def awaiting_portfolio(self) -> ProposalQuerySet:
        return self.filter(status=Proposal.Status.ELIGIBLE)

    def awaiting_test(self) -> ProposalQuerySet:
        return self.filter(status=Proposal.Status.TEST_REQUIRED)

    def ready(self) -> ProposalQuerySet:
        return self.filter(status=Proposal.Status.READY)


class Proposal(models.Model):
    """One civil servant's submission in one period."""

    # What the participant fills in before sending; the last two only a structural official.
    DATA = (
        "phone",
        "address",
        "current_post",
        "work_field",
        "work_since",
        "duties",
        "programme",
        "institution",
        "graduation_year",
    )
    STRUCTURAL_DATA = ("structural_decree", "structural_since")

    class Status(models.TextChoices):
        DRAFT = "draft", "Konsep operator"
        NOT_PROPOSED = "not_proposed", "Tidak diusulkan"
        NOMINATED = "nominated", "Menunggu verifikasi usulan"
        NOMINATION_REJECTED = "nomination_rejected", "Usulan ditolak"
        FILLING = "filling", "Peserta melengkapi berkas"
        SUBMITTED = "submitted", "Menunggu verifikasi berkas"
        RETURNED = "returned", "Dikembalikan untuk perbaikan"
        NOT_ELIGIBLE = "not_eligible", "Tidak memenuhi syarat"
        ELIGIBLE = "eligible", "Memenuhi syarat, menunggu uji portofolio"
        PORTFOLIO_FAILED = "portfolio_failed", "Tidak lulus portofolio"
        TEST_REQUIRED = "test_required", "Wajib uji kompetensi"
        TEST_FAILED = "test_failed", "Tidak lulus uji kompetensi"
        TEST_ABSENT = "test_absent", "Tidak hadir uji kompetensi"
        READY = "ready", "Siap direkomendasikan"
        NOT_RECOMMENDED = "not_recommended", "Tidak direkomendasikan"
        RECOMMENDED = "recommended", "Direkomendasikan"
        APPOINTED = "appointed", "Diangkat"
        WITHDRAWN = "withdrawn", "Ditarik"

    ENDED = frozenset(
        {
            Status.NOT_PROPOSED,
            Status.NOMINATION_REJECTED,
            Status.NOT_ELIGIBLE,
            Status.PORTFOLIO_FAILED,
            Status.TEST_FAILED,
            Status.TEST_ABSENT,
            Status.NOT_RECOMMENDED,
            Status.WITHDRAWN,
        }
    )
    ACTIVE = frozenset(set(Status) - ENDED)
    RESERVING = frozenset(
        {
            Status.NOMINATED,
            Status.FILLING,
            Status.SUBMITTED,
            Status.RETURNED,
            Status.ELIGIBLE,
            Status.TEST_REQUIRED,
            Status.READY,
        }
    )
    # Before READY, so that a withdrawal is still possible.
    WITHDRAWABLE = frozenset(
        {
            Status.DRAFT,
            Status.NOMINATED,
            Status.FILLING,
            Status.SUBMITTED,
            Status.RETURNED,
            Status.ELIGIBLE,
            Status.TEST_REQUIRED,
        }
    )

    class EducationField(models.TextChoices):
        STATISTICS = "statistik", "Statistik"
        IT = "teknologi_informasi", "Teknologi informasi"
        OTHER = "lainnya", "Lainnya"

    class Sex(models.IntegerChoices):
        MALE = 1, "Laki-laki"
        FEMALE = 2, "Perempuan"

    period = models.ForeignKey(
        Period, models.PROTECT, related_name="proposals", verbose_name="periode"
    )
    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="proposals", verbose_name="instansi"
    )
    work_unit = models.ForeignKey(
        WorkUnit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="proposals",
        verbose_name="unit kerja",
    )
    participant = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    previous = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="later"
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    version = models.PositiveIntegerField(default=1)

    # Typed by the operator; position, level and agency are frozen from NOMINATED on.
    nip = models.CharField("NIP", max_length=18)
    name = models.CharField("nama lengkap", max_length=150)
    title_before = models.CharField("gelar depan", max_length=40, blank=True)
    title_after = models.CharField("gelar belakang", max_length=60, blank=True)
    sort_name = models.CharField(max_length=150, editable=False)
    search = models.GeneratedField(
        expression=SearchVector("sort_name", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    birth_date = models.DateField("tanggal lahir menurut SK")
    sex = models.PositiveSmallIntegerField("jenis kelamin", choices=Sex)
    email = models.EmailField("email pribadi")
    phone = models.CharField("telepon", max_length=40, blank=True)
    position = models.ForeignKey(
        Position, models.PROTECT, related_name="proposals", verbose_name="jabatan fungsional"
    )
    level = models.ForeignKey(
        PositionLevel, models.PROTECT, related_name="proposals", verbose_name="jenjang"
    )
    rank = models.ForeignKey(
        Rank, models.PROTECT, related_name="+", verbose_name="pangkat dan golongan ruang"
    )
    rank_effective_on = models.DateField("TMT pangkat")
    education = models.ForeignKey(
        EducationLevel, models.PROTECT, related_name="+", verbose_name="pendidikan terakhir"
    )
    is_structural = models.BooleanField("sedang memegang jabatan struktural", default=False)
    dismissed_before = models.BooleanField(
        "pernah diberhentikan dari Pranata Komputer", default=False
    )

    # Completed by the participant.
    address = models.CharField("alamat", max_length=300, blank=True)
    # Seen by seating and the proctor only; not even that it changed is told to others.
    special_needs = models.CharField("kebutuhan khusus saat ujian", max_length=300, blank=True)
    current_post = models.CharField("jabatan sekarang", max_length=150, blank=True)
    structural_decree = models.CharField("nomor SK jabatan struktural", max_length=100, blank=True)
    structural_since = models.DateField("tanggal SK jabatan struktural", null=True, blank=True)
    work_field = models.CharField("bidang pekerjaan", max_length=150, blank=True)
    work_since = models.DateField("bekerja di bidang itu sejak", null=True, blank=True)
    duties = models.TextField("uraian tugas", max_length=2000, blank=True)
    programme = models.CharField("program studi pada ijazah", max_length=150, blank=True)
    institution = models.CharField("lembaga pendidikan", max_length=150, blank=True)
    graduation_year = models.PositiveSmallIntegerField("tahun lulus", null=True, blank=True)

    # Set by BPS only: decides the exemption from the test.
    education_field = models.CharField(
        "bidang pendidikan", max_length=20, choices=EducationField, blank=True
    )

    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    nominated_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    filing_deadline = models.DateTimeField("batas pengiriman berkas", null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    repair_deadline = models.DateTimeField("batas perbaikan", null=True, blank=True)
    status_since = models.DateTimeField()
    end_note = models.CharField("alasan", max_length=1000, blank=True)
    resubmissions = models.PositiveSmallIntegerField(default=0)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "nip"],
                condition=~Q(
                    status__in=[
                        "not_proposed",
                        "nomination_rejected",
                        "not_eligible",
                        "portfolio_failed",
                        "test_failed",
                        "test_absent",
                        "not_recommended",
                        "withdrawn",
                    ]
                ),
                name="one_active_proposal_per_nip",
            ),
            models.CheckConstraint(condition=Q(nip__regex=r"^[0-9]{18}$"), name="nip_is_18_digits"),
        ]
        indexes = [
            # With what decides whether a row is in somebody's scope, so that counting a queue
            # reads no row.
            models.Index(
                fields=["status", "status_since", "id"],
                include=["agency", "position", "participant", "nip"],
                name="proposal_queue",
            ),
            # A narrow scope is few agencies: their part of a queue is counted from this alone.
            models.Index(
                fields=["agency", "status", "status_since", "id"],
                include=["position", "participant", "nip"],
                name="proposal_desk",
            ),
            models.Index(
                fields=["status", "status_since", "id"],
                condition=Q(resubmissions__gt=0),
                name="proposal_sent_again",
            ),
            models.Index(fields=["status_since", "id"], name="proposal_changed"),
            models.Index(fields=["period", "status"], name="proposal_period"),
            models.Index(fields=["agency", "period", "status"], name="proposal_agency"),
            models.Index(fields=["sort_name", "id"], name="proposal_name"),
            models.Index(OpClass("nip", name="varchar_pattern_ops"), name="proposal_nip"),
            GinIndex(fields=["search"], name="proposal_search"),
        ]

    def __str__(self) -> str:
        return f"{self.full_name} ({self.get_status_display()})"

    def save(self, **kwargs: object) -> None:
        self.sort_name = sort_name(self.name)
        super().save(**kwargs)  # type: ignore[arg-type]

    @property
    def full_name(self) -> str:
        return full_name(self.title_before, self.name, self.title_after)

    @property
    def has_ended(self) -> bool:
        return self.status in self.ENDED

    @property
    def is_editable_by_participant(self) -> bool:
        """Whether the participant may change data and documents now."""
        return self.status in {self.Status.FILLING, self.Status.RETURNED}

    @property
    def deadline(self) -> dt.datetime | None:
        """Until when the participant must send: the repair date for a returned proposal."""
        if self.status == self.Status.RETURNED:
            return max(filter(None, [self.repair_deadline, self.filing_deadline]), default=None)
        return self.filing_deadline

    def missing_data(self) -> list[str]:
        """Indonesian names of the data fields that are still empty."""
        fields = self.DATA + (self.STRUCTURAL_DATA if self.is_structural else ())
        return [
            str(self._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            for name in fields
            if not getattr(self, name)
        ]


class AgencyDeadline(models.Model):
    """An agency's own filing deadline in a period: earlier by its wish, or extended by BPS."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="agency_deadlines")
    agency = models.ForeignKey(Agency, models.CASCADE, related_name="deadlines")
    filing_deadline = models.DateTimeField("batas pengiriman berkas")
    reason = models.CharField("alasan", max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "agency"], name="agency_deadline_once")
        ]

    def __str__(self) -> str:
        return f"{self.agency}, {self.period}: {self.filing_deadline}"
