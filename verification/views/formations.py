"""The formation page: what the agency asks for, the signed table beside it, BPS's figures."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.notifications.preview import preview_of
from proposals.formations import return_formation, validate_formation
from proposals.ledger import ledger
from proposals.models import Formation
from proposals.permissions import can_validate_formation, get_formation_for
from proposals.viewable import formation_paper

from ..claims import when_text
from ..forms import FormationFigures, ReasonForm
from .page import Refusal, mails_about, refusal_of_formation, told_operators


@require_safe
def formation(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows with proposed figures, and the form for BPS's."""
    row = get_formation_for(_user(request), pk, can_validate_formation)
    return _page(request, row, FormationFigures(row))


@require_POST
def validate(request: HttpRequest, pk: int) -> HttpResponse:
    """Record BPS's figure and reason per row."""
    user = _user(request)
    row = get_formation_for(user, pk, can_validate_formation)
    figures = FormationFigures(row, request.POST)
    if not figures.is_valid():
        return _page(request, row, figures, status=422)
    try:
        validate_formation(
            row,
            by=user,
            figures=figures.figures(),
            version=figures.stamp.cleaned_data["version"],
        )
    except TransitionError as error:
        seen = figures.stamp.cleaned_data["seen"]
        refusal = refusal_of_formation(error, row, seen=seen, by=user)
        row = _fresh(row)
        figures.stamp.restamp(row.version)
        return _page(request, row, figures, refusal=refusal, status=409)
    messages.success(request, f"Formasi {row.position.name} {row.agency.name} divalidasi.")
    return redirect("verification:queue", "formasi")


@require_http_methods(["GET", "HEAD", "POST"])
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then return the formation."""
    user = _user(request)
    row = get_formation_for(user, pk, can_validate_formation)
    refusal, preview, status = None, None, 200
    data = request.POST if request.method == "POST" else None
    form = ReasonForm(data, label="Alasan pengembalian", version=row.version)
    if data is not None:
        status = 422
        if form.is_valid() and "pratinjau" in data:
            reason = form.cleaned_data["text"]
            preview = preview_of(
                lambda: return_formation(row, by=user, reason=reason), mails_about(row)
            )
            status = 200
        elif form.is_valid():
            try:
                return_formation(
                    row,
                    by=user,
                    reason=form.cleaned_data["text"],
                    version=form.cleaned_data["version"],
                )
            except TransitionError as error:
                seen = form.cleaned_data["seen"]
                refusal = refusal_of_formation(error, row, seen=seen, by=user)
                status, row = 409, _fresh(row)
                form.restamp(row.version)
            else:
                messages.success(request, f"Formasi {row.agency.name} dikembalikan.")
                return redirect("verification:queue", "formasi")
    return render(
        request,
        "verification/formation_return.html",
        {
            "formation": row,
            "form": form,
            "preview": preview,
            "refusal": refusal,
            "question": f"Kembalikan formasi {row.position.name} {row.agency.name}?",
            "effect": "Operator memperbaiki lalu mengirim lagi; sampai saat itu calon baru tidak "
            f"dapat diusulkan. {told_operators(row)}",
            "may_act": row.takes_nominations,
            "decided": _decided(row),
        },
        status=status,
    )


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _fresh(row: Formation) -> Formation:
    return Formation.objects.select_related(
        "agency__region", "period", "position", "decided_by"
    ).get(pk=row.pk)


def _decided(row: Formation) -> str:
    """Who decided the formation and when, when it no longer waits."""
    if row.status == Formation.Status.SUBMITTED:
        return ""
    if row.decided_at is None:
        return f"Formasi ini {row.get_status_display().lower()}."
    return (
        f"{row.get_status_display()} oleh {row.decided_by or 'sistem'}, "
        f"{when_text(row.decided_at)}."
    )


def _page(
    request: HttpRequest,
    row: Formation,
    figures: FormationFigures,
    *,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    table, preview = row.table, None
    if row.status == Formation.Status.SUBMITTED:
        proposed = {line.line.pk: (line.proposed, "") for line in figures.rows}
        preview = preview_of(
            lambda: validate_formation(row, by=_user(request), figures=proposed), mails_about(row)
        )
    return render(
        request,
        "verification/formation.html",
        {
            "formation": row,
            "table": table,
            "paper": formation_paper(row, "tabel") if table and table.is_accepted else None,
            "figures": figures,
            "problems": figures.problems if status == 422 else [],
            "lines": ledger(row),
            "preview": preview,
            "refusal": refusal,
            "decided": _decided(row),
            "may_validate": row.status == Formation.Status.SUBMITTED,
            "may_return": row.takes_nominations,
            "told": told_operators(row),
        },
        status=status,
    )
