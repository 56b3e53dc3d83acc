"""The administrator's side of "Pedoman dan Peraturan"."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.files.middleware import limit_upload
from inpassing.files.models import StoredFile
from inpassing.reference.models import Guideline

from .. import guidelines
from ..forms.guidelines import TOO_LARGE, GuidelineForm
from ..permissions import admin_required


@require_safe
@admin_required
def guideline_list(request: HttpRequest) -> HttpResponse:
    """All guidelines in the order of the page, with the state of their files."""
    rows = list(Guideline.objects.order_by("category", "order", "pk"))
    files = StoredFile.objects.in_bulk([row.file_id for row in rows if row.file_id])
    return render(
        request,
        "administration/guideline_list.html",
        {"rows": [(row, files.get(row.file_id)) for row in rows]},
    )


@limit_upload(settings.UPLOAD_MAX_BYTES)
@require_http_methods(["GET", "POST"])
@admin_required
def guideline_create(request: HttpRequest) -> HttpResponse:
    """One more guideline."""
    return _form(request, Guideline())


@limit_upload(settings.UPLOAD_MAX_BYTES)
@require_http_methods(["GET", "POST"])
@admin_required
def guideline_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a guideline, replace or remove its file."""
    return _form(request, get_object_or_404(Guideline, pk=pk))


@require_http_methods(["GET", "POST"])
@admin_required
def guideline_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then remove a guideline with its file."""
    user: Any = request.user
    row = get_object_or_404(Guideline, pk=pk)
    if request.method == "POST":
        guidelines.remove_guideline(row, by=user)
        messages.success(request, f"{row.title} dihapus dari halaman pedoman.")
        return redirect("administration:guideline_list")
    return render(request, "administration/guideline_remove.html", {"guideline": row})


def _form(request: HttpRequest, row: Guideline) -> HttpResponse:
    user: Any = request.user
    form = GuidelineForm(instance=row)
    status = 200
    if request.method == "POST":
        files = request.FILES
        is_too_large = bool(request.upload_too_large)  # type: ignore[attr-defined]  # middleware
        form = GuidelineForm(
            request.POST, files, instance=row, refusal=TOO_LARGE if is_too_large else ""
        )
        if form.is_valid():
            guidelines.save_guideline(
                form.save(commit=False),
                by=user,
                upload=form.cleaned_data["file"],
                remove_file=form.cleaned_data.get("remove_file", False),
            )
            messages.success(request, f"{row.title} tersimpan.")
            return redirect("administration:guideline_list")
        status = 413 if is_too_large else 422
    return render(
        request,
        "administration/guideline_form.html",
        {
            "form": form,
            "guideline": Guideline.objects.filter(pk=row.pk).first(),
            "file": StoredFile.objects.filter(pk__in=[row.file_id] if row.file_id else []).first(),
        },
        status=status,
    )
