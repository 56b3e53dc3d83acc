"""Who watches over a session."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from inpassing.errors import TransitionError
from inpassing.formats import short_datetime

from .. import proctors
from ..forms import ProctorsForm
from ..permissions import can_plan, get_session_for
from .sessions import me


@require_http_methods(["GET", "POST"])
def session_proctors(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the proctors of a session; who is at another one in that time is shown with it."""
    user = me(request)
    session = get_session_for(user, pk, can_plan)
    there = [row.user for row in session.assignments.select_related("user")]
    people = proctors.proctors_of([session.office]).get(session.office_id, [])
    people = [*people, *(person for person in there if person not in people)]
    busy = proctors.engagements(people)
    free, taken = [], []
    for person in people:
        other = proctors.clash(
            busy.get(person.pk, []), session.starts_at, session.ends_at, but=session.pk
        )
        if other is None or person in there:
            free.append((person.pk, str(person)))
        if other:
            taken.append((person, other, short_datetime(other.starts_at, other.office.tz)))
    form = ProctorsForm(
        request.POST if request.method == "POST" else None,
        people=free,
        initial={"proctors": [person.pk for person in there]},
    )
    if request.method == "POST" and form.is_valid():
        try:
            proctors.assign_proctors(session, form.chosen(), by=user)
            messages.success(request, "Pengawas tersimpan. Pengawas baru menerima email.")
            return redirect("competency:session", pk)
        except TransitionError as error:
            form.add_error(None, str(error))
    return render(
        request,
        "competency/session_proctors.html",
        {"session": session, "form": form, "free": free, "taken": taken},
        status=422 if form.errors else 200,
    )
