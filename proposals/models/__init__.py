"""Stage 1: operator requests, formations, proposals, their documents, and acts on many."""

from .batches import Batch, BatchRow, ImportBatch, ImportRow
from .documents import DocumentVersion, LargeScan, ProposalDocument
from .formations import Formation, FormationLine, FormationQuerySet
from .proposals import AgencyDeadline, Proposal, ProposalQuerySet, in_scope, on_desk
from .requests import OperatorRequest, PublicCount

__all__ = [
    "AgencyDeadline",
    "Batch",
    "BatchRow",
    "DocumentVersion",
    "Formation",
    "FormationLine",
    "FormationQuerySet",
    "ImportBatch",
    "ImportRow",
    "LargeScan",
    "OperatorRequest",
    "Proposal",
    "ProposalDocument",
    "ProposalQuerySet",
    "PublicCount",
    "in_scope",
    "on_desk",
]
