"""Many letters in one file: choosing, progress, the download."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from inpassing.accounts.models import Agency, User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.files.storage import serve

from .. import exports as work
from ..finding import LetterFilter, letters_for_export
from ..forms import ExportForm
from ..models import Export, Letter
from ..permissions import can_export, get_export_for
from .reader import user_of

SHOWN = 10
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
CHUNK = 64 * 1024


@require_http_methods(["GET", "HEAD", "POST"])
def exports(request: HttpRequest) -> HttpResponse:
    """How many letters the filter of the list chooses, what to make of them, earlier exports."""
    user = user_of(request)
    if not can_export(user):
        raise PermissionDenied
    chosen = LetterFilter.read(request.GET)
    agencies = _own_agencies(user)
    form = ExportForm(request.POST if request.method == "POST" else None, agencies=agencies)
    letters = letters_for_export(user, chosen)
    if request.method == "POST" and form.is_valid():
        agency = form.agency
        words = chosen.words
        if agency is not None:
            letters = letters.filter(agency=agency)
            words = [["Instansi", agency.name], *words]
        try:
            export = work.start(
                form.cleaned_data["content"], letters, by=user, agency=agency, filters=words
            )
        except TransitionError as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())
        return redirect("recommendations:export", export.pk)
    counts = dict(letters.order_by().values_list("kind").annotate(n=Count("pk")))
    query = f"?{chosen.as_query}" if chosen else ""
    context = {
        "form": form,
        "words": chosen.words,
        "counts": [(Letter.Kind(kind).label, counts.get(kind, 0)) for kind in Letter.Kind],
        "total": sum(counts.values()),
        "exports": Export.objects.visible_to(user)[:SHOWN],
        "letters_url": reverse("recommendations:letters") + query,
    }
    status = 422 if form.errors else 200
    return render(request, "recommendations/exports.html", context, status=status)


def _own_agencies(user: User) -> list[Agency]:
    """The agencies that an operator chooses from; an administrator takes all."""
    roles = roles_of(user)
    if roles.is_admin:
        return []
    return list(Agency.objects.filter(pk__in=roles.agency_ids).order_by("name"))


@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an export has come; then its download."""
    row = get_export_for(user_of(request), pk)
    if getattr(request, "htmx", False):
        if not row.is_waiting:
            return HttpResponseClientRefresh()
        return render(request, "recommendations/_export_progress.html", {"export": row})
    context = {"export": row, "number": len(row.letter_ids)}
    return render(request, "recommendations/export.html", context)


@require_POST
def export_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the worker try a failed export again."""
    row = get_export_for(user_of(request), pk)
    try:
        work.retry(row)
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("recommendations:export", pk)


@require_safe
def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, or the part of it that a broken download still lacks."""
    row = get_export_for(user_of(request), pk)
    if not row.is_done or row.file is None:
        messages.info(request, "Berkas ini belum ada atau sudah kedaluwarsa.")
        return redirect("recommendations:export", pk)
    whole = serve(request, row.file, download=True)
    whole["Accept-Ranges"], whole["ETag"] = "bytes", f'"{row.file.sha256}"'
    wanted = _wanted(request, row.file.size, whole["ETag"])
    if wanted is None:
        return whole
    start, end = wanted
    source = whole.file_to_stream
    assert source is not None  # serve() answers with a file
    source.seek(start)
    part = StreamingHttpResponse(_read(source, end - start + 1), status=206)
    for name in ("Content-Type", "Content-Disposition", "Cache-Control", "Accept-Ranges", "ETag"):
        part[name] = whole[name]
    part["Content-Length"] = str(end - start + 1)
    part["Content-Range"] = f"bytes {start}-{end}/{row.file.size}"
    part._resource_closers.append(whole.close)  # type: ignore[attr-defined]
    return part


def _wanted(request: HttpRequest, size: int, tag: str) -> tuple[int, int] | None:
    """The first and last byte of a range; None when the whole file is to be sent."""
    match = RANGE.fullmatch(request.headers.get("Range", ""))
    if not match or request.headers.get("If-Range", tag) != tag:
        return None
    first, last = match.groups()
    if first:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    elif last:
        start, end = max(size - int(last), 0), size - 1
    else:
        return None
    return (start, end) if start <= end else None


def _read(source: IO[bytes], length: int) -> Iterator[bytes]:
    while length > 0 and (data := source.read(min(CHUNK, length))):
        length -= len(data)
        yield data
