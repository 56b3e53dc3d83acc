"""The agency's work units and their heads, kept by its operators."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.accounts.models import Agency, User, WorkUnit
from inpassing.accounts.roles import roles_of
from inpassing.keyset import keyset_page
from inpassing.timeline.events import record

from ..forms.work_units import WorkUnitForm
from .reader import reader_of

PAGE_SIZE = 50


def _agency_of(user: User, wanted: str = "") -> Agency:
    """The agency whose units `user` keeps: the one asked for, else the first of their own."""
    own = Agency.objects.filter(pk__in=roles_of(user).agency_ids).order_by("pk")
    chosen = own.filter(pk=int(wanted)).first() if wanted.isdecimal() else own.first()
    if chosen is None:
        raise PermissionDenied
    return chosen


@require_safe
def work_unit_list(request: HttpRequest) -> HttpResponse:
    """The work units of the own agency."""
    agency = _agency_of(reader_of(request), request.GET.get("instansi", ""))
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
            "units": page.rows,
            "next_url": f"?instansi={agency.pk}&setelah={page.after}" if page.after else "",
            "prev_url": f"?instansi={agency.pk}&sebelum={page.before}" if page.before else "",
        },
    )


@require_http_methods(["GET", "POST"])
def work_unit_create(request: HttpRequest) -> HttpResponse:
    """A new work unit of the own agency."""
    user = reader_of(request)
    agency = _agency_of(user, request.GET.get("instansi", ""))
    form = WorkUnitForm(request.POST or None, agency=agency)
    if request.method == "POST" and form.is_valid():
        unit = form.save()
        record(unit, "work_unit.created", "Unit kerja ditambahkan", by=user)
        messages.success(request, f"{unit.name} tersimpan.")
        return redirect("proposals:work_unit_list")
    return render(request, "proposals/work_unit_form.html", {"form": form, "agency": agency})


@require_http_methods(["GET", "POST"])
def work_unit_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a work unit of the own agency."""
    user = reader_of(request)
    unit = get_object_or_404(
        WorkUnit.objects.filter(agency__in=roles_of(user).agency_ids).select_related("agency"),
        pk=pk,
    )
    form = WorkUnitForm(request.POST or None, instance=unit, agency=unit.agency)
    if request.method == "POST" and form.is_valid():
        form.save()
        record(
            unit,
            "work_unit.changed",
            "Unit kerja diubah",
            by=user,
            data={"fields": form.changed_data},
        )
        messages.success(request, f"{unit.name} tersimpan.")
        return redirect("proposals:work_unit_list")
    context = {"form": form, "agency": unit.agency, "unit": unit}
    return render(request, "proposals/work_unit_form.html", context)
