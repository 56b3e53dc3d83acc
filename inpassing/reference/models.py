"""Facts that every stage reads: regions, offices, ranks, positions, periods and their rules."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.utils import timezone


class Region(models.Model):
    """A province, regency or city by its code. Source: Kepmendagri 300.2.2-2138/2025."""

    class Kind(models.TextChoices):
        PROVINCE = "province", "Provinsi"
        REGENCY = "regency", "Kabupaten"
        CITY = "city", "Kota"

    code = models.CharField(max_length=8, primary_key=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind)
    province = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="regions"
    )
    tz = models.CharField(max_length=32, default="Asia/Jakarta")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class BpsOffice(models.Model):
    """A BPS office: the head office, a province's, a regency's or a city's; the only test sites."""

    region = models.OneToOneField(
        Region, models.PROTECT, null=True, blank=True, related_name="office"
    )
    name = models.CharField(max_length=150, unique=True)
    bps_code = models.CharField("kode BPS", max_length=8, blank=True)
    address = models.CharField("alamat", max_length=300, blank=True)
    contact = models.CharField("kontak", max_length=150, blank=True)
    tz = models.CharField("zona waktu", max_length=32, default="Asia/Jakarta")
    capacity = models.PositiveIntegerField("kapasitas", default=20)
    every_second_seat = models.BooleanField("kursi berselang", default=False)
    is_active = models.BooleanField("dipakai", default=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def usable_seats(self) -> int:
        """How many people can sit at one time: with every second seat in use, half of them."""
        return (self.capacity + 1) // 2 if self.every_second_seat else self.capacity


class Rank(models.Model):
    """A civil servant's rank, for example III/a Penata Muda."""

    code = models.CharField(max_length=8, primary_key=True)
    order = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["order"]

    def __str__(self) -> str:
        return f"{self.name}, {self.code}"


class EducationLevel(models.Model):
    """An education level; D-IV and S1 share an order because the rules treat them alike."""

    code = models.CharField(max_length=8, primary_key=True)
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class Position(models.Model):
    """A functional position: Statistisi or Pranata Komputer."""

    code = models.CharField(max_length=16, primary_key=True)
    name = models.CharField(max_length=50, unique=True)
    education_field = models.CharField(
        "bidang pendidikan", max_length=32, help_text="Bidang pendidikan yang sesuai"
    )

    class Meta:
        ordering = ["-name"]

    def __str__(self) -> str:
        return self.name


class PositionLevel(models.Model):
    """A level (jenjang) of a position, with the ranks that fit it by the shipped table."""

    class Category(models.TextChoices):
        SKILL = "skill", "Keterampilan"
        EXPERT = "expert", "Keahlian"

    position = models.ForeignKey(Position, models.PROTECT, related_name="levels")
    category = models.CharField(max_length=8, choices=Category)
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=80, unique=True)
    name_2004 = models.CharField(max_length=80)
    order = models.PositiveSmallIntegerField()
    ranks = models.ManyToManyField(Rank, related_name="+")
    in_inpassing_2020 = models.BooleanField()
    confidence = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["position", "order"]
        constraints = [
            models.UniqueConstraint(fields=["position", "code"], name="level_once_per_position")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def short_name(self) -> str:
        """The level alone: "Ahli Pertama" of "Pranata Komputer Ahli Pertama"."""
        return self.name.removeprefix(self.position.name).strip()


class ReturnReason(models.Model):
    """A reusable reason for returning a document. Source: domain.md section 8."""

    code = models.SlugField(max_length=40, primary_key=True)
    text = models.CharField("alasan", max_length=200)
    action = models.CharField("yang harus dilakukan", max_length=200, blank=True)
    order = models.PositiveSmallIntegerField("urutan", default=0)
    is_active = models.BooleanField("dapat dipilih", default=True)

    class Meta:
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.text

    @property
    def sentence(self) -> str:
        """The reason and what to do about it, as the participant reads it."""
        return f"{self.text}. {self.action}" if self.action else self.text


def one_month_after(day: dt.date) -> dt.date:
    """The same day of the next month, or the last one that it has: 28 February after 31 January."""
    year, month = day.year + day.month // 12, day.month % 12 + 1
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))


class PeriodQuerySet(models.QuerySet["Period"]):
    def open(self) -> PeriodQuerySet:
        """Periods in which the stages go on."""
        return self.filter(status=Period.Status.OPEN)

    def accepting_nominations(self, at: dt.datetime | None = None) -> PeriodQuerySet:
        """Open periods whose nomination window holds the moment `at` (default: now), its grace
        included."""
        at = at or timezone.now()
        grace = ExpressionWrapper(
            F("grace_minutes") * dt.timedelta(minutes=1), models.DurationField()
        )
        return self.open().filter(opens_at__lte=at, nomination_deadline__gt=Value(at) - grace)


class Period(models.Model):
    """One inpassing period with its dates and rules. All deadlines are moments, not days."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Konsep"
        OPEN = "open", "Dibuka"
        CLOSED = "closed", "Ditutup"

    name = models.CharField("nama", max_length=100, unique=True)
    number = models.PositiveSmallIntegerField("nomor periode")
    year = models.PositiveSmallIntegerField("tahun")
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    legal_basis = models.TextField("dasar hukum", blank=True)
    positions = models.ManyToManyField(Position, through="PeriodPosition", related_name="periods")
    opens_at = models.DateTimeField("pengusulan dibuka")
    nomination_deadline = models.DateTimeField("batas pengusulan")
    filing_deadline = models.DateTimeField("batas pengiriman berkas")
    verification_until = models.DateField("verifikasi sampai")
    test_from = models.DateField("uji kompetensi mulai")
    test_until = models.DateField("uji kompetensi sampai")
    seats_locked_at = models.DateTimeField("kursi dapat dipindahkan sampai", null=True, blank=True)
    results_at = models.DateTimeField("pengumuman hasil")
    ends_on = models.DateField("periode berakhir")
    recommendation_on = models.DateField("tanggal rekomendasi")
    appointment_by = models.DateField("pengangkatan paling lambat", null=True, blank=True)
    waves = ArrayField(
        models.CharField(max_length=40), verbose_name="gelombang", default=list, blank=True
    )
    contact_name = models.CharField("narahubung", max_length=100, blank=True)
    contact_phone = models.CharField("telepon narahubung", max_length=40, blank=True)
    contact_email = models.EmailField("email narahubung", blank=True)
    min_filling_days = models.PositiveSmallIntegerField(
        "hari kerja pengisian paling sedikit", default=5
    )
    grace_minutes = models.PositiveSmallIntegerField("menit tenggang", default=10)
    repair_days = models.PositiveSmallIntegerField("hari perbaikan", default=7)
    rank_mismatch_is_warning = models.BooleanField(
        "pangkat tidak sesuai hanya peringatan", default=False
    )
    age_reference_on = models.DateField("tanggal acuan usia", null=True, blank=True)
    min_field_years = models.PositiveSmallIntegerField(
        "tahun pengalaman di bidang paling sedikit",
        default=2,
        help_text="Menurut surat pernyataan, diperiksa verifikator (aturan E4).",
    )
    statement_stamp = models.BooleanField(
        "tempat meterai pada surat pernyataan",
        default=False,
        help_text="Surat pernyataan terisi diberi tempat meterai di samping tanda tangan.",
    )
    skill_education = models.ForeignKey(
        EducationLevel,
        models.PROTECT,
        default="SLTA",
        related_name="+",
        verbose_name="pendidikan terendah jenjang keterampilan",
    )
    expert_education = models.ForeignKey(
        EducationLevel,
        models.PROTECT,
        default="S1",
        related_name="+",
        verbose_name="pendidikan terendah jenjang keahlian",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="period_once_per_year"),
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("nomination_deadline"))
                & Q(nomination_deadline__lt=F("filing_deadline"))
                & Q(test_from__lte=F("test_until"))
                & Q(ends_on__lte=F("recommendation_on")),
                name="period_dates_rise",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def moves_seats(self, at: dt.datetime | None = None) -> bool:
        """Whether people may still be moved from seat to seat at the moment `at` (default: now)."""
        return self.seats_locked_at is None or (at or timezone.now()) < self.seats_locked_at

    def accepts_nominations(self, at: dt.datetime | None = None) -> bool:
        """Whether a nomination may be sent at the moment `at` (default: now): until the deadline
        and its grace, when closing ends the drafts."""
        at = at or timezone.now()
        closes_at = self.nomination_deadline + self.grace
        return self.status == self.Status.OPEN and self.opens_at <= at < closes_at

    @property
    def grace(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.grace_minutes)

    @property
    def age_date(self) -> dt.date:
        """The day on which ages count: set by an administrator, else the filing deadline's day."""
        return self.age_reference_on or timezone.localdate(
            self.filing_deadline, ZoneInfo("Asia/Jakarta")
        )


class PeriodPosition(models.Model):
    """A position that is open in a period, with its passing grade."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="period_positions")
    position = models.ForeignKey(Position, models.PROTECT, related_name="+")
    passing_grade = models.DecimalField(
        "nilai lulus",
        max_digits=5,
        decimal_places=2,
        default=70,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["period", "position"], name="position_once_per_period")
        ]

    def __str__(self) -> str:
        return f"{self.position} · {self.period}"


class TestComponent(models.Model):
    """A part of the competency test and its weight in percent."""

    period_position = models.ForeignKey(PeriodPosition, models.CASCADE, related_name="components")
    order = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=80)
    weight = models.PositiveSmallIntegerField(
        "bobot", validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    class Meta:
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.name


class RequiredDocumentQuerySet(models.QuerySet["RequiredDocument"]):
    def asked(self) -> RequiredDocumentQuerySet:
        """Documents that are asked of whoever is approved from now on."""
        return self.filter(is_active=True)


class RequiredDocument(models.Model):
    """A document that a period asks for; one that is switched off is asked of nobody new."""

    class Condition(models.TextChoices):
        ALWAYS = "always", "Semua peserta"
        STRUCTURAL = "structural", "Pejabat struktural"

    period = models.ForeignKey(Period, models.CASCADE, related_name="required_documents")
    order = models.PositiveSmallIntegerField(default=0)
    code = models.SlugField(max_length=40)
    name = models.CharField("nama", max_length=200)
    certified_copy = models.BooleanField("fotokopi dilegalisasi")
    condition = models.CharField("berlaku bagi", max_length=12, choices=Condition)
    signer = models.CharField("penanda tangan", max_length=100, blank=True)
    is_active = models.BooleanField("diminta", default=True)

    objects = RequiredDocumentQuerySet.as_manager()

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["period", "code"], name="document_once_per_period")
        ]

    def __str__(self) -> str:
        return self.name


class TestRule(models.Model):
    """Who must sit the test; the first rule that matches decides. An empty value matches all."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="test_rules")
    order = models.PositiveSmallIntegerField(default=0)
    position = models.ForeignKey(Position, models.PROTECT, null=True, blank=True, related_name="+")
    education_field = models.CharField("bidang pendidikan", max_length=32, blank=True)
    level_code = models.CharField("jenjang", max_length=16, blank=True)
    portfolio = models.BooleanField("uji portofolio", default=True)
    competency_test = models.BooleanField("uji kompetensi", default=True)

    class Meta:
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return f"Aturan uji {self.order}"

    @property
    def words(self) -> str:
        """Whom it concerns beside the position: "pendidikan statistik, jenjang terampil"."""
        field = self.education_field.replace("_", " ") or "semua bidang"
        return f"pendidikan {field}, jenjang {self.level_code or 'semua'}"


class AgeLimit(models.Model):
    """The age that a civil servant must be under, for a band of ranks (rule E11)."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="age_limits")
    from_rank = models.ForeignKey(Rank, models.PROTECT, related_name="+")
    to_rank = models.ForeignKey(Rank, models.PROTECT, related_name="+")
    under_years = models.PositiveSmallIntegerField("di bawah usia (tahun)")

    class Meta:
        ordering = ["from_rank__order"]

    def __str__(self) -> str:
        return f"{self.from_rank_id}–{self.to_rank_id}: < {self.under_years}"


class PeriodLevel(models.Model):
    """A level that can be proposed in a period, with the ranks that fit it (rule E9)."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="period_levels")
    level = models.ForeignKey(PositionLevel, models.PROTECT, related_name="+")
    ranks = models.ManyToManyField(Rank, related_name="+")

    class Meta:
        ordering = ["level__position", "level__order"]
        constraints = [
            models.UniqueConstraint(fields=["period", "level"], name="level_once_per_period")
        ]

    def __str__(self) -> str:
        return str(self.level)


class PortfolioItemQuerySet(models.QuerySet["PortfolioItem"]):
    def asked(self) -> PortfolioItemQuerySet:
        """Questions that an assessment answers from now on."""
        return self.filter(is_active=True)


class PortfolioItem(models.Model):
    """A question of the portfolio assessment in a period; switched off, it is asked no more."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="portfolio_items")
    position = models.ForeignKey(Position, models.PROTECT, related_name="+")
    order = models.PositiveSmallIntegerField(default=0)
    code = models.CharField(max_length=20)
    question = models.CharField("pertanyaan", max_length=300)
    evidence = models.CharField("bukti", max_length=300, blank=True)
    required = models.BooleanField("wajib", default=True)
    is_active = models.BooleanField("ditanyakan", default=True)

    objects = PortfolioItemQuerySet.as_manager()

    class Meta:
        ordering = ["position", "order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "position", "code"], name="item_once_per_period"
            )
        ]

    def __str__(self) -> str:
        return self.question


class FormationColumn(models.Model):
    """A column that every formation of a period has beside needed and filled."""

    class Kind(models.TextChoices):
        TEXT = "text", "Teks"
        NUMBER = "number", "Angka"

    period = models.ForeignKey(Period, models.CASCADE, related_name="formation_columns")
    order = models.PositiveSmallIntegerField("urutan", default=0)
    label = models.CharField("judul kolom", max_length=40)
    kind = models.CharField("isi", max_length=6, choices=Kind, default=Kind.TEXT)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["period", "label"], name="formation_column_once")
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_number(self) -> bool:
        return self.kind == self.Kind.NUMBER


class InpassingCredit(models.Model):
    """Credit points given at inpassing; the shipped table is empty because no source states it."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="credits")
    rank = models.ForeignKey(Rank, models.PROTECT, related_name="+")
    education = models.ForeignKey(EducationLevel, models.PROTECT, related_name="+")
    years_in_rank = models.PositiveSmallIntegerField(
        "tahun dalam pangkat", help_text="0 = < 1, 4 = ≥ 4"
    )
    credit = models.DecimalField("angka kredit", max_digits=9, decimal_places=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["period", "rank", "education", "years_in_rank"], name="credit_cell_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rank_id} {self.education_id} {self.years_in_rank}: {self.credit}"


class Guideline(models.Model):
    """A text or download of the public page "Pedoman dan Peraturan".

    The file is a stored file whose owner is this row; `file_id` names the one that is offered.
    """

    class Category(models.TextChoices):
        GUIDE = "guide", "Pedoman"
        RULE = "rule", "Peraturan"
        SAMPLE = "sample", "Contoh format"

    category = models.CharField("kelompok", max_length=8, choices=Category, default=Category.GUIDE)
    order = models.PositiveSmallIntegerField("urutan", default=0)
    title = models.CharField("judul", max_length=150)
    summary = models.TextField("uraian", blank=True)
    dated_on = models.DateField("tanggal dokumen", null=True, blank=True)
    file_id = models.UUIDField("berkas", null=True, blank=True, editable=False)
    is_published = models.BooleanField("ditampilkan", default=True)

    class Meta:
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.title
