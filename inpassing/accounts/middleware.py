"""Login is required unless a view says otherwise."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.http import HttpRequest, HttpResponse, HttpResponseBase


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Django's middleware; an htmx request gets 401 and HX-Redirect, so that the page goes to
    sign-in instead of a sign-in form landing inside a fragment."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        response = super().process_view(request, view_func, view_args, view_kwargs)
        if response is not None and request.headers.get("HX-Request") == "true":
            target = response.headers.get("Location", "")
            return HttpResponse(status=401, headers={"HX-Redirect": target})
        return response
