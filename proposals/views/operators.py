"""Who is operator of the own agencies: operators know of each other."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inpassing.accounts.roles import roles_of
from inpassing.formats import long_date

from ..people import operator_grants
from .reader import reader_of


@require_safe
def agency_operators(request: HttpRequest) -> HttpResponse:
    """The operators of each agency whose operator the reader is, with how to reach them."""
    user = reader_of(request)
    own = roles_of(user).agency_ids
    if not own:
        raise PermissionDenied
    agencies: dict[str, list[dict[str, object]]] = {}
    for grant in operator_grants(own):
        agencies.setdefault(str(grant.agency), []).append(
            {
                "user": grant.user,
                "since": long_date(timezone.localdate(grant.granted_at)),
                "is_reader": grant.user_id == user.pk,
            }
        )
    return render(request, "proposals/agency_operators.html", {"agencies": agencies})
