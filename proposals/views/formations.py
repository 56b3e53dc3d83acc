"""The agency's formations: list, page, rows, submission."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import Agency, User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.formats import format_number, short_datetime
from inpassing.keyset import keyset_page
from inpassing.reference.models import FormationColumn, Period, PeriodPosition, Position
from inpassing.timeline.events import events_of

from .. import formation_rows, formations
from ..forms.formations import CalculationForm, LineForm, TableForm
from ..ledger import LedgerLine, ledger
from ..models import Formation, FormationLine
from ..permissions import can_edit_formation, get_formation_for
from .reader import HEAD_OFFICE_TZ, reader_of, timeline_rows

PAGE_SIZE = 50
STATUS_TAGS = {
    Formation.Status.DRAFT: "still",
    Formation.Status.SUBMITTED: "wait",
    Formation.Status.VALIDATED: "ok",
    Formation.Status.RETURNED: "fix",
}


@require_safe
def formation_list(request: HttpRequest) -> HttpResponse:
    """Formations that the reader may see, and for an operator those that can still be made."""
    user = reader_of(request)
    roles = roles_of(user)
    if not (roles.is_operator or roles.is_admin or roles.is_verifier):
        raise PermissionDenied
    page = keyset_page(
        Formation.objects.visible_to(user).select_related("agency", "period", "position", "table"),
        ("-pk",),
        size=PAGE_SIZE,
        after=request.GET.get("setelah", ""),
        before=request.GET.get("sebelum", ""),
    )
    here = reverse("proposals:formation_list")
    return render(
        request,
        "proposals/formation_list.html",
        {
            "rows": [
                {
                    "formation": formation,
                    "url": reverse("proposals:formation", args=[formation.pk]),
                    "kind": _tag_kind(formation, user),
                    "turn": formation.is_editable and can_edit_formation(user, formation),
                }
                for formation in page.rows
            ],
            "missing": _missing_formations(user),
            "shows_agency": not roles.is_operator or len(roles.agency_ids) > 1,
            "is_operator": roles.is_operator,
            "prev_url": f"{here}?sebelum={page.before}" if page.before else "",
            "next_url": f"{here}?setelah={page.after}" if page.after else "",
        },
    )


@require_POST
def formation_create(request: HttpRequest) -> HttpResponse:
    """Make the agency's formation for a period and position, then show it."""
    user = reader_of(request)
    agency = get_object_or_404(
        Agency, pk=_number(request, "agency"), pk__in=roles_of(user).agency_ids
    )
    period = get_object_or_404(Period.objects.open(), pk=_number(request, "period"))
    position = get_object_or_404(Position, pk=request.POST.get("position", ""))
    try:
        formation = formation_rows.create_formation(agency, period, position, by=user)
    except TransitionError as refusal:
        messages.error(request, str(refusal))
        return redirect("proposals:formation_list")
    return redirect("proposals:formation", formation.pk)


@require_safe
def formation(request: HttpRequest, pk: int) -> HttpResponse:
    """One formation as a ledger."""
    return show_formation(request, get_formation_for(reader_of(request), pk))


@require_http_methods(["GET", "POST"])
def formation_line_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a row."""
    found = get_formation_for(reader_of(request), pk, can_edit_formation)
    return _line_page(request, found, None)


@require_http_methods(["GET", "POST"])
def formation_line_edit(request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
    """Change a row."""
    found = get_formation_for(reader_of(request), pk, can_edit_formation)
    return _line_page(request, found, get_object_or_404(found.lines, pk=line_pk))


@require_POST
def formation_line_remove(request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
    """Take a row out; a second click finds nothing left to do."""
    user = reader_of(request)
    found = get_formation_for(user, pk, can_edit_formation)
    line = found.lines.filter(pk=line_pk).first()
    if line is None:
        messages.info(request, "Baris itu sudah dihapus.")
        return redirect("proposals:formation", pk)
    try:
        formation_rows.remove_line(found, line, by=user)
        messages.success(request, "Baris dihapus.")
    except TransitionError as refusal:
        messages.error(request, str(refusal))
    return redirect("proposals:formation", pk)


@require_http_methods(["GET", "POST"])
def formation_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the formation to BPS; the page says what follows from it."""
    user = reader_of(request)
    found = get_formation_for(user, pk, can_edit_formation)
    if request.method == "POST":
        try:
            formations.submit_formation(found, by=user)
            messages.success(
                request, "Formasi terkirim ke BPS. Anda dapat mulai mengusulkan calon."
            )
        except TransitionError as refusal:
            messages.error(request, str(refusal))
        return redirect("proposals:formation", pk)
    return render(request, "proposals/formation_submit.html", {"formation": found})


def show_formation(
    request: HttpRequest,
    found: Formation,
    *,
    table_form: TableForm | None = None,
    calculation_form: CalculationForm | None = None,
    line_form: LineForm | None = None,
    line: FormationLine | None = None,
    status: int = 200,
) -> HttpResponse:
    """The ledger; with `line_form` the row stands open in its place (a new one below the last)."""
    user = reader_of(request)
    found = loaded(found)
    tz = zone_for(found, user)
    entries = ledger(found)
    editable = found.is_editable and can_edit_formation(user, found)
    rows, columns = list(found.lines.all()), list(found.period.formation_columns.all())
    shown = [line_row(row, columns) for row in rows]
    files = [file for file in (found.table, found.calculation) if file]
    return render(
        request,
        "proposals/formation_page.html",
        {
            "formation": found,
            "kind": _tag_kind(found, user),
            "ledger": [_bar(entry) for entry in entries],
            "rows": shown,
            "columns": columns,
            "has_units": any(row.work_unit_id for row in rows),
            "has_validated": any(row.validated is not None for row in rows),
            "shows_rows": bool(
                editable or columns or any(row.work_unit_id or row.validation_note for row in rows)
            ),
            "overrun": [entry for entry in entries if entry.left < 0],
            "form": next((f for f in (line_form, table_form, calculation_form) if f), None),
            "table_form": table_form or TableForm(),
            "calculation_form": calculation_form or CalculationForm(),
            "line_form": line_form,
            "open_line": line,
            "editable": editable,
            "can_submit": editable
            and bool(rows)
            and found.table is not None
            and not any(file.is_refused for file in files),
            "submitted_text": short_datetime(found.submitted_at, tz) if found.submitted_at else "",
            "events": timeline_rows(events_of(found), tz),
            "candidates_url": f"{reverse('proposals:list')}?periode={found.period_id}",
            "create_url": _create_url(found, user),
        },
        status=status,
    )


def loaded(found: Formation) -> Formation:
    """The formation with everything that its pages print."""
    return (
        Formation.objects.select_related(
            "agency__region", "period", "position", "table", "calculation"
        )
        .prefetch_related("lines__level__position", "lines__work_unit", "period__formation_columns")
        .get(pk=found.pk)
    )


def zone_for(found: Formation, user: User) -> str:
    """The zone in which times are shown: the agency's for its people, WIB for BPS."""
    return found.agency.tz if found.agency_id in roles_of(user).agency_ids else HEAD_OFFICE_TZ


def line_row(line: FormationLine, columns: Sequence[FormationColumn]) -> dict[str, object]:
    """A row with what stands in the period's own columns, in their order."""
    texts = [(column, str(line.extra.get(str(column.pk), ""))) for column in columns]
    return {
        "line": line,
        "extra": [
            (column, format_number(Decimal(text)) if text and column.is_number else text)
            for column, text in texts
        ],
    }


def _line_page(request: HttpRequest, found: Formation, line: FormationLine | None) -> HttpResponse:
    form = LineForm(request.POST or None, formation=found, line=line)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                formation_rows.put_line(
                    found,
                    by=reader_of(request),
                    line=line,
                    level=data["level"],
                    work_unit=data.get("work_unit"),
                    needed=data["needed"],
                    filled=data["filled"],
                    extra=form.extra(),
                )
                messages.success(request, f"Baris {data['level'].short_name} tersimpan.")
                return redirect("proposals:formation", found.pk)
            except TransitionError as refusal:
                form.add_error(None, str(refusal))
                status = 409
    # A locked formation opens no row; what was typed into one that has just been locked stays.
    shown = form if found.is_editable or form.is_bound else None
    return show_formation(request, found, line_form=shown, line=line, status=status)


def _missing_formations(user: User) -> list[dict[str, object]]:
    """What an operator's agencies have not begun in the periods that still take nominations, the
    newest period first: three queries at most."""
    agency_ids = roles_of(user).agency_ids
    if not agency_ids:
        return []
    made = set(
        Formation.objects.filter(agency__in=agency_ids).values_list(
            "agency_id", "period_id", "position_id"
        )
    )
    opened = list(
        PeriodPosition.objects.filter(
            period__in=Period.objects.open().filter(nomination_deadline__gt=timezone.now())
        )
        .select_related("period", "position")
        .order_by("-period__opens_at", "position__name")
    )
    return [
        {"agency": agency, "period": entry.period, "position": entry.position}
        for agency in Agency.objects.filter(pk__in=agency_ids)
        for entry in opened
        if (agency.pk, entry.period_id, entry.position_id) not in made
    ]


def _bar(entry: LedgerLine) -> dict[str, object]:
    """A line of the ledger with the widths of its bar, in posts."""
    total = max(entry.filled + entry.vacancy, entry.filled + entry.reserved + entry.used, 1)
    return {
        "entry": entry,
        "total": total,
        "taken": entry.filled + entry.used + entry.reserved,
        "settled": entry.filled + entry.used,
    }


def _create_url(found: Formation, user: User) -> str:
    """Where a candidate for this formation is added, for those who may."""
    roles = roles_of(user)
    if not (roles.is_admin or found.agency_id in roles.agency_ids):
        return ""
    if not (found.takes_nominations and found.period.accepts_nominations()):
        return ""
    query = urlencode({"instansi": found.agency_id, "periode": found.period_id})
    return f"{reverse('proposals:create')}?{query}"


def _tag_kind(found: Formation, user: User) -> str:
    if found.status == Formation.Status.DRAFT and can_edit_formation(user, found):
        return "turn"
    return STATUS_TAGS[Formation.Status(found.status)]


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
