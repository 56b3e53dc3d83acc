"""What the review page shows: the viewer, the verdict board, warnings and the decision panel."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.formats import short_date
from inpassing.notifications.preview import Preview, preview_of
from inpassing.timeline.events import story_of
from proposals.deadlines import repair_deadline_for
from proposals.models import DocumentVersion, Proposal, ProposalDocument
from proposals.same_files import same_files
from proposals.viewable import paper_of

from ..forms import CheckForm, EducationFieldForm, RepairForm, ResitForm, StampForm
from ..models import DocumentCheck, RepairRequest
from ..resit import resit_of
from ..workflow import (
    Board,
    board_of,
    check_of,
    declare_eligible,
    documents_of,
    return_proposal,
)
from .page import (
    Refusal,
    field_name,
    holding,
    mails_about,
    person_facts,
    rule_rows,
    school_of,
    told,
)

# So many places where the same file stands are named; more are counted.
NAMED = 3


def repair_form_for(proposal: Proposal, data: Any = None) -> RepairForm:
    """The form of the return, with the date that the period's rules propose."""
    return RepairForm(
        data,
        proposed=repair_deadline_for(proposal.period, proposal.agency),
        tz=proposal.agency.tz,
        version=proposal.version,
        auto_id="kembali_%s",
    )


def review_page(
    request: HttpRequest,
    proposal: Proposal,
    *,
    document: str = "",
    check_form: CheckForm | None = None,
    repair_form: RepairForm | None = None,
    resit_form: ResitForm | None = None,
    resit_preview: Preview | None = None,
    education_form: EducationFieldForm | None = None,
    education_preview: Preview | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    """The review page with the document that was asked for (its id) or the next to decide."""
    if refusal is not None:
        proposal.refresh_from_db(fields=["status", "version", "education_field"])
        for typed in (resit_form, education_form):
            if typed is not None:
                typed.restamp(proposal.version)
    user = request.user
    assert isinstance(user, User)
    documents = documents_of(proposal)
    board = board_of(documents)
    chosen = _chosen(documents, board, document)
    base = holding(request, proposal, status=Proposal.Status.SUBMITTED)
    returned_at = _last_return(proposal)
    versions = list(chosen.versions.select_related("file")) if chosen else []
    shown = _shown(versions, chosen, request.GET.get("versi", ""))
    may_check = bool(
        base["may_act"] and chosen and chosen.is_open and shown and shown.pk == chosen.current_id
    )
    if may_check and check_form is None:
        assert chosen is not None
        check_form = _check_form(documents, chosen)
    repair = repair_form or repair_form_for(proposal)
    preview = _preview(proposal, board, repair, by=user) if base["may_act"] else None
    following = _neighbours(documents, chosen)
    return render(
        request,
        "verification/review.html",
        {
            **base,
            "refusal": refusal,
            "form": check_form
            if check_form is not None and check_form.is_bound
            else repair_form or education_form,
            "board": board,
            "returned_at": returned_at,
            "changed": _changed_since(proposal, documents, returned_at),
            "rows": [_row(d, chosen, returned_at) for d in documents],
            "open": chosen,
            "shown": shown,
            "paper": paper_of(shown) if shown and shown.file.is_accepted else None,
            "versions": [v for v in versions if shown and v.pk != shown.pk],
            "check_form": check_form if may_check else None,
            "changed_since": returned_at if chosen and _is_changed(chosen, returned_at) else None,
            "previous_url": _document_url(proposal, following[0]),
            "following_url": _document_url(proposal, following[1]),
            "education_form": education_form
            or EducationFieldForm(current=proposal.education_field, version=proposal.version),
            "education_preview": education_preview,
            "school": school_of(proposal),
            "repair_form": repair,
            "preview": preview,
            "stamp": StampForm(version=proposal.version, auto_id="layak_%s"),
            "told": told(proposal),
            "facts": person_facts(proposal),
            "rules": rule_rows(proposal),
            "same_files": _same_files(user, documents),
            "earlier": _earlier(user, proposal),
            "resit": resit_of(
                proposal, documents, undecided=board.undecided, returned=board.returned
            ),
            "resit_preview": resit_preview,
            "resit_form": resit_form or ResitForm(version=proposal.version),
        },
        status=status,
    )


def _preview(proposal: Proposal, board: Board, repair: RepairForm, *, by: User) -> Preview | None:
    """What the decision that the board allows would send; None before every verdict is there."""
    if board.undecided or not board.total:
        return None
    if not board.returned:
        return preview_of(lambda: declare_eligible(proposal, by=by), mails_about(proposal))
    deadline = repair.cleaned_data.get("deadline") if repair.is_bound else repair.proposed
    if deadline is None:
        return None
    return preview_of(
        lambda: return_proposal(proposal, by=by, deadline=deadline), mails_about(proposal)
    )


def _chosen(
    documents: list[ProposalDocument], board: Board, wanted: str
) -> ProposalDocument | None:
    """The document that was asked for, else the first that waits for a verdict."""
    for document in documents:
        if wanted == str(document.pk):
            return document
    if wanted:
        raise Http404
    return next(iter([*board.undecided, *board.returned, *documents]), None)


def _shown(
    versions: list[DocumentVersion], chosen: ProposalDocument | None, wanted: str
) -> DocumentVersion | None:
    for version in versions:
        if wanted == str(version.number) or (
            not wanted and chosen and version.pk == chosen.current_id
        ):
            return version
    if wanted:
        raise Http404
    return None


def _check_form(documents: list[ProposalDocument], chosen: ProposalDocument) -> CheckForm:
    """The form with the verdict so far; who certified the copy before is offered again."""
    check = check_of(chosen)
    initial: dict[str, Any] = {"version": chosen.current_id, "before": check.mark if check else ""}
    if check is not None:
        initial |= {
            "verdict": check.verdict,
            "reason": check.reason_id,
            "note": check.note,
            "certified_ok": check.certified_ok,
            "certifier": check.certifier,
            "certified_on": check.certified_on,
        }
    else:
        certified = [c for c in map(check_of, documents) if c is not None and c.certified_ok]
        last = max(certified, key=lambda c: c.checked_at, default=None)
        if last is not None:
            initial |= {"certifier": last.certifier, "certified_on": last.certified_on}
    return CheckForm(
        initial=initial, is_certified_copy=chosen.requirement.certified_copy, auto_id="cek_%s"
    )


def _last_return(proposal: Proposal) -> dt.datetime | None:
    """When the return was made after which this sending came; None for a first sending."""
    request = RepairRequest.objects.filter(proposal=proposal, number=proposal.resubmissions).first()
    return request.returned_at if request else None


def _is_changed(document: ProposalDocument, returned_at: dt.datetime | None) -> bool:
    return bool(returned_at and document.current and document.current.created_at > returned_at)


def _changed_since(
    proposal: Proposal, documents: list[ProposalDocument], returned_at: dt.datetime | None
) -> list[str]:
    """The documents and the fields that the participant changed since the last return."""
    if returned_at is None:
        return []
    changed = [
        f"{document.requirement.name} (versi {document.current.number})"
        for document in documents
        if document.current and _is_changed(document, returned_at)
    ]
    names: list[str] = []
    saved = story_of(proposal).filter(kind="proposal.data_saved", at__gt=returned_at)
    for event in saved.order_by("at", "pk"):
        names += [field_name(name) for name in event.data.get("fields", [])]
    return changed + list(dict.fromkeys(names))


def _row(
    document: ProposalDocument, chosen: ProposalDocument | None, returned_at: dt.datetime | None
) -> dict[str, Any]:
    """One line of the board with its tag."""
    check = check_of(document)
    current = document.current
    if document.review == ProposalDocument.Review.ACCEPTED:
        tag = ("lock", "Diterima")
    elif check is not None and check.verdict == DocumentCheck.Verdict.ACCEPT:
        tag = ("ok", "Diterima")
    elif check is not None:
        tag = ("fix", "Dikembalikan")
    elif current is None:
        tag = ("still", "Tidak ada berkas")
    elif current.file.is_refused:
        tag = ("bad", "Ditolak sistem")
    elif current.file.is_waiting:
        tag = ("wait", "Sedang diperiksa sistem")
    elif returned_at and _is_changed(document, returned_at):
        tag = ("turn", f"Berubah sejak {short_date(timezone.localdate(returned_at))}")
    else:
        tag = ("wait", "Belum diputus")
    return {
        "document": document,
        "name": document.requirement.name,
        "url": _document_url_of(document),
        "tag": tag,
        "is_open": chosen is not None and document.pk == chosen.pk,
        "check": check,
    }


def _neighbours(
    documents: list[ProposalDocument], chosen: ProposalDocument | None
) -> tuple[ProposalDocument | None, ProposalDocument | None]:
    if chosen is None:
        return None, None
    place = next(i for i, document in enumerate(documents) if document.pk == chosen.pk)
    before = documents[place - 1] if place else None
    after = documents[place + 1] if place + 1 < len(documents) else None
    return before, after


def _document_url_of(document: ProposalDocument) -> str:
    path = reverse("verification:review", args=[document.proposal_id])
    return f"{path}?dokumen={document.pk}#papan"


def _document_url(proposal: Proposal, document: ProposalDocument | None) -> str:
    return _document_url_of(document) if document else ""


def _same_files(user: User, documents: list[ProposalDocument]) -> list[dict[str, str]]:
    """The same bytes in another slot or at another person, as warnings."""
    twins = same_files(documents)
    ids = {twin.proposal_id for found in twins.values() for twin in found}
    visible: set[int] = set()
    if ids:
        on_desk = Proposal.objects.on_desk_of(user).filter(pk__in=ids)
        visible = set(on_desk.values_list("pk", flat=True))
    warnings = []
    for document in documents:
        places = []
        for twin in twins.get(document.pk, []):
            if twin.proposal_id == document.proposal_id:
                if twin.order < document.order:
                    continue  # the pair was named where it came first
                where = f"sama dengan {twin.requirement.name} orang ini"
                if any(d.current and d.current.same_file_confirmed for d in (document, twin)):
                    where += "; peserta membenarkan satu berkas untuk keduanya"
            elif twin.proposal.nip == document.proposal.nip:
                where = f"sama dengan {twin.requirement.name} orang ini pada usulan lain"
            elif twin.proposal_id in visible:
                where = f"sama dengan {twin.requirement.name} milik {twin.proposal.full_name}"
            else:
                where = f"sama dengan {twin.requirement.name} milik peserta di luar cakupan Anda"
            places.append(where)
        if len(places) > NAMED:
            places = [*places[:NAMED], f"{len(places) - NAMED} berkas lain"]
        if places:
            warnings.append({"name": document.requirement.name, "where": "; ".join(places)})
    return warnings


def _earlier(user: User, proposal: Proposal) -> list[Proposal]:
    """Earlier and other proposals of the person, never those of the verifier's own agency."""
    own = set(roles_of(user).agency_ids) | ({user.employer_id} if user.employer_id else set())
    others = (
        Proposal.objects.filter(nip=proposal.nip)
        .exclude(pk=proposal.pk)
        .exclude(status=Proposal.Status.DRAFT)
        .exclude(agency__in=own)
        .select_related("period", "level")
    )
    return list(others.order_by("-created_at")[:10])
