"""Accounts, roles and scopes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import RoleGrant, User, VerifierScope
from inpassing.errors import TransitionError
from inpassing.timeline.events import events_of

from .. import workflow
from ..forms.accounts import GrantForm, ScopeForm, StaffForm, save_signer_profile
from ..permissions import admin_required

PAGE = 50


@require_safe
@admin_required
def user_list(request: HttpRequest) -> HttpResponse:
    """Accounts by keyset, searched by name, username, NIP or address."""
    query = request.GET.get("q", "").strip()
    users = User.objects.all()
    if query:
        packed = "".join(query.split())
        users = users.filter(
            Q(name__icontains=query)
            | Q(username__istartswith=packed)
            | Q(nip__startswith=packed)
            | Q(email__istartswith=query)
        )
    if (before := request.GET.get("sebelum", "")).isdecimal():
        users = users.filter(pk__lt=int(before))
    roles = Prefetch("grants", RoleGrant.objects.filter(revoked_at=None))
    page = list(users.prefetch_related(roles).order_by("-pk")[: PAGE + 1])
    more = urlencode({"q": query, "sebelum": page[PAGE - 1].pk}) if len(page) > PAGE else ""
    return render(
        request,
        "administration/user_list.html",
        {"users": page[:PAGE], "q": query, "next_url": f"?{more}" if more else ""},
    )


@require_http_methods(["GET", "POST"])
@admin_required
def user_create(request: HttpRequest) -> HttpResponse:
    """A new BPS account."""
    actor: Any = request.user
    form = StaffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        created = workflow.create_staff(form.save(commit=False), by=actor)
        messages.success(request, "Akun dibuat. Undangan dikirim ke alamat email itu.")
        return redirect("administration:user", created.pk)
    return render(request, "administration/user_form.html", {"form": form})


def _user_page(
    request: HttpRequest, person: User, *, form: GrantForm | None = None, status: int = 200
) -> HttpResponse:
    return render(
        request,
        "administration/user.html",
        {
            "person": person,
            "grants": person.grants.filter(revoked_at=None).select_related("agency", "office"),
            "scopes": person.scopes.select_related("position", "province"),
            "form": form or GrantForm(),
            "scope_form": ScopeForm(),
            "events": events_of(person)[:20],
        },
        status=status,
    )


@require_safe
@admin_required
def user(request: HttpRequest, pk: int) -> HttpResponse:
    """One account with its roles, scopes and story."""
    return _user_page(request, get_object_or_404(User, pk=pk))


@require_POST
@admin_required
def role_grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role to an account."""
    actor: Any = request.user
    person = get_object_or_404(User, pk=pk)
    form = GrantForm(request.POST)
    if not form.is_valid():
        return _user_page(request, person, form=form, status=422)
    data = form.cleaned_data
    try:
        workflow.grant_role(
            person, data["role"], by=actor, agency=data["agency"], office=data["office"]
        )
        if data["role"] == RoleGrant.Role.SIGNER:
            save_signer_profile(person, post=data["post"], capacity=data["capacity"])
        messages.success(request, "Peran diberikan.")
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("administration:user", pk)


@require_POST
@admin_required
def role_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a role away."""
    actor: Any = request.user
    row = get_object_or_404(RoleGrant, pk=pk)
    try:
        workflow.revoke_role(row, by=actor)
        messages.success(request, "Peran dicabut.")
    except TransitionError as error:
        messages.error(request, str(error))
    return redirect("administration:user", row.user_id)


@require_POST
@admin_required
def scope_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a line to a verifier's scope."""
    actor: Any = request.user
    person = get_object_or_404(User, pk=pk)
    form = ScopeForm(request.POST)
    if form.is_valid():
        scope = form.save(commit=False)
        scope.user = person
        workflow.add_scope(scope, by=actor)
        messages.success(request, "Cakupan ditambah.")
    else:
        messages.error(request, "Pilihan cakupan tidak dikenal. Pilih dari daftar.")
    return redirect("administration:user", pk)


@require_POST
@admin_required
def scope_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a line of a verifier's scope."""
    actor: Any = request.user
    scope = get_object_or_404(VerifierScope.objects.select_related("user"), pk=pk)
    person = scope.user_id
    workflow.remove_scope(scope, by=actor)
    messages.success(request, "Cakupan dikurangi.")
    return redirect("administration:user", person)
