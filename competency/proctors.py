"""Who watches over a session: proctors of its office, nobody at two sessions at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from django.db import transaction
from django.urls import reverse

from inpassing.accounts.models import RoleGrant, User
from inpassing.errors import TransitionError
from inpassing.formats import short_datetime
from inpassing.notifications.outbox import enqueue
from inpassing.reference.models import BpsOffice
from inpassing.timeline.events import record

from .models import SessionProctor, TestSession
from .seats import when, where


def proctors_of(offices: Iterable[BpsOffice]) -> dict[int, list[User]]:
    """Office id -> the people who are proctors there now, in the order of their names."""
    grants = (
        RoleGrant.objects.filter(
            role=RoleGrant.Role.PROCTOR,
            office__in=offices,
            revoked_at=None,
            user__is_active=True,
        )
        .select_related("user")
        .order_by("user__name", "user_id")
    )
    people: dict[int, list[User]] = {}
    for grant in grants:
        assert grant.office_id is not None
        people.setdefault(grant.office_id, []).append(grant.user)
    return people


def engagements(users: Iterable[User]) -> dict[int, list[TestSession]]:
    """User id -> the planned sessions that they watch over."""
    rows = SessionProctor.objects.filter(user__in=users, session__cancelled_at=None)
    found: dict[int, list[TestSession]] = {}
    for row in rows.select_related("session__office"):
        found.setdefault(row.user_id, []).append(row.session)
    return found


def clash(
    sessions: Iterable[TestSession], starts_at: dt.datetime, ends_at: dt.datetime, *, but: int = 0
) -> TestSession | None:
    """The first of the sessions that goes on in that time, the one numbered `but` left aside."""
    for session in sessions:
        if session.pk != but and session.starts_at < ends_at and session.ends_at > starts_at:
            return session
    return None


@transaction.atomic
def assign_proctors(session: TestSession, chosen: Collection[int], *, by: User) -> TestSession:
    """Let exactly these people (user ids) watch over the session; the new ones are told.

    Refused when one of them is at another session in that time, or is no proctor of the office.
    """
    session = TestSession.objects.locked(session)
    if session.is_cancelled or session.is_confirmed:
        raise TransitionError("Sesi ini sudah selesai atau dibatalkan; pengawasnya tetap.")
    there = set(session.assignments.values_list("user", flat=True))
    new = lock_people(set(chosen) - there)
    allowed = {user.pk for user in proctors_of([session.office]).get(session.office_id, [])}
    busy = engagements(new)
    for user in new:
        if user.pk not in allowed:
            raise TransitionError(f"{user} bukan pengawas {session.office}. Beri perannya dahulu.")
        if other := clash(busy.get(user.pk, []), session.starts_at, session.ends_at):
            raise TransitionError(
                f"{user} sudah bertugas di {other} pada waktu yang sama "
                f"({short_datetime(other.starts_at, other.office.tz)}). Pilih pengawas lain."
            )
    gone = there - set(chosen)
    if not new and not gone:
        return session
    session.assignments.filter(user__in=gone).delete()
    SessionProctor.objects.bulk_create(
        [SessionProctor(session=session, user=user, by=by) for user in new]
    )
    event = record(
        session,
        "session.proctors_assigned",
        "Pengawas sesi ditetapkan",
        by=by,
        data={"added": sorted(user.pk for user in new), "removed": sorted(gone)},
    )
    for user in new:
        tell_proctor(session, user, key=f"proctor:{event.pk}")
    return session


def lock_people(ids: Collection[int]) -> list[User]:
    """The people, locked, so that two assignments of one person follow each other."""
    return list(User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def tell_proctor(session: TestSession, user: User, *, key: str) -> None:
    """Tell somebody that they watch over a session."""
    enqueue(
        f"{key}:{user.pk}",
        to=user,
        template="proctor_assigned",
        fields={"waktu": when(session), "tempat": where(session)},
        path=reverse("competency:session", args=[session.pk]),
    )
