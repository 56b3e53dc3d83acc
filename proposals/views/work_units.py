"""The agency's work units and their heads, kept by its operators."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.accounts.models import Agency, User, WorkUnit
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.keyset import keyset_page

from .. import work_units
from ..forms.work_units import WorkUnitForm
from .reader import reader_of

PAGE_SIZE = 50


def _agencies_of(user: User, wanted: str = "") -> tuple[Agency, list[Agency]]:
    """The agency whose units `user` keeps (the one asked for, else the first), and all of them."""
    own = list(Agency.objects.filter(pk__in=roles_of(user).agency_ids).order_by("pk"))
    if not own:
        raise PermissionDenied
    return next((agency for agency in own if str(agency.pk) == wanted), own[0]), own


def _list_url(agency: Agency) -> str:
    return f"{reverse('proposals:work_unit_list')}?instansi={agency.pk}"


@require_safe
def work_unit_list(request: HttpRequest) -> HttpResponse:
    """The work units of the own agency."""
    agency, own = _agencies_of(reader_of(request), request.GET.get("instansi", ""))
    page = keyset_page(
        WorkUnit.objects.filter(agency=agency).select_related("head_rank"),
        ("name", "pk"),
        size=PAGE_SIZE,
        after=request.GET.get("setelah", ""),
        before=request.GET.get("sebelum", ""),
    )
    return render(
        request,
        "proposals/work_unit_list.html",
        {
            "agency": agency,
            "others": [(other.name, _list_url(other), other == agency) for other in own]
            if len(own) > 1
            else [],
            "units": page.rows,
            "next_url": f"?instansi={agency.pk}&setelah={page.after}" if page.after else "",
            "prev_url": f"?instansi={agency.pk}&sebelum={page.before}" if page.before else "",
        },
    )


@require_http_methods(["GET", "POST"])
def work_unit_create(request: HttpRequest) -> HttpResponse:
    """A new work unit of the own agency."""
    user = reader_of(request)
    agency, _ = _agencies_of(user, request.GET.get("instansi", ""))
    form = WorkUnitForm(request.POST or None, agency=agency)
    if request.method == "POST" and form.is_valid():
        try:
            unit = work_units.create_unit(agency, form.values(), by=user)
            messages.success(request, f"{unit.name} tersimpan.")
            return redirect(_list_url(agency))
        except TransitionError as refusal:
            form.add_error("name", str(refusal))
    return _form_page(request, form, agency)


@require_http_methods(["GET", "POST"])
def work_unit_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a work unit of the own agency."""
    user = reader_of(request)
    unit = get_object_or_404(
        WorkUnit.objects.filter(agency__in=roles_of(user).agency_ids).select_related("agency"),
        pk=pk,
    )
    form = WorkUnitForm(request.POST or None, agency=unit.agency, unit=unit)
    if request.method == "POST" and form.is_valid():
        try:
            changed = work_units.change_unit(unit, form.values(), by=user)
            messages.success(request, f"{changed.name} tersimpan.")
            return redirect(_list_url(unit.agency))
        except TransitionError as refusal:
            form.add_error("name", str(refusal))
    return _form_page(request, form, unit.agency, unit)


def _form_page(
    request: HttpRequest, form: WorkUnitForm, agency: Agency, unit: WorkUnit | None = None
) -> HttpResponse:
    return render(
        request,
        "proposals/work_unit_form.html",
        {"form": form, "agency": agency, "unit": unit, "list_url": _list_url(agency)},
        status=422 if form.is_bound else 200,
    )
