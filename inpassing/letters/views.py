"""The answer to a person who asked for a paper; the stages' views decide who may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from inpassing.files.storage import serve

from .documents import Document
from .errors import LetterError
from .models import PrintJob
from .printing import request_print

if TYPE_CHECKING:
    from inpassing.accounts.models import User


def print_and_answer(
    request: HttpRequest,
    owner: models.Model,
    document: Document,
    *,
    filename: str,
    by: User,
    back_url: str,
) -> HttpResponseBase:
    """Have the paper printed and answer with it; what keeps it from being printed is said on the
    page that it was asked from."""
    try:
        job = request_print(owner, document, filename=filename, by=by)
    except LetterError as error:
        messages.error(request, str(error))
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(back_url)
        return redirect(back_url)
    return answer(request, job, back_url=back_url)


def answer(
    request: HttpRequest, job: PrintJob, *, back_url: str, back_label: str = "Kembali"
) -> HttpResponseBase:
    """The PDF when it is printed; until then (202) a page that updates itself.

    The page polls its own address with htmx; without JavaScript "Perbarui status" loads it again
    and gets the PDF. A job that failed says why (200) and offers to try again.
    """
    context = {
        "job": job,
        "url": request.path,
        "back_url": back_url,
        "back_label": back_label,
    }
    if getattr(request, "htmx", False):
        return render(request, "_print_job.html", context)
    if job.is_done and job.file is not None:
        return serve(request, job.file, download=True)
    return render(request, "print_job.html", context, status=202 if job.is_waiting else 200)
