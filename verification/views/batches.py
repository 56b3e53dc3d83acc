"""Deciding many at once: the page that asks, progress, the result of each."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.formats import format_nip, format_number, short_datetime
from inpassing.keyset import keyset_page
from inpassing.notifications.preview import preview_of
from proposals.batches import MAX_ROWS
from proposals.models import Batch, Proposal
from proposals.permissions import can_cancel_batch, get_batch_for
from proposals.views.batches import STATE_TAGS, Wording, batch_page, cancel_batch
from proposals.views.reader import HEAD_OFFICE_TZ, reader_of

from .. import batches
from ..batch_forms import ChoiceForm, StartForm
from ..batches import BY_QUEUE, KINDS, PASS, Many
from ..permissions import expect_desk, expect_verifier
from .desk import filter_form
from .page import mails_about

PAGE_SIZE = 25
SHOWN = 20  # names on the page that asks
# What the page that asks says, by kind: question, explanation, button.
QUESTIONS = {
    Batch.Kind.APPROVE: (
        "Setujui {n} usulan?",
        (
            "Setiap calon menerima akun dan undangan, lalu melengkapi berkas. Yang diputus atau "
            "berubah sebelum gilirannya tidak disetujui, dan alasannya tampil per usulan."
        ),
        "Setujui {n} usulan",
    ),
    Batch.Kind.PASS_PORTFOLIO: (
        "Luluskan {n} portofolio?",
        (
            "Dengan jawaban butir yang sudah Anda catat di halaman masing-masing. Wajib uji atau "
            "tidak mengikuti tabel uji. Yang belum lengkap, atau yang jawabannya dicatat orang "
            "lain, tidak diluluskan, dan alasannya tampil per usulan."
        ),
        "Luluskan {n} portofolio",
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
def decide_many(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask before many are decided, then have the worker decide them one by one."""
    user = reader_of(request)
    expect_verifier(user)
    many = BY_QUEUE.get(slug)
    if many is None:
        raise Http404
    sent = request.POST if request.method == "POST" else request.GET
    start = StartForm(request.POST if request.method == "POST" else None)
    if start.is_bound and start.is_valid():
        known = Batch.objects.filter(key=start.cleaned_data["key"], created_by=user).first()
        if known is not None:  # the second click
            return redirect("verification:batch", known.pk)
    choice = ChoiceForm(sent)
    choice.is_valid()
    filters = filter_form(many.queue, sent, user)
    ticked = choice.cleaned_data.get("usulan") or []
    found = batches.chosen(many, user, ticked=ticked, filters=filters.filters())
    if not ticked and not choice.cleaned_data.get("semua"):
        found = found.none()
    rows = list(found.order_by(many.queue.since, "pk").values_list("pk", "version")[: MAX_ROWS + 1])
    if not rows:
        if ticked:
            raise Http404
        messages.error(request, _nothing(choice, many))
        return redirect("verification:queue", slug)
    if len(rows) > MAX_ROWS:
        limit = format_number(MAX_ROWS)
        messages.error(request, f"Paling banyak {limit} usulan sekaligus. Persempit saringannya.")
        return redirect("verification:queue", slug)
    seen = batches.fingerprint(rows)
    if start.is_bound and start.is_valid() and start.cleaned_data["seen"] == seen:
        try:
            batch = batches.start(many, rows, by=user, key=start.cleaned_data["key"])
        except TransitionError as refusal:
            messages.error(request, str(refusal))
            return redirect("verification:queue", slug)
        return redirect("verification:batch", batch.pk)
    return _ask(request, many, rows, ticked=ticked, filters=filters.values(), seen=seen, user=user)


def _ask(
    request: HttpRequest,
    many: Many,
    rows: list[tuple[int, int]],
    *,
    ticked: list[int],
    filters: dict[str, str],
    seen: str,
    user: User,
) -> HttpResponse:
    shown = _first_of(rows, user)
    first = shown[0]
    number = format_number(len(rows))
    question, text, submit = (words.format(n=number) for words in QUESTIONS[many.kind])
    hidden: list[tuple[str, object]] = [("usulan", pk) for pk in ticked]
    hidden = hidden or [("semua", 1), *filters.items()]
    back = reverse("verification:queue", args=[many.queue.slug])
    return render(
        request,
        "verification/decide_many.html",
        {
            "many": many,
            "question": question,
            "text": text,
            "submit": submit,
            "key": uuid.uuid4(),
            "seen": seen,
            "hidden": hidden,
            "has_changed": request.method == "POST",
            "preview": preview_of(lambda: many.act(first, user), mails_about(first)),
            "first": first.full_name,
            "rows": [
                (row.full_name, format_nip(row.nip), row.level.name, row.agency.name)
                for row in shown
            ],
            "more": format_number(len(rows) - SHOWN) if len(rows) > SHOWN else "",
            "back_url": f"{back}?{urlencode(filters)}" if filters else back,
        },
        status=409 if request.method == "POST" else 200,
    )


def _first_of(rows: list[tuple[int, int]], user: User) -> list[Proposal]:
    """The first of the chosen, with what a line of the page prints, in their order."""
    first = [pk for pk, _ in rows[:SHOWN]]
    found = Proposal.objects.on_desk_of(user).for_list().in_bulk(first)
    return [found[pk] for pk in first if pk in found]


def _nothing(choice: ChoiceForm, many: Many) -> str:
    if errors := choice.errors.get("usulan"):
        return str(errors[0])
    if many is PASS and choice.cleaned_data.get("semua"):
        return (
            "Belum ada portofolio dengan jawaban yang Anda catat. Buka halamannya, jawab "
            "butirnya, lalu catat jawaban."
        )
    return "Tidak ada usulan yang dipilih. Pilih paling sedikit satu."


@require_safe
def batch_list(request: HttpRequest) -> HttpResponse:
    """The batches that this verifier asked for, newest first."""
    user = reader_of(request)
    expect_verifier(user)
    page = keyset_page(
        Batch.objects.filter(created_by=user, kind__in=KINDS),
        ("-created_at", "-pk"),
        size=PAGE_SIZE,
        after=request.GET.get("setelah", ""),
        before=request.GET.get("sebelum", ""),
    )
    return render(
        request,
        "verification/batches.html",
        {
            "rows": [
                {
                    "url": reverse("verification:batch", args=[row.pk]),
                    "label": row.get_kind_display(),
                    "total": format_number(row.total),
                    "at": short_datetime(row.created_at, HEAD_OFFICE_TZ),
                    "kind": STATE_TAGS[Batch.State(row.state)],
                    "word": row.get_state_display(),
                }
                for row in page.rows
            ],
            "prev_url": f"?sebelum={page.before}" if page.before else "",
            "next_url": f"?setelah={page.after}" if page.after else "",
        },
    )


@require_safe
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it has come; afterwards what became of each, refusals first."""
    user = reader_of(request)
    expect_desk(user)
    found = get_batch_for(user, pk, kinds=KINDS)
    return batch_page(request, found, _wording(found))


@require_POST
def batch_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop before the rows whose turn has not come."""
    user = reader_of(request)
    expect_desk(user)
    found = get_batch_for(user, pk, can_cancel_batch, kinds=KINDS)
    return cancel_batch(request, found, _wording(found))


def _wording(found: Batch) -> Wording:
    is_pass = found.kind == Batch.Kind.PASS_PORTFOLIO
    queue = reverse("verification:queue", args=["portofolio" if is_pass else "usulan"])
    done, refused = ("Lulus", "Tidak diputus") if is_pass else ("Disetujui", "Tidak disetujui")
    return Wording(
        title="Kelulusan portofolio" if is_pass else "Persetujuan",
        noun="usulan",
        done=done,
        refused=refused,
        stopped="Dihentikan. Yang sudah diputus tetap berlaku.",
        page="verification:batch",
        cancel="verification:batch_cancel",
        back_url=queue,
        back_text="Meja kerja",
        left=(
            (
                "Baca kolom Keterangan. Putuskan yang tersisa dari halamannya, atau pilih lagi "
                "dari antrean."
            ),
            "Buka antrean",
            queue,
        ),
        over=(
            "Instansi dan peserta sudah diberi tahu. Usulan yang wajib uji menunggu kursi."
            if is_pass
            else "Undangan dikirim. Usulan kembali ke meja kerja setelah peserta mengirim berkas.",
            "Buka antrean",
            queue,
        ),
    )
