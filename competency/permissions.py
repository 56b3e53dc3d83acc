"""Who may: proctors at their own office, administrators everywhere, participants their own seat."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from proposals.models import Proposal
from proposals.permissions import is_own_proposal

from .models import Seat, TestSession


def can_view_session(user: User, session: TestSession) -> bool:
    return True


def can_plan(user: User, session: TestSession) -> bool:
    """Administrators plan sessions and seats."""
    return roles_of(user).is_admin


def can_proctor(user: User, session: TestSession) -> bool:
    """The proctors of the session's office."""
    return session.office_id in roles_of(user).office_ids


def can_enter_results(user: User, session: TestSession) -> bool:
    """The office's proctors and administrators."""
    return can_proctor(user, session) or roles_of(user).is_admin


def get_session_for(
    user: User, pk: int, can: Callable[[User, TestSession], bool] = can_view_session
) -> TestSession:
    """A session: 404 when it is not visible to `user`, 403 when `can` says no."""
    session = get_object_or_404(
        TestSession.objects.visible_to(user).select_related("office__region", "period"), pk=pk
    )
    if not can(user, session):
        raise PermissionDenied
    return session


def get_seat_for(
    user: User, pk: int, can: Callable[[User, TestSession], bool] = can_view_session
) -> Seat:
    """A current seat through its session; nobody acts on the own seat."""
    seat = get_object_or_404(
        Seat.objects.current()
        .filter(session__in=TestSession.objects.visible_to(user))
        .select_related("session__office", "session__period", "proposal__level__position"),
        pk=pk,
    )
    if not can(user, seat.session) or is_own_proposal(user, seat.proposal):
        raise PermissionDenied
    return seat


def get_test_proposal_for(user: User, pk: int) -> Proposal:
    """A proposal whose test `user` may look at: everybody to whom the proposal is visible."""
    return get_object_or_404(
        Proposal.objects.visible_to(user).for_list().select_related("participant"), pk=pk
    )


def require_admin(user: User) -> None:
    """Raise 403 unless `user` is an administrator."""
    if not roles_of(user).is_admin:
        raise PermissionDenied
