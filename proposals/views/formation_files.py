"""The papers of a formation: signed table, calculation, and the page to print and sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inpassing.errors import TransitionError
from inpassing.files.inspector import MAX_BYTES, MESSAGES
from inpassing.files.middleware import limit_upload
from inpassing.files.models import StoredFile
from inpassing.files.storage import serve
from inpassing.files.views import Paper, show_page, show_pages
from inpassing.formats import short_datetime

from .. import formation_rows
from ..forms.formations import CalculationForm, TableForm
from ..ledger import ledger
from ..models import Formation, FormationLine
from ..permissions import can_edit_formation, get_formation_for
from ..statements import place_of
from ..viewable import FORMATION_PAPERS, formation_paper
from .formations import line_row, loaded, show_formation, zone_for
from .reader import reader_of


@limit_upload(MAX_BYTES)
@require_POST
def formation_table_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the PDF of the signed table in."""
    found = get_formation_for(reader_of(request), pk, can_edit_formation)
    return _take_file(request, found, TableForm, "table", formation_rows.attach_table)


@limit_upload(MAX_BYTES)
@require_POST
def formation_calculation_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the PDF of the calculation in."""
    found = get_formation_for(reader_of(request), pk, can_edit_formation)
    return _take_file(
        request, found, CalculationForm, "calculation", formation_rows.attach_calculation
    )


@require_POST
def formation_calculation_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the calculation out; a second click finds nothing left to do."""
    user = reader_of(request)
    found = get_formation_for(user, pk, can_edit_formation)
    try:
        formation_rows.remove_calculation(found, by=user)
        messages.success(request, "Perhitungan dilepas dari formasi ini.")
    except TransitionError as refusal:
        messages.error(request, str(refusal))
    return redirect("proposals:formation", pk)


@require_safe
def formation_table(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The signed table as it was uploaded; refused and waiting files are not handed on."""
    return _serve(request, get_formation_for(reader_of(request), pk).table)


@require_safe
def formation_calculation(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The calculation as it was uploaded; refused and waiting files are not handed on."""
    return _serve(request, get_formation_for(reader_of(request), pk).calculation)


@require_safe
def formation_pages(request: HttpRequest, pk: int, paper: str) -> HttpResponse:
    """The pages of the table or the calculation as pictures."""
    found = get_formation_for(reader_of(request), pk)
    return show_pages(
        request,
        _paper(found, paper),
        back_url=reverse("proposals:formation", args=[pk]),
        back="Formasi",
    )


@require_safe
def formation_page(request: HttpRequest, pk: int, paper: str, number: int) -> HttpResponseBase:
    """The picture of one page of the table or the calculation."""
    return show_page(request, _paper(get_formation_for(reader_of(request), pk), paper), number)


def _paper(found: Formation, slug: str) -> Paper:
    if slug not in FORMATION_PAPERS or (paper := formation_paper(found, slug)) is None:
        raise Http404
    return paper


@require_safe
def formation_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The formation on paper, with all figures and a place for the signature."""
    user = reader_of(request)
    found = loaded(get_formation_for(user, pk))
    rows, columns = list(found.lines.all()), list(found.period.formation_columns.all())
    return render(
        request,
        "proposals/formation_print.html",
        {
            "formation": found,
            "rows": [line_row(row, columns) for row in rows],
            "columns": columns,
            "has_units": any(row.work_unit_id for row in rows),
            "has_validated": any(row.validated is not None for row in rows),
            "ledger": ledger(found),
            "totals": _totals(rows),
            "place": place_of(found.agency),
            "now_text": short_datetime(timezone.now(), zone_for(found, user)),
        },
    )


def _totals(rows: Sequence[FormationLine]) -> dict[str, int]:
    return {
        "needed": sum(row.needed for row in rows),
        "filled": sum(row.filled for row in rows),
        "vacancy": sum(row.open_posts for row in rows),
        "validated": sum(row.validated or 0 for row in rows),
    }


def _take_file(
    request: HttpRequest,
    found: Formation,
    form_class: type[TableForm | CalculationForm],
    name: str,
    attach: Callable[..., Formation],
) -> HttpResponse:
    files = request.FILES  # reading them finds a file that is larger than was declared
    form = form_class(request.POST, files)
    status = 422
    if getattr(request, "upload_too_large", False):
        form = form_class({})
        form.errors[name] = form.error_class([MESSAGES["too_large"]])
        status = 413
    elif form.is_valid():
        try:
            attach(found, form.cleaned_data[name], by=reader_of(request))
            messages.success(request, "Berkas tersimpan. Sistem sedang memeriksanya.")
        except TransitionError as refusal:
            messages.error(request, str(refusal))
        return redirect("proposals:formation", found.pk)
    return show_formation(request, found, **{f"{name}_form": form}, status=status)  # type: ignore[arg-type]  # the form of that name


def _serve(request: HttpRequest, file: StoredFile | None) -> HttpResponseBase:
    if file is None or not file.is_accepted:
        raise Http404
    return serve(request, file, framed=True)
