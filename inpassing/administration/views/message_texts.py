"""The wording of messages: list, edit with a preview, back to the shipped text."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import User
from inpassing.errors import StaleError, TransitionError
from inpassing.formats import short_datetime
from inpassing.notifications.models import MessageText
from inpassing.notifications.texts import (
    FIELDS,
    WITH_LINK,
    codes,
    fields_of,
    required_of,
    shipped,
    source_of,
)
from inpassing.timeline.events import events_of

from ..forms.messages import MessageTextForm
from ..message_texts import Shown, all_texts, preview, reset_text, save_text
from ..permissions import admin_required

HISTORY = 10


@require_safe
@admin_required
def message_texts(request: HttpRequest) -> HttpResponse:
    """All messages that the application sends, and which of them are worded otherwise."""
    return render(
        request,
        "administration/message_texts.html",
        {
            "rows": [
                {
                    "code": listed.code,
                    "subject": listed.subject,
                    "is_edited": listed.is_edited,
                    "changed": (
                        f"{listed.text.updated_by}, "
                        f"{short_datetime(listed.text.updated_at, settings.TIME_ZONE)}"
                        if listed.text and listed.text.version
                        else ""
                    ),
                }
                for listed in all_texts()
            ]
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def message_text(request: HttpRequest, code: str) -> HttpResponse:
    """Word one message otherwise; look at it with real data before saving."""
    _expect(code)
    if request.method != "POST":
        return _page(request, code)
    form = MessageTextForm(request.POST, code=code)
    if not form.is_valid():
        return _page(request, code, form=form, status=422)
    data = form.cleaned_data
    if "pratinjau" in request.POST:
        shown = preview(code, data["subject"], data["body"])
        return _page(request, code, form=form, shown=shown)
    try:
        save_text(
            code,
            subject=data["subject"],
            body=data["body"],
            version=data["version"],
            by=cast(User, request.user),
        )
    except StaleError as error:
        messages.error(request, str(error))
        form.restamp(_version(code))
        return _page(request, code, form=form, status=409)
    messages.success(request, "Teks tersimpan. Pesan berikutnya memakainya.")
    return redirect("administration:message_text", code)


@require_POST
@admin_required
def message_text_reset(request: HttpRequest, code: str) -> HttpResponse:
    """Take the shipped text back."""
    _expect(code)
    version = request.POST.get("version", "")
    try:
        reset_text(
            code,
            version=int(version) if version.isascii() and version.isdigit() else 0,
            by=cast(User, request.user),
        )
    except TransitionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Teks bawaan dipakai lagi.")
    return redirect("administration:message_text", code)


def _expect(code: str) -> None:
    if code not in codes():
        raise Http404


def _version(code: str) -> int:
    return MessageText.objects.filter(code=code).values_list("version", flat=True).first() or 0


def _page(
    request: HttpRequest,
    code: str,
    *,
    form: MessageTextForm | None = None,
    shown: Shown | None = None,
    status: int = 200,
) -> HttpResponse:
    row = MessageText.objects.filter(code=code).first()
    subject, body = source_of(code)
    if form is None:
        form = MessageTextForm(
            code=code,
            initial={"subject": subject, "body": body, "version": row.version if row else 0},
        )
    required = required_of(code)
    return render(
        request,
        "administration/message_text.html",
        {
            "code": code,
            "subject": subject,
            "form": form,
            "version": row.version if row else 0,
            "is_edited": row is not None and row.is_edited,
            "current": f"{subject}\n\n{body}" if status == 409 else "",
            "shipped": "{}\n\n{}".format(*shipped(code)),
            "fields": [
                (f"{{{name}}}", FIELDS[name][0], name in required)
                for name in sorted(fields_of(code), key=lambda name: (name not in required, name))
            ],
            "has_link": code in WITH_LINK,
            "shown": shown or (preview(code, subject, body) if not form.is_bound else None),
            "is_draft": form.is_bound,
            "events": [
                {
                    "label": event.label,
                    "actor_label": str(event.actor or "sistem"),
                    "when_text": short_datetime(event.at, settings.TIME_ZONE),
                }
                for event in (events_of(row)[:HISTORY] if row else [])
            ],
        },
        status=status,
    )
