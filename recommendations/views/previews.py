"""Letters without a number as they would look: first pages as pictures, the whole as PDF.

All of it is printed by the worker; a paper whose content has not changed is not printed again.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from inpassing.accounts.models import SignerProfile, User
from inpassing.accounts.roles import roles_of
from inpassing.files.storage import serve_preview
from inpassing.keyset import keyset_page
from inpassing.letters.documents import SignerBlock
from inpassing.letters.errors import LetterError
from inpassing.letters.models import PrintJob
from inpassing.letters.printing import request_print
from inpassing.letters.views import answer

from ..composing import check, compose, draft_extract, signer_block
from ..issuing import file_name
from ..models import Letter
from ..permissions import can_preview, get_letter_for, get_run_for
from .reader import user_of

PAGE = 12


@require_safe
def previews(request: HttpRequest, pk: int) -> HttpResponse:
    """The first pages of a run's letters that have no number yet."""
    row = get_run_for(user_of(request), pk)
    letters = row.letters.main().filter(status__in=Letter.OPEN).for_list()
    page = keyset_page(
        letters,
        ["pk"],
        size=PAGE,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
    )
    return render(request, "recommendations/previews.html", {"run": row, "page": page})


@require_safe
def preview_part(request: HttpRequest, pk: int) -> HttpResponse:
    """The picture of one letter, once it is printed; the first to ask has it printed."""
    row = get_letter_for(user_of(request), pk, can_preview)
    context: dict[str, object] = {"letter": row, "job": None, "why": ""}
    if row.status in Letter.OPEN:
        try:
            job = _job(row, user_of(request), try_again=False)
            context |= {"job": job, "why": job.message}
        except LetterError as error:
            context["why"] = str(error)
    else:
        context["why"] = "Surat ini sudah bernomor."
    return render(request, "recommendations/_preview.html", context)


@require_safe
def preview_picture(request: HttpRequest, pk: int, job_pk: int) -> HttpResponseBase:
    """The picture itself; it never changes, another content is another job."""
    row = get_letter_for(user_of(request), pk, can_preview)
    job = get_object_or_404(
        PrintJob.objects.select_related("file"),
        pk=job_pk,
        owner_kind=row._meta.label_lower,
        owner_id=row.pk,
        file__isnull=False,
    )
    assert job.file is not None
    try:
        return serve_preview(job.file)
    except FileNotFoundError as error:
        raise Http404(job_pk) from error


@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A letter without a number as PDF, printed by the worker."""
    row = get_letter_for(user_of(request), pk, can_preview)
    back = reverse("recommendations:letter", args=[row.pk])
    if row.file is not None:
        return redirect("recommendations:letter_file", row.pk)
    if row.status not in Letter.OPEN:
        messages.info(request, "Surat ini sudah bernomor. PDF-nya sedang dibuat.")
        return redirect(back)
    try:
        job = _job(row, user_of(request))
    except LetterError as error:
        messages.error(request, str(error))
        return redirect(back)
    return answer(request, job, back_url=back, back_label="Kembali ke surat")


@require_safe
def preview_extract(request: HttpRequest, pk: int, proposal_pk: int) -> HttpResponseBase:
    """The extract of one person in a letter without a number as PDF, printed by the worker."""
    row = get_letter_for(user_of(request), pk, can_preview)
    back = reverse("recommendations:letter", args=[row.pk])
    if row.status not in Letter.OPEN:
        messages.info(request, "Surat ini sudah bernomor. Petikannya ada di daftar nama.")
        return redirect(back)
    reader = user_of(request)
    try:
        extract = draft_extract(row, compose(row, signer=_block_of(reader)), proposal_pk)
        if extract is None:
            raise Http404
        job = request_print(row, extract, filename="konsep-petikan.pdf", by=reader)
    except LetterError as error:
        messages.error(request, str(error))
        return redirect(back)
    return answer(request, job, back_url=back, back_label="Kembali ke surat")


def _block_of(reader: User) -> SignerBlock | None:
    """A signer sees a draft with the own name and post."""
    if not roles_of(reader).is_signer:
        return None
    profile = SignerProfile.objects.select_related("rank").filter(user=reader).first()
    if profile is None:
        return None
    reader.signer_profile = profile
    return signer_block(reader)


def _job(row: Letter, reader: User, *, try_again: bool = True) -> PrintJob:
    """The draft as a paper."""
    document = compose(row, signer=_block_of(reader))
    check(row, document)
    filename = f"konsep-{file_name(row)}"
    return request_print(row, document, filename=filename, by=reader, try_again=try_again)
