"""Results from a file: upload, look, save."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.errors import TransitionError
from inpassing.files.middleware import limit_upload
from inpassing.keyset import KeysetPage, keyset_page
from inpassing.reference.models import Period, PeriodPosition
from proposals.import_sheets import MAX_BYTES, TOO_LARGE, XLSX_TYPE, SheetError, check_file

from .. import result_imports
from ..models import ResultImport, ResultRow, Seat
from ..permissions import require_admin
from .sessions import me

MISSING = "missing"
PAGE = 100
TAGS = {"new": "ok", "changed": "turn", "same": "still", "error": "bad"}


class UploadForm(forms.Form):
    """A file of results, and whose they are."""

    entry = forms.ModelChoiceField(
        label="Periode dan jabatan", queryset=PeriodPosition.objects.none(), empty_label=None
    )
    file = forms.FileField(
        label="Berkas XLSX atau CSV",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": "Pilih berkas.", "empty": "Berkas kosong. Pilih berkas lain."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entry: Any = self.fields["entry"]
        entry.queryset = _entries()

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        try:
            check_file(upload.read())
        except SheetError as error:
            raise forms.ValidationError(str(error)) from error
        upload.seek(0)
        return upload


def _entries():  # type: ignore[no-untyped-def]
    return (
        PeriodPosition.objects.filter(period__in=Period.objects.open())
        .select_related("period", "position")
        .order_by("period", "position")
    )


@limit_upload(MAX_BYTES)
@require_http_methods(["GET", "POST"])
def import_create(request: HttpRequest) -> HttpResponse:
    """The templates, the file to upload, and the files sent before."""
    user = me(request)
    require_admin(user)
    form, status = UploadForm(), 200
    if request.method == "POST":
        files = request.FILES  # reading them finds a file that is larger than was declared
        if getattr(request, "upload_too_large", False):
            form, status = UploadForm({}), 413
            form.errors.clear()
            form.errors["file"] = form.error_class([TOO_LARGE])
        else:
            form, status = UploadForm(request.POST, files), 422
            if form.is_valid():
                batch = result_imports.start(
                    form.cleaned_data["entry"], form.cleaned_data["file"], by=user
                )
                return redirect("competency:result_import", batch.pk)
    return render(
        request,
        "competency/result_import_form.html",
        {
            "form": form,
            "entries": _entries(),
            "sent": ResultImport.objects.select_related("entry__period", "entry__position")[:10],
        },
        status=status,
    )


@require_safe
def template(request: HttpRequest, pk: int) -> HttpResponse:
    """The workbook with everybody who was present and has no result."""
    require_admin(me(request))
    entry = get_object_or_404(_entries(), pk=pk)
    return _workbook(result_imports.template(entry), "nilai.xlsx")


@require_safe
def result_import(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file says, row by row, and who is missing in it."""
    require_admin(me(request))
    batch = _get(pk)
    if request.headers.get("HX-Request"):
        if batch.is_working:
            return render(request, "competency/result_import_progress.html", {"batch": batch})
        return HttpResponse(headers={"HX-Refresh": "true"})
    chosen = request.GET.get("hasil", "")
    rows = batch.rows.all()
    if chosen in ResultRow.Outcome.values:
        rows = rows.filter(outcome=chosen)
    after, before = request.GET.get("sesudah", ""), request.GET.get("sebelum", "")
    page = keyset_page(rows, ["number"], size=PAGE, after=after, before=before)
    missing: list[Seat] = []
    if chosen == MISSING:
        people = result_imports.missing_in(batch).for_list()
        absent = keyset_page(people, ["pk"], size=PAGE, after=after, before=before)
        missing, page = absent.rows, KeysetPage([], absent.before, absent.after)
    columns = result_imports.layout_of(batch.entry).columns[2:]
    return render(
        request,
        "competency/result_import.html",
        {
            "batch": batch,
            "columns": [column.header for column in columns],
            "rows": [
                (
                    row,
                    [(column.header, row.data.get(column.key, "")) for column in columns],
                    TAGS.get(row.outcome, "still"),
                )
                for row in page.rows
            ],
            "figures": [
                (label, batch.counts.get(key, 0), f"?hasil={key}")
                for key, label in ResultRow.Outcome.choices
            ],
            "missing": batch.counts.get("missing", 0),
            "missing_people": missing,
            "chosen": chosen,
            "prev_url": f"?hasil={chosen}&sebelum={page.before}" if page.before else "",
            "next_url": f"?hasil={chosen}&sesudah={page.after}" if page.after else "",
            "is_ready": batch.state == ResultImport.State.READY,
        },
    )


@require_safe
def marked(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it was sent, with the errors beside the cells."""
    require_admin(me(request))
    return _workbook(result_imports.marked(_get(pk)), "nilai-bertanda.xlsx")


@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the new and changed rows."""
    user = me(request)
    require_admin(user)
    try:
        result_imports.save_rows(_get(pk), by=user)
        messages.success(request, "Nilai sedang disimpan.")
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("competency:result_import", pk)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a file before it is saved."""
    user = me(request)
    require_admin(user)
    try:
        result_imports.cancel(_get(pk), by=user)
        messages.success(request, "Impor dibatalkan. Tidak ada nilai yang disimpan.")
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("competency:result_import_create")


def _get(pk: int) -> ResultImport:
    return get_object_or_404(
        ResultImport.objects.select_related("entry__period", "entry__position", "created_by"), pk=pk
    )


def _workbook(data: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        data,
        content_type=XLSX_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
