"""The texts of a period's letters: reading, editing with a live preview from a real letter."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.letters.documents import RecommendationLetter
from inpassing.letters.errors import LetterError
from inpassing.letters.texts import DEFAULT_TEXTS
from inpassing.reference.models import Period

from .. import letter_texts as texts
from ..composing import (
    compose,
    extract_fields,
    lines_of,
    notice_fields,
    recommendation_fields,
)
from ..forms import LetterTextForm
from ..models import Letter, LetterText
from ..permissions import can_administer
from .reader import user_of


def _period_for(request: HttpRequest, pk: int) -> Period:
    if not can_administer(user_of(request)):
        raise PermissionDenied
    return get_object_or_404(Period, pk=pk)


@require_safe
def letter_texts(request: HttpRequest, pk: int) -> HttpResponse:
    """The kinds of letters, and how many blocks of each say something else than the default."""
    period = _period_for(request, pk)
    edited = list(LetterText.objects.filter(period=period).values_list("kind", flat=True))
    kinds = [
        (slug, name, len(DEFAULT_TEXTS[kind]), edited.count(kind))
        for slug, (kind, name) in texts.KINDS.items()
    ]
    context = {"period": period, "kinds": kinds}
    return render(request, "recommendations/letter_texts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def letter_text(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """Edit the blocks of one kind; the preview shows them as a real letter would say them."""
    period = _period_for(request, pk)
    if slug not in texts.KINDS:
        raise Http404
    kind, name = texts.KINDS[slug]
    current = texts.texts_of(period.pk, kind)
    is_post = request.method == "POST"
    form = LetterTextForm(request.POST if is_post else None, kind=kind, texts=current)
    only_look = is_post and "pratinjau" in request.POST
    if is_post and not only_look and form.is_valid():
        changed = texts.save_texts(period, kind, form.cleaned_data, by=user_of(request))
        if changed:
            messages.success(request, f"Teks disimpan: {len(changed)} bagian berubah.")
        else:
            messages.info(request, "Tidak ada yang berubah.")
        return redirect("recommendations:letter_texts", period.pk)
    source, values = _real_values(period, kind)
    typed = {block: str(form[block].value() or "") for block in current}
    context = {
        "period": period,
        "form": form,
        "name": name,
        "fields": [(field, texts.FIELDS[field]) for field in texts.FIELDS_OF[kind]],
        "shown": texts.preview(kind, typed, values),
        "source": source,
        "here": reverse("recommendations:letter_text", args=[period.pk, slug]),
        "cancel_url": reverse("recommendations:letter_texts", args=[period.pk]),
    }
    if only_look and getattr(request, "htmx", False):
        return render(request, "recommendations/_letter_text_preview.html", context)
    failed = bool(form.errors) and not only_look
    return render(
        request, "recommendations/letter_text.html", context, status=422 if failed else 200
    )


def _real_values(period: Period, kind: str) -> tuple[str, dict[str, str]]:
    """The newest letter of this kind in the period, by its agency, and its values; without one,
    the names of the fields stand for themselves."""
    stand_ins = {field: f"[{texts.FIELDS[field]}]" for field in texts.FIELDS_OF[kind]}
    is_notice = kind == "verification_notice"
    letter = (
        Letter.objects.filter(
            period=period,
            kind=Letter.Kind.NOTICE if is_notice else Letter.Kind.RECOMMENDATION,
        )
        .for_page()
        .order_by("-pk")
        .first()
    )
    if letter is None:
        return "", stand_ins
    if is_notice:
        return letter.agency.name, notice_fields(letter)
    if kind == "recommendation":
        return letter.agency.name, recommendation_fields(letter)
    try:
        document = compose(letter)
    except LetterError:  # its own texts lack something: their page says what
        return "", stand_ins
    lines = lines_of(letter)
    if not lines or not isinstance(document, RecommendationLetter):
        return "", stand_ins
    return lines[0].proposal.full_name, extract_fields(document, lines[0].proposal)
