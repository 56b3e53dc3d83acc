"""Document slots: the page of one, uploading, opening a file."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.files.inspector import MESSAGES
from inpassing.files.middleware import limit_upload
from inpassing.files.storage import serve, serve_preview
from inpassing.files.views import show_page, show_pages
from inpassing.formats import format_bytes, short_datetime

from ..documents import confirm_same_file, put_file
from ..forms.participant import UploadForm
from ..models import DocumentVersion, ProposalDocument
from ..permissions import can_fill, get_document_for, get_version_for
from ..slots import slot_of
from ..viewable import paper_of


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # LoginRequiredMiddleware
    return request.user


@require_GET
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """One slot: verdict, upload, history, what a verifier looks at."""
    return _page(request, get_document_for(_user(request), pk, can_fill))


@require_GET
def document_slot(request: HttpRequest, pk: int) -> HttpResponse:
    """The slot alone, for the page that waits for a verdict (`?dari=` names the page)."""
    found = get_document_for(_user(request), pk, can_fill)
    return _part(request, found, request.GET.get("dari", ""))


@limit_upload(settings.UPLOAD_MAX_BYTES)
@require_POST
def document_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one PDF into the slot: at once what can be seen at once, the verdict by the worker."""
    found = get_document_for(_user(request), pk, can_fill)
    files = request.FILES
    if request.upload_too_large:  # type: ignore[attr-defined]  # by UploadLimitMiddleware
        return _refused(request, found, UploadForm({}, refusal=MESSAGES["too_large"]), 413)
    form = UploadForm(request.POST, files)
    if not form.is_valid():
        return _refused(request, found, form, 422)
    try:
        put_file(found, form.cleaned_data["file"], by=_user(request))
    except TransitionError as error:
        return _refused(request, found, UploadForm({}, refusal=str(error)), 409)
    return _done(request, pk, f"Berkas untuk {found.requirement.name} sudah kami terima.")


@require_POST
def document_same_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The participant's answer that one file is meant for two slots."""
    found = get_document_for(_user(request), pk, can_fill)
    try:
        confirm_same_file(found, by=_user(request))
    except TransitionError as error:
        messages.error(request, str(error))
        return redirect("proposals:document", pk)
    return _done(request, pk, "Jawaban Anda tercatat. Verifikator melihatnya.")


@require_GET
def document_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One uploaded version; shown in place once it was found harmless, else as a download."""
    file = get_version_for(_user(request), pk).file
    return serve(request, file, download=not file.is_accepted, framed=True)


@require_GET
def document_pages(request: HttpRequest, pk: int) -> HttpResponse:
    """The pages of one version as pictures."""
    version = get_version_for(_user(request), pk)
    document = version.document
    return show_pages(
        request,
        paper_of(version),
        back_url=reverse("proposals:detail", args=[document.proposal_id]),
        back="Usulan",
    )


@require_GET
def document_page(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """The picture of one page of one version."""
    return show_page(request, paper_of(get_version_for(_user(request), pk)), number)


@require_GET
def document_preview(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The first-page picture of one version."""
    try:
        return serve_preview(get_version_for(_user(request), pk).file)
    except FileNotFoundError as error:
        raise Http404(pk) from error


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"


def _done(request: HttpRequest, pk: int, sentence: str) -> HttpResponse:
    """The slot as it stands now, or the page that the person came from."""
    came_from = request.POST.get("dari", "")
    if _is_script(request):
        return _part(request, get_document_for(_user(request), pk, can_fill), came_from)
    messages.success(request, sentence)
    if came_from == "daftar":
        found = get_document_for(_user(request), pk, can_fill)
        tasks = reverse("proposals:tasks", args=[found.proposal_id])
        return redirect(f"{tasks}#slot-{pk}")
    return redirect("proposals:document", pk)


def _refused(
    request: HttpRequest, found: ProposalDocument, form: UploadForm, status: int
) -> HttpResponse:
    error = str(form.errors["file"][0])
    if _is_script(request):
        return _part(request, found, request.POST.get("dari", ""), error=error, status=status)
    return _page(request, found, form=form, status=status)


def _part(
    request: HttpRequest,
    found: ProposalDocument,
    page: str,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    if page == "daftar":
        context: dict[str, Any] = {"slot": slot_of(found), "proposal": found.proposal}
        context |= {"tz": found.proposal.agency.tz, **_error(error)}
        return render(request, "proposals/_slot.html", context, status=status)
    context = _panel(found, error)
    return render(request, "proposals/_document_panel.html", context, status=status)


def _page(
    request: HttpRequest,
    found: ProposalDocument,
    *,
    form: UploadForm | None = None,
    status: int = 200,
) -> HttpResponse:
    error = str(form.errors["file"][0]) if form else ""
    context = {**_panel(found, error), "form": form}
    return render(request, "proposals/document.html", context, status=status)


def _panel(found: ProposalDocument, error: str) -> dict[str, Any]:
    order = list(
        ProposalDocument.objects.filter(proposal=found.proposal_id)
        .order_by("order", "pk")
        .values_list("pk", flat=True)
    )
    tz = found.proposal.agency.tz
    versions = list(found.versions.select_related("file"))
    return {
        "slot": slot_of(found),
        "proposal": found.proposal,
        "tz": tz,
        **_error(error),
        "number": order.index(found.pk) + 1,
        "total": len(order),
        "history": [_history_row(version, tz) for version in versions],
    }


def _error(sentence: str) -> dict[str, Any]:
    """The refusal of an upload; one that is too large leads to the page that makes it smaller."""
    return {"error": sentence, "is_large": sentence == MESSAGES["too_large"]}


def _history_row(version: DocumentVersion, tz: str) -> dict[str, object]:
    file = version.file
    if file.is_refused:
        label, note = "Ditolak sistem", file.message
    elif version.returned:
        label, note = "Dikembalikan verifikator", ""
    elif file.is_waiting:
        label, note = "Sedang diperiksa", ""
    else:
        label, note = "Terbaca baik", ""
    if version.carried_from_id:
        note = note or "Dibawa dari periode lalu."
    sent = short_datetime(version.created_at, tz)
    return {
        "version": version,
        "label": f"Versi {version.number}: {label.lower()}",
        "meta": f"{file.name} · {format_bytes(file.size)} · {sent}",
        "note": note,
    }
