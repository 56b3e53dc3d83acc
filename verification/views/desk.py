"""The desk: one page per queue, taking and letting go."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.formats import clock, format_nip
from proposals.held_times import HeldTimes, held_times
from proposals.models import Formation, OperatorRequest, Proposal

from .. import desk as queues
from ..claims import release as release_claim
from ..claims import take as take_claim
from ..claims import take_next
from ..desk import Queue, Size
from ..forms import DeskFilter
from ..permissions import can_use_desk, get_desk_proposal
from .page import page_url

# More rows of a scope than this are only counted.
MOST_NAMED = 3
# Queues whose rows may be decided many at once: the words of the two buttons.
MANY = {
    "usulan": ("Setujui yang dipilih", "Setujui semua usulan"),
    "portofolio": ("Luluskan yang dipilih", "Luluskan semua yang jawabannya saya catat"),
}


def desk(request: HttpRequest) -> HttpResponse:
    """The first queue of the person."""
    return redirect("verification:queue", _queues(request)[0].slug)


@require_safe
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """One queue: counts of all, filters, rows oldest first, who holds what."""
    chosen = _chosen(_queues(request), slug)
    user = _user(request)
    form = filter_form(chosen, request.GET, user)
    filters = form.values()
    rows = queues.narrow(chosen, queues.waiting(chosen, user), form.filters(), user=user)
    page = queues.page_of(
        chosen,
        user,
        rows,
        after=request.GET.get("setelah", ""),
        before=request.GET.get("sebelum", ""),
        searched=bool({"q", "instansi", "pemegang"} & filters.keys()),
    )
    times = held_times([*page.mine, *page.rows]) if chosen.holds_proposals else {}
    # What stands on one page needs no count of its own.
    has_more_work = len(page.mine) == queues.TOP
    goes_on = bool(filters) and bool(page.before or page.after or has_more_work)
    sizes = queues.sizes(user, (chosen, rows) if goes_on else None)
    if goes_on:
        found = sizes[queues.FOUND].count
    else:
        found = len(page.mine) + len(page.rows) if filters else sizes[chosen.slug].count
    path = reverse("verification:queue", args=[chosen.slug])
    return render(
        request,
        "verification/desk.html",
        {
            "queue": chosen,
            "tabs": tabs_for(user, current=chosen.slug, sizes=sizes),
            "form": None,
            "filter_form": form,
            "filters": filters,
            "others_set": len(filters.keys() - {"q"}),
            "chips": _chips(form, filters, path),
            "clear_url": path,
            "rows": [_row(chosen, row, user, times) for row in [*page.mine, *page.rows]],
            "has_more_work": has_more_work,
            "found_text": f"{Size(found, None).text} {chosen.noun}",
            "scope_text": _scope_text(user, form),
            "prev_url": _link(path, filters, sebelum=page.before),
            "next_url": _link(path, filters, setelah=page.after),
            "many": _many(chosen, user, filters),
        },
    )


def _many(chosen: Queue, user: User, filters: dict[str, str]) -> dict[str, str] | None:
    """What may be decided on many rows of this queue at once: words and addresses."""
    if chosen.slug not in MANY or not roles_of(user).is_verifier:
        return None
    url = reverse("verification:decide_many", args=[chosen.slug])
    picked, every = MANY[chosen.slug]
    return {
        "url": url,
        "picked": picked,
        "every": every + (", menurut saringan" if filters else ""),
        "all_url": f"{url}?{urlencode({**filters, 'semua': 1})}",
    }


@require_POST
def next_one(request: HttpRequest) -> HttpResponse:
    """Take the oldest free proposal of a queue; the verifier's own work goes first."""
    offered = [q for q in _queues(request) if q.holds_proposals]
    chosen = _chosen(offered, request.POST.get("antrean", queues.DOCUMENTS.slug))
    user = _user(request)
    form = filter_form(chosen, request.POST, user)
    filters = form.values()
    rows = queues.narrow(chosen, queues.waiting(chosen, user), form.filters(), user=user)
    taken = take_next(rows.order_by(chosen.since, "pk"), by=user)
    if taken is None:
        messages.info(request, "Tidak ada usulan yang bebas di antrean ini.")
        return redirect(_link(reverse("verification:queue", args=[chosen.slug]), filters))
    return redirect(page_url(taken))


@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold one proposal."""
    proposal = get_desk_proposal(_user(request), pk)
    try:
        take_claim(proposal, by=_user(request))
    except TransitionError as error:
        messages.error(request, str(error))
    proposal.refresh_from_db(fields=["status"])
    return redirect(page_url(proposal))


@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Let one proposal go."""
    proposal = get_desk_proposal(_user(request), pk)
    try:
        release_claim(proposal, by=_user(request))
    except TransitionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Usulan {proposal.full_name} dilepas.")
    slug = next((q.slug for q in queues.QUEUES.values() if q.status == proposal.status), "berkas")
    return redirect("verification:queue", slug)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _queues(request: HttpRequest) -> list[Queue]:
    if not can_use_desk(_user(request)):
        raise PermissionDenied
    return queues.queues_of(_user(request))


def _chosen(offered: list[Queue], slug: str) -> Queue:
    for queue in offered:
        if queue.slug == slug:
            return queue
    raise Http404


def filter_form(chosen: Queue, data: Any, user: User) -> DeskFilter:
    """The filters that a queue knows, from an address or a form."""
    wanted = ["q", "instansi", "provinsi", "menunggu"]
    if chosen != queues.REQUESTS:
        wanted += ["periode", "jabatan"]
    if chosen.holds_proposals:
        wanted += ["jenjang", "pemegang"]
    if chosen == queues.DOCUMENTS:
        wanted.append("keadaan")
    return DeskFilter(data, wanted=tuple(wanted), user=user)


def tabs_for(
    user: User, *, current: str, sizes: dict[str, Size] | None = None
) -> list[dict[str, Any]]:
    """The queues with count and age of the oldest, then the own work and everybody's load."""
    sizes = queues.sizes(user) if sizes is None else sizes
    tabs: list[dict[str, Any]] = [
        {
            "label": queue.label,
            "url": reverse("verification:queue", args=[queue.slug]),
            "count": sizes[queue.slug].text,
            "oldest": waited(oldest) if (oldest := sizes[queue.slug].oldest) else "",
            "current": current == queue.slug,
        }
        for queue in queues.queues_of(user)
    ]
    more = [("Pekerjaan saya", "my_work")] if roles_of(user).is_verifier else []
    for label, name in [*more, ("Beban kerja", "workload")]:
        url = reverse(f"verification:{name}")
        tabs.append({"label": label, "url": url, "current": current == name})
    return tabs


def _link(path: str, filters: dict[str, str], **cursor: str) -> str:
    """The address with filters and a cursor; "" when the cursor is empty."""
    if cursor and not any(cursor.values()):
        return ""
    query = urlencode({**filters, **{k: v for k, v in cursor.items() if v}})
    return f"{path}?{query}" if query else path


def _chips(form: DeskFilter, filters: dict[str, str], path: str) -> list[dict[str, str]]:
    return [
        {
            "label": form.label_of(name),
            "url": _link(path, {k: v for k, v in filters.items() if k != name}),
        }
        for name in filters
    ]


def _scope_text(user: User, form: DeskFilter) -> str:
    """The verifier's scope in words, or what a person without one must know."""
    roles = roles_of(user)
    if not roles.is_verifier:
        return "Permohonan akun operator"
    if not roles.scopes:
        return "Cakupan Anda kosong. Minta administrator menambahkannya."
    if len(roles.scopes) > MOST_NAMED:
        return f"Cakupan Anda: {len(roles.scopes)} baris penugasan"
    rows = [
        f"{form.positions.get(position or '', 'semua jabatan')}, "
        f"{form.provinces.get(province or '', 'semua provinsi')}"
        for position, province in roles.scopes
    ]
    return f"Cakupan Anda: {'; '.join(rows)}"


def waited(since: dt.datetime) -> str:
    """How long something has waited, in its largest unit: "9 hari", "4 jam", "baru saja"."""
    return span(timezone.now() - since) or "baru saja"


def span(time: dt.timedelta) -> str:
    """A length of time in its largest unit; "" below a minute."""
    minutes = int(time.total_seconds()) // 60
    if minutes >= 1440:
        return f"{minutes // 1440} hari"
    if minutes >= 60:
        return f"{minutes // 60} jam"
    return f"{minutes} menit" if minutes > 0 else ""


def _row(queue: Queue, row: Any, user: User, times: dict[int, HeldTimes]) -> dict[str, Any]:
    """One line of the list with everything written out."""
    if isinstance(row, Proposal):
        return proposal_row(row, user, times[row.pk])
    if isinstance(row, Formation):
        return {
            "url": reverse("verification:formation", args=[row.pk]),
            "name": row.agency.name,
            "detail": row.period.name,
            "agency": f"{row.line_count} baris",  # type: ignore[attr-defined]  # annotated
            "position": row.position.name,
            "waited": waited(row.submitted_at) if row.submitted_at else "",
            "tag": ("wait", "Menunggu validasi"),
        }
    assert isinstance(row, OperatorRequest)
    return {
        "url": reverse("verification:operator_request", args=[row.pk]),
        "name": row.name,
        "detail": format_nip(row.nip),
        "agency": row.agency_label,
        "position": row.letter_number,
        "waited": waited(row.created_at),
        "tag": ("wait", "Baru") if _has_agency(row) else ("fix", "Instansi belum terdaftar"),
    }


def _has_agency(row: OperatorRequest) -> bool:
    """Whether the agency exists by now: chosen, or made since for the same region."""
    return bool(row.agency_id or (row.region and getattr(row.region, "agency", None)))


def proposal_row(row: Proposal, user: User, times: HeldTimes) -> dict[str, Any]:
    """A proposal's line: who holds it and until when, and how long each party has had it."""
    claim, assignment = getattr(row, "claim", None), getattr(row, "assignment", None)
    live = claim if claim is not None and claim.is_live else None
    is_mine = live is not None and live.holder_id == user.pk
    is_own = assignment is not None and assignment.verifier_id == user.pk
    holder, until = "Belum ada", ""
    if is_mine:
        holder = "Anda"
    elif live is not None:
        holder, until = str(live.holder), f"lepas {clock(live.expires_at, settings.TIME_ZONE)}"
    if is_own:
        until = until or "Pekerjaan Anda"
    elif assignment is not None:
        until = until or f"Pekerjaan {assignment.verifier}"
    tag = TAGS_OF_STATUS.get(row.status, ("wait", "Baru"))
    if row.resubmissions and row.status == Proposal.Status.SUBMITTED:
        changed = row.open_documents  # type: ignore[attr-defined]  # annotated
        tag = ("turn" if is_own else "wait", f"Kirim ulang, {changed} berubah")
    on_desk = row.status != Proposal.Status.RETURNED
    return {
        "pk": row.pk,
        "url": page_url(row),
        "name": row.full_name,
        "detail": format_nip(row.nip),
        "agency": row.agency.name,
        "agency_query": urlencode({"instansi": row.agency.name}),
        "position": row.level.name,
        "waited": waited(row.status_since),
        "times": [
            f"{party} {text}"
            for party, time in (
                ("BPS", times.bps),
                ("Peserta", times.participant),
                ("Instansi", times.agency),
            )
            if (text := span(time))
        ],
        "tag": tag,
        "holder": holder,
        "until": until,
        "is_turn": on_desk and (is_own or is_mine),
        "take_url": reverse("verification:take", args=[row.pk]) if on_desk and not live else "",
        "is_mine": is_mine,
    }


TAGS_OF_STATUS: dict[str, tuple[str, str]] = {
    Proposal.Status.ELIGIBLE: ("wait", "Memenuhi syarat"),
    Proposal.Status.RETURNED: ("fix", "Dikembalikan, di tangan peserta"),
}
