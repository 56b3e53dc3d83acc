"""BPS offices as test sites."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.reference.models import BpsOffice
from inpassing.timeline.events import record

from ..forms.accounts import OfficeForm
from ..permissions import admin_required

PAGE = 50


@require_safe
@admin_required
def office_list(request: HttpRequest) -> HttpResponse:
    """Offices in the order of their region codes, searched by name or region code."""
    query = request.GET.get("q", "").strip()
    offices = BpsOffice.objects.all()
    if query:
        offices = offices.filter(Q(name__icontains=query) | Q(region__code__startswith=query))
    if (after := request.GET.get("sesudah", "")).isdecimal():
        offices = offices.filter(pk__gt=int(after))
    page = list(offices.order_by("pk")[: PAGE + 1])
    more = urlencode({"q": query, "sesudah": page[PAGE - 1].pk}) if len(page) > PAGE else ""
    return render(
        request,
        "administration/office_list.html",
        {"offices": page[:PAGE], "q": query, "next_url": f"?{more}" if more else ""},
    )


@require_http_methods(["GET", "POST"])
@admin_required
def office_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an office: address, contact, zone, capacity, in use or not."""
    office = get_object_or_404(BpsOffice, pk=pk)
    form = OfficeForm(request.POST or None, instance=office)
    if request.method == "POST" and form.is_valid():
        form.save()
        record(
            office,
            "office.changed",
            "Data kantor diubah",
            by=request.user,  # type: ignore[arg-type]
            data={"fields": form.changed_data},
        )
        messages.success(request, "Data kantor tersimpan.")
        return redirect("administration:office_list")
    return render(request, "administration/office_form.html", {"form": form, "office": office})
