"""Every transition of an operator request: asked, confirmed, approved, rejected, revoked.

Approval makes the agency, where it does not exist, and the account, never twice.
"""

from __future__ import annotations

import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone

from inpassing.accounts.models import Agency, OneTimeLink, RoleGrant, User, sort_name
from inpassing.accounts.roles import grant, revoke
from inpassing.errors import TransitionError
from inpassing.notifications.outbox import enqueue
from inpassing.reference.models import Region
from inpassing.timeline.events import record

from .models import (
    OperatorRequest,
)
from .people import account_for, invite


@transaction.atomic
def request_operator(request: OperatorRequest) -> OperatorRequest:
    """Keep a public request (saved by the caller) and ask for the address to be confirmed."""
    record(request, "operator_request.requested", "Akun operator dimohon", by=None)
    ask_to_confirm(request)
    return request


def ask_to_confirm(request: OperatorRequest) -> None:
    """Mail a one-time link for the address; an earlier link stops working at once."""
    OneTimeLink.objects.filter(
        kind=OneTimeLink.Kind.OPERATOR_REQUEST, subject_id=request.pk, used_at=None
    ).delete()
    enqueue(
        f"operator_request_confirm:{request.pk}:{uuid.uuid4().hex}",
        to=request.office_email,
        template="operator_request_confirm",
        fields={"nama": request.name, "instansi": request.agency_label},
        link=(OneTimeLink.Kind.OPERATOR_REQUEST, request.pk),
    )


@transaction.atomic
def confirm_operator_request(request: OperatorRequest, link: OneTimeLink) -> OperatorRequest:
    """The address was confirmed: from now on a verifier sees the request."""
    request = OperatorRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if not link.consume():
        raise TransitionError("Tautan ini sudah dipakai. Alamat Anda sudah dikonfirmasi.")
    if request.email_confirmed_at is None:
        request.email_confirmed_at = timezone.now()
        request.save(update_fields=["email_confirmed_at"])
        record(request, "operator_request.confirmed", "Alamat email dikonfirmasi", by=None)
    return request


@transaction.atomic
def approve_operator_request(request: OperatorRequest, *, by: User) -> OperatorRequest:
    """Create the account (and an unlisted agency) and mail the username and a one-time link."""
    request = _lock_request(request)
    _expect_request(request, OperatorRequest.Status.REQUESTED)
    agency = request.agency or _agency_asked_for(request)
    user = account_for(
        nip=request.nip,
        name=request.name,
        title_before="",
        title_after="",
        email=request.office_email,
        phone=request.phone,
        employer=agency,
    )
    grant(user, RoleGrant.Role.OPERATOR, by=by, agency=agency)
    request.agency, request.user = agency, user
    request.status = OperatorRequest.Status.ACTIVE
    request.decided_by, request.decided_at = by, timezone.now()
    request.save()
    record(request, "operator_request.approved", "Permohonan operator disetujui", by=by)
    invite(user, key=f"operator_request_approved:{request.pk}", role=f"operator {agency.name}")
    return request


@transaction.atomic
def reject_operator_request(request: OperatorRequest, *, by: User, reason: str) -> OperatorRequest:
    """Refuse a request with a reason."""
    request = _lock_request(request)
    _expect_request(request, OperatorRequest.Status.REQUESTED)
    request.status, request.decision_note = OperatorRequest.Status.REJECTED, reason
    request.decided_by, request.decided_at = by, timezone.now()
    request.save()
    record(request, "operator_request.rejected", "Permohonan operator ditolak", by=by, note=reason)
    enqueue(
        f"operator_request_rejected:{request.pk}",
        to=request.office_email,
        template="operator_request_rejected",
        fields={"nama": request.name, "instansi": request.agency_label, "alasan": reason},
    )
    return request


@transaction.atomic
def revoke_operator(request: OperatorRequest, *, by: User, reason: str) -> OperatorRequest:
    """Take the operator role of an approved request away."""
    request = _lock_request(request)
    _expect_request(request, OperatorRequest.Status.ACTIVE)
    row = RoleGrant.objects.filter(
        user=request.user, role=RoleGrant.Role.OPERATOR, agency=request.agency, revoked_at=None
    ).first()
    if row:
        revoke(row)
    request.status, request.decision_note = OperatorRequest.Status.REVOKED, reason
    request.save(update_fields=["status", "decision_note"])
    record(request, "operator_request.revoked", "Peran operator dicabut", by=by, note=reason)
    if request.user:
        enqueue(
            f"operator_revoked:{request.pk}",
            to=request.user,
            template="operator_revoked",
            fields={"instansi": request.agency_label, "alasan": reason},
        )
    return request


def _lock_request(request: OperatorRequest) -> OperatorRequest:
    return (
        OperatorRequest.objects.select_for_update(of=("self",))
        .select_related("agency__region", "region", "user", "decided_by")
        .get(pk=request.pk)
    )


def _expect_request(request: OperatorRequest, status: str) -> None:
    if request.status != status:
        who = f" oleh {request.decided_by}" if request.decided_by else ""
        raise TransitionError(
            f"Permohonan ini sudah {request.get_status_display().lower()}{who}. "
            "Putusan Anda tidak disimpan."
        )


def government_name(region: Region) -> str:
    """What a region's government is called: "Pemerintah Kota Baubau"."""
    kind = "Provinsi " if region.kind == Region.Kind.PROVINCE else ""
    return f"Pemerintah {kind}{region.name.strip()}"


def _head_of(region: Region) -> str:
    if region.kind == Region.Kind.PROVINCE:
        return f"Gubernur {region.name}"
    title, kind = (
        ("Wali Kota", "Kota") if region.kind == Region.Kind.CITY else ("Bupati", "Kabupaten")
    )
    return f"{title} {region.name.removeprefix(kind).strip()}"


def agency_meant(request: OperatorRequest) -> Agency | None:
    """The agency that a request is about, if it exists already: chosen, of the region, or of the
    same kind and name."""
    if request.agency:
        return request.agency
    if request.region_id:
        return Agency.objects.filter(region=request.region_id).first()
    return Agency.objects.filter(
        name_key=sort_name(request.agency_name), kind=request.agency_kind
    ).first()


def _agency_asked_for(request: OperatorRequest) -> Agency:
    """Find or create the agency of a request, never twice: a region's under the region's lock, a
    central one by its normalised name."""
    if request.region_id:
        # FOR NO KEY UPDATE: orders the approvals without holding up rows that name the region.
        region = Region.objects.select_for_update(no_key=True).get(pk=request.region_id)
        return agency_meant(request) or Agency.objects.create(
            kind=region.kind,
            name=government_name(region),
            region=region,
            addressee=_head_of(region),
        )
    if agency := agency_meant(request):
        return agency
    try:
        with transaction.atomic():
            return Agency.objects.create(kind=request.agency_kind, name=request.agency_name)
    except IntegrityError:
        if agency := agency_meant(request):
            return agency
        raise TransitionError(
            f"Instansi bernama {request.agency_name} sudah ada dengan jenis lain. "
            "Minta pemohon memilihnya."
        ) from None
