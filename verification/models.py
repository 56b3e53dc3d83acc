"""Stage 2: who holds a proposal, the verdict on each document, the portfolio assessment."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.reference.models import PortfolioItem, ReturnReason
from proposals.models import DocumentVersion, Proposal

CLAIM_TIME = dt.timedelta(minutes=30)


class ClaimQuerySet(models.QuerySet["Claim"]):
    def live(self) -> ClaimQuerySet:
        """Claims that still keep others away."""
        return self.filter(expires_at__gt=timezone.now())

    def expired(self) -> ClaimQuerySet:
        """Claims whose holder has done nothing for 30 minutes."""
        return self.filter(expires_at__lte=timezone.now())


class Claim(models.Model):
    """A verifier works on a proposal; it ends 30 minutes after the last act on its page.

    The row is deleted when the claim is released or a decision is made; the story keeps who held
    it. Every change happens under the lock of the proposal's row.
    """

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="claim")
    holder = models.ForeignKey(User, models.PROTECT, related_name="claims")
    claimed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("claimed_at")), name="claim_lasts_a_while"
            )
        ]

    def __str__(self) -> str:
        return f"{self.holder}: {self.proposal_id}"

    @property
    def is_live(self) -> bool:
        return self.expires_at > timezone.now()


class Assignment(models.Model):
    """A proposal that is one verifier's work: returned by them, or given to them by somebody.

    It stands on top of their queue, and for a while *next* gives it to nobody else. A decision
    other than a return ends it; before a decision it goes on to somebody else by a hand-over.
    """

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="assignment")
    verifier = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    assigned_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.verifier}: {self.proposal_id}"


class Decision(models.Model):
    """One decision on a proposal at the desk, for the workload: who, when, after how long.

    `status` is the one that was decided upon, so the queue; `waited` is how long the proposal had
    stood in it. What was decided is in the story.
    """

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="desk_decisions")
    verifier = models.ForeignKey(User, models.PROTECT, related_name="desk_decisions")
    status = models.CharField(max_length=20, choices=Proposal.Status)
    decided_at = models.DateTimeField()
    waited = models.DurationField()

    class Meta:
        ordering = ["-decided_at"]
        indexes = [models.Index(fields=["decided_at", "verifier"], name="decision_recent")]

    def __str__(self) -> str:
        return f"{self.verifier}: {self.proposal_id}, {self.decided_at}"


class RepairRequest(models.Model):
    """One return of a proposal for repair: who sent it back, when, until when.

    `number` is 1 for the first return: what `Proposal.resubmissions` is after the repair.
    """

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="repair_requests")
    number = models.PositiveSmallIntegerField()
    returned_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    returned_at = models.DateTimeField()
    deadline = models.DateTimeField()

    class Meta:
        ordering = ["proposal", "number"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "number"], name="repair_request_once"),
            models.CheckConstraint(
                condition=Q(deadline__gt=F("returned_at")), name="repair_deadline_is_later"
            ),
        ]

    def __str__(self) -> str:
        return f"pengembalian {self.number} usulan {self.proposal_id}"


class DocumentCheck(models.Model):
    """A verifier's verdict on one version of one document; final only with the decision."""

    class Verdict(models.TextChoices):
        ACCEPT = "accept", "Terima"
        RETURN = "return", "Kembalikan"

    version = models.OneToOneField(DocumentVersion, models.PROTECT, related_name="check_result")
    verdict = models.CharField("putusan", max_length=6, choices=Verdict)
    reason = models.ForeignKey(
        ReturnReason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="alasan"
    )
    note = models.CharField("catatan untuk peserta", max_length=500, blank=True)
    certified_ok = models.BooleanField("legalisir ada dan terbaca", default=False)
    certifier = models.CharField("pejabat yang melegalisir", max_length=150, blank=True)
    certified_on = models.DateField("tanggal legalisir", null=True, blank=True)
    checked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    checked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="accept", reason__isnull=True)
                | Q(verdict="return", reason__isnull=False),
                name="only_a_return_has_a_reason",
            ),
            models.CheckConstraint(
                condition=(
                    Q(certified_ok=True, certified_on__isnull=False, verdict="accept")
                    & ~Q(certifier="")
                )
                | Q(certified_ok=False, certified_on__isnull=True, certifier=""),
                name="certification_is_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.version}"

    @property
    def is_accepted(self) -> bool:
        return self.verdict == self.Verdict.ACCEPT

    @property
    def mark(self) -> str:
        """What a page remembers, to notice that the verdict was changed meanwhile."""
        return f"{self.checked_at.timestamp():.6f}"


class PortfolioAssessment(models.Model):
    """The portfolio verdict of a proposal and, when passed, whether the test is required."""

    class Verdict(models.TextChoices):
        PASSED = "passed", "Lulus"
        FAILED = "failed", "Tidak lulus"

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="portfolio_assessment")
    verdict = models.CharField("putusan", max_length=6, choices=Verdict)
    test_required = models.BooleanField("wajib uji kompetensi", null=True)
    rule_required = models.BooleanField("wajib menurut aturan", null=True)
    rule_order = models.PositiveSmallIntegerField("baris aturan", null=True)
    rule_sentence = models.CharField("bunyi aturan", max_length=300, blank=True)
    rule_source = models.CharField("sumber aturan", max_length=300, blank=True)
    override_reason = models.CharField("alasan menyimpang", max_length=500, blank=True)
    assessed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    assessed_at = models.DateTimeField()
    carried_from = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="dinilai pada periode lalu",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    verdict="passed", test_required__isnull=False, rule_required__isnull=False
                )
                | Q(
                    verdict="failed",
                    test_required__isnull=True,
                    rule_required__isnull=True,
                    override_reason="",
                ),
                name="only_a_pass_decides_the_test",
            ),
            models.CheckConstraint(
                condition=Q(test_required__isnull=True)
                | Q(test_required=F("rule_required"), override_reason="")
                | (~Q(test_required=F("rule_required")) & ~Q(override_reason="")),
                name="override_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: usulan {self.proposal_id}"


class PortfolioDraft(models.Model):
    """Answers to the checklist that a verifier noted without a verdict yet.

    `answers` is item id -> [answer, remark]. The row goes with the verdict.
    """

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="portfolio_draft")
    answers = models.JSONField(default=dict)
    saved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.saved_by}: usulan {self.proposal_id}"


class PortfolioAnswer(models.Model):
    """The answer to one item of the checklist, with a remark."""

    class Answer(models.TextChoices):
        MET = "met", "Terpenuhi"
        NOT_MET = "not_met", "Tidak"
        NOT_RELEVANT = "not_relevant", "Tidak relevan"

    assessment = models.ForeignKey(PortfolioAssessment, models.CASCADE, related_name="answers")
    item = models.ForeignKey(PortfolioItem, models.PROTECT, related_name="+")
    answer = models.CharField("jawaban", max_length=12, choices=Answer)
    remark = models.CharField("keterangan", max_length=500, blank=True)

    class Meta:
        ordering = ["item__order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "item"], name="answer_once_per_item"),
            models.CheckConstraint(
                condition=~Q(answer="not_met") | ~Q(remark=""), name="not_met_has_a_remark"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item.code}: {self.get_answer_display()}"
