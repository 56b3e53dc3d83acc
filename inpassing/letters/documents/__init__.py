"""What each letter prints, field by field.

A document is a frozen dataclass of plain values that are already in Indonesian: whoever builds one
(proposals, competency, recommendations) has read the database and formatted dates and numbers with
`inpassing.formats`. `to_json()` gives what the database keeps once a signer has acted, and
`document_from_json()` gives the same document back, so that a repeated run prints the same letter.

A field made with `need("label")` must not be blank: `missing_fields()` lists the blank ones by
their labels, `unprintable_fields()` what the font of the letters lacks, both before anything is
numbered.
"""

from typing import Any

from .agency import (
    Circular,
    ProposalList,
    Statement,
    StatementCompetence,
    StatementDiscipline,
    StatementExperience,
    StatementOfHead,
    StatementResignation,
)
from .competency_test import AttendanceSheet, CompetencyTestCard, CompetencyTestInvitation, Minutes
from .fields import Part, need
from .kinds import Document, Letter, Registered
from .parts import (
    DOTS,
    Addressee,
    Count,
    Counts,
    Fact,
    Letterhead,
    NoticeRow,
    Person,
    PersonRow,
    ProposalRow,
    Reason,
    SeatRow,
    Signature,
    SignerBlock,
    bps_letterhead,
    people_in_words,
)
from .recommendation import CopyCover, CopyRow, Extract, RecommendationLetter, VerificationNotice

__all__ = [
    "DOCUMENTS",
    "DOTS",
    "Addressee",
    "AttendanceSheet",
    "Circular",
    "CompetencyTestCard",
    "CompetencyTestInvitation",
    "CopyCover",
    "CopyRow",
    "Count",
    "Counts",
    "Document",
    "Extract",
    "Fact",
    "Letter",
    "Letterhead",
    "Minutes",
    "NoticeRow",
    "Part",
    "Person",
    "PersonRow",
    "ProposalList",
    "ProposalRow",
    "Reason",
    "RecommendationLetter",
    "Registered",
    "SeatRow",
    "Signature",
    "SignerBlock",
    "Statement",
    "StatementCompetence",
    "StatementDiscipline",
    "StatementExperience",
    "StatementOfHead",
    "StatementResignation",
    "VerificationNotice",
    "bps_letterhead",
    "document_from_json",
    "need",
    "people_in_words",
]

DOCUMENTS: dict[str, type[Document]] = {
    document.kind: document
    for document in (
        RecommendationLetter,
        Extract,
        VerificationNotice,
        CompetencyTestInvitation,
        CompetencyTestCard,
        AttendanceSheet,
        Minutes,
        ProposalList,
        Circular,
        StatementExperience,
        StatementCompetence,
        StatementDiscipline,
        StatementResignation,
    )
}


def document_from_json(data: dict[str, Any]) -> Document:
    """Return the document that `to_json` described; raise ValueError for any other shape."""
    values = dict(data)
    kind = values.pop("kind", None)
    if kind not in DOCUMENTS:
        raise ValueError(f"No document of kind {kind!r}")
    return DOCUMENTS[kind].from_json(values)
