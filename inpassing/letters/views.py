"""The answer to a person who asked for a paper; the stages' views decide who may ask."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from inpassing.files.storage import serve

from .models import PrintJob


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
