"""Pages that belong to no stage."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without a valid token: usually a page left open for too long."""
    return render(request, "403_csrf.html", status=403)
