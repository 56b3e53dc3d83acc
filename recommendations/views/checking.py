"""The public page that says whether a letter is genuine. No login, nothing uploaded."""

from __future__ import annotations

import datetime as dt
import re

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from inpassing.formats import mask_name, mask_nip
from proposals.rates import count_up

from ..forms import CheckForm
from ..models import Letter
from ..numbering import read_code

SHA256 = re.compile(r"[0-9a-f]{64}")
NAMES_SHOWN = 3
CHECKS, WITHIN = 30, dt.timedelta(minutes=1)


def _asks_too_often(request: HttpRequest) -> bool:
    """Count a look-up of this network address; whether it has had too many."""
    address = get_adapter().get_client_ip(request)
    return count_up("check_letter", address, most=CHECKS, within=WITHIN) is not None


@login_not_required
@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """The form for a code; a code leads to its page."""
    form = CheckForm(request.GET if "code" in request.GET else None)
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data["code"]
        if code := read_code(typed):
            return redirect("recommendations:check_letter", code)
        form.add_error(
            "code", "Kode cek terdiri atas 12 angka dan huruf. Cocokkan lagi dengan suratnya."
        )
    status = 422 if form.is_bound else 200
    return render(request, "recommendations/check.html", {"form": form}, status=status)


@never_cache  # a letter can be revoked at any moment
@login_not_required
@require_safe
def check_letter(request: HttpRequest, code: str) -> HttpResponse:
    """What a code stands for: genuine, being made, void, revoked, replaced, or unknown (404)."""
    if _asks_too_often(request):
        return render(request, "429.html", status=429)
    known = read_code(code)
    if known and known != code:
        return redirect("recommendations:check_letter", known)
    letter = (
        Letter.objects.filter(code=known)
        .select_related("agency", "position", "period", "signer__signer_profile", "file")
        .select_related("replaced_by")
        .first()
        if known
        else None
    )
    if letter is None:
        context = {"code": code[:40], "form": CheckForm(initial={"code": code[:40]})}
        return render(request, "recommendations/check_unknown.html", context, status=404)
    content = letter.content or {}
    people = [
        (mask_name(name), mask_nip(nip))
        for name, nip in letter.lines.order_by("order").values_list(
            "proposal__name", "proposal__nip"
        )
    ]
    typed = "".join(request.GET.get("sha256", "").split()).lower()
    context = {
        "letter": letter,
        "subject": content.get("subject", ""),
        "addressee": content.get("addressee", {}).get("post", ""),
        "signer_line": _signer_line(content.get("signer", {})),
        "is_signed": bool(content.get("signature")),
        "people": people,
        "reopened": letter.lines.reopened_since().count() if letter.is_notice else 0,
        "first_people": people[:NAMES_SHOWN],
        "more_people": people[NAMES_SHOWN:],
        "hash_groups": " ".join(re.findall(".{4}", letter.sha256)),
        "typed": request.GET.get("sha256", "")[:200],
        "has_typed": bool(typed),
        "is_hash": bool(SHA256.fullmatch(typed)),
        "matches": typed == letter.sha256,
        "form": CheckForm(),
    }
    return render(request, "recommendations/check_letter.html", context)


def _signer_line(signer: dict[str, str]) -> str:
    """ "a.n. Kepala Badan Pusat Statistik, Sekretaris Utama": the post, never the name."""
    above = signer.get("on_behalf_of", "")
    post = signer.get("post", "")
    return f"a.n. {above}, {post}" if above else post
