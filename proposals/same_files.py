"""Where the same bytes stand twice: asked of the participant, shown to the verifier, no refusal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q

from .models import ProposalDocument

MOST = 100


def same_files(documents: Iterable[ProposalDocument]) -> dict[int, list[ProposalDocument]]:
    """Document id -> other slots that hold the same bytes now (proposal and requirement loaded).

    The same slot of the same person in another period is not counted: carrying a document over is
    meant. `documents` need proposal, requirement and current file; one query for all of them, which
    ends after MOST slots, the person's own first: an empty form can be with a thousand people.
    """
    by_hash: dict[str, list[ProposalDocument]] = defaultdict(list)
    for document in documents:
        if document.current and not document.current.file.is_refused:
            by_hash[document.current.file.sha256].append(document)
    if not by_hash:
        return {}
    people = {document.proposal.nip for same in by_hash.values() for document in same}
    others = (
        ProposalDocument.objects.filter(current__file__sha256__in=by_hash)
        .exclude(current__file__state="refused")
        .select_related("proposal", "requirement", "current__file")
        .annotate(somebody_else=~Q(proposal__nip__in=people))
        .order_by("somebody_else", "proposal_id", "order")[:MOST]
    )
    twins: dict[int, list[ProposalDocument]] = defaultdict(list)
    for other in others:
        assert other.current is not None
        for document in by_hash[other.current.file.sha256]:
            same_person = other.proposal.nip == document.proposal.nip
            same_kind = other.requirement.code == document.requirement.code
            if other.pk != document.pk and not (same_person and same_kind):
                twins[document.pk].append(other)
    return dict(twins)


def same_file_question(document: ProposalDocument, twins: list[ProposalDocument]) -> str:
    """What the participant is asked; another person's name and document stay unsaid."""
    own = [twin for twin in twins if twin.proposal.nip == document.proposal.nip]
    if own:
        names = " dan ".join(twin.requirement.name for twin in own)
        return (
            f"Berkas ini sama dengan yang Anda unggah sebagai {names}. "
            "Memang satu berkas untuk keduanya?"
        )
    return "Berkas ini sama dengan berkas yang diunggah peserta lain. Memang benar ini berkas Anda?"
