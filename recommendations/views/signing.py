"""The signer's pages: what waits for a signature, the act, the refusal."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.accounts.models import SignerProfile, User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.keyset import keyset_page

from .. import issuing
from ..forms import ReasonForm
from ..models import Letter
from ..permissions import can_refuse, get_letter_for, get_letters_to_sign
from .reader import user_of

PAGE = 50


@require_safe
def signing(request: HttpRequest) -> HttpResponse:
    """Letters that wait for a signature, and what is being made now."""
    if not roles_of(user_of(request)).is_signer:
        raise PermissionDenied
    awaiting = Letter.objects.main().awaiting_signature()
    page = keyset_page(
        awaiting.for_list(),
        ["pk"],
        size=PAGE,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
    )
    mine = Letter.objects.filter(signer=user_of(request))
    barred = awaiting.barred_for(user_of(request))
    context = {
        "page": page,
        "barred": barred,
        "may_sign": sum(letter.pk not in barred for letter in page.rows),
        "profile": SignerProfile.objects.filter(user=user_of(request)).first(),
        **_progress(user_of(request)),
        "recent": mine.main().exclude(status=Letter.Status.VOID).for_list().order_by("-pk")[:10],
    }
    return render(request, "recommendations/signing.html", context)


def _progress(user: User) -> dict[str, int]:
    """How many of the signer's letters and extracts are still being made, and of how many that
    were signed since the oldest of them: one query."""
    mine = Letter.objects.filter(signer=user).exclude(status=Letter.Status.VOID).order_by()
    unmade = Letter.objects.filter(signer=user, status=Letter.Status.ISSUING, failure="")
    oldest = unmade.order_by("signed_at").values("signed_at")[:1]
    found = mine.filter(signed_at__gte=Subquery(oldest)).aggregate(
        total=Count("pk"), issuing=Count("pk", filter=Q(status=Letter.Status.ISSUING, failure=""))
    )
    return {**found, "made": found["total"] - found["issuing"]}


@require_http_methods(["GET", "HEAD", "POST"])
def issue(request: HttpRequest) -> HttpResponse:
    """Issue one or many letters, after a page that lists them and says what follows."""
    data = request.POST if request.method == "POST" else request.GET
    letters = get_letters_to_sign(user_of(request), data.getlist("letter"))
    if not letters:
        messages.error(request, "Belum ada surat yang dipilih. Centang suratnya lebih dahulu.")
        return redirect("recommendations:signing")
    if request.method != "POST":
        return render(request, "recommendations/issue.html", {"letters": letters})
    issued = []
    for letter in letters:
        try:
            issued.append(issuing.issue(letter, by=user_of(request)))
        except TransitionError as error:
            messages.error(request, f"{letter.agency.name}: {error}")
    if len(issued) == 1:
        messages.success(request, f"Surat {issued[0].number} diterbitkan. PDF sedang dibuat.")
        return redirect("recommendations:letter", issued[0].pk)
    if issued:
        numbers = f"{issued[0].number} sampai {issued[-1].number}"
        messages.success(
            request, f"{len(issued)} surat diterbitkan, nomor {numbers}. PDF sedang dibuat."
        )
    return redirect("recommendations:signing")


@require_http_methods(["GET", "HEAD", "POST"])
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a letter back to the administrators with a reason."""
    letter = get_letter_for(user_of(request), pk, can_refuse)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            issuing.refuse(letter, by=user_of(request), reason=form.cleaned_data["reason"])
        except TransitionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Surat ditolak dan kembali ke administrator.")
        return redirect("recommendations:signing")
    context = {
        "letter": letter,
        "form": form,
        "title": f"Tolak {letter.title[:1].lower()}{letter.title[1:]} untuk {letter.agency.name}?",
        "text": "Surat kembali menjadi konsep. Tidak ada nomor yang terpakai.",
        "submit": "Tolak surat",
        "cancel_url": reverse("recommendations:letter", args=[letter.pk]),
    }
    return render(
        request, "recommendations/letter_act.html", context, status=422 if form.errors else 200
    )
