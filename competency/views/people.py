"""The people of the test, as the reader may see them: an operator's, an office's, everybody."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from inpassing.accounts.roles import Roles, roles_of
from inpassing.keyset import keyset_page
from inpassing.reference.models import BpsOffice, Period
from proposals.import_sheets import XLSX_TYPE
from proposals.models import Proposal
from proposals.search import matching

from ..models import Seat, SeatQuerySet
from ..people import MOST_ROWS, published_result, workbook
from .sessions import me

PAGE = 50


class PeopleFilter(forms.Form):
    """The filters of the list; what cannot be read is ignored."""

    q = forms.CharField(
        label="Nama, NIP, atau nomor peserta",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    periode = forms.ModelChoiceField(
        Period.objects.all(), label="Periode", required=False, empty_label="Semua periode"
    )
    kantor = forms.ModelChoiceField(
        BpsOffice.objects.none(), label="Kantor BPS", required=False, empty_label="Semua kantor"
    )
    keadaan = forms.ChoiceField(
        label="Keadaan",
        required=False,
        choices=[
            ("", "Semua"),
            ("menunggu", "Belum dicatat"),
            ("hadir", "Hadir"),
            ("absen", "Tidak hadir"),
            ("lulus", "Lulus"),
            ("gagal", "Tidak lulus"),
        ],
    )

    def __init__(self, *args: Any, roles: Roles, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offices: Any = self.fields["kantor"]
        if roles.is_admin:
            offices.queryset = BpsOffice.objects.filter(is_active=True)
        elif roles.office_ids:
            offices.queryset = BpsOffice.objects.filter(pk__in=roles.office_ids)
        else:
            del self.fields["kantor"]


def _found(request: HttpRequest) -> tuple[PeopleFilter, SeatQuerySet]:
    user = me(request)
    roles = roles_of(user)
    if not (roles.is_admin or roles.is_operator or roles.is_proctor):
        raise PermissionDenied
    form = PeopleFilter(request.GET, roles=roles)
    form.is_valid()
    filters = form.cleaned_data
    seats = Seat.objects.current().visible_to(user).filter(session__cancelled_at=None)
    if period := filters.get("periode"):
        seats = seats.filter(session__period=period)
    if office := filters.get("kantor"):
        seats = seats.filter(session__office=office)
    if state := filters.get("keadaan"):
        seats = seats.in_state(state)
    if query := filters.get("q"):
        people = Proposal.objects.filter(matching(query)).values("pk")
        seats = seats.filter(proposal__in=people) | seats.filter(
            participant_number__iexact=query.strip()
        )
    return form, seats


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Who sits where, who came, and after publication with which scores; by keyset."""
    form, seats = _found(request)
    page = keyset_page(
        seats.for_list().select_related("result").prefetch_related("result__scores__component"),
        ["session_id", "number", "pk"],
        size=PAGE,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
    )
    query = {
        name: getattr(value, "pk", value) for name, value in form.cleaned_data.items() if value
    }
    here = reverse("competency:people")
    roles = roles_of(me(request))
    return render(
        request,
        "competency/people.html",
        {
            "filter": form,
            "is_filtered": bool(query),
            "rows": [(seat, published_result(seat), _url_of(seat, roles)) for seat in page.rows],
            "is_admin": roles.is_admin,
            "shows_agency": roles.is_admin or roles.is_proctor or len(roles.agency_ids) > 1,
            "file_url": f"{reverse('competency:people_file')}?{urlencode(query)}",
            "prev_url": f"{here}?{urlencode({**query, 'sebelum': page.before})}"
            if page.before
            else "",
            "next_url": f"{here}?{urlencode({**query, 'sesudah': page.after})}"
            if page.after
            else "",
        },
    )


def _url_of(seat: Seat, roles: Roles) -> str:
    """The person's test page, or for a proctor the line in the session."""
    if roles.is_admin or seat.proposal.agency_id in roles.agency_ids:
        return reverse("competency:test", args=[seat.proposal_id])
    session_url = reverse("competency:session", args=[seat.session_id])
    return f"{session_url}?{urlencode({'q': seat.participant_number})}"


@require_safe
def people_file(request: HttpRequest) -> HttpResponse:
    """The same list as XLSX; a list that is too long is to be filtered first."""
    _, seats = _found(request)
    rows = list(
        seats.for_list()
        .select_related("result")
        .prefetch_related("result__scores__component")
        .order_by("session__starts_at", "session_id", "number")[: MOST_ROWS + 1]
    )
    if len(rows) > MOST_ROWS:
        messages.error(
            request, f"Daftar ini lebih dari {MOST_ROWS} orang. Saring menurut kantor atau periode."
        )
        return redirect(f"{reverse('competency:people')}?{request.GET.urlencode()}")
    response = HttpResponse(workbook(rows), content_type=XLSX_TYPE)
    response["Content-Disposition"] = 'attachment; filename="peserta-uji.xlsx"'
    return response
