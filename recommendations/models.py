"""Stage 4: runs, letters with their lines and numbers, delivery, and the appointment decree.

A letter carries its whole record: what was fixed at the signer's act (number, date, code, content),
the file that the worker stored, and what became of it. `Proposal.status` moves only through
`proposals.workflow`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from inpassing.accounts.models import Agency, User
from inpassing.accounts.roles import roles_of
from inpassing.files.models import StoredFile
from inpassing.queue import hint
from inpassing.reference.models import Period, Position, PositionLevel, Rank
from inpassing.timeline.models import TimelineEvent
from proposals.models import Proposal
from verification.models import DocumentCheck, PortfolioAssessment

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

# What a verifier does to a proposal; whoever did any of it does not sign its letter.
VERIFYING_KINDS = (
    "proposal.nomination_approved",
    "proposal.returned",
    "proposal.eligible",
    "proposal.not_eligible",
    "proposal.portfolio_failed",
    "proposal.test_required",
    "proposal.ready",
)


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User | AnonymousUser) -> RunQuerySet:
        """Runs whose existence `user` may know of: administrators and signers."""
        roles = roles_of(user)
        return self if roles.is_admin or roles.is_signer else self.none()


class Run(models.Model):
    """The letters of one period. Gathering again only adds what is missing."""

    period = models.OneToOneField(Period, models.PROTECT, related_name="run")
    # Nobody, when the recommendation date came and no administrator had begun.
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    gathered_at = models.DateTimeField(null=True, blank=True)
    # When it was put up for signature on its date or later; what was sent earlier does not count.
    put_up_at = models.DateTimeField(null=True, blank=True)
    reminded_on = models.DateField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-period__year", "-period__number"]

    def __str__(self) -> str:
        return f"Penerbitan {self.period}"


class NumberRegister(models.Model):
    """The last number that a register gave in a calendar year; locked to take the next."""

    register = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["register", "year"], name="register_once_per_year")
        ]

    def __str__(self) -> str:
        return f"{self.register} {self.year}: {self.last}"


class LetterQuerySet(models.QuerySet["Letter"]):
    def visible_to(self, user: User | AnonymousUser) -> LetterQuerySet:
        """Letters whose existence `user` may know of: all for administrators and signers, the
        issued ones of the own agency for an operator, the own extracts for a participant."""
        if not isinstance(user, User):
            return self.none()
        roles = roles_of(user)
        if roles.is_admin or roles.is_signer:
            return self
        mine = LetterLine.objects.filter(letter=OuterRef("pk"), proposal__participant=user)
        visible = Q(Exists(mine), kind=Letter.Kind.EXTRACT)
        if roles.is_operator:
            visible |= Q(agency__in=roles.agency_ids)
        return self.filter(visible, status__in=Letter.OUT)

    def for_list(self) -> LetterQuerySet:
        """Rows for a list: every relation that a row prints is loaded, the people are counted."""
        lines = LetterLine.objects.filter(letter=OuterRef("pk")).order_by().values("letter")
        return (
            self.select_related("agency", "position", "period", "signer", "file")
            .defer("content")
            .annotate(
                agency_name=F("agency__name"),
                people=Coalesce(Subquery(lines.annotate(n=Count("pk")).values("n")), 0),
            )
        )

    def for_page(self) -> LetterQuerySet:
        """One letter with everything that its page and its PDF print."""
        return self.select_related(
            "run__period",
            "agency__region__province",
            "position",
            "period",
            "parent",
            "signer__signer_profile__rank",
            "sent_by",
            "file",
            "replaced_by",
        )

    def main(self) -> LetterQuerySet:
        """Letters with a number of their own: no extracts."""
        return self.exclude(kind=Letter.Kind.EXTRACT)

    def drafts(self) -> LetterQuerySet:
        return self.filter(status=Letter.Status.DRAFT)

    def check_anew(self) -> None:
        """Have the worker look again at what these drafts say, once this transaction commits."""
        rows = self.drafts().order_by("pk").select_for_update(of=("self",))  # as all lock them
        if Letter.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(
            checked_at=None
        ):
            hint("recommendations.tasks.check_due")

    def awaiting_signature(self) -> LetterQuerySet:
        return self.filter(status=Letter.Status.AWAITING_SIGNATURE)

    def issued(self) -> LetterQuerySet:
        return self.filter(status=Letter.Status.ISSUED)

    def stuck(self) -> LetterQuerySet:
        """Letters and extracts that the worker gave up."""
        return self.filter(status=Letter.Status.ISSUING).exclude(failure="")

    def to_be_made(self) -> LetterQuerySet:
        """Letters whose PDF the worker still has to make; an extract after its letter."""
        return self.filter(status=Letter.Status.ISSUING).filter(
            Q(parent=None) | Q(parent__status=Letter.Status.ISSUED)
        )

    def barred_for(self, user: User) -> set[int]:
        """Which of these letters `user` may not sign: they verified one of the proposals, or one
        is about themself. One query."""
        own = Q(proposal__participant=user)
        if user.nip:
            own |= Q(proposal__nip=user.nip)
        verified = TimelineEvent.objects.filter(
            proposal_id=OuterRef("proposal_id"), actor=user, kind__in=VERIFYING_KINDS
        )
        checked = DocumentCheck.objects.filter(
            version__document__proposal=OuterRef("proposal_id"), checked_by=user
        )
        assessed = PortfolioAssessment.objects.filter(
            proposal=OuterRef("proposal_id"), assessed_by=user
        )
        took_part = own | Exists(verified) | Exists(checked) | Exists(assessed)
        lines = LetterLine.objects.filter(letter__in=self.order_by().values("pk"))
        return set(lines.filter(took_part).values_list("letter_id", flat=True))


class Letter(models.Model):
    """A letter of recommendation, the extract of one participant, or the notice to an agency."""

    class Kind(models.TextChoices):
        RECOMMENDATION = "recommendation", "Surat rekomendasi"
        EXTRACT = "extract", "Petikan rekomendasi"
        NOTICE = "notice", "Pemberitahuan hasil verifikasi"

    class Status(models.TextChoices):
        DRAFT = "draft", "Konsep"
        AWAITING_SIGNATURE = "awaiting", "Menunggu tanda tangan"
        ISSUING = "issuing", "Sedang diterbitkan"
        ISSUED = "issued", "Terbit"
        REVOKED = "revoked", "Dicabut"
        VOID = "void", "Batal"

    OUT = frozenset({Status.ISSUED, Status.REVOKED})
    OPEN = frozenset({Status.DRAFT, Status.AWAITING_SIGNATURE})
    TAG_KINDS = {
        Status.DRAFT: "still",
        Status.AWAITING_SIGNATURE: "wait",
        Status.ISSUING: "wait",
        Status.ISSUED: "ok",
        Status.REVOKED: "bad",
        Status.VOID: "bad",
    }

    run = models.ForeignKey(Run, models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=14, choices=Kind)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="extracts"
    )
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="letters")
    position = models.ForeignKey(
        Position, models.PROTECT, null=True, blank=True, related_name="letters"
    )
    period = models.ForeignKey(Period, models.PROTECT, related_name="letters")
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)

    # Completed by an administrator before the letter goes to a signer.
    reference_number = models.CharField("nomor surat usulan instansi", max_length=100, blank=True)
    reference_date = models.DateField("tanggal surat usulan instansi", null=True, blank=True)
    overrun_reason = models.CharField("alasan melebihi formasi", max_length=500, blank=True)
    overrun_allowed = models.PositiveSmallIntegerField(default=0)
    early_reason = models.CharField("alasan terbit lebih awal", max_length=500, blank=True)
    sent_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    refusal_reason = models.CharField("alasan penanda tangan", max_length=500, blank=True)
    # What the worker found blank or unprintable in a draft, and when it looked last.
    hold_code = models.CharField(max_length=11, blank=True)
    hold_text = models.CharField("isi yang menahan", max_length=500, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    # Fixed together at the signer's act, never changed afterwards.
    register = models.CharField(max_length=20, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    sequence = models.PositiveIntegerField(null=True, blank=True)
    number = models.CharField("nomor surat", max_length=80, blank=True)
    letter_date = models.DateField("tanggal surat", null=True, blank=True)
    code = models.CharField("kode cek", max_length=14, unique=True, null=True, blank=True)
    content = models.JSONField(null=True, blank=True)
    signer = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="signed_letters"
    )
    signed_at = models.DateTimeField(null=True, blank=True)

    # Written by the worker.
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField("hambatan", max_length=500, blank=True)
    file = models.OneToOneField(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="letter"
    )
    sha256 = models.CharField(max_length=64, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)

    # When the agency was last reminded of the appointment decrees.
    reminded_on = models.DateField(null=True, blank=True)

    # What became of it.
    end_reason = models.CharField("alasan", max_length=500, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    to_be_replaced = models.BooleanField(default=False)
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["register", "year", "sequence"],
                condition=Q(sequence__isnull=False) & ~Q(kind="extract"),
                name="letter_number_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="extract", parent__isnull=False)
                | (~Q(kind="extract") & Q(parent__isnull=True)),
                name="extract_has_its_letter",
            ),
            models.CheckConstraint(
                condition=Q(kind="notice") | Q(position__isnull=False),
                name="recommendation_has_a_position",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["draft", "awaiting"],
                    number="",
                    sequence__isnull=True,
                    code__isnull=True,
                    content__isnull=True,
                )
                | Q(
                    Q(status__in=["issuing", "issued", "revoked", "void"])
                    & ~Q(number="")
                    & ~Q(register=""),
                    year__isnull=False,
                    sequence__isnull=False,
                    letter_date__isnull=False,
                    code__isnull=False,
                    content__isnull=False,
                    signer__isnull=False,
                    signed_at__isnull=False,
                ),
                name="letter_is_numbered_by_its_signer",
            ),
            models.CheckConstraint(
                condition=Q(content__isnull=True)
                # Both: of a key that is not there SQL knows nothing, and lets it pass.
                | Q(content__has_key="letterhead", content__letterhead__has_key="name"),
                name="letter_has_its_letterhead",
            ),
            models.CheckConstraint(
                condition=Q(
                    Q(status__in=["issued", "revoked"]) & ~Q(sha256=""),
                    file__isnull=False,
                    issued_at__isnull=False,
                )
                | Q(
                    status__in=["draft", "awaiting", "issuing", "void"],
                    sha256="",
                    file__isnull=True,
                    issued_at__isnull=True,
                ),
                name="issued_letter_has_its_file",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["revoked", "void"])
                | (~Q(end_reason="") & Q(ended_at__isnull=False)),
                name="ended_letter_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["signed_at", "id"], condition=Q(status="issuing"), name="letter_to_be_made"
            ),
            models.Index(fields=["run", "status"], name="letter_of_run"),
            models.Index(fields=["agency", "-issued_at"], name="letter_of_agency"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or 'belum bernomor'}"

    @property
    def title(self) -> str:
        """Kind and position, as a list calls it."""
        if self.kind == self.Kind.NOTICE or self.position is None:
            return self.get_kind_display()
        return f"{self.get_kind_display()} {self.position.name}"

    @property
    def tag_kind(self) -> str:
        return self.TAG_KINDS[self.Status(self.status)]

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    @property
    def is_awaiting_signature(self) -> bool:
        return self.status == self.Status.AWAITING_SIGNATURE

    @property
    def is_issuing(self) -> bool:
        return self.status == self.Status.ISSUING

    @property
    def is_issued(self) -> bool:
        return self.status == self.Status.ISSUED

    @property
    def is_revoked(self) -> bool:
        return self.status == self.Status.REVOKED

    @property
    def is_void(self) -> bool:
        return self.status == self.Status.VOID

    @property
    def is_recommendation(self) -> bool:
        return self.kind == self.Kind.RECOMMENDATION

    @property
    def is_notice(self) -> bool:
        return self.kind == self.Kind.NOTICE

    @property
    def is_extract(self) -> bool:
        return self.kind == self.Kind.EXTRACT

    @property
    def is_stuck(self) -> bool:
        """Whether the worker gave up; an administrator tries again or voids it."""
        return self.is_issuing and bool(self.failure)


class LetterLineQuerySet(models.QuerySet["LetterLine"]):
    def reopened_since(self) -> LetterLineQuerySet:
        """Rows of numbered letters whose proposal an administrator has opened again since: what the
        letter says of that person is not the last word."""
        reopened = TimelineEvent.objects.filter(
            proposal_id=OuterRef("proposal_id"),
            kind="proposal.reopened",
            at__gt=OuterRef("letter__signed_at"),
        )
        return self.filter(Exists(reopened))


class LetterLine(models.Model):
    """A proposal in a letter. `is_current` ends when the letter is void or revoked, in a notice
    also when the proposal was opened again: it may then stand in another one."""

    letter = models.ForeignKey(Letter, models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=14, choices=Letter.Kind)
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="letter_lines")
    order = models.PositiveSmallIntegerField(default=0)
    is_current = models.BooleanField(default=True)

    objects = LetterLineQuerySet.as_manager()

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            # A proposal stands in at most one letter of each kind that is not VOID or REVOKED.
            models.UniqueConstraint(
                fields=["proposal", "kind"],
                condition=Q(is_current=True),
                name="one_current_letter_per_proposal",
            ),
            models.UniqueConstraint(fields=["letter", "proposal"], name="proposal_once_per_letter"),
        ]

    def __str__(self) -> str:
        return f"{self.order}. {self.proposal}"


def in_current_letter(kind: str) -> Exists:
    """Whether a proposal (of the outer query) stands in a letter of this kind that counts."""
    return Exists(LetterLine.objects.filter(proposal=OuterRef("pk"), kind=kind, is_current=True))


class Delivery(models.Model):
    """A letter laid into one person's inbox, and when that person first downloaded it."""

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="deliveries")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    delivered_at = models.DateTimeField(auto_now_add=True)
    first_downloaded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["delivered_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["letter", "user"], name="delivered_once")]

    def __str__(self) -> str:
        return f"{self.letter} → {self.user}"


class Appointment(models.Model):
    """The appointment decree that the agency sends back."""

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="appointment")
    decree_number = models.CharField("nomor keputusan", max_length=100)
    decree_date = models.DateField("tanggal keputusan")
    effective_on = models.DateField("TMT pengangkatan")
    level = models.ForeignKey(PositionLevel, models.PROTECT, related_name="+")
    rank = models.ForeignKey(
        Rank, models.PROTECT, related_name="+", verbose_name="pangkat dan golongan ruang"
    )
    file = models.ForeignKey(
        StoredFile, models.PROTECT, related_name="+", verbose_name="keputusan pengangkatan"
    )
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(decree_number=""), name="appointment_names_its_decree"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decree_number}: {self.proposal}"

    @property
    def is_late(self) -> bool:
        """Whether the effective date lies after the period's date for appointments."""
        by = self.proposal.period.appointment_by
        return by is not None and self.effective_on > by


class LetterText(models.Model):
    """A text block of a kind of letter as an administrator has worded it for one period."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="letter_texts")
    kind = models.CharField(max_length=20)
    block = models.CharField(max_length=20)
    text = models.TextField()

    class Meta:
        ordering = ["period", "kind", "block"]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "kind", "block"], name="letter_text_once_per_period"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="letter_text_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}.{self.block}"


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User | AnonymousUser) -> ExportQuerySet:
        """Exports that `user` asked for and may still have: an operator's only while they act for
        that agency."""
        if not isinstance(user, User):
            return self.none()
        roles = roles_of(user)
        own = self.filter(requested_by=user)
        return own if roles.is_admin else own.filter(agency__in=roles.agency_ids)

    def unfinished(self) -> ExportQuerySet:
        return self.filter(state=Export.State.WAITING)


class Export(models.Model):
    """A file made of many letters, by a worker, kept for a week. The letters are chosen once, when
    it is asked for."""

    class Content(models.TextChoices):
        ORIGINALS = "originals", "ZIP: surat asli, satu berkas per surat"
        COPY = "copy", "PDF: salinan gabungan untuk dibaca dan dicetak"
        TABLE = "table", "XLSX: daftar surat dan nama"
        REGISTER = "register", "XLSX: register nomor surat"

    class State(models.TextChoices):
        WAITING = "waiting", "Sedang dibuat"
        DONE = "done", "Siap diunduh"
        FAILED = "failed", "Tidak dapat dibuat"
        EXPIRED = "expired", "Kedaluwarsa"

    TAG_KINDS = {
        State.WAITING: "wait",
        State.DONE: "ok",
        State.FAILED: "bad",
        State.EXPIRED: "lock",
    }

    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="+")
    content = models.CharField("isi", max_length=9, choices=Content)
    filters = models.JSONField(default=list, help_text="[[label, value], …], to be shown")
    letter_ids = ArrayField(models.BigIntegerField(), help_text="in the order of the file")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    message = models.CharField("keterangan", max_length=500, blank=True)
    # What is behind `done` of `total` steps need not be done again by another worker.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField()
    covers = ArrayField(models.CharField(max_length=120), default=list)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    file = models.OneToOneField(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="export"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["done", "expired"], file__isnull=False, expires_at__isnull=False
                )
                | Q(state__in=["waiting", "failed"], file__isnull=True),
                name="finished_export_has_its_file",
            ),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="export_done_of_total"),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="waiting"), name="export_to_do"),
            models.Index(fields=["expires_at"], condition=Q(state="done"), name="export_to_expire"),
            models.Index(fields=["requested_by", "-id"], name="export_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_content_display()} ({len(self.letter_ids)})"

    @property
    def tag_kind(self) -> str:
        return self.TAG_KINDS[self.State(self.state)]

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_done(self) -> bool:
        return self.state == self.State.DONE

    @property
    def is_failed(self) -> bool:
        return self.state == self.State.FAILED

    @property
    def is_expired(self) -> bool:
        return self.state == self.State.EXPIRED
