"""The own account, and the one-time link that opens it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from .forms import FirstPasswordForm
from .models import OneTimeLink, RoleGrant, User

BACKEND = "inpassing.accounts.backends.AccountBackend"


@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """The own account: username, address, roles, and where to change the password."""
    grants = RoleGrant.objects.filter(user=request.user.pk, revoked_at=None)
    return render(
        request, "accounts/profile.html", {"grants": grants.select_related("agency", "office")}
    )


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Set the first password through the one-time link of an invitation."""
    link = OneTimeLink.find(OneTimeLink.Kind.INVITATION, token)
    user = User.objects.filter(pk=link.subject_id, is_active=True).first() if link else None
    if link is None or user is None:
        return render(request, "accounts/invitation_expired.html", status=410)
    form = FirstPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            if not link.consume():
                return render(request, "accounts/invitation_expired.html", status=410)
            user.set_password(form.cleaned_data["password"])
            user.save(update_fields=["password"])
        login(request, user, backend=BACKEND)
        messages.success(request, "Kata sandi tersimpan. Anda sudah masuk.")
        return redirect("home")
    return render(request, "accounts/invitation.html", {"form": form, "account": user})
