"""How a document slot looks to the participant: one state, one tag, what may be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils import timezone

from .deadlines import accepts_filing
from .models import LargeScan, Proposal, ProposalDocument
from .same_files import same_file_question, same_files
from .statements import STATEMENTS

REGIONAL_HEAD = "Pimpinan Perangkat Daerah"
SLOW_AFTER = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Slot:
    """One slot with its state (`css`: empty, waiting, accepted, refused, returned, frozen)."""

    document: ProposalDocument
    css: str
    kind: str
    word: str
    icon: str
    is_open: bool
    is_slow: bool = False
    question: str = ""
    scan: LargeScan | None = None

    @property
    def has_statement(self) -> bool:
        """Whether a pre-filled letter is offered."""
        return self.is_open and self.document.requirement.code in STATEMENTS

    @property
    def is_done(self) -> bool:
        """Whether the participant need not do anything here."""
        return self.css in {"accepted", "frozen", "waiting"}

    @property
    def title(self) -> str:
        return self.document.requirement.name

    @property
    def signer(self) -> str:
        """Who signs it, as this agency calls them; empty for a copy."""
        signer = self.document.requirement.signer.removesuffix(" (asumsi)")
        if signer == REGIONAL_HEAD:
            return self.document.proposal.agency.head_of_unit_title
        return signer

    @property
    def signing(self) -> str:
        """What the participant does with the printed statement."""
        if self.signer.startswith("PNS"):
            return "bubuhkan tanda tangan Anda"
        return f"mintakan tanda tangan {self.signer}" if self.signer else "mintakan tanda tangan"


def slots_of(proposal: Proposal) -> list[Slot]:
    """All slots of a proposal (period and agency loaded) in order: four queries."""
    documents = list(
        proposal.documents.select_related("requirement", "current__file").order_by("order", "pk")
    )
    for document in documents:
        document.proposal = proposal
    return _slots(documents, is_open=takes_files(proposal))


def slot_of(document: ProposalDocument) -> Slot:
    """One slot; proposal (period, agency), requirement and current file loaded: three queries."""
    return _slots([document], is_open=takes_files(document.proposal))[0]


def takes_files(proposal: Proposal) -> bool:
    """Whether the participant may change anything now."""
    return proposal.is_editable_by_participant and accepts_filing(proposal)


def _slots(documents: Sequence[ProposalDocument], *, is_open: bool) -> list[Slot]:
    if not is_open:
        return [_slot(document, is_open, []) for document in documents]
    twins = same_files(documents)
    scans = {
        scan.document_id: scan
        for scan in LargeScan.objects.filter(
            document__in=[document.pk for document in documents], state__in=LargeScan.LIVE
        )
    }
    return [
        replace(_slot(document, is_open, twins.get(document.pk, [])), scan=scans.get(document.pk))
        for document in documents
    ]


def _slot(document: ProposalDocument, is_open: bool, twins: list[ProposalDocument]) -> Slot:
    version = document.current
    if not document.is_open:
        return Slot(document, "frozen", "lock", "Diterima, terkunci", "lock", is_open=False)
    if version is None:
        word = "Belum diunggah" if is_open else "Tidak diunggah"
        return Slot(document, "empty", "still", word, "plus", is_open)
    if version.file.is_refused:
        locked = version.file.code == "encrypted"
        icon = "lock" if locked else "cross"
        return Slot(document, "refused", "bad", "Ditolak sistem", icon, is_open)
    if is_open and document.review == ProposalDocument.Review.RETURNED:
        return Slot(document, "returned", "fix", "Dikembalikan verifikator", "file", is_open)
    asked = twins and not version.same_file_confirmed
    question = same_file_question(document, twins) if asked else ""
    if version.file.is_waiting:
        is_slow = timezone.now() - version.file.created_at > SLOW_AFTER
        return Slot(
            document, "waiting", "wait", "Sedang diperiksa", "file", is_open, is_slow, question
        )
    word = "Terbaca baik" if is_open else "Terkirim"
    return Slot(document, "accepted", "ok", word, "file", is_open, question=question)
