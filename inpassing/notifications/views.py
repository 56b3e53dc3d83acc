"""The inbox of each person, and the delivery page of administrators."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inpassing.accounts.roles import roles_of
from inpassing.keyset import keyset_page

from .models import InboxMessage, OutboxMessage
from .outbox import resend
from .texts import subjects_of

PAGE = 30


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The own messages, newest first, by keyset."""
    page = keyset_page(
        InboxMessage.objects.filter(user=request.user.pk),
        ["-created_at", "-pk"],
        size=PAGE,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
    )
    context = {
        "rows": page.rows,
        "prev_url": f"?sebelum={page.before}" if page.before else "",
        "next_url": f"?sesudah={page.after}" if page.after else "",
    }
    return render(request, "notifications/inbox.html", context)


@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """One own message; opening it marks it as read."""
    row = get_object_or_404(InboxMessage, pk=pk, user=request.user.pk)
    if row.read_at is None:
        InboxMessage.objects.filter(pk=pk, read_at=None).update(read_at=timezone.now())
    return render(request, "notifications/message.html", {"row": row})


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """All mails with what the mail server answered, newest first; for administrators."""
    if not roles_of(request.user).is_admin:
        raise PermissionDenied
    rows = OutboxMessage.objects.all()
    state = request.GET.get("keadaan", "")
    if state in OutboxMessage.State.values:
        rows = rows.filter(state=state)
    if (before := request.GET.get("sebelum", "")).isdecimal():
        rows = rows.filter(pk__lt=int(before))
    page = list(rows.order_by("-pk")[: PAGE + 1])
    for row, subject in zip(page, subjects_of(page), strict=True):
        row.subject = subject  # type: ignore[attr-defined]
    next_url = f"?keadaan={state}&sebelum={page[PAGE - 1].pk}" if len(page) > PAGE else ""
    return render(
        request,
        "notifications/outbox.html",
        {
            "rows": page[:PAGE],
            "next_url": next_url,
            "state": state,
            "states": OutboxMessage.State.choices,
        },
    )


@require_POST
def outbox_resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a mail again that failed or whose outcome is uncertain."""
    if not roles_of(request.user).is_admin:
        raise PermissionDenied
    row = get_object_or_404(OutboxMessage, pk=pk)
    if row.state not in {OutboxMessage.State.FAILED, OutboxMessage.State.UNCERTAIN}:
        messages.error(
            request, f"Email ini tidak perlu dikirim ulang: {row.get_state_display().lower()}."
        )
    else:
        resend(row, key=f"{row.key[:80]}:ulang:{uuid.uuid4().hex[:8]}")
        messages.success(request, "Email dikirim ulang. Hasilnya muncul di halaman ini.")
    return redirect("notifications:outbox")
