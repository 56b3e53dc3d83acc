"""The own agencies: who their operators are, and what stands in their letterheads."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.accounts.models import Agency
from inpassing.accounts.roles import roles_of
from inpassing.formats import long_date

from ..forms.agencies import AGENCY_FIELDS, AgencyForm
from ..people import change_agency, operator_grants
from .reader import reader_of


@require_safe
def agency_operators(request: HttpRequest) -> HttpResponse:
    """The operators of each agency whose operator the reader is, with how to reach them."""
    user = reader_of(request)
    own = roles_of(user).agency_ids
    if not own:
        raise PermissionDenied
    agencies: dict[Agency, list[dict[str, object]]] = {}
    for grant in operator_grants(own):
        assert grant.agency is not None
        agencies.setdefault(grant.agency, []).append(
            {
                "user": grant.user,
                "since": long_date(timezone.localdate(grant.granted_at)),
                "is_reader": grant.user_id == user.pk,
            }
        )
    return render(request, "proposals/agency_operators.html", {"agencies": agencies})


@require_http_methods(["GET", "POST"])
def agency_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What stands in the letterhead of the own agency, and whom its people may ask."""
    user = reader_of(request)
    agency = get_object_or_404(Agency, pk=pk, pk__in=roles_of(user).agency_ids)
    initial = {name: getattr(agency, name) for name in AGENCY_FIELDS}
    form = AgencyForm(request.POST or None, initial=initial, is_regional=agency.is_regional)
    if request.method == "POST" and form.is_valid():
        change_agency(agency, form.cleaned_data, by=user)
        messages.success(request, "Data instansi tersimpan.")
        return redirect("proposals:agency_operators")
    return render(
        request,
        "proposals/agency_form.html",
        {"agency": agency, "form": form},
        status=422 if form.is_bound else 200,
    )
