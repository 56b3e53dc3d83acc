"""Which roles a person holds, and a verifier's scope: one query per request, remembered on the user
object."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Value
from django.utils import timezone

from inpassing.reference.models import BpsOffice

from .models import Agency, RoleGrant, User, VerifierScope

Role = RoleGrant.Role


@dataclass(frozen=True)
class Roles:
    """The roles of one person at one moment."""

    user_id: int
    names: frozenset[str]
    agency_ids: frozenset[int]
    office_ids: frozenset[int]
    # (position code or None, province code or None) of each scope row
    scopes: tuple[tuple[str | None, str | None], ...] = ()

    @property
    def is_operator(self) -> bool:
        return Role.OPERATOR in self.names

    @property
    def is_verifier(self) -> bool:
        return Role.VERIFIER in self.names

    @property
    def is_proctor(self) -> bool:
        return Role.PROCTOR in self.names

    @property
    def is_signer(self) -> bool:
        return Role.SIGNER in self.names

    @property
    def is_admin(self) -> bool:
        return Role.ADMIN in self.names


NOBODY = Roles(0, frozenset(), frozenset(), frozenset())


def roles_of(user: User | AnonymousUser) -> Roles:
    """The roles that `user` holds now; nobody's for an anonymous visitor."""
    if not isinstance(user, User) or not user.is_active:
        return NOBODY
    cached: Roles | None = getattr(user, "_roles", None)
    if cached is None:
        number, text = models.BigIntegerField(), models.CharField()
        nothing, no_id = Value(None, output_field=text), Value(None, output_field=number)
        rows = RoleGrant.objects.filter(user=user, revoked_at=None).values_list(
            "role", "agency_id", "office_id", nothing, nothing
        )
        rows = rows.union(
            VerifierScope.objects.filter(user=user).values_list(
                Value("", output_field=text), no_id, no_id, "position_id", "province_id"
            ),
            all=True,
        )
        read = list(rows)
        grants = [row for row in read if row[0]]
        cached = Roles(
            user.pk,
            frozenset(role for role, *_ in grants),
            frozenset(agency for _, agency, *_ in grants if agency),
            frozenset(office for _, _, office, *_ in grants if office),
            tuple((position, province) for role, _, _, position, province in read if not role),
        )
        user._roles = cached  # type: ignore[attr-defined]
    return cached


def grant(
    user: User,
    role: str,
    *,
    by: User | None,
    agency: Agency | None = None,
    office: BpsOffice | None = None,
) -> RoleGrant:
    """Give a role; giving it twice changes nothing."""
    row, _ = RoleGrant.objects.get_or_create(
        user=user,
        role=role,
        agency=agency,
        office=office,
        revoked_at=None,
        defaults={"granted_by": by},
    )
    forget_roles(user)
    return row


def revoke(row: RoleGrant) -> None:
    """Take a role away; the row stays as history."""
    RoleGrant.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=timezone.now())


def forget_roles(user: User) -> None:
    """Make the next roles_of(user) ask the database again."""
    user.__dict__.pop("_roles", None)
