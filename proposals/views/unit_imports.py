"""Work units from a file: the template and the upload. The other pages are those of `imports`."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.accounts.models import Agency
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.files.middleware import limit_upload
from inpassing.formats import format_number, short_datetime

from .. import imports
from ..forms.work_units import UnitUploadForm
from ..import_sheets import MAX_BYTES, TOO_LARGE, XLSX_TYPE
from ..models import ImportBatch
from ..unit_imports import template_of
from .import_words import state_tag
from .imports import own_agencies
from .reader import reader_of


@limit_upload(MAX_BYTES)
@require_http_methods(["GET", "POST"])
def unit_import_create(request: HttpRequest) -> HttpResponse:
    """The template to download, the file to upload, and the files sent before."""
    user = reader_of(request)
    agencies = {str(agency.pk): agency for agency in own_agencies(user)}
    targets = {key: agency.name for key, agency in agencies.items()}
    status = 200
    if request.method != "POST":
        form = UnitUploadForm(
            targets=targets, initial={"target": request.GET.get("instansi") or next(iter(targets))}
        )
    else:
        files = request.FILES  # reading them finds a file that is larger than was declared
        form = UnitUploadForm(request.POST, files, targets=targets)
        status = 422
        if getattr(request, "upload_too_large", False):
            form = UnitUploadForm({}, targets=targets)
            form.errors.clear()
            form.errors["file"] = form.error_class([TOO_LARGE])
            status = 413
        elif form.is_valid():
            agency = agencies[form.cleaned_data["target"]]
            try:
                batch = imports.start(agency, None, form.cleaned_data["file"], by=user)
                return redirect("proposals:unit_import", batch.pk)
            except TransitionError as refusal:
                messages.error(request, str(refusal))
                return redirect("proposals:unit_import_create")
    sent = ImportBatch.objects.filter(
        agency__in=agencies.values(), kind=ImportBatch.Kind.UNITS
    ).select_related("agency__region")[:10]
    return render(
        request,
        "proposals/unit_import_form.html",
        {
            "form": form,
            "templates": [
                (agency.name, reverse("proposals:unit_import_template", args=[agency.pk]))
                for agency in agencies.values()
            ],
            "sent": [
                {
                    "batch": batch,
                    "kind": state_tag(batch)[0],
                    "word": state_tag(batch)[1],
                    "when": short_datetime(batch.created_at, batch.agency.tz),
                    "total": format_number(batch.total) if batch.total else "–",
                }
                for batch in sent
            ],
        },
        status=status,
    )


@require_safe
def unit_import_template(request: HttpRequest, agency_pk: int) -> HttpResponse:
    """The workbook to fill in or to change, with the units that there are."""
    own = roles_of(reader_of(request)).agency_ids
    agency = get_object_or_404(Agency, pk=agency_pk, pk__in=own)
    response = HttpResponse(template_of(agency), content_type=XLSX_TYPE)
    response["Content-Disposition"] = 'attachment; filename="unit-kerja.xlsx"'
    response["Cache-Control"] = "private, no-store"
    return response
