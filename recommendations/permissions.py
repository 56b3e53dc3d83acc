"""Who may: `get_…_for` is the only way a view gets an object, `can_…` decides the act."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from proposals.models import Proposal
from proposals.permissions import Predicate, can_edit_as_operator, can_view

from .models import Export, Letter, Run


def can_administer(user: User, obj: Any = None) -> bool:
    return roles_of(user).is_admin


def can_see_runs(user: User) -> bool:
    """Administrators make runs, signers look at them."""
    roles = roles_of(user)
    return roles.is_admin or roles.is_signer


def can_sign(user: User, letter: Letter) -> bool:
    """A signer who took no part in verifying the proposals, and who is not in the letter."""
    return roles_of(user).is_signer and not Letter.objects.filter(pk=letter.pk).barred_for(user)


def can_refuse(user: User, letter: Letter) -> bool:
    """Any signer, even one who may not sign it."""
    return roles_of(user).is_signer


def can_preview(user: User, letter: Letter) -> bool:
    """Drafts are for those who prepare and sign them."""
    roles = roles_of(user)
    return roles.is_admin or roles.is_signer


def can_upload_decree(user: User, proposal: Proposal) -> bool:
    """The agency's operators, but not for their own appointment."""
    return can_edit_as_operator(user, proposal) and not roles_of(user).is_admin


def can_see_register(user: User) -> bool:
    """Administrators and signers."""
    return can_see_runs(user)


def can_export(user: User) -> bool:
    """Administrators take away everything, operators what is their agency's."""
    roles = roles_of(user)
    return roles.is_admin or roles.is_operator


def get_export_for(user: User, pk: int) -> Export:
    """The export for whoever asked for it: 404 for everybody else."""
    exports = Export.objects.visible_to(user).select_related("file", "agency")
    return get_object_or_404(exports, pk=pk)


def get_run_for(user: User, pk: int, can: Predicate = can_view) -> Run:
    """The run for an act of `user`: 404 when it is not visible, 403 when `can` says no."""
    run = get_object_or_404(Run.objects.visible_to(user).select_related("period"), pk=pk)
    if not can(user, run):
        raise PermissionDenied
    return run


def get_letter_for(user: User, pk: int, can: Predicate = can_view) -> Letter:
    """The letter for an act of `user`: 404 when it is not visible, 403 when `can` says no."""
    letter = get_object_or_404(Letter.objects.visible_to(user).for_page(), pk=pk)
    if not can(user, letter):
        raise PermissionDenied
    return letter


def get_letters_to_sign(user: User, ids: Iterable[str]) -> list[Letter]:
    """The chosen letters, for the signer's act: 404 when one is not visible, 403 when the user is
    no signer or may not sign one of them."""
    wanted = {int(pk) for pk in ids if pk.isdecimal()}
    letters = list(
        Letter.objects.visible_to(user).main().for_list().filter(pk__in=wanted).order_by("pk")
    )
    if len(letters) != len(wanted):
        raise Http404
    if not roles_of(user).is_signer:
        raise PermissionDenied
    if Letter.objects.filter(pk__in=wanted).barred_for(user):
        raise PermissionDenied
    return letters
