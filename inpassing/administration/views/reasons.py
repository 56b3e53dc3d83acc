"""The reusable reasons of verifiers: list, add, change."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.accounts.models import User
from inpassing.errors import StaleError
from inpassing.reference.models import ReturnReason

from ..forms.messages import ReasonForm
from ..permissions import admin_required
from ..reasons import save_reason


@require_safe
@admin_required
def reason_list(request: HttpRequest) -> HttpResponse:
    """All reasons in the order in which a verifier picks them."""
    return render(
        request, "administration/reason_list.html", {"rows": list(ReturnReason.objects.all())}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def reason_create(request: HttpRequest) -> HttpResponse:
    """One more reason."""
    return _form(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def reason_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a reason, or take it off the list that verifiers pick from."""
    return _form(request, get_object_or_404(ReturnReason, pk=code))


def _form(request: HttpRequest, reason: ReturnReason | None) -> HttpResponse:
    status = 200
    form = ReasonForm(request.POST or None, instance=reason)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                saved = save_reason(
                    form.save(commit=False),
                    by=cast(User, request.user),
                    seen=form.cleaned_data["seen"],
                )
            except StaleError as error:
                assert reason is not None
                messages.error(request, str(error))
                return redirect("administration:reason_edit", reason.pk)
            messages.success(request, f"Alasan “{saved.text}” tersimpan.")
            return redirect("administration:reason_list")
    return render(
        request,
        "administration/reason_form.html",
        {"form": form, "code": reason.pk if reason else ""},
        status=status,
    )
