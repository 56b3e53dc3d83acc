"""Who may work on the desk. The `can_verify` family for single records is in proposals."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.shortcuts import get_object_or_404

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from proposals.models import OperatorRequest, Proposal, ProposalDocument, in_scope
from proposals.permissions import (
    can_verify,
    get_document_for,
    get_operator_request_for,
    get_proposal_for,
    is_own_proposal,
)

from .desk import verifiers


def can_use_desk(user: User) -> bool:
    """Verifiers, and administrators for the operator requests."""
    roles = roles_of(user)
    return roles.is_verifier or roles.is_admin


def expect_desk(user: User) -> None:
    """403 for everybody who neither verifies nor administers."""
    if not can_use_desk(user):
        raise PermissionDenied


def expect_verifier(user: User) -> None:
    """403 for everybody who does not verify."""
    if not roles_of(user).is_verifier:
        raise PermissionDenied


def is_of_own_agency(user: User, request: OperatorRequest) -> bool:
    """Whether the request comes from the agency that `user` belongs to, or is the own."""
    if user.nip and request.nip == user.nip:
        return True
    own = set(roles_of(user).agency_ids) | {user.employer_id}
    return request.agency_id is not None and request.agency_id in own


def can_decide_operator_request(user: User, request: OperatorRequest) -> bool:
    """Nobody decides a request of the own agency, an administrator neither."""
    return not is_of_own_agency(user, request)


def get_desk_request(user: User, pk: int) -> OperatorRequest:
    """An operator request that `user` may decide: 404 out of scope, 403 for others and the own."""
    if not can_use_desk(user):
        get_object_or_404(OperatorRequest.objects.exclude(email_confirmed_at=None), pk=pk)
        raise PermissionDenied
    request: OperatorRequest = get_operator_request_for(user, pk)
    if not can_decide_operator_request(user, request):
        raise PermissionDenied
    return request


def get_desk_proposal(user: User, pk: int) -> Proposal:
    """A proposal that `user` may verify: 404 for a stranger, 403 for somebody who only sees it."""
    return get_proposal_for(user, pk, can_verify)


def can_hand_over(user: User, proposal: Proposal) -> bool:
    """A verifier in scope, or an administrator, never for the own proposal."""
    if roles_of(user).is_admin and not is_own_proposal(user, proposal):
        return True
    return can_verify(user, proposal)


def get_work_proposal(user: User, pk: int) -> Proposal:
    """A proposal that `user` may give to a verifier: 404 for a stranger, 403 for an onlooker."""
    return get_proposal_for(user, pk, can_hand_over)


def get_colleague(user: User, pk: int) -> User:
    """The verifier whose work `user` may hand over: the own, or anybody's for an administrator."""
    expect_desk(user)
    if user.pk != pk and not roles_of(user).is_admin:
        raise PermissionDenied
    people = User.objects.filter(Q(pk__in=verifiers().order_by()) | Q(assignments__isnull=False))
    return get_object_or_404(people.distinct(), pk=pk)


def get_desk_document(user: User, pk: int) -> ProposalDocument:
    """A document of a proposal that `user` may verify."""
    return get_document_for(user, pk, can_verify)


def get_returned_nomination(user: User, pk: int) -> Proposal | None:
    """A nomination that another verifier has just sent back to the operator, so that a late
    decision can be told who was faster; it is no longer visible otherwise."""
    if not roles_of(user).is_verifier:
        return None
    proposal = (
        Proposal.objects.filter(
            in_scope(user), pk=pk, status=Proposal.Status.DRAFT, nominated_at__isnull=False
        )
        .exclude(participant=user)
        .exclude(nip=user.nip or "-")
    )
    return proposal.first()
