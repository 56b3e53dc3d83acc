"""Rows from a file: template and upload for candidates; for every kind of file the preview with
every error, and the saving. The kind is in the address."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from inpassing.accounts.models import Agency, User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.files.middleware import limit_upload
from inpassing.files.storage import serve
from inpassing.formats import clock, format_number, short_datetime
from inpassing.keyset import keyset_page
from inpassing.reference.models import Period

from .. import imports
from ..forms.imports import SaveForm, UploadForm, lists_of
from ..import_sheets import MAX_BYTES, TOO_LARGE, XLSX_TYPE, write_template
from ..models import ImportBatch
from ..permissions import get_import_for
from .import_words import row_of, state_tag, words_of
from .reader import reader_of

PAGE_SIZE = 50
FILTERS = {
    "galat": ("Perlu dibetulkan", "error"),
    "baru": ("Baru", "new"),
    "berubah": ("Berubah", "changed"),
    "sama": ("Sama", "same"),
}


@limit_upload(MAX_BYTES)
@require_http_methods(["GET", "POST"])
def import_create(request: HttpRequest) -> HttpResponse:
    """The template to download, the file to upload, and the files sent before."""
    user = reader_of(request)
    agencies = own_agencies(user)
    periods = list(Period.objects.accepting_nominations())
    pairs = {
        f"{agency.pk}-{period.pk}": (agency, period) for agency in agencies for period in periods
    }
    targets = {key: f"{agency.name}, {period.name}" for key, (agency, period) in pairs.items()}
    status = 200
    if request.method != "POST":
        form = UploadForm(targets=targets)
    else:
        files = request.FILES  # reading them finds a file that is larger than was declared
        form = UploadForm(request.POST, files, targets=targets)
        if getattr(request, "upload_too_large", False):
            form = UploadForm({}, targets=targets)
            form.errors.clear()
            form.errors["file"] = form.error_class([TOO_LARGE])
            status = 413
        elif not pairs:
            messages.error(request, "Pengusulan belum dibuka. Tidak ada yang diunggah.")
            return redirect("proposals:import_create")
        elif form.is_valid():
            agency, period = pairs[form.cleaned_data["target"]]
            try:
                batch = imports.start(agency, period, form.cleaned_data["file"], by=user)
                return redirect("proposals:import", batch.pk)
            except TransitionError as refusal:
                messages.error(request, str(refusal))
                return redirect("proposals:import_create")
        else:
            status = 422
    sent = ImportBatch.objects.filter(
        agency__in=agencies, kind=ImportBatch.Kind.CANDIDATES
    ).select_related("period")[:10]
    return render(
        request,
        "proposals/import_form.html",
        {
            "form": form,
            "templates": [
                (targets[key], reverse("proposals:import_template", args=[agency.pk, period.pk]))
                for key, (agency, period) in pairs.items()
            ],
            "sent": [
                (
                    batch,
                    *state_tag(batch),
                    _when(batch, agencies),
                    format_number(batch.total) if batch.total else "–",
                )
                for batch in sent
            ],
        },
        status=status,
    )


@require_safe
def import_template(request: HttpRequest, agency_pk: int, period_pk: int) -> HttpResponse:
    """The workbook to fill in, with the lists of this agency and period."""
    user = reader_of(request)
    agency = get_object_or_404(Agency, pk=agency_pk, pk__in=roles_of(user).agency_ids)
    period = get_object_or_404(Period.objects.open(), pk=period_pk)
    response = HttpResponse(
        write_template(lists_of(agency, period).drop_downs()), content_type=XLSX_TYPE
    )
    response["Content-Disposition"] = 'attachment; filename="templat-calon.xlsx"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def import_preview(
    request: HttpRequest, pk: int, kind: str = ImportBatch.Kind.CANDIDATES
) -> HttpResponse:
    """What was read and what is wrong with it; while the worker is busy, how far it has come."""
    batch = get_import_for(reader_of(request), pk, kind)
    is_poll = bool(getattr(request, "htmx", False))
    if batch.is_working:
        template = "proposals/import_progress.html" if is_poll else "proposals/import.html"
        return render(request, template, {"batch": batch, "is_working": True, **_head(batch)})
    if is_poll:
        return HttpResponseClientRefresh()
    chosen = request.GET.get("hasil", "")
    if chosen not in {*FILTERS, "semua"}:
        chosen = "galat" if batch.counts.get("error") else "semua"
    rows = batch.rows.all()
    if chosen != "semua":
        rows = rows.filter(outcome=FILTERS[chosen][1])
    page = keyset_page(
        rows,
        ("number", "pk"),
        size=PAGE_SIZE,
        after=request.GET.get("setelah", ""),
        before=request.GET.get("sebelum", ""),
    )
    return render(
        request,
        "proposals/import.html",
        {
            "batch": batch,
            "is_working": False,
            "rows": [row_of(row, words_of(batch)) for row in page.rows],
            "filters": _filters(batch, chosen),
            "chosen": chosen,
            "prev_url": _page_url(chosen, sebelum=page.before) if page.before else "",
            "next_url": _page_url(chosen, setelah=page.after) if page.after else "",
            **_head(batch),
        },
    )


@require_safe
def import_marked(
    request: HttpRequest, pk: int, kind: str = ImportBatch.Kind.CANDIDATES
) -> HttpResponseBase:
    """The workbook as it was sent, with the errors beside the cells."""
    batch = get_import_for(reader_of(request), pk, kind)
    if batch.marked is None:
        raise Http404
    return serve(request, batch.marked, download=True)


@require_POST
def import_save(
    request: HttpRequest, pk: int, kind: str = ImportBatch.Kind.CANDIDATES
) -> HttpResponse:
    """Save all rows in one act, or only the good ones."""
    user = reader_of(request)
    batch = get_import_for(user, pk, kind)
    form = SaveForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["rows"][0]))
        return redirect(words_of(batch).url("", pk))
    try:
        imports.save_rows(batch, whole=form.cleaned_data["rows"] == SaveForm.ALL, by=user)
    except TransitionError as refusal:
        messages.error(request, str(refusal))
    return redirect(words_of(batch).url("", pk))


@require_POST
def import_cancel(
    request: HttpRequest, pk: int, kind: str = ImportBatch.Kind.CANDIDATES
) -> HttpResponse:
    """Forget the file; nothing of it was saved."""
    user = reader_of(request)
    batch = get_import_for(user, pk, kind)
    try:
        imports.cancel(batch, by=user)
        messages.success(
            request, f"Impor dibatalkan. Tidak ada {words_of(batch).noun} yang disimpan."
        )
    except TransitionError as refusal:
        messages.error(request, str(refusal))
        return redirect(words_of(batch).url("", pk))
    return redirect(f"{words_of(batch).prefix}_create")


def own_agencies(user: User) -> list[Agency]:
    """The agencies whose operator the reader is; administrators have none."""
    own = Agency.objects.active().filter(pk__in=roles_of(user).agency_ids)
    agencies = list(own.select_related("region").order_by("name"))
    if not agencies:
        raise PermissionDenied
    return agencies


def _when(batch: ImportBatch, agencies: list[Agency]) -> str:
    tz = next(agency.tz for agency in agencies if agency.pk == batch.agency_id)
    return short_datetime(batch.created_at, tz)


def _head(batch: ImportBatch) -> dict[str, object]:
    counts, words = batch.counts, words_of(batch)
    is_saved = batch.state == ImportBatch.State.DONE
    if is_saved:
        figures = [
            (words.created, counts.get("created", 0)),
            (words.changed, counts.get("updated", 0)),
            ("sama, tidak diubah", counts.get("same", 0) + counts.get("unchanged", 0)),
            ("tidak disimpan", counts.get("error", 0) + counts.get("refused", 0)),
        ]
    else:
        figures = [
            ("baris dibaca", batch.total),
            ("siap disimpan", batch.savable),
            ("sama", counts.get("same", 0)),
            ("perlu dibetulkan", counts.get("error", 0)),
            ("dengan peringatan", counts.get("warned", 0)),
        ]
    return {
        "words": words,
        "self_url": words.url("", batch.pk),
        "save_url": words.url("_save", batch.pk),
        "cancel_url": words.url("_cancel", batch.pk),
        "marked_url": words.url("_marked", batch.pk),
        "create_url": reverse(f"{words.prefix}_create"),
        "next_url_saved": reverse(words.list_name) + words.next_query,
        "read_text": clock(batch.created_at, batch.agency.tz),
        "kept_days": settings.IMPORT_DAYS,
        "total_text": format_number(batch.total),
        "savable_text": format_number(batch.savable),
        "error_text": format_number(int(counts.get("error", 0))),
        "kind": state_tag(batch)[0],
        "word": state_tag(batch)[1],
        "figures": [(label, format_number(int(value))) for label, value in figures],
        "error_count": counts.get("error", 0),
        "is_saved": is_saved,
        "is_ready": batch.state == ImportBatch.State.READY,
        "can_cancel": batch.state in ImportBatch.CANCELLABLE,
        "goal": batch.savable if batch.state == ImportBatch.State.SAVING else batch.total,
    }


def _filters(batch: ImportBatch, chosen: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = [
        {
            "label": label,
            "count": format_number(int(batch.counts.get(outcome, 0))),
            "url": _page_url(name),
            "is_current": name == chosen,
        }
        for name, (label, outcome) in FILTERS.items()
        if batch.counts.get(outcome)
    ]
    whole = {
        "label": "Semua",
        "count": format_number(batch.total),
        "url": _page_url("semua"),
        "is_current": chosen == "semua",
    }
    return [whole, *found]


def _page_url(chosen: str, **cursor: str) -> str:
    return f"?{urlencode({'hasil': chosen, **cursor})}"
