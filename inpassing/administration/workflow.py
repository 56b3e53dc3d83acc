"""Acts of administrators on periods and accounts, each with its event."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import Agency, OneTimeLink, RoleGrant, User, VerifierScope
from inpassing.accounts.roles import grant, revoke
from inpassing.errors import StaleError, TransitionError
from inpassing.formats import long_date, long_datetime
from inpassing.notifications.outbox import Message, enqueue, enqueue_many
from inpassing.reference.cloning import clone_period
from inpassing.reference.loaders import fill_period_rules
from inpassing.reference.models import BpsOffice, Period, Position
from inpassing.timeline.events import record
from proposals.deadlines import agency_filing_deadline
from proposals.models import AgencyDeadline, Proposal
from proposals.people import operators_of
from recommendations.letter_texts import copy_texts

WIB = "Asia/Jakarta"
STALE = (
    "Bagian ini sudah diubah orang lain setelah halaman Anda dibuka. Perubahan Anda belum "
    "disimpan. Buka halaman ini di tab lain, lalu ulangi perubahan Anda di sana."
)


@transaction.atomic
def create_period(period: Period, positions: list[Position], *, by: User) -> Period:
    """Save a new period with its first rules."""
    period.save()
    fill_period_rules(period, positions)
    record(period, "period.created", "Periode dibuat", by=by)
    return period


@transaction.atomic
def clone_last_period(*, by: User) -> Period:
    """A new draft with the dates, rules and letter texts of the last period; it never opens by
    itself.

    Refused while an earlier draft waits, so that a second click makes no second period.
    """
    source = Period.objects.select_for_update().exclude(status=Period.Status.DRAFT).first()
    if source is None:
        raise TransitionError("Belum ada periode yang pernah dibuka. Buat periode pertama.")
    if draft := Period.objects.filter(status=Period.Status.DRAFT).first():
        raise TransitionError(f"{draft.name} masih konsep. Ubah konsep itu, atau buka dahulu.")
    period = clone_period(source)
    copy_texts(source, period)
    record(
        period,
        "period.cloned",
        f"Periode dibuat dari {source.name}",
        by=by,
        data={"source": source.pk},
    )
    return period


@transaction.atomic
def change_period(
    period: Period,
    values: dict[str, Any],
    *,
    seen: str,
    by: User,
    reason: str = "",
    tells: bool = True,
) -> bool:
    """Save changed fields of a period; False when they are as before.

    `seen` is `period_fingerprint` of those fields when the page was opened: StaleError when
    somebody changed them since. After opening the reason is recorded and goes to all operators.
    """
    period = Period.objects.select_for_update().get(pk=period.pk)
    if seen != period_fingerprint(period, list(values)):
        raise StaleError(STALE)
    before = {name: getattr(period, name) for name in values}
    changed = [name for name in values if before[name] != values[name]]
    if not changed:
        return False
    for name in changed:
        setattr(period, name, values[name])
    period.save(update_fields=changed)
    record(period, "period.changed", "Periode diubah", by=by, note=reason, data={"fields": changed})
    if "filing_deadline" in changed:
        _lift_overtaken_extensions(period, before["filing_deadline"], by=by)
    if tells:
        announce_change(period, _in_words(period, changed), by=by, reason=reason)
    return True


def period_fingerprint(period: Period, fields: list[str]) -> str:
    """What a page saw of these fields, as a short text."""
    text = json.dumps({name: getattr(period, name) for name in fields}, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def announce_change(period: Period, what: str, *, by: User, reason: str) -> None:
    """Tell all operators what was changed in a period that is open; nobody for another one."""
    if period.status != Period.Status.OPEN:
        return
    event = record(period, "period.announced", "Perubahan diumumkan", by=by)
    operators = User.objects.filter(
        is_active=True, grants__role=RoleGrant.Role.OPERATOR, grants__revoked_at=None
    ).distinct()
    enqueue_many(
        [
            Message(
                f"period_changed:{event.pk}:{person.pk}",
                to=person,
                template="period_changed",
                fields={"periode": period.name, "perubahan": what, "alasan": reason},
                path=reverse("landing"),
            )
            for person in operators
        ]
    )


def _in_words(period: Period, changed: list[str]) -> str:
    """The changed fields by name, dates with what they are now."""
    words = []
    for name in changed:
        label, value = str(Period._meta.get_field(name).verbose_name), getattr(period, name)  # type: ignore[union-attr]
        if isinstance(value, dt.datetime):
            label += f" menjadi {long_datetime(value, WIB)}"
        elif isinstance(value, dt.date):
            label += f" menjadi {long_date(value)}"
        words.append(label)
    return "; ".join(words)


def _lift_overtaken_extensions(period: Period, before: dt.datetime, *, by: User) -> None:
    """Extensions of single agencies that the period's new date reaches beyond fall away.

    An agency's own earlier date stays: it was its wish.
    """
    overtaken = period.agency_deadlines.filter(
        filing_deadline__gte=before, filing_deadline__lt=period.filing_deadline
    )
    agencies = list(overtaken.order_by("agency").values_list("agency", flat=True))
    if agencies:
        overtaken.delete()
        record(
            period,
            "period.agency_deadlines_lifted",
            "Perpanjangan instansi digantikan batas periode yang baru",
            by=by,
            data={"agencies": agencies},
        )


@transaction.atomic
def open_period(period: Period, *, by: User) -> Period:
    """Open a period that is a draft; refused when nobody could be proposed in it."""
    period = Period.objects.select_for_update().get(pk=period.pk)
    if period.status != Period.Status.DRAFT:
        raise TransitionError(f"Periode sudah {period.get_status_display().lower()}.")
    if period.nomination_deadline <= timezone.now():
        raise TransitionError(
            "Batas pengusulan periode ini sudah lewat. Ubah tanggalnya dahulu, lalu buka."
        )
    if not period.period_levels.exists():
        raise TransitionError(
            "Belum ada jenjang yang dapat diusulkan. Buka jabatan dan jenjang dahulu."
        )
    period.status = Period.Status.OPEN
    period.save(update_fields=["status"])
    record(period, "period.opened", "Periode dibuka", by=by)
    return period


@transaction.atomic
def close_period(period: Period, *, by: User, reason: str) -> Period:
    """Close an open period with a reason: it leaves the home pages; its records stay."""
    if not reason.strip():
        raise TransitionError("Tulis alasan penutupan.")
    period = Period.objects.select_for_update().get(pk=period.pk)
    if period.status != Period.Status.OPEN:
        raise TransitionError(f"Periode sekarang: {period.get_status_display().lower()}.")
    period.status = Period.Status.CLOSED
    period.save(update_fields=["status"])
    record(period, "period.closed", "Periode ditutup", by=by, note=reason)
    return period


@transaction.atomic
def set_agency_deadline(
    period: Period, agency: Agency, deadline: dt.datetime, *, by: User, reason: str
) -> AgencyDeadline:
    """Give an agency a filing deadline of its own; its operators and unsent participants are told.

    A later date moves everybody. Where people already hold a date it is never taken back.
    """
    period = Period.objects.select_for_update().get(pk=period.pk)
    agency = Agency.objects.select_related("region").get(pk=agency.pk)
    if period.status != Period.Status.OPEN:
        raise TransitionError(f"Periode sekarang: {period.get_status_display().lower()}.")
    if deadline <= timezone.now():
        raise TransitionError("Batas ini sudah lewat. Pilih saat yang akan datang.")
    if deadline <= period.nomination_deadline:
        raise TransitionError(
            "Batas pengiriman berkas harus sesudah batas pengusulan, "
            f"{long_datetime(period.nomination_deadline, agency.tz)}."
        )
    present = agency_filing_deadline(period, agency)
    if deadline == present:
        raise TransitionError("Batas instansi ini sudah pada saat itu. Tidak ada yang diubah.")
    unsent = Proposal.objects.filter(
        period=period,
        agency=agency,
        status__in=[Proposal.Status.FILLING, Proposal.Status.RETURNED],
    ).select_related("participant")
    if deadline < present and unsent.exists():
        raise TransitionError(
            f"Peserta instansi ini sudah memegang batas {long_datetime(present, agency.tz)}. "
            "Batas hanya dapat diundurkan."
        )
    row, _ = AgencyDeadline.objects.update_or_create(
        period=period, agency=agency, defaults={"filing_deadline": deadline, "reason": reason}
    )
    event = record(
        period,
        "period.agency_deadline_set",
        "Batas pengiriman satu instansi diubah",
        by=by,
        note=f"{agency.name}: {reason}",
        data={"agency": agency.pk, "until": deadline.astimezone(dt.UTC).isoformat()},
    )
    people = {person.pk: person for person in operators_of(agency)}
    people |= {p.participant.pk: p.participant for p in unsent if p.participant}
    enqueue_many(
        [
            Message(
                f"agency_deadline:{event.pk}:{person.pk}",
                to=person,
                template="agency_deadline",
                fields={
                    "instansi": agency.name,
                    "periode": period.name,
                    "batas": long_datetime(deadline, agency.tz),
                    "alasan": reason,
                },
                path=reverse("home"),
            )
            for person in people.values()
        ]
    )
    return row


@transaction.atomic
def create_staff(user: User, *, by: User) -> User:
    """A BPS account without a password; the username and a one-time link are mailed."""
    user.set_unusable_password()
    user.save()
    record(user, "user.created", "Akun dibuat", by=by)
    enqueue(
        f"staff_invitation:{user.pk}",
        to=user,
        template="invitation",
        fields={"peran": "pegawai BPS", "username": user.username},
        link=(OneTimeLink.Kind.INVITATION, user.pk),
    )
    return user


@transaction.atomic
def grant_role(
    user: User, role: str, *, by: User, agency: Agency | None, office: BpsOffice | None
) -> RoleGrant:
    """Give a role; nobody gives one to themself."""
    if user.pk == by.pk:
        raise TransitionError("Peran untuk diri sendiri diberikan oleh administrator lain.")
    row = grant(
        user,
        role,
        by=by,
        agency=agency if role == RoleGrant.Role.OPERATOR else None,
        office=office if role == RoleGrant.Role.PROCTOR else None,
    )
    record(user, "role.granted", f"Peran diberikan: {row.get_role_display()}", by=by)
    return row


@transaction.atomic
def revoke_role(row: RoleGrant, *, by: User) -> None:
    """Take a role away; the last administrator stays."""
    row = RoleGrant.objects.select_for_update(of=("self",)).select_related("user").get(pk=row.pk)
    if row.revoked_at:
        raise TransitionError("Peran ini sudah dicabut.")
    others = RoleGrant.objects.filter(role=RoleGrant.Role.ADMIN, revoked_at=None)
    if row.role == RoleGrant.Role.ADMIN and not others.exclude(pk=row.pk).exists():
        raise TransitionError(
            "Administrator terakhir tidak dapat dicabut. Tunjuk pengganti dahulu."
        )
    revoke(row)
    record(row.user, "role.revoked", f"Peran dicabut: {row.get_role_display()}", by=by)


@transaction.atomic
def add_scope(scope: VerifierScope, *, by: User) -> None:
    """Widen a verifier's work by one line; the same line twice changes nothing."""
    _, created = VerifierScope.objects.get_or_create(
        user=scope.user, position=scope.position, province=scope.province
    )
    if created:
        record(scope.user, "scope.added", "Cakupan verifikator ditambah", by=by)


@transaction.atomic
def remove_scope(scope: VerifierScope, *, by: User) -> None:
    """Narrow a verifier's work by one line."""
    user = scope.user
    scope.delete()
    record(user, "scope.removed", "Cakupan verifikator dikurangi", by=by)
