"""The verifier's own work, everybody's load, and handing work over."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.keyset import keyset_page
from proposals.held_times import held_times
from proposals.models import Proposal, on_desk

from .. import desk as queues
from ..claims import hand_over, hand_over_all, work_of
from ..forms import HandOverForm
from ..permissions import expect_desk, expect_verifier, get_colleague, get_work_proposal
from ..workload import Load, receivers_for, workload
from .desk import proposal_row, span, tabs_for, waited
from .page import page_url


@require_safe
def my_work(request: HttpRequest) -> HttpResponse:
    """What this verifier holds, was given or returned, the longest in its state first."""
    user = _user(request)
    expect_verifier(user)
    work = work_of(user).filter(on_desk(user))
    page = keyset_page(
        queues.for_list(queues.DOCUMENTS, work),
        ["status_since", "pk"],
        size=queues.PAGE,
        after=request.GET.get("setelah", ""),
        before=request.GET.get("sebelum", ""),
    )
    times = held_times(page.rows)
    path = reverse("verification:my_work")
    return render(
        request,
        "verification/my_work.html",
        {
            "tabs": tabs_for(user, current="my_work"),
            "queue": queues.DOCUMENTS,
            "rows": [proposal_row(row, user, times[row.pk]) for row in page.rows],
            "prev_url": f"{path}?sebelum={page.before}" if page.before else "",
            "next_url": f"{path}?setelah={page.after}" if page.after else "",
            "hand_over_url": reverse("verification:hand_over_all", args=[user.pk]),
        },
    )


@require_safe
def load(request: HttpRequest) -> HttpResponse:
    """Who has how much, for verifiers and administrators."""
    user = _user(request)
    expect_desk(user)
    is_admin = roles_of(user).is_admin
    return render(
        request,
        "verification/workload.html",
        {
            "tabs": tabs_for(user, current="workload"),
            "rows": [_load_row(row, user, is_admin=is_admin) for row in workload(user)],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to whom and why, then make one proposal somebody else's work."""
    user = _user(request)
    proposal = get_work_proposal(user, pk)
    people = receivers_for(proposal).exclude(pk=user.pk)
    form = HandOverForm(request.POST if request.method == "POST" else None, people=people)
    status, refusal = 200, ""
    if form.is_bound:
        status = 422
        if form.is_valid():
            to, reason = form.cleaned_data["to"], form.cleaned_data["reason"]
            try:
                hand_over(proposal, to=to, by=user, reason=reason)
            except TransitionError as error:
                refusal, status = str(error), 409
            else:
                messages.success(request, f"{proposal.full_name} diserahkan kepada {to}.")
                return redirect(
                    "verification:my_work"
                    if roles_of(user).is_verifier
                    else "verification:workload"
                )
    back = page_url(proposal) if roles_of(user).is_verifier else _detail_url(proposal)
    return render(
        request,
        "verification/hand_over.html",
        {
            "form": form,
            "refusal": refusal,
            "title": f"Serahkan {proposal.full_name} kepada siapa?",
            "text": "Usulan ini naik ke atas antreannya. Penilaian dokumen yang sudah dicatat "
            "tetap ada. Penerima mendapat email; peserta dan operator tidak.",
            "back_url": back,
            "back": proposal.full_name,
        },
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over_everything(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to whom and why, then make all of a verifier's work somebody else's."""
    user = _user(request)
    person = get_colleague(user, pk)
    work = work_of(person)
    people = queues.verifiers().exclude(pk=person.pk)
    form = HandOverForm(request.POST if request.method == "POST" else None, people=people)
    status = 200
    back = reverse("verification:my_work" if person == user else "verification:workload")
    if form.is_bound:
        status = 422
        if form.is_valid():
            to = form.cleaned_data["to"]
            result = hand_over_all(person, to=to, by=user, reason=form.cleaned_data["reason"])
            if result.moved:
                messages.success(request, f"{len(result.moved)} usulan diserahkan kepada {to}.")
            for sentence in result.refused[:10]:
                messages.warning(request, sentence)
            if not result.moved and not result.refused:
                messages.info(request, "Tidak ada pekerjaan yang dapat diserahkan.")
            return redirect(back)
    whose = "Anda" if person == user else str(person)
    return render(
        request,
        "verification/hand_over.html",
        {
            "form": form,
            "title": f"Serahkan semua pekerjaan {whose}?",
            "text": f"{work.count()} usulan yang dipegang, ditugaskan, atau dikembalikan {whose} "
            "naik ke atas antrean penerima. Yang di luar cakupan penerima, atau dari instansinya "
            "sendiri, tetap di tempatnya dan disebut. Penerima mendapat satu email.",
            "back_url": back,
            "back": "Pekerjaan saya" if person == user else "Beban kerja",
        },
        status=status,
    )


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _detail_url(proposal: Proposal) -> str:
    return reverse("proposals:detail", args=[proposal.pk])


def _load_row(row: Load, user: User, *, is_admin: bool) -> dict[str, Any]:
    may_hand_over = row.has_work and (is_admin or row.person.pk == user.pk)
    return {
        "name": row.person.full_name,
        "is_me": row.person.pk == user.pk,
        "scope": "; ".join(row.scopes) or "Tanpa cakupan: tidak melihat apa pun",
        "held": row.held,
        "waiting": row.waiting,
        "away": row.away,
        "oldest": waited(row.oldest) if row.oldest else "–",
        "week": row.week,
        "month": row.month,
        "median": (span(row.median) or "kurang dari 1 menit") if row.median is not None else "–",
        "hand_over_url": reverse("verification:hand_over_all", args=[row.person.pk])
        if may_hand_over
        else "",
    }
