"""Nominating many at once: the choice, the page that asks, progress and the result of each."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.formats import format_nip, format_number, short_datetime
from inpassing.keyset import keyset_page

from .. import batches
from ..forms.batches import ChoiceForm, StartForm
from ..ledger import demands_of
from ..models import Batch, BatchRow, Proposal, ProposalQuerySet
from ..permissions import can_cancel_batch, get_batch_for
from ..search import matching
from .reader import HEAD_OFFICE_TZ, reader_of

PAGE_SIZE = 50
SHOWN = 20  # names on the page that asks
STATE_TAGS = {
    Batch.State.RUNNING: "wait",
    Batch.State.DONE: "ok",
    Batch.State.CANCELLED: "lock",
    Batch.State.FAILED: "bad",
}
FILTERS = {
    "gagal": BatchRow.Result.REFUSED,
    "berhasil": BatchRow.Result.DONE,
    "sisa": BatchRow.Result.CANCELLED,
}


@dataclass(frozen=True)
class Wording:
    """What the pages of one kind of batch say and where they lead."""

    title: str
    noun: str
    done: str
    refused: str
    stopped: str
    page: str
    cancel: str
    back_url: str
    back_text: str
    left: tuple[str, str, str]  # what to do about the rest: sentence, button, address
    over: tuple[str, str, str]  # what follows when nothing is left

    def result(self, result: str) -> tuple[str, str]:
        """The tag of a row: kind and word."""
        return {
            BatchRow.Result.WAITING: ("wait", "Menunggu giliran"),
            BatchRow.Result.DONE: ("ok", self.done),
            BatchRow.Result.REFUSED: ("bad", self.refused),
            BatchRow.Result.CANCELLED: ("lock", "Tidak dikerjakan"),
        }[BatchRow.Result(result)]


@dataclass(frozen=True)
class Row:
    """One result, formatted before the template sees it."""

    number: int
    name: str
    nip: str
    target: str
    kind: str
    word: str
    message: str
    url: str

    @property
    def is_bad(self) -> bool:
        return self.kind == "bad"


@require_http_methods(["GET", "POST"])
def nominate_many(request: HttpRequest) -> HttpResponse:
    """Ask before many drafts are sent, then have the worker send them one by one."""
    user = reader_of(request)
    if not roles_of(user).is_operator:
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else request.GET
    start = StartForm(sent if request.method == "POST" else None)
    if start.is_bound and start.is_valid():
        known = Batch.objects.filter(key=start.cleaned_data["key"], created_by=user).first()
        if known is not None:  # the second click
            return redirect("proposals:batch", known.pk)
    choice, chosen = _chosen(sent, user)
    count = chosen.count()
    if not count:
        if choice.cleaned_data.get("calon"):
            raise Http404
        text = str(next(iter(choice.errors.get("calon", [])), ""))
        messages.error(request, text or "Tidak ada konsep yang dipilih. Pilih paling sedikit satu.")
        return redirect("proposals:list")
    if start.is_bound and start.is_valid() and start.cleaned_data["jumlah"] == count:
        try:
            batch = batches.start(
                Batch.Kind.NOMINATE,
                list(chosen.order_by("sort_name", "pk").values_list("pk", flat=True)),
                by=user,
                key=start.cleaned_data["key"],
            )
        except TransitionError as refusal:
            messages.error(request, str(refusal))
            return redirect("proposals:list")
        return redirect("proposals:batch", batch.pk)
    rows = chosen.select_related("level").order_by("sort_name", "pk")[:SHOWN]
    return render(
        request,
        "proposals/nominate_many.html",
        {
            "choice": choice,
            "key": uuid.uuid4(),
            "count": count,
            "count_text": format_number(count),
            "has_changed": start.is_bound,
            "demands": demands_of(chosen),
            "shows_agency": len(roles_of(user).agency_ids) > 1,
            "rows": [(row.full_name, format_nip(row.nip), row.level.name) for row in rows],
            "more": format_number(count - SHOWN) if count > SHOWN else "",
        },
        status=409 if start.is_bound else 200,
    )


@require_safe
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it has come; afterwards what became of each, failures first."""
    return batch_page(request, get_batch_for(reader_of(request), pk), _wording())


@require_POST
def batch_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop before the rows whose turn has not come."""
    found = get_batch_for(reader_of(request), pk, can_cancel_batch)
    return cancel_batch(request, found, _wording())


def _wording() -> Wording:
    drafts = reverse("proposals:list")
    return Wording(
        title="Pengusulan",
        noun="calon",
        done="Diusulkan",
        refused="Tidak diusulkan",
        stopped="Dihentikan. Yang sudah diusulkan tetap diusulkan.",
        page="proposals:batch",
        cancel="proposals:batch_cancel",
        back_url=drafts,
        back_text="Kembali ke calon",
        left=(
            "Betulkan yang disebut di kolom Keterangan, lalu usulkan lagi konsep yang tersisa.",
            "Buka konsep yang tersisa",
            f"{drafts}?status=draft",
        ),
        over=(
            "BPS memeriksa usulan ini, lalu mengirim undangan kepada calon.",
            "Buka usulan yang menunggu BPS",
            f"{drafts}?status=nominated",
        ),
    )


# The pages of every kind


def batch_page(request: HttpRequest, found: Batch, words: Wording) -> HttpResponse:
    """The progress of a batch, or a page of its results; its part alone when htmx asks again."""
    user = reader_of(request)
    is_poll = bool(getattr(request, "htmx", False))
    counts = batches.counts_of(found)
    head = {"batch": found, "words": words, **_head(found, user, words, counts)}
    if found.is_running and is_poll:
        return render(request, "proposals/batch_progress.html", head)
    if is_poll:
        return HttpResponseClientRefresh()
    chosen = request.GET.get("hasil", "")
    if chosen not in {*FILTERS, "semua"}:
        chosen = "gagal" if counts.get(BatchRow.Result.REFUSED) else "semua"
    rows = found.rows.select_related("proposal__level")
    if chosen != "semua":
        rows = rows.filter(result=FILTERS[chosen])
    page = keyset_page(
        rows,
        ("number", "pk"),
        size=PAGE_SIZE,
        after=request.GET.get("setelah", ""),
        before=request.GET.get("sebelum", ""),
    )
    return render(
        request,
        "proposals/batch.html",
        {
            "rows": [_row(row, words) for row in page.rows],
            "filters": _filters(found, counts, chosen, words),
            "prev_url": _page_url(chosen, sebelum=page.before) if page.before else "",
            "next_url": _page_url(chosen, setelah=page.after) if page.after else "",
            **head,
        },
    )


def cancel_batch(request: HttpRequest, found: Batch, words: Wording) -> HttpResponse:
    """Stop a batch and say what stays."""
    try:
        batches.cancel(found, by=reader_of(request))
        messages.success(request, words.stopped)
    except TransitionError as refusal:
        messages.error(request, str(refusal))
    return redirect(words.page, found.pk)


def _chosen(sent: QueryDict, user: User) -> tuple[ChoiceForm, ProposalQuerySet]:
    """The choice, and what it finds among the agencies whose operator the reader is.

    Ticked ones are taken in whatever state they are now, so that each has its result; a filter
    finds drafts only, never a candidature of the reader's own.
    """
    choice = ChoiceForm(sent)
    choice.is_valid()
    mine = Proposal.objects.filter(agency__in=roles_of(user).agency_ids)
    data = choice.cleaned_data
    if data.get("calon"):
        return choice, mine.filter(pk__in=data["calon"])
    if not data.get("semua"):
        return choice, mine.none()
    found = mine.filter(status=Proposal.Status.DRAFT)
    if user.nip:
        found = found.exclude(nip=user.nip)
    if data.get("q"):
        found = found.filter(matching(data["q"]))
    if data.get("periode"):
        found = found.filter(period=data["periode"])
    return choice, found


def _head(found: Batch, user: User, words: Wording, counts: dict[str, int]) -> dict[str, object]:
    figures = [
        ("dipilih", found.total),
        (words.done.lower(), counts.get(BatchRow.Result.DONE, 0)),
        (words.refused.lower(), counts.get(BatchRow.Result.REFUSED, 0)),
    ]
    if left := counts.get(BatchRow.Result.CANCELLED, 0):
        figures.append(("tidak dikerjakan", left))
    return {
        "kind": STATE_TAGS[Batch.State(found.state)],
        "started_text": short_datetime(found.created_at, _zone(user)),
        "done": counts["finished"],
        "done_text": format_number(counts["finished"]),
        "total_text": format_number(found.total),
        "figures": [(label, format_number(value)) for label, value in figures],
        "follow": words.left if counts.get(BatchRow.Result.REFUSED) or left else words.over,
        "has_left": bool(counts.get(BatchRow.Result.REFUSED) or left),
        "can_cancel": found.is_running and can_cancel_batch(user, found),
    }


def _zone(user: User) -> str:
    return user.employer.tz if user.employer else HEAD_OFFICE_TZ


def _row(row: BatchRow, words: Wording) -> Row:
    kind, word = words.result(row.result)
    proposal = row.proposal
    return Row(
        number=row.number,
        name=proposal.full_name,
        nip=format_nip(proposal.nip),
        target=proposal.level.name,
        kind=kind,
        word=word,
        message=row.message,
        url=reverse("proposals:detail", args=[proposal.pk]),
    )


def _filters(
    found: Batch, counts: dict[str, int], chosen: str, words: Wording
) -> list[dict[str, object]]:
    whole = {
        "label": "Semua",
        "count": format_number(found.total),
        "url": _page_url("semua"),
        "is_current": chosen == "semua",
    }
    return [whole] + [
        {
            "label": words.result(result)[1],
            "count": format_number(counts[result]),
            "url": _page_url(name),
            "is_current": name == chosen,
        }
        for name, result in FILTERS.items()
        if counts.get(result)
    ]


def _page_url(chosen: str, **cursor: str) -> str:
    return f"?{urlencode({'hasil': chosen, **cursor})}"
