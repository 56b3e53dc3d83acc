"""Many sessions at once: type, look at what would be made, make."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from inpassing.formats import format_number

from .. import planning
from ..forms import PlanForm
from ..models import SessionPlan
from ..permissions import require_admin
from .sessions import me

PROBLEMS_SHOWN = 50


@require_http_methods(["GET", "POST"])
def plan_create(request: HttpRequest) -> HttpResponse:
    """The form; its first button shows the plan, the second one makes it."""
    user = me(request)
    require_admin(user)
    form = PlanForm(request.POST or None)
    preview, status = None, 200
    if request.method == "POST":
        if not form.is_valid():
            status = 422
        else:
            period, spec = form.cleaned_data["period"], form.spec()
            if len(spec.days) * len(spec.slots) * len(planning.offices_of(spec)) > planning.MOST:
                form.add_error(
                    None,
                    f"Rencana ini lebih dari {format_number(planning.MOST)} sesi. "
                    "Bagi menurut provinsi atau tanggal.",
                )
                status = 422
            else:
                planned = planning.plan_sessions(period, spec)
                good = [row for row in planned if not row.problem]
                if "create" in request.POST and good:
                    plan = planning.request_plan(period, spec, by=user)
                    return redirect("competency:session_plan", plan.pk)
                if "create" in request.POST:
                    messages.error(request, "Tidak ada sesi yang dapat dibuat dari rencana ini.")
                bad = [row for row in planned if row.problem]
                preview = {
                    "made": len(good),
                    "offices": len({row.office.pk for row in good}),
                    "seats": sum(row.capacity for row in good),
                    "problems": bad[:PROBLEMS_SHOWN],
                    "problem_count": len(bad),
                    "by_problem": Counter(row.problem for row in bad).most_common(5),
                    "unwatched": Counter(
                        row.unwatched for row in good if row.unwatched
                    ).most_common(),
                }
    return render(
        request, "competency/plan_form.html", {"form": form, "preview": preview}, status=status
    )


@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """How the making of a plan goes."""
    require_admin(me(request))
    row = get_object_or_404(SessionPlan.objects.select_related("period", "by"), pk=pk)
    if request.headers.get("HX-Request"):
        if row.finished_at is None:
            return render(request, "competency/plan_progress.html", {"plan": row})
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "competency/plan.html", {"plan": row, "spec": planning.spec_of(row)})
