"""Who may: `get_…_for` is the only way a view gets an object, `can_…` decides the act.

A stranger gets 404, somebody who may see but not act gets 403. *When* an act is possible is the
workflow's business, not a permission.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of

from .models import (
    Batch,
    DocumentVersion,
    Formation,
    ImportBatch,
    LargeScan,
    OperatorRequest,
    Proposal,
    ProposalDocument,
    in_scope,
)

Predicate = Callable[[User, Any], bool]


def can_view(user: User, obj: object) -> bool:
    """Anybody to whom the object is visible."""
    return True


def is_own_proposal(user: User, proposal: Proposal) -> bool:
    """Whether the proposal is about `user`; nobody acts on their own."""
    return proposal.participant_id == user.pk or bool(user.nip and user.nip == proposal.nip)


def can_edit_as_operator(user: User, proposal: Proposal) -> bool:
    """The agency's operators, but not for their own candidature; an administrator for a sole
    operator who is a candidate."""
    if is_own_proposal(user, proposal):
        return False
    roles = roles_of(user)
    return proposal.agency_id in roles.agency_ids or roles.is_admin


def can_fill(user: User, proposal: Proposal) -> bool:
    """The participant alone completes data and documents."""
    return proposal.participant_id == user.pk


def can_verify(user: User, proposal: Proposal) -> bool:
    """A verifier in whose scope it lies, never the own or the own agency's."""
    if is_own_proposal(user, proposal) or not roles_of(user).is_verifier:
        return False
    return Proposal.objects.on_desk_of(user).filter(pk=proposal.pk).exists()


def can_withdraw(user: User, proposal: Proposal) -> bool:
    """The agency's operators and the participant."""
    return can_fill(user, proposal) or can_edit_as_operator(user, proposal)


def can_print_statement(user: User, proposal: Proposal) -> bool:
    """The participant, and the agency's operators for them."""
    return can_fill(user, proposal) or proposal.agency_id in roles_of(user).agency_ids


def can_administer(user: User, obj: object) -> bool:
    return roles_of(user).is_admin


def can_reopen(user: User, proposal: Proposal) -> bool:
    """An administrator, but not for the own candidature."""
    return roles_of(user).is_admin and not is_own_proposal(user, proposal)


def get_proposal_for(
    user: User, pk: int, can: Predicate = can_view, *, lock: bool = False
) -> Proposal:
    """The proposal for an act of `user`: 404 when it is not visible, 403 when `can` says no."""
    proposals = (
        Proposal.objects.visible_to(user).for_list().select_related("participant", "education")
    )
    if lock:
        proposals = proposals.select_for_update(of=("self",))
    proposal = get_object_or_404(proposals, pk=pk)
    if not can(user, proposal):
        raise PermissionDenied
    return proposal


def get_document_for(user: User, pk: int, can: Predicate = can_view) -> ProposalDocument:
    """A document slot, with its proposal, current version and file; `can` judges the proposal."""
    document = get_object_or_404(
        ProposalDocument.objects.select_related(
            "proposal__agency__region",
            "proposal__period",
            "proposal__position",
            "proposal__level__position",
            "requirement",
            "current__file",
        ),
        pk=pk,
        proposal__in=Proposal.objects.visible_to(user),
    )
    if not can(user, document.proposal):
        raise PermissionDenied
    return document


def get_large_scan_for(user: User, pk: int) -> LargeScan:
    """A scan over the limit, for the participant whose document it is meant for; 403 for the
    others who see the proposal."""
    scan = get_object_or_404(
        LargeScan.objects.select_related("document__requirement", "original", "result"), pk=pk
    )
    get_proposal_for(user, scan.document.proposal_id, can_fill)
    return scan


def get_version_for(user: User, pk: int) -> DocumentVersion:
    """One upload, for whoever may see its proposal. Before the inspector has accepted it only the
    participant may open it (403 for the others): it may do harm."""
    version = get_object_or_404(
        DocumentVersion.objects.select_related("file", "document__requirement"), pk=pk
    )
    proposal = get_proposal_for(user, version.document.proposal_id)
    if not version.file.is_accepted and not can_fill(user, proposal):
        raise PermissionDenied
    return version


def can_edit_formation(user: User, formation: Formation) -> bool:
    return formation.agency_id in roles_of(user).agency_ids


def can_validate_formation(user: User, formation: Formation) -> bool:
    """A verifier in scope, never of the own agency."""
    if not roles_of(user).is_verifier:
        return False
    return Formation.objects.filter(in_scope(user), pk=formation.pk).exists()


def get_formation_for(user: User, pk: int, can: Predicate = can_view) -> Formation:
    """A formation with agency, period, position and its files."""
    formation = get_object_or_404(
        Formation.objects.visible_to(user).select_related(
            "agency__region", "period", "position", "table", "calculation"
        ),
        pk=pk,
    )
    if not can(user, formation):
        raise PermissionDenied
    return formation


def get_operator_request_for(user: User, pk: int) -> OperatorRequest:
    """An operator request that a verifier or administrator may decide; else 404.

    A verifier decides requests of the provinces in scope (a scope without a province decides
    central agencies too) and never one of the agency they belong to.
    """
    return get_object_or_404(operator_requests_for(user), pk=pk)


def operator_requests_for(user: User) -> QuerySet[OperatorRequest]:
    """Confirmed operator requests that `user` may decide."""
    return _in_reach(user, OperatorRequest.objects.exclude(email_confirmed_at=None))


def unconfirmed_requests_for(user: User) -> QuerySet[OperatorRequest]:
    """Requests whose address is not confirmed yet and that `user` will decide after it is."""
    waiting = OperatorRequest.objects.filter(
        email_confirmed_at=None, status=OperatorRequest.Status.REQUESTED
    )
    return _in_reach(user, waiting)


def _in_reach(user: User, requests: QuerySet[OperatorRequest]) -> QuerySet[OperatorRequest]:
    roles = roles_of(user)
    requests = requests.select_related("agency__region", "region", "decided_by", "letter", "user")
    if roles.is_admin:
        return requests
    if not roles.is_verifier:
        return requests.none()
    scope = Q(pk__in=[])
    for _, province in roles.scopes:
        if province is None:
            scope = Q(pk__isnull=False)
            break
        scope |= Q(agency__region__code=province) | Q(agency__region__province=province)
        scope |= Q(region__code=province) | Q(region__province=province)
    own = set(roles.agency_ids) | ({user.employer_id} if user.employer_id else set())
    requests = requests.filter(scope).exclude(nip=user.nip or "-")
    return requests.exclude(agency__in=own) if own else requests


def get_import_for(user: User, pk: int, kind: str = ImportBatch.Kind.CANDIDATES) -> ImportBatch:
    """A file of an agency whose operator `user` is; else 404, for BPS too."""
    batches = ImportBatch.objects.filter(agency__in=roles_of(user).agency_ids, kind=kind)
    return get_object_or_404(
        batches.select_related("agency__region", "period", "created_by", "file", "marked"), pk=pk
    )


def can_cancel_batch(user: User, batch: Batch) -> bool:
    """Whoever asked for it."""
    return batch.created_by_id == user.pk


def get_batch_for(
    user: User,
    pk: int,
    can: Predicate = can_view,
    *,
    kinds: Collection[str] = (Batch.Kind.NOMINATE,),
) -> Batch:
    """An act on many proposals, for whoever asked for it and for administrators; else 404."""
    batches = Batch.objects.select_related("created_by").filter(kind__in=kinds)
    if not roles_of(user).is_admin:
        batches = batches.filter(created_by=user)
    batch = get_object_or_404(batches, pk=pk)
    if not can(user, batch):
        raise PermissionDenied
    return batch
