"""The credit points of a period: look, download, replace from a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.errors import TransitionError
from inpassing.files.middleware import limit_upload
from inpassing.reference.models import InpassingCredit, Period
from proposals.import_sheets import MAX_BYTES, TOO_LARGE, XLSX_TYPE, SheetError

from .. import credits
from ..forms.periods import ReasonForm
from ..permissions import admin_required

ERRORS_SHOWN = 50


class CreditsForm(forms.Form):
    """A file with the whole table."""

    file = forms.FileField(
        label="Berkas XLSX atau CSV",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        help_text="Seluruh tabel diganti dengan isi berkas ini.",
        error_messages={"required": "Pilih berkas.", "empty": "Berkas kosong. Pilih berkas lain."},
    )
    cells: list[InpassingCredit]

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        try:
            self.cells, errors = credits.read(upload.read(MAX_BYTES + 1))
        except SheetError as error:
            raise forms.ValidationError(str(error)) from error
        if errors:
            more = len(errors) - ERRORS_SHOWN
            shown = errors[:ERRORS_SHOWN] + ([f"dan {more} galat lain."] if more > 0 else [])
            raise forms.ValidationError(shown)
        return upload


@limit_upload(MAX_BYTES)
@require_http_methods(["GET", "POST"])
@admin_required
def period_credits(request: HttpRequest, pk: int) -> HttpResponse:
    """The stored table, and the file that replaces it; with one error nothing is replaced."""
    user: Any = request.user
    period = get_object_or_404(Period, pk=pk)
    form, reason, status = CreditsForm(), ReasonForm(period=period, tells=False), 200
    if request.method == "POST":
        files = request.FILES  # reading them finds a file that is larger than was declared
        reason = ReasonForm(request.POST, period=period, tells=False)
        if getattr(request, "upload_too_large", False):
            form, status = CreditsForm({}), 413
            form.errors.clear()
            form.errors["file"] = form.error_class([TOO_LARGE])
        else:
            form, status = CreditsForm(request.POST, files), 422
            if form.is_valid() & reason.is_valid():
                try:
                    count = credits.replace(
                        period, form.cells, by=user, reason=reason.cleaned_data.get("reason", "")
                    )
                except TransitionError as error:
                    form.add_error(None, str(error))
                    status = 409
                else:
                    messages.success(request, f"Tabel angka kredit diganti: {count} sel terisi.")
                    return redirect("administration:period_credits", pk)
    return render(
        request,
        "administration/period_credits.html",
        {
            "period": period,
            "form": form,
            "reason": reason,
            "years": credits.YEARS,
            "rows": credits.table_of(period),
            "can_edit": period.status != Period.Status.CLOSED,
        },
        status=status,
    )


@require_safe
@admin_required
def period_credits_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The workbook with what is stored, to fill in."""
    period = get_object_or_404(Period, pk=pk)
    return HttpResponse(
        credits.template(period),
        content_type=XLSX_TYPE,
        headers={"Content-Disposition": 'attachment; filename="angka-kredit.xlsx"'},
    )
