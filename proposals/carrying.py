"""What a re-sit brings along: data and documents of the person's last proposal, and what changed.

Carried documents are copies with a record of their own, so that who may open them and how long they
are kept follows the new proposal alone. Source: product.md section 3, Re-sit; domain.md E15.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from inpassing.accounts.models import User
from inpassing.files.models import StoredFile
from inpassing.files.storage import copy_of
from inpassing.formats import long_date
from inpassing.timeline.events import record

from .models import DocumentVersion, Proposal, ProposalDocument

logger = logging.getLogger(__name__)

# What the participant typed; filled in where it is still empty.
CARRIED_FIELDS = (
    "phone",
    "address",
    "special_needs",
    "current_post",
    "structural_decree",
    "structural_since",
    "work_field",
    "work_since",
    "duties",
    "programme",
    "institution",
    "graduation_year",
)
ALWAYS_ANEW = frozenset({"sk_pangkat"})
_NAMING_POST = ("sp_pengalaman", "sp_kompeten", "sp_mundur")
_SIGNED_BY_HEAD = ("sp_pengalaman", "sp_kompeten", "sp_hukdis")
# A fact that changed -> the documents that say it, asked for anew.
ANEW_WHEN_CHANGED = {
    "name": (),
    "agency": _SIGNED_BY_HEAD,
    "work_unit": _SIGNED_BY_HEAD,
    "position": _NAMING_POST,
    "level": _NAMING_POST,
    "rank": ("sk_pangkat",),
    "rank_effective_on": ("sk_pangkat",),
    "education": ("ijazah", "transkrip"),
    "programme": ("ijazah", "transkrip"),
    "institution": ("ijazah", "transkrip"),
    "is_structural": ("sk_jabatan", "sp_mundur"),
    "current_post": (),
    "structural_decree": ("sk_jabatan",),
    "work_field": (),
    "work_since": (),
}


@dataclass(frozen=True)
class Change:
    """One fact that differs from the last proposal, as words."""

    field: str
    label: str
    before: str
    after: str


def last_proposal(proposal: Proposal) -> Proposal | None:
    """The person's last ended proposal of another period that had reached its participant."""
    return (
        Proposal.objects.filter(
            nip=proposal.nip, approved_at__isnull=False, status__in=Proposal.ENDED
        )
        .exclude(period=proposal.period_id)
        .for_list()
        .order_by("-approved_at", "-pk")
        .first()
    )


def carry_over(proposal: Proposal, *, by: User) -> Proposal | None:
    """Fill a proposal whose slots were just opened from the person's last one; returns that one.

    Call inside the transaction that holds the proposal's lock. What changed is left to be asked
    anew, as is the last rank's decree. A file that was refused or sent back stays behind.
    """
    previous = last_proposal(proposal)
    if previous is None:
        return None
    proposal.previous = previous
    filled = [
        name for name in CARRIED_FIELDS if not getattr(proposal, name) and getattr(previous, name)
    ]
    for name in filled:
        setattr(proposal, name, getattr(previous, name))
    if not proposal.education_field and proposal.education_id == previous.education_id:
        proposal.education_field = previous.education_field
        filled.append("education_field")
    proposal.save(update_fields=["previous", *filled])
    anew = asked_anew(proposal, previous)
    earlier = {
        document.requirement.code: document.current
        for document in previous.documents.select_related("requirement", "current__file")
        if document.current and document.is_present and document.current.file.is_accepted
    }
    carried = []
    slots = proposal.documents.filter(current=None).select_related("requirement")
    for slot in slots:
        version = earlier.get(slot.requirement.code)
        if version is None or slot.requirement.code in anew:
            continue
        file = _copied(version.file, slot)
        if file is None:
            continue
        slot.current = DocumentVersion.objects.create(
            document=slot, number=1, file=file, carried_from=version
        )
        slot.save(update_fields=["current"])
        carried.append(slot.pk)
    record(
        proposal,
        "proposal.carried_over",
        f"Data dan {len(carried)} dokumen dibawa dari {previous.period.name}"[:200],
        by=by,
        data={
            "previous": previous.pk,
            "documents": carried,
            "fields": sorted(set(filled) - {"special_needs"}),
        },
    )
    return previous


def asked_anew(proposal: Proposal, previous: Proposal) -> frozenset[str]:
    """Codes of the documents that are asked for anew: the last rank's decree, and what changed."""
    changed = (ANEW_WHEN_CHANGED[change.field] for change in changes_since(proposal, previous))
    return ALWAYS_ANEW.union(*changed)


def changes_since(proposal: Proposal, previous: Proposal) -> list[Change]:
    """The facts that differ between two proposals of a person (both loaded by `for_list`)."""
    return [
        Change(
            name,
            str(Proposal._meta.get_field(name).verbose_name),  # type: ignore[union-attr]
            _words(previous, name),
            _words(proposal, name),
        )
        for name in ANEW_WHEN_CHANGED
        if _value(previous, name) != _value(proposal, name)
    ]


def _value(proposal: Proposal, name: str) -> object:
    value = getattr(proposal, proposal._meta.get_field(name).attname)  # type: ignore[union-attr]
    return " ".join(value.split()).casefold() if isinstance(value, str) else value


def _words(proposal: Proposal, name: str) -> str:
    value = getattr(proposal, name)
    if isinstance(value, bool):
        return "Ya" if value else "Tidak"
    if hasattr(value, "year"):
        return long_date(value)
    return str(value) if value not in (None, "") else "–"


def _copied(file: StoredFile, slot: ProposalDocument) -> StoredFile | None:
    try:
        return copy_of(file, owner=slot)
    except FileNotFoundError:
        # Retention has removed the bytes: the document is simply asked for again.
        logger.warning("document.not_carried", extra={"file": str(file.pk)})
        return None
