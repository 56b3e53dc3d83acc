"""The people of stage 1: an agency's operators, the account of a NIP, the way in."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.urls import reverse

from inpassing.accounts.models import Agency, OneTimeLink, RoleGrant, User
from inpassing.errors import TransitionError
from inpassing.notifications.outbox import enqueue
from inpassing.timeline.events import record


def operators_of(agency: Agency) -> list[User]:
    """The people who are operators of the agency now."""
    return list(
        User.objects.filter(
            is_active=True,
            grants__role=RoleGrant.Role.OPERATOR,
            grants__agency=agency,
            grants__revoked_at=None,
        ).distinct()
    )


def operator_grants(agencies: Iterable[Agency | int]) -> list[RoleGrant]:
    """Who is operator of these agencies now, and since when, in the order of names."""
    grants = RoleGrant.objects.filter(
        role=RoleGrant.Role.OPERATOR,
        agency__in=agencies,
        revoked_at=None,
        user__is_active=True,
    )
    return list(
        grants.select_related("user", "agency__region").order_by("agency", "user__name", "pk")
    )


@transaction.atomic
def change_agency(agency: Agency, values: dict[str, str], *, by: User) -> Agency:
    """Write what an operator typed about the agency; no event when nothing changed."""
    agency = Agency.objects.select_for_update(of=("self",)).get(pk=agency.pk)
    changed = [name for name, value in values.items() if getattr(agency, name) != value]
    for name in changed:
        setattr(agency, name, values[name])
    if changed:
        agency.save(update_fields=changed)
        record(agency, "agency.changed", "Data instansi diubah", by=by, data={"fields": changed})
    return agency


def account_for(*, nip: str, email: str, employer: Agency, **fields: str) -> User:
    """The account of a NIP, created without a password when there is none."""
    user = User.objects.filter(nip=nip).first()
    if user:
        return user
    if User.objects.filter(email__iexact=email).exists():
        raise TransitionError(
            f"Alamat {email} sudah dipakai akun lain. Minta alamat email yang berbeda."
        )
    try:
        with transaction.atomic():
            return User.objects.create_user(
                username=nip, nip=nip, email=email, employer=employer, **fields
            )
    except IntegrityError:
        return User.objects.get(nip=nip)


def invite(user: User, *, key: str, role: str, proposal_id: int | None = None) -> None:
    """Mail the username and, until a password is set, a one-time link to set it."""
    if user.has_been_used:
        enqueue(
            key,
            to=user,
            template="role_granted",
            fields={"peran": role},
            path=reverse("home"),
            proposal_id=proposal_id,
        )
    else:
        enqueue(
            key,
            to=user,
            template="invitation",
            fields={"peran": role, "username": user.username},
            link=(OneTimeLink.Kind.INVITATION, user.pk),
            proposal_id=proposal_id,
        )
