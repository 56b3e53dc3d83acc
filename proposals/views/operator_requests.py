"""Asking for an operator account: public pages, without a sign-in.

Nothing here says whether an account, an agency's operator or an earlier request exists.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.uploadedfile import UploadedFile
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
from ..agency_search import Found, find_agencies
from ..forms.operator_requests import (
    AgencySearchForm,
    LetterAgainForm,
    OperatorRequestForm,
    ResendForm,
    UnlistedAgencyForm,
)
from ..models import OperatorRequest
from ..rates import count_up, no_faster_than

WINDOW = dt.timedelta(hours=1)
REQUESTS_PER_WINDOW = 10
# What a known number or address costs more than an unknown one disappears in it.
ANSWER_SECONDS = 0.25
# The form refuses files over 2 MB and keeps what was typed; far beyond that the body is not read.
BODY_LIMIT = 12 * 1024 * 1024


@login_not_required
@require_safe
def operator_request(request: HttpRequest) -> HttpResponse:
    """The first step: search for the agency, or say that it is not listed."""
    form = AgencySearchForm(request.GET or None)
    query = form.cleaned_data["q"].strip() if form.is_bound and form.is_valid() else ""
    too_short = bool(query) and len(sort_name(query)) < 3
    found = Found([]) if too_short or not query else find_agencies(query)
    return render(
        request,
        "proposals/operator_request.html",
        {
            "search": form,
            "query": query,
            "too_short": too_short,
            "found": found,
            "matches": [(match, _form_url(match.region, match.agency)) for match in found.matches],
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
                with no_faster_than(ANSWER_SECONDS):
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
    return render(request, "proposals/operator_request_sent.html", _terms())


@login_not_required
@limit_upload(BODY_LIMIT)
@require_http_methods(["GET", "POST"])
def operator_request_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm the address. Opening the link changes nothing: mail scanners open links too. Where
    the inspector has refused the letter, another one is asked for; nothing else is typed again."""
    link = OneTimeLink.find(OneTimeLink.Kind.OPERATOR_REQUEST, token)
    if link is None:
        return render(request, "proposals/operator_request_expired.html", _terms(), status=410)
    asked = get_object_or_404(
        OperatorRequest.objects.select_related("agency", "region", "letter"), pk=link.subject_id
    )
    form = LetterAgainForm() if _letter_message(asked) else None
    if request.method != "POST":
        return _confirm_page(request, asked, form)
    files = request.FILES  # reading them finds a file that is larger than was declared
    if form:
        form = LetterAgainForm(request.POST, files)
        if not form.is_valid():
            too_large = getattr(request, "upload_too_large", False)
            return _confirm_page(request, asked, form, status=413 if too_large else 422)
    letter: UploadedFile | None = form.cleaned_data["letter"] if form else None
    try:
        operator_requests.confirm_operator_request(asked, link, letter=letter)
    except operator_requests.LetterRefusedError:
        asked.refresh_from_db()
        return _confirm_page(request, asked, LetterAgainForm(), status=409)
    except TransitionError:
        return render(request, "proposals/operator_request_expired.html", _terms(), status=410)
    return redirect("proposals:operator_request_confirmed")


def _letter_message(asked: OperatorRequest) -> str:
    """Why the inspector has refused the letter; "" when it has not."""
    return asked.letter.message if asked.letter and asked.letter.is_refused else ""


def _confirm_page(
    request: HttpRequest,
    asked: OperatorRequest,
    form: LetterAgainForm | None,
    *,
    status: int = 200,
) -> HttpResponse:
    return render(
        request,
        "proposals/operator_request_confirm.html",
        {
            "asked": asked,
            "form": form,
            "letter_message": _letter_message(asked),
            "ends": operator_requests.ends_text(asked),
        },
        status=status,
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
            with no_faster_than(ANSWER_SECONDS):
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


def _form_url(region: str, agency: int) -> str:
    chosen = {"daerah": region} if region else {"instansi": str(agency)}
    return f"{reverse('proposals:operator_request_form')}?{urlencode(chosen)}"


def _terms() -> dict[str, int]:
    """How long links and unconfirmed requests live, in days, and how many mails a day are sent."""
    return {
        "link_days": settings.LINK_HOURS // 24,
        "request_days": settings.REQUEST_DAYS,
        "mails_per_day": operator_requests.MAILS_PER_DAY,
    }


def _limited(request: HttpRequest) -> dt.datetime | None:
    """Count one request of this network address; when it had too many, when it may try again."""
    return count_up(
        "operator_request",
        get_adapter().get_client_ip(request),
        most=REQUESTS_PER_WINDOW,
        within=WINDOW,
    )


def _too_often(again_at: dt.datetime) -> str:
    return (
        "Terlalu banyak permohonan dari jaringan Anda. "
        f"Coba lagi setelah pukul {clock(again_at, 'Asia/Jakarta')}. Permohonan ini belum dikirim."
    )
