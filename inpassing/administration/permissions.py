"""Administrators only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from inpassing.accounts.roles import roles_of


def admin_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let administrators in; everybody else who is signed in gets 403."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not roles_of(request.user).is_admin:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
