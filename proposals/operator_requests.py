"""Every transition of an operator request: asked, confirmed, approved, rejected, revoked, ended.

Approval makes the agency, where it does not exist, and the account, never twice.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from inpassing.accounts.models import Agency, OneTimeLink, RoleGrant, User, sort_name
from inpassing.accounts.roles import grant, revoke
from inpassing.errors import TransitionError
from inpassing.files.storage import discard, store_upload
from inpassing.formats import long_datetime
from inpassing.notifications.models import OutboxMessage
from inpassing.notifications.outbox import enqueue
from inpassing.reference.models import Region
from inpassing.timeline.events import record

from .models import (
    OperatorRequest,
)
from .people import account_for, invite
from .rates import count_up

# A stranger's address must not be filled with our mails.
MAILS_PER_DAY = 5


class LetterRefusedError(TransitionError):
    """The inspector has refused the assignment letter; another one is needed."""


@transaction.atomic
def request_operator(request: OperatorRequest) -> OperatorRequest:
    """Keep a public request (saved by the caller) and ask for the address to be confirmed."""
    record(request, "operator_request.requested", "Akun operator dimohon", by=None)
    ask_to_confirm(request)
    return request


def ask_to_confirm(request: OperatorRequest) -> None:
    """Mail a one-time link for the address; an earlier link stops working at once. Beyond a few
    mails a day to one address nothing is sent."""
    day = dt.timedelta(days=1)
    if count_up("mail", request.office_email, most=MAILS_PER_DAY, within=day):
        return
    OneTimeLink.objects.filter(
        kind=OneTimeLink.Kind.OPERATOR_REQUEST, subject_id=request.pk, used_at=None
    ).delete()
    enqueue(
        f"operator_request_confirm:{request.pk}:{uuid.uuid4().hex}",
        to=request.office_email,
        template="operator_request_confirm",
        fields={
            "nama": request.name,
            "instansi": request.agency_label,
            "hari": settings.LINK_HOURS // 24,
            "batas": ends_text(request),
        },
        link=(OneTimeLink.Kind.OPERATOR_REQUEST, request.pk),
    )


def confirmable_until() -> dt.datetime:
    """When a request that is sent now ends by itself, unless its address is confirmed."""
    return timezone.now() + dt.timedelta(days=settings.REQUEST_DAYS)


def ends_text(request: OperatorRequest) -> str:
    """When an unconfirmed request ends by itself, in the zone of its region."""
    tz = request.region.tz if request.region else "Asia/Jakarta"
    return long_datetime(request.confirm_by, tz) if request.confirm_by else ""


@transaction.atomic
def confirm_operator_request(
    request: OperatorRequest, link: OneTimeLink, *, letter: UploadedFile | None = None
) -> OperatorRequest:
    """The address was confirmed: from now on a verifier sees the request. A letter that the
    inspector has refused is replaced by `letter`."""
    request = _lock_request(request)
    if request.status == OperatorRequest.Status.EXPIRED or (
        request.confirm_by and request.confirm_by < timezone.now()
    ):
        raise TransitionError("Permohonan ini sudah berakhir. Kirim permohonan baru.")
    if request.letter and request.letter.is_refused and letter is None:
        raise LetterRefusedError("Surat tugas ditolak sistem. Unggah penggantinya.")
    if not link.consume():
        raise TransitionError("Tautan ini sudah dipakai. Alamat Anda sudah dikonfirmasi.")
    if request.email_confirmed_at is None:
        request.email_confirmed_at = timezone.now()
        if letter:
            request.letter = store_upload(letter, owner=request, by=None)
        request.save(update_fields=["email_confirmed_at", "letter"])
        record(request, "operator_request.confirmed", "Alamat email dikonfirmasi", by=None)
    return request


def expire_unconfirmed() -> int:
    """End the requests whose address nobody has confirmed in time, and remove their letters.

    Harmless when run twice. Returns how many were ended.
    """
    overdue = OperatorRequest.objects.filter(
        status=OperatorRequest.Status.REQUESTED,
        email_confirmed_at=None,
        confirm_by__lt=timezone.now(),
    )
    ended = 0
    for pk in overdue.order_by("confirm_by").values_list("pk", flat=True)[:1000]:
        with transaction.atomic():
            request = (
                overdue.select_for_update(skip_locked=True, of=("self",))
                .select_related("letter")
                .filter(pk=pk)
                .first()
            )
            if request:
                _expire(request)
                ended += 1
    return ended


def _expire(request: OperatorRequest) -> None:
    letter, request.letter = request.letter, None
    request.status, request.decided_at = OperatorRequest.Status.EXPIRED, timezone.now()
    request.save(update_fields=["status", "decided_at", "letter"])
    OneTimeLink.objects.filter(
        kind=OneTimeLink.Kind.OPERATOR_REQUEST, subject_id=request.pk
    ).delete()
    if letter and not letter.accesses.exists():
        discard(letter)
    record(request, "operator_request.expired", "Berakhir tanpa konfirmasi alamat", by=None)


@transaction.atomic
def approve_operator_request(
    request: OperatorRequest, *, by: User, agency: Agency | None = None
) -> OperatorRequest:
    """Create the account and mail the username and a one-time link. An unlisted agency is created,
    unless the verifier says which `agency` is meant."""
    request = _lock_request(request)
    _expect_request(request, OperatorRequest.Status.REQUESTED)
    if request.email_confirmed_at is None:
        raise TransitionError("Alamat email pemohon belum dikonfirmasi.")
    if request.letter is None or not request.letter.is_accepted:
        raise TransitionError(
            "Surat tugas belum dapat dibaca: masih diperiksa, atau ditolak sistem. Tunggu "
            "sebentar, atau tolak permohonan dengan alasan itu."
        )
    agency = agency_meant(request) or agency or _agency_asked_for(request)
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


@transaction.atomic
def resend_invitation(request: OperatorRequest, *, by: User) -> OperatorRequest:
    """Mail the username and a fresh link to an operator who has not set a password yet."""
    request = _lock_request(request)
    _expect_request(request, OperatorRequest.Status.ACTIVE)
    if request.user is None or request.user.has_been_used:
        raise TransitionError("Akun ini sudah dipakai. Pemiliknya dapat meminta kata sandi baru.")
    record(request, "operator_request.invited_again", "Undangan dikirim ulang", by=by)
    invite(
        request.user,
        key=f"operator_request_approved:{request.pk}:{uuid.uuid4().hex}",
        role=f"operator {request.agency_label}",
    )
    return request


def about_request(request: OperatorRequest) -> Q:
    """Which mails are about a request."""
    wanted = Q(key__startswith=f"operator_request_confirm:{request.pk}:")
    for kind in ("operator_request_approved", "operator_request_rejected", "operator_revoked"):
        key = f"{kind}:{request.pk}"
        wanted |= Q(key=key) | Q(key__startswith=f"{key}:")
    return wanted


def mails_of(request: OperatorRequest) -> list[OutboxMessage]:
    """The mails about a request, oldest first, with what the mail server answered."""
    return list(OutboxMessage.objects.filter(about_request(request)).order_by("pk"))


def undelivered(requests: QuerySet[OperatorRequest]) -> list[tuple[OperatorRequest, OutboxMessage]]:
    """Those of some unconfirmed requests whose newest confirmation mail the mail server has
    refused, or about which it gave no answer; two queries."""
    by_pk = {request.pk: request for request in requests}
    newest: dict[int, OutboxMessage] = {}
    mails = OutboxMessage.objects.filter(
        link_kind=OneTimeLink.Kind.OPERATOR_REQUEST, link_subject_id__in=by_pk
    )
    for mail in mails.order_by("pk"):
        newest[mail.link_subject_id or 0] = mail
    lost = {OutboxMessage.State.FAILED, OutboxMessage.State.UNCERTAIN}
    return [(by_pk[pk], mail) for pk, mail in newest.items() if mail.state in lost]


def _lock_request(request: OperatorRequest) -> OperatorRequest:
    return (
        OperatorRequest.objects.select_for_update(of=("self",))
        .select_related("agency__region", "region", "user", "decided_by", "letter")
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
            "Pilih yang itu di halaman permohonan, atau tolak dengan alasan."
        ) from None
