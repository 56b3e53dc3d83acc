"""Stage 1: operator requests, formations, proposals and their documents.

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
from inpassing.files.models import StoredFile
from inpassing.reference.models import (
    EducationLevel,
    Period,
    Position,
    PositionLevel,
    Rank,
    Region,
    RequiredDocument,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


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
            models.Index(fields=["status", "status_since", "id"], name="proposal_queue"),
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


class ImportBatch(models.Model):
    """A file that an operator sent, of candidates or of work units: read and judged by a worker,
    then saved."""

    class Kind(models.TextChoices):
        CANDIDATES = "candidates", "Calon"
        UNITS = "units", "Unit kerja"

    class State(models.TextChoices):
        READING = "reading", "Sedang dibaca"
        JUDGING = "judging", "Sedang diperiksa"
        READY = "ready", "Siap disimpan"
        SAVING = "saving", "Sedang disimpan"
        DONE = "done", "Selesai"
        CANCELLED = "cancelled", "Dibatalkan"
        FAILED = "failed", "Terhenti"

    WORKING = frozenset({State.READING, State.JUDGING, State.SAVING})
    CANCELLABLE = frozenset({State.READING, State.JUDGING, State.READY})

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="imports")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CANDIDATES)
    period = models.ForeignKey(Period, models.PROTECT, null=True, related_name="imports")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    name = models.CharField("nama berkas", max_length=200)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    marked = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="berkas bertanda"
    )
    state = models.CharField(max_length=9, choices=State, default=State.READING)
    message = models.CharField("keterangan", max_length=500, blank=True)
    ignored_columns = models.JSONField(default=list)
    total = models.PositiveIntegerField("baris", default=0)
    done = models.PositiveIntegerField("baris selesai", default=0)
    counts = models.JSONField(default=dict, help_text="outcome or result -> rows")
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField("isi dihapus", null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["reading", "judging", "saving"]),
                name="import_working",
            ),
            models.Index(fields=["agency", "-created_at"], name="import_agency"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="units") | Q(period__isnull=False), name="import_has_its_period"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_working(self) -> bool:
        return self.state in self.WORKING

    @property
    def savable(self) -> int:
        """How many rows saving would write."""
        return int(self.counts.get("new", 0)) + int(self.counts.get("changed", 0))


class ImportRow(models.Model):
    """One row of such a file: what is written, what the validators say, what became of it."""

    class Outcome(models.TextChoices):
        WAITING = "", "Belum diperiksa"
        NEW = "new", "Baru"
        CHANGED = "changed", "Berubah"
        SAME = "same", "Sama"
        ERROR = "error", "Perlu dibetulkan"

    class Result(models.TextChoices):
        NONE = "", "Belum disimpan"
        CREATED = "created", "Konsep dibuat"
        CHANGED = "updated", "Konsep diubah"
        SAME = "unchanged", "Sama, tidak diubah"
        REFUSED = "refused", "Tidak disimpan"

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("baris")
    nip = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=254, blank=True)
    data = models.JSONField(help_text="column -> text as written")
    outcome = models.CharField(max_length=7, choices=Outcome, blank=True, default=Outcome.WAITING)
    errors = models.JSONField(default=dict, help_text="column -> sentences")
    warnings = models.JSONField(default=list)
    changes = models.JSONField(default=list, help_text="names of the fields that change")
    result = models.CharField(max_length=9, choices=Result, blank=True, default=Result.NONE)
    proposal = models.ForeignKey(Proposal, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="import_row_once")]
        indexes = [
            models.Index(fields=["batch", "outcome", "number"], name="import_row_outcome"),
            models.Index(fields=["batch", "nip"], name="import_row_nip"),
        ]

    def __str__(self) -> str:
        return f"baris {self.number}"


class Batch(models.Model):
    """One act on many proposals, asked for at once: each row is done by a worker on its own.

    `kind` says which act; whoever works on a kind gives the act to `proposals.batches.work_due`.
    """

    class Kind(models.TextChoices):
        NOMINATE = "nominate", "Usulkan ke BPS"
        APPROVE = "approve", "Setujui usulan"
        PASS_PORTFOLIO = "pass_portfolio", "Luluskan portofolio"

    class State(models.TextChoices):
        RUNNING = "running", "Sedang dikerjakan"
        DONE = "done", "Selesai"
        CANCELLED = "cancelled", "Dihentikan"
        FAILED = "failed", "Terhenti"

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.UUIDField(unique=True, help_text="made with the page that asks: sent twice, once")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField("usulan", default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["kind", "id"], condition=Q(state="running"), name="batch_running"),
            models.Index(fields=["created_by", "-created_at"], name="batch_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.total} usulan"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING


class BatchRow(models.Model):
    """One proposal of a batch and what became of it."""

    class Result(models.TextChoices):
        WAITING = "", "Menunggu giliran"
        DONE = "done", "Berhasil"
        REFUSED = "refused", "Tidak berhasil"
        CANCELLED = "cancelled", "Tidak dikerjakan"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("baris")
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="batch_rows")
    version = models.PositiveIntegerField(
        null=True, blank=True, help_text="of the proposal when it was chosen; null: any will do"
    )
    result = models.CharField(max_length=9, choices=Result, blank=True, default=Result.WAITING)
    message = models.CharField("keterangan", max_length=1000, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "proposal"], name="batch_row_once"),
            models.UniqueConstraint(fields=["batch", "number"], name="batch_row_number"),
        ]
        indexes = [models.Index(fields=["batch", "result", "number"], name="batch_row_result")]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_result_display()}"
