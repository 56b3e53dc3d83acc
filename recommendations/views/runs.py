"""The administrator's pages: what will be written to whom, what is held, sending to the signers."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import Agency
from inpassing.errors import TransitionError
from inpassing.keyset import keyset_page
from inpassing.reference.models import Period
from proposals.models import Proposal, ProposalQuerySet

from .. import gathering, issuing, records
from ..forms import AddresseeForm, PutUpForm, ReasonForm
from ..gate import NOT_VALIDATED, Gate, Hold, found_hold
from ..models import Letter, Run, in_current_letter
from ..permissions import can_administer, can_see_runs, get_run_for
from .reader import user_of
from .story import story_rows

PAGE = 50
PREVIEWS = 6
HELD_SHOWN = 3
Status = Letter.Status


@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    """Periods that are open or have letters, newest first."""
    if not can_see_runs(user_of(request)):
        raise PermissionDenied
    periods = (
        Period.objects.exclude(status=Period.Status.DRAFT)
        .select_related("run")
        .annotate(
            ready=_in_period(Proposal.objects.ready()),
            recommended=_in_period(Proposal.objects.holding_post()),
        )
    )
    context = {
        "periods": periods,
        "can_start": can_administer(user_of(request)),
    }
    return render(request, "recommendations/runs.html", context)


def _in_period(proposals: ProposalQuerySet) -> Coalesce:
    """How many of these belong to the period of the outer query; read from an index alone."""
    found = proposals.filter(period=OuterRef("pk")).order_by().values("period")
    return Coalesce(Subquery(found.annotate(n=Count("*")).values("n")), 0)


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the run of a period and gather at once."""
    if not can_administer(user_of(request)):
        raise PermissionDenied
    period = get_object_or_404(Period.objects.exclude(status=Period.Status.DRAFT), pk=pk)
    run = gathering.start_run(period, by=user_of(request))
    _say_gathered(request, gathering.gather(run, by=user_of(request)))
    return redirect("recommendations:run", run.pk)


@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: progress, what is held and why, every letter."""
    row = get_run_for(user_of(request), pk)
    gate = Gate(row.period)
    drafts = list(row.letters.main().drafts().for_list().order_by("agency__name", "pk"))
    held = [
        (letter, hold)
        for letter in drafts
        if (hold := gathering.refused_hold(letter) or gate.hold_of(letter) or found_hold(letter))
    ]
    waiting = list(
        Proposal.objects.filter(period=row.period)
        .ready()
        .exclude(in_current_letter(Letter.Kind.RECOMMENDATION))
        .for_list()
        .order_by("agency__name", "sort_name")
    )
    back = [p for p in waiting if not gate.is_validated(p.agency_id, p.position_id)]
    page = keyset_page(
        row.letters.main().for_list(),
        ["pk"],
        size=PAGE,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
    )
    counts = _counts(row)
    context = {
        "run": row,
        "counts": counts,
        "drafts": drafts[:PREVIEWS],
        "made": counts["issued"] + counts["revoked"],
        "to_make": counts["issuing"] + counts["issued"] + counts["revoked"],
        "held": held[:PAGE],
        "stuck": _stuck(row) if counts["stuck"] else [],
        "unchecked": sum(letter.checked_at is None for letter in drafts),
        "held_total": len(held) + len(back),
        "held_back": [
            (p, NOT_VALIDATED.format(position=p.position.name, agency=p.agency.name))
            for p in back[:PAGE]
        ],
        "ungathered": len(waiting) - len(back),
        "can_send": len(drafts) > len(held),
        "sendable": len(drafts) - len(held),
        "page": page,
        "is_early": records.is_early(row),
        "may_act": can_administer(user_of(request)),
        "events": story_rows(row),
    }
    return render(request, "recommendations/run.html", context)


def _stuck(row: Run) -> list[Letter]:
    """The first of the letters and extracts that the worker gave up, with why."""
    rows = Letter.objects.stuck().filter(run=row).for_list()
    return list(rows.annotate(person_name=KT("content__person__name")).order_by("pk")[:PAGE])


def _counts(row: Run) -> dict[str, int]:
    kinds = {
        kind: Count("pk", filter=Q(kind=kind) & ~Q(status=Status.VOID)) for kind in Letter.Kind
    }
    states = {status: Count("pk", filter=Q(status=status)) for status in Status}
    stuck = Count("pk", filter=Q(status=Status.ISSUING) & ~Q(failure=""))
    return row.letters.order_by().aggregate(
        **{str(kind): count for kind, count in kinds.items()},
        **{str(status): count for status, count in states.items()},
        stuck=stuck,
    )


@require_POST
def gather(request: HttpRequest, pk: int) -> HttpResponse:
    """Add what became READY, or ended, since."""
    row = get_run_for(user_of(request), pk, can_administer)
    _say_gathered(request, gathering.gather(row, by=user_of(request)))
    return redirect("recommendations:run", row.pk)


def _say_gathered(request: HttpRequest, done: gathering.Gathered) -> None:
    if not done.changed:
        messages.info(request, "Tidak ada yang baru. Semua usulan sudah masuk surat.")
        return
    parts = [
        f"{done.recommended} orang masuk surat rekomendasi" if done.recommended else "",
        f"{done.noticed} orang masuk pemberitahuan" if done.noticed else "",
        f"{done.dropped} orang dikeluarkan dari konsep" if done.dropped else "",
    ]
    messages.success(request, f"Dihimpun: {', '.join(part for part in parts if part)}.")


@require_POST
def retry_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the worker try everything of this run again that it gave up."""
    row = get_run_for(user_of(request), pk, can_administer)
    try:
        number = issuing.retry_all(row, by=user_of(request))
    except TransitionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{number} surat dan petikan dibuat ulang. Nomornya tetap.")
    return redirect("recommendations:run", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def put_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the drafts to the signers, after a page that says what follows."""
    row = get_run_for(user_of(request), pk, can_administer)
    chosen = [int(value) for value in request.GET.getlist("letter") if value.isdecimal()]
    back = reverse("recommendations:run", args=[row.pk])
    form = PutUpForm(
        request.POST if request.method == "POST" else None, is_early=records.is_early(row)
    )
    if request.method == "POST" and form.is_valid():
        try:
            done = gathering.put_up(
                row,
                by=user_of(request),
                letters=chosen or None,
                early_reason=form.cleaned_data.get("early_reason", ""),
            )
        except TransitionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{done.sent} surat dikirim ke penanda tangan.")
            if done.held:
                messages.warning(request, _say_held(done.held))
        return redirect(back)
    drafts = row.letters.main().drafts()
    drafts = drafts.filter(pk__in=chosen) if chosen else drafts.filter(refusal_reason="")
    number = drafts.count()
    context = {
        "run": row,
        "form": form,
        "number": number,
        "is_early": records.is_early(row),
        "cancel_url": back,
        "action": request.get_full_path(),
    }
    return render(
        request, "recommendations/put_up.html", context, status=422 if form.errors else 200
    )


def _say_held(held: list[tuple[Letter, Hold]]) -> str:
    why = " ".join(f"{letter.agency.name}: {hold.text}" for letter, hold in held[:HELD_SHOWN])
    more = len(held) - HELD_SHOWN
    return f"{len(held)} surat tertahan dan tetap konsep. {why}" + (
        f" Dan {more} surat lagi; sebabnya ada di halaman surat itu." if more > 0 else ""
    )


@require_http_methods(["GET", "HEAD", "POST"])
def addressee(request: HttpRequest, pk: int, agency_pk: int) -> HttpResponse:
    """Complete whom the letters to an agency of this run are addressed to."""
    row = get_run_for(user_of(request), pk, can_administer)
    agency = get_object_or_404(Agency.objects.filter(letters__run=row).distinct(), pk=agency_pk)
    name = agency.name
    form = AddresseeForm(request.POST if request.method == "POST" else None, instance=agency)
    back = reverse("recommendations:run", args=[row.pk])
    if request.method == "POST" and form.is_valid():
        gathering.set_addressee(
            agency,
            by=user_of(request),
            fields={field: form.cleaned_data[field] for field in form.Meta.fields},
        )
        messages.success(request, f"Penerima surat {name} disimpan.")
        return redirect(back)
    context = {"run": row, "agency": agency, "form": form, "cancel_url": back}
    return render(
        request, "recommendations/addressee.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def not_recommend(request: HttpRequest, pk: int, proposal_pk: int) -> HttpResponse:
    """End a READY proposal for which no post is left or whose formation was never validated."""
    row = get_run_for(user_of(request), pk, can_administer)
    proposal = get_object_or_404(
        Proposal.objects.filter(period=row.period).for_list(), pk=proposal_pk
    )
    if proposal.nip == user_of(request).nip or proposal.participant_id == user_of(request).pk:
        raise PermissionDenied
    back = reverse("recommendations:run", args=[row.pk])
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            gathering.not_recommend(
                row, proposal, by=user_of(request), reason=form.cleaned_data["reason"]
            )
        except TransitionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{proposal.full_name} tidak direkomendasikan.")
        return redirect(back)
    if proposal.status != Proposal.Status.READY and request.method != "POST":
        raise Http404
    context = {"run": row, "proposal": proposal, "form": form, "cancel_url": back}
    return render(
        request, "recommendations/not_recommend.html", context, status=422 if form.errors else 200
    )
