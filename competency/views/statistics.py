"""Figures of the test per wave, province and office."""

from __future__ import annotations

from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from inpassing.reference.models import BpsOffice, Period, Region

from ..models import Seat
from ..permissions import require_admin
from .sessions import me

PUBLISHED = Q(result__published_at__isnull=False)
PASSED = PUBLISHED & Q(result__total__gte=F("result__passing_grade"))


@require_safe
def statistics(request: HttpRequest, pk: int) -> HttpResponse:
    """Who came and who passed: by wave, by province, and with ?provinsi= by office."""
    require_admin(me(request))
    period = get_object_or_404(Period, pk=pk)
    seats = Seat.objects.current().filter(session__period=period, session__cancelled_at=None)
    chosen = request.GET.get("provinsi", "")
    provinces = dict(Region.objects.filter(kind=Region.Kind.PROVINCE).values_list("code", "name"))
    if chosen in provinces:
        places = _figures(
            seats.filter(session__office__region__code__startswith=chosen),
            place=F("session__office"),
        )
        names: dict[Any, str] = dict(BpsOffice.objects.values_list("pk", "name"))
    else:
        chosen = ""
        places = _figures(
            seats, place=Coalesce(Substr("session__office__region__code", 1, 2), Value(""))
        )
        names = {"": "BPS Pusat", **provinces}
    for row in places:
        row["name"] = names.get(row["place"], "–")
        row["url"] = f"?provinsi={row['place']}" if not chosen and row["place"] else ""
    return render(
        request,
        "competency/statistics.html",
        {
            "period": period,
            "whole": _figures(seats, place=Value("all")),
            "waves": _figures(seats, place=F("session__wave")),
            "places": places,
            "province": provinces.get(chosen, ""),
        },
    )


def _figures(seats: QuerySet[Seat], *, place: Any) -> list[dict[str, Any]]:
    rows = (
        seats.annotate(place=place)
        .values("place")
        .annotate(
            people=Count("pk"),
            present=Count("pk", filter=Q(attendance__in=["present", "late"])),
            absent=Count("pk", filter=Q(attendance="absent")),
            results=Count("pk", filter=PUBLISHED),
            passed=Count("pk", filter=PASSED),
            mean=Avg("result__total", filter=PUBLISHED),
        )
        .order_by("place")
    )
    return [
        {**row, "share": round(100 * row["passed"] / row["results"]) if row["results"] else None}
        for row in rows
    ]
