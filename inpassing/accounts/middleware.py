"""Login is required unless a view says otherwise."""

from __future__ import annotations

from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.http import HttpRequest, HttpResponse, HttpResponseBase


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Django's middleware; an htmx request gets 401 and HX-Redirect, so that the page goes to
    sign-in instead of a sign-in form landing inside a fragment."""

    def handle_no_permission(self, request: HttpRequest, view_func: object) -> HttpResponseBase:
        response = super().handle_no_permission(request, view_func)  # type: ignore[arg-type]
        if request.headers.get("HX-Request") == "true":
            target = response.headers.get("Location", "")
            return HttpResponse(status=401, headers={"HX-Redirect": target})
        return response
