"""The register of letter numbers: every number of a year, those that were made void included."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from inpassing.errors import TransitionError
from inpassing.keyset import keyset_page

from .. import exports
from ..models import Export, Letter, LetterQuerySet, NumberRegister
from ..numbering import REGISTER
from ..permissions import can_administer, can_see_register
from ..records import today
from ..sheets import register_note
from .reader import user_of

PAGE = 50


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """The numbers of one register and year, the newest first; found by number or agency."""
    user = user_of(request)
    if not can_see_register(user):
        raise PermissionDenied
    registers = list(NumberRegister.objects.order_by("-year", "register"))
    name, year, query = _asked(request, registers)
    rows = _numbers(name, year, query)
    page = keyset_page(
        rows.for_list().select_related("replaced_by"),
        ["-sequence", "-pk"],
        size=PAGE,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
    )
    last = next((r.last for r in registers if (r.register, r.year) == (name, year)), 0)
    context = {
        "page": page,
        "rows": [(letter, register_note(letter)) for letter in page.rows],
        "registers": sorted({r.register for r in registers} | {REGISTER}),
        "years": sorted({r.year for r in registers} | {year}, reverse=True),
        "name": name,
        "year": year,
        "query": query,
        "last": last,
        "missing": _missing(name, year, last),
        "may_export": can_administer(user),
    }
    return render(request, "recommendations/register.html", context)


@require_POST
def register_export(request: HttpRequest) -> HttpResponse:
    """A workbook of the numbers that the page shows, made by a worker."""
    user = user_of(request)
    if not can_administer(user):
        raise PermissionDenied
    name, year, query = _asked(request, list(NumberRegister.objects.order_by("-year")))
    words = [["Register", name], ["Tahun", str(year)], ["Nomor atau instansi", query]]
    try:
        export = exports.start(
            Export.Content.REGISTER,
            _numbers(name, year, query).order_by("sequence", "pk"),
            by=user,
            filters=[word for word in words if word[1]],
        )
    except TransitionError as error:
        messages.error(request, str(error))
        return redirect("recommendations:register")
    return redirect("recommendations:export", export.pk)


def _asked(request: HttpRequest, registers: list[NumberRegister]) -> tuple[str, int, str]:
    """Register, year and search text of the address; by default the newest year there is."""
    data = request.POST if request.method == "POST" else request.GET
    newest = registers[0].year if registers else today().year
    year = data.get("tahun", "")
    is_year = year.isdecimal() and year.isascii() and len(year) == 4
    name = data.get("register", "")
    known = {row.register for row in registers}
    return (
        name if name in known else REGISTER,
        int(year) if is_year else newest,
        data.get("q", "").strip().replace("\0", "")[:80],
    )


def _numbers(name: str, year: int, query: str) -> LetterQuerySet:
    rows = Letter.objects.main().filter(register=name, year=year, sequence__isnull=False)
    if query:
        rows = rows.filter(Q(number__icontains=query) | Q(agency__name__icontains=query))
    return rows


def _missing(name: str, year: int, last: int) -> int:
    """How many numbers up to the last one no letter has; more than none is a fault to report."""
    return last - Letter.objects.main().filter(register=name, year=year).count()
