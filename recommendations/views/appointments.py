"""The agency sends the appointment decree back."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.errors import TransitionError
from inpassing.files.middleware import limit_upload
from inpassing.files.storage import serve, store_upload
from proposals.permissions import get_proposal_for

from .. import delivery
from ..forms import AppointmentForm
from ..models import Appointment, Letter
from ..permissions import can_upload_decree
from .reader import user_of

TOO_LARGE = "Berkas lebih dari 2 MB. Kecilkan lalu pilih lagi; isian lain perlu diketik ulang."


@limit_upload(settings.UPLOAD_MAX_BYTES)
@require_http_methods(["GET", "HEAD", "POST"])
def appointment(request: HttpRequest, pk: int) -> HttpResponse:
    """The decree of a recommended person: typed and uploaded once, then shown."""
    is_post = request.method == "POST"
    if is_post:
        proposal = get_proposal_for(user_of(request), pk, can_upload_decree)
    else:
        proposal = get_proposal_for(user_of(request), pk)
    earlier = Appointment.objects.filter(proposal=proposal).select_related(
        "file", "level", "rank", "proposal__period"
    )
    decree = earlier.first()
    takes = delivery.can_take_decree(proposal, decree.file if decree else None)
    may_upload = takes and can_upload_decree(user_of(request), proposal)
    form = AppointmentForm(
        request.POST if is_post else None,
        request.FILES if is_post else None,
        proposal=proposal,
        instance=Appointment(proposal=proposal),
    )
    status = 200
    if is_post and request.upload_too_large:  # type: ignore[attr-defined]
        # What was not read is not missing: one sentence, at the file.
        for name in list(form.errors):
            del form.errors[name]
        form.add_error("upload", TOO_LARGE)
        status = 413
    elif is_post and form.is_valid():
        try:
            with transaction.atomic():
                row = form.save(commit=False)
                row.file = store_upload(
                    form.cleaned_data["upload"], owner=proposal, by=user_of(request)
                )
                delivery.appoint(row, by=user_of(request))
        except TransitionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"Keputusan pengangkatan {proposal.full_name} tercatat.")
        return redirect("recommendations:appointment", proposal.pk)
    elif is_post:
        status = 422
    letter = Letter.objects.issued().filter(
        kind=Letter.Kind.RECOMMENDATION, lines__proposal=proposal
    )
    context = {
        "proposal": proposal,
        "decree": decree,
        "letter": letter.first(),
        "form": form,
        "may_upload": may_upload,
    }
    return render(request, "recommendations/appointment.html", context, status=status)


@require_safe
def appointment_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The decree's PDF, for everybody who sees the proposal."""
    proposal = get_proposal_for(user_of(request), pk)
    decree = Appointment.objects.filter(proposal=proposal).select_related("file").first()
    if decree is None:
        raise Http404
    return serve(request, decree.file, download=True)
