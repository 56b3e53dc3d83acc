"""The data of a period, one page per section: general, dates, limits, and each list of rules."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import BaseFormSet, formset_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from inpassing.errors import TransitionError
from inpassing.reference.models import Period

from .. import rules, workflow
from ..forms.periods import DatesForm, GeneralForm, LimitsForm, PeriodForm, ReasonForm
from ..forms.rules import Choices
from ..permissions import admin_required

# slug -> title, form, whether operators are told
FIELDS: dict[str, tuple[str, type[PeriodForm], bool]] = {
    "umum": ("Nama, dasar hukum, narahubung", GeneralForm, True),
    "tanggal": ("Tanggal dan tenggang", DatesForm, True),
    "syarat": ("Batas syarat", LimitsForm, True),
}
UNCHANGED = "Tidak ada yang diubah."


@require_http_methods(["GET", "POST"])
@admin_required
def period_section(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """Change one section of a period."""
    period = get_object_or_404(Period, pk=pk)
    if section in FIELDS:
        return _fields(request, period, section)
    if section in rules.BY_SLUG:
        return _rows(request, period, rules.BY_SLUG[section])
    raise Http404


def _fields(request: HttpRequest, period: Period, slug: str) -> HttpResponse:
    user: Any = request.user
    title, form_class, tells = FIELDS[slug]
    names = form_class._meta.fields
    assert isinstance(names, list)
    seen = workflow.period_fingerprint(period, names)
    form = form_class(request.POST or None, instance=period)
    reason = ReasonForm(request.POST or None, period=period, tells=tells, initial={"seen": seen})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() & reason.is_valid():
            try:
                changed = workflow.change_period(
                    period,
                    {name: form.cleaned_data[name] for name in names},
                    seen=reason.cleaned_data["seen"],
                    by=user,
                    reason=reason.cleaned_data.get("reason", ""),
                    tells=tells,
                )
                return _saved(request, pk=period.pk, changed=changed)
            except TransitionError as error:
                form.add_error(None, str(error))
                status = 409
    return render(
        request,
        "administration/period_fields.html",
        {
            "period": Period.objects.get(pk=period.pk),
            "title": title,
            "form": form,
            "reason": reason,
        },
        status=status,
    )


def _rows(request: HttpRequest, period: Period, section: rules.Section) -> HttpResponse:
    user: Any = request.user
    shown = section.load(period)
    rows_class = formset_factory(section.row, formset=section.rows, extra=section.extra)
    formset: BaseFormSet[Any] = rows_class(
        request.POST or None,
        prefix="baris",
        initial=shown,
        form_kwargs={
            "choices": Choices(
                period, next_order=max((row.get("order", 0) for row in shown), default=0) + 1
            )
        },
    )
    reason = ReasonForm(
        request.POST or None,
        period=period,
        tells=section.tells,
        initial={"seen": rules.fingerprint(shown)},
    )
    status, refusal = 200, ""
    if request.method == "POST":
        status = 422
        if reason["seen"].value() != rules.fingerprint(shown):
            # Rows are told apart by their place, so nothing of this page can be judged any more.
            status, refusal = 409, workflow.STALE
        elif formset.is_valid() & reason.is_valid():
            try:
                changed = rules.change_rules(
                    period,
                    section,
                    formset.forms,
                    seen=reason.cleaned_data["seen"],
                    by=user,
                    reason=reason.cleaned_data.get("reason", ""),
                )
                return _saved(request, pk=period.pk, changed=changed)
            except TransitionError as error:
                status, refusal = 409, str(error)
    return render(
        request,
        "administration/period_rows.html",
        {
            "period": period,
            "section": section,
            "formset": formset,
            "old": [form for form in formset.forms if not form.is_new],
            "new": [form for form in formset.forms if form.is_new],
            "new_is_open": any(form.is_new and form.has_changed() for form in formset.forms)
            or not shown,
            "reason": reason,
            "refusal": refusal,
        },
        status=status,
    )


def _saved(request: HttpRequest, *, pk: int, changed: bool) -> HttpResponse:
    if changed:
        messages.success(request, "Perubahan periode tersimpan.")
    else:
        messages.info(request, UNCHANGED)
    return redirect("administration:period", pk)
