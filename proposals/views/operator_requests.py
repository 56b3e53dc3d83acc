"""Asking for an operator account: public pages, without a sign-in.

Nothing here says whether an account, an agency's operator or an earlier request exists.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db.models import Value
from django.db.models.functions import Length, Lower, Replace
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.accounts.models import Agency, OneTimeLink, sort_name
from inpassing.errors import TransitionError
from inpassing.files.middleware import limit_upload
from inpassing.formats import clock
from inpassing.reference.models import Region

from .. import intake, operator_requests
from ..forms.operator_requests import (
    AgencySearchForm,
    OperatorRequestForm,
    ResendForm,
    UnlistedAgencyForm,
)
from ..models import OperatorRequest

WINDOW_SECONDS = 3600
REQUESTS_PER_WINDOW = 10
MOST_MATCHES = 20
# The form refuses files over 2 MB and keeps what was typed; far beyond that the body is not read.
BODY_LIMIT = 12 * 1024 * 1024

_KIND_WORDS = {
    "provinsi": Region.Kind.PROVINCE,
    "pemprov": Region.Kind.PROVINCE,
    "kabupaten": Region.Kind.REGENCY,
    "kab": Region.Kind.REGENCY,
    "pemkab": Region.Kind.REGENCY,
    "kota": Region.Kind.CITY,
    "pemkot": Region.Kind.CITY,
}
_EMPTY_WORDS = {"pemerintah", "daerah", "pemda"}


@dataclass(frozen=True)
class Match:
    """One agency that can be chosen."""

    name: str
    where: str
    url: str


@login_not_required
@require_safe
def operator_request(request: HttpRequest) -> HttpResponse:
    """The first step: search for the agency, or say that it is not listed."""
    form = AgencySearchForm(request.GET or None)
    query = form.cleaned_data["q"].strip() if form.is_bound and form.is_valid() else ""
    too_short = bool(query) and len(sort_name(query)) < 3
    matches = [] if too_short or not query else _matches(query)
    return render(
        request,
        "proposals/operator_request.html",
        {
            "search": form,
            "query": query,
            "too_short": too_short,
            "matches": matches[:MOST_MATCHES],
            "more": len(matches) > MOST_MATCHES,
        },
    )


@login_not_required
@limit_upload(BODY_LIMIT)
@require_http_methods(["GET", "POST"])
def operator_request_form(request: HttpRequest) -> HttpResponse:
    """The second step: the employee's data and the assignment letter, for the chosen agency."""
    chosen = _chosen(request)
    form_class = OperatorRequestForm if chosen else UnlistedAgencyForm
    files = request.FILES  # reading them finds a file that is larger than was declared
    if getattr(request, "upload_too_large", False):
        return render(
            request,
            "proposals/operator_request_form.html",
            {"form": form_class(), "chosen": chosen, "too_large": True},
            status=413,
        )
    form = form_class(request.POST or None, files or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            if again_at := _limited(request):
                form.add_error(None, _too_often(again_at))
                status = 429
            else:
                intake.receive(
                    OperatorRequest(
                        **{**(chosen.values if chosen else {}), **form.request_values()}
                    ),
                    form.cleaned_data["letter"],
                )
                return redirect("proposals:operator_request_sent")
        else:
            status = 422
    return render(
        request,
        "proposals/operator_request_form.html",
        {"form": form, "chosen": chosen},
        status=status,
    )


@login_not_required
@require_safe
def operator_request_sent(request: HttpRequest) -> HttpResponse:
    """What happens next."""
    return render(request, "proposals/operator_request_sent.html")


@login_not_required
@require_http_methods(["GET", "POST"])
def operator_request_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm the address. Opening the link changes nothing: mail scanners open links too."""
    link = OneTimeLink.find(OneTimeLink.Kind.OPERATOR_REQUEST, token)
    if link is None:
        return render(request, "proposals/operator_request_expired.html", status=410)
    asked = get_object_or_404(
        OperatorRequest.objects.select_related("agency", "region"), pk=link.subject_id
    )
    if request.method == "POST":
        try:
            operator_requests.confirm_operator_request(asked, link)
        except TransitionError:
            return render(request, "proposals/operator_request_expired.html", status=410)
        return redirect("proposals:operator_request_confirmed")
    return render(
        request, "proposals/operator_request_confirm.html", {"asked": asked, "form": None}
    )


@login_not_required
@require_safe
def operator_request_confirmed(request: HttpRequest) -> HttpResponse:
    """The address is confirmed; a verifier sees the request now."""
    return render(request, "proposals/operator_request_confirmed.html")


@login_not_required
@require_http_methods(["GET", "POST"])
def operator_request_resend(request: HttpRequest) -> HttpResponse:
    """Send the confirmation mail once more; the answer is the same whether or not there is one."""
    form = ResendForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if not form.is_valid():
            status = 422
        elif again_at := _limited(request):
            form.add_error(None, _too_often(again_at))
            status = 429
        else:
            intake.resend(
                nip=form.cleaned_data["nip"].digits, email=form.cleaned_data["office_email"]
            )
            return redirect(reverse("proposals:operator_request_sent") + "?ulang=1")
    return render(request, "proposals/operator_request_resend.html", {"form": form}, status=status)


@dataclass(frozen=True)
class Chosen:
    """The agency that was chosen in the first step."""

    name: str
    values: dict[str, object]


def _chosen(request: HttpRequest) -> Chosen | None:
    """The agency that the address names; None for one that is not listed, 404 for nonsense."""
    if code := request.GET.get("daerah"):
        region = get_object_or_404(Region.objects.select_related("agency"), pk=code)
        agency = getattr(region, "agency", None)
        name = agency.name if agency else operator_requests.government_name(region)
        if agency:
            return Chosen(name, {"agency": agency, "region": region})
        return Chosen(name, {"region": region, "agency_name": name, "agency_kind": region.kind})
    if pk := request.GET.get("instansi"):
        if not pk.isascii() or not pk.isdigit() or len(pk) > 18:
            raise Http404
        agency = get_object_or_404(Agency.objects.active(), pk=pk, region=None)
        return Chosen(agency.name, {"agency": agency})
    if request.GET.get("pusat") == "lain":
        return None
    raise Http404


def _matches(query: str) -> list[Match]:
    """Regions and central agencies whose name holds every word, at most one more than is shown."""
    words = [word for word in sort_name(query).split() if word not in _EMPTY_WORDS]
    kinds = {_KIND_WORDS[word] for word in words if word in _KIND_WORDS}
    words = [word for word in words if word not in _KIND_WORDS]
    address = reverse("proposals:operator_request_form")
    found = []
    if words or kinds:
        agencies = Agency.objects.active().filter(region=None)
        # "baubau" and "bau-bau" both find "Kota Bau Bau".
        bare = Replace(Replace(Lower("name"), Value(" "), Value("")), Value("-"), Value(""))
        regions = Region.objects.select_related("province").annotate(bare=bare)
        for word in words:
            agencies = agencies.filter(name_key__contains=word)
            regions = regions.filter(bare__contains=word)
        if kinds:
            regions, agencies = regions.filter(kind__in=kinds), agencies.none()
        found += [
            Match(a.name, a.get_kind_display(), f"{address}?{urlencode({'instansi': a.pk})}")
            for a in agencies[: MOST_MATCHES + 1]
        ]
        found += [
            Match(
                operator_requests.government_name(region),
                f"Provinsi {region.province.name}" if region.province else "Provinsi",
                f"{address}?{urlencode({'daerah': region.pk})}",
            )
            for region in regions.order_by(Length("code"), "name")[: MOST_MATCHES + 1]
        ]
    return found


def _limited(request: HttpRequest) -> float | None:
    """Count one request of this network address; when it had too many, the time it may try again.

    The counter lives in the database cache, so that a stopped Redis changes nothing.
    """
    ip = get_adapter().get_client_ip(request)
    key = f"operator_request:{hashlib.sha256(ip.encode()).hexdigest()}"
    now = time.time()
    times: list[float] = [t for t in cache.get(key, []) if t > now - WINDOW_SECONDS]
    if len(times) >= REQUESTS_PER_WINDOW:
        return times[0] + WINDOW_SECONDS
    cache.set(key, [*times, now], WINDOW_SECONDS)
    return None


def _too_often(again_at: float) -> str:
    moment = dt.datetime.fromtimestamp(again_at, tz=dt.UTC)
    return (
        "Terlalu banyak permohonan dari jaringan Anda. "
        f"Coba lagi setelah pukul {clock(moment, 'Asia/Jakarta')}. Permohonan ini belum dikirim."
    )
