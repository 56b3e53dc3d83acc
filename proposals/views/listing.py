"""The list of proposals: filters in the address, paging by key, who holds each now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.formats import format_nip, format_number, long_date
from inpassing.keyset import KeysetPage, keyset_page
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import Period

from ..forms.candidates import ListFilter
from ..models import Batch, Proposal, ProposalQuerySet
from ..permissions import is_own_proposal
from ..search import matching
from ..standing import standing_of
from .reader import reader_of, side_of

PAGE_SIZE = 50


@dataclass(frozen=True)
class Row:
    """One proposal of the list, formatted before the template sees it."""

    url: str
    name: str
    nip: str
    target: str
    agency: str
    kind: str
    word: str
    holder: str
    holds: bool
    since: str
    pk: int
    can_tick: bool


@require_safe
def proposal_list(request: HttpRequest) -> HttpResponse:
    """The proposals that the reader may see, filtered, by keyset."""
    user = reader_of(request)
    roles = roles_of(user)
    form = ListFilter(request.GET)
    form.is_valid()
    filters = {name: value for name, value in form.cleaned_data.items() if value}
    page = _page_of(request, Proposal.objects.visible_to(user), filters)
    failed = _failed_invitations(page.rows)
    rows = [_row(proposal, user, failed) for proposal in page.rows]
    query = dict(filters)
    can_create = roles.is_operator and Period.objects.accepting_nominations().exists()
    here = reverse("proposals:list")
    return render(
        request,
        "proposals/list.html",
        {
            "filter": form,
            "chips": _chips(form, query, here),
            "rows": rows,
            "ticks": can_create and any(row.can_tick for row in rows),
            "all_url": _all_drafts_url(query),
            "last_batch": _last_batch(user) if roles.is_operator else None,
            "shows_agency": not roles.is_operator or len(roles.agency_ids) > 1,
            "is_operator": roles.is_operator,
            "can_create": can_create,
            "prev_url": _with(here, query, sebelum=page.before) if page.before else "",
            "next_url": _with(here, query, setelah=page.after) if page.after else "",
        },
    )


def _page_of(
    request: HttpRequest, proposals: ProposalQuerySet, filters: dict[str, Any]
) -> KeysetPage[Proposal]:
    if "status" in filters:
        proposals = proposals.filter(status=filters["status"])
    if "periode" in filters:
        proposals = proposals.filter(period=filters["periode"])
    if "q" in filters:
        proposals = proposals.filter(matching(filters["q"]))
    return keyset_page(
        proposals.for_rows(),
        ("-status_since", "-pk"),
        size=PAGE_SIZE,
        after=request.GET.get("setelah", ""),
        before=request.GET.get("sebelum", ""),
    )


@cache
def _detail_pattern() -> str:
    """The address of a record with 0 for its number: resolving it for each row costs a tenth of
    the page."""
    return reverse("proposals:detail", args=[0])


def _row(proposal: Proposal, user: User, failed: set[int]) -> Row:
    side = side_of(user, proposal)
    standing = standing_of(proposal, side=side)
    undelivered = proposal.participant_id in failed and proposal.status == Proposal.Status.FILLING
    since = long_date(timezone.localdate(proposal.status_since))
    return Row(
        url=_detail_pattern().replace("/0/", f"/{proposal.pk}/"),
        name=proposal.full_name,
        nip=format_nip(proposal.nip),
        target=proposal.level.name,
        agency=proposal.agency.name,
        kind="fix" if undelivered else standing.kind,
        word="Undangan gagal" if undelivered else standing.word,
        holder="Anda" if undelivered and side != "bps" else standing.holder,
        holds=standing.holds or (undelivered and side != "bps"),
        since="betulkan email" if undelivered else f"sejak {since}",
        pk=proposal.pk,
        can_tick=proposal.status == Proposal.Status.DRAFT
        and proposal.agency_id in roles_of(user).agency_ids
        and not is_own_proposal(user, proposal),
    )


def _all_drafts_url(query: dict[str, object]) -> str:
    """Where every draft that the filters find is nominated at once."""
    kept = {name: value for name, value in query.items() if name != "status"}
    return _with(reverse("proposals:nominate_many"), kept, semua="1")


def _last_batch(user: User) -> dict[str, str] | None:
    """The newest nomination of many that the reader asked for within a week: one query."""
    since = timezone.now() - timedelta(days=7)
    found = (
        Batch.objects.filter(created_by=user, kind=Batch.Kind.NOMINATE, created_at__gte=since)
        .order_by("-created_at")
        .first()
    )
    if found is None:
        return None
    return {
        "url": reverse("proposals:batch", args=[found.pk]),
        "text": f"{format_number(found.total)} calon, {found.get_state_display().lower()}",
    }


def _failed_invitations(rows: list[Proposal]) -> set[int]:
    """Accounts whose newest invitation did not reach a mail server: one query."""
    newest: dict[int, str] = {}
    people = [row.participant_id for row in rows if row.participant_id]
    mails = OutboxMessage.objects.filter(user__in=people, template="invitation")
    for person, state in mails.order_by("created_at", "pk").values_list("user_id", "state"):
        if person is not None:
            newest[person] = state
    bad = {OutboxMessage.State.FAILED, OutboxMessage.State.UNCERTAIN}
    return {person for person, state in newest.items() if state in bad}


def _chips(form: ListFilter, query: dict[str, object], here: str) -> list[dict[str, str]]:
    labels: dict[str, Callable[[Any], str]] = {
        "q": lambda value: f"“{value}”",
        "status": lambda value: str(Proposal.Status(value).label),
        "periode": form.periods.__getitem__,
    }
    return [
        {
            "label": labels[name](form.cleaned_data[name]),
            "url": _with(here, {key: value for key, value in query.items() if key != name}),
        }
        for name in query
    ]


def _with(here: str, query: dict[str, object], **more: str) -> str:
    together = {**query, **more}
    return f"{here}?{urlencode(together)}" if together else here
