"""A scan over the limit: its page, the upload, the two pictures, accepting or throwing away."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.files.middleware import limit_upload
from inpassing.files.storage import serve, serve_preview

from ..deadlines import deadline_of
from ..forms.participant import TOO_LARGE_SCAN, ScanForm
from ..large_scans import NoSeatError, accept, keep, last_scan, receiving, throw_away
from ..models import LargeScan, ProposalDocument
from ..permissions import can_fill, get_document_for, get_large_scan_for
from ..slots import slot_of


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # LoginRequiredMiddleware
    return request.user


@require_GET
def large_scan(request: HttpRequest, pk: int) -> HttpResponse:
    """The way for a scan over the limit into slot `pk`: upload, wait, compare, decide."""
    return _page(request, get_document_for(_user(request), pk, can_fill))


@limit_upload(settings.SCAN_MAX_BYTES)
@csrf_exempt  # `_take` checks the token, after a seat is had: the check reads the whole body
@require_POST
def large_scan_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one scan; who may not, or comes when all seats are taken, is told before a byte is
    read."""
    found = get_document_for(_user(request), pk, can_fill)
    if request.upload_too_large:  # type: ignore[attr-defined]  # by UploadLimitMiddleware
        return _page(request, found, form=ScanForm({}, refusal=TOO_LARGE_SCAN), status=413)
    try:
        with receiving(found, by=_user(request)) as seat:
            return _take(request, found, seat)
    except NoSeatError as error:
        response = _page(request, found, form=ScanForm({}, refusal=str(error)), status=503)
        response["Retry-After"] = str(error.retry_after)
        return response
    except TransitionError as error:
        return _page(request, found, form=ScanForm({}, refusal=str(error)), status=409)


@csrf_protect
def _take(request: HttpRequest, found: ProposalDocument, seat: LargeScan) -> HttpResponse:
    files = request.FILES
    if request.upload_too_large:  # type: ignore[attr-defined]  # more came than was declared
        return _page(request, found, form=ScanForm({}, refusal=TOO_LARGE_SCAN), status=413)
    form = ScanForm(request.POST, files)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    keep(seat, form.cleaned_data["file"], by=_user(request))
    messages.success(request, "Pindaian sudah kami terima dan sedang dikecilkan.")
    return redirect("proposals:large_scan", found.pk)


@require_POST
def large_scan_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """The smaller file becomes the document's newest version."""
    scan = get_large_scan_for(_user(request), pk)
    try:
        accept(scan, by=_user(request))
    except TransitionError as error:
        messages.error(request, str(error))
        return redirect("proposals:large_scan", scan.document_id)
    messages.success(request, f"Berkas untuk {scan.document.requirement.name} sudah terpasang.")
    return redirect("proposals:document", scan.document_id)


@require_POST
def large_scan_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the scan and its result away."""
    scan = get_large_scan_for(_user(request), pk)
    try:
        throw_away(scan, by=_user(request))
    except TransitionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Pindaian dibuang. Tidak ada yang berubah pada dokumen ini.")
    return redirect("proposals:large_scan", scan.document_id)


@require_GET
def large_scan_result(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The smaller file with all its pages, before it counts."""
    scan = get_large_scan_for(_user(request), pk)
    if scan.result is None:
        raise Http404(pk)
    return serve(request, scan.result, framed=True)


@require_GET
def large_scan_picture(request: HttpRequest, pk: int, which: str) -> HttpResponseBase:
    """The first page before ("semula") or after ("hasil")."""
    scan = get_large_scan_for(_user(request), pk)
    file = {"semula": scan.original, "hasil": scan.result}.get(which)
    if file is None:
        raise Http404(pk)
    try:
        return serve_preview(file)
    except FileNotFoundError as error:
        raise Http404(pk) from error


def _page(
    request: HttpRequest,
    found: ProposalDocument,
    *,
    form: ScanForm | None = None,
    status: int = 200,
) -> HttpResponse:
    scan = last_scan(found)
    return render(
        request,
        "proposals/large_scan.html",
        {
            "slot": slot_of(found),
            "proposal": found.proposal,
            "tz": found.proposal.agency.tz,
            "scan": scan,
            "deadline": deadline_of(found.proposal),
            "form": form,
            "error": str(form.errors["file"][0]) if form else "",
            "percent": round(100 * scan.result_size / scan.size) if scan and scan.size else 0,
            "document_url": reverse("proposals:document", args=[found.pk]),
        },
        status=status,
    )
