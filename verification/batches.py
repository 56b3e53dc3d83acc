"""Decisions on many proposals at once: nominations let in, portfolios passed.

The rows and the worker are those of `proposals.batches`; here is what one row does. Permission,
state and version are looked at for each row at its turn, as the verifier who asked.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from proposals import batches
from proposals.models import Batch, Proposal, ProposalQuerySet
from proposals.permissions import can_verify, is_own_proposal

from . import desk
from .claims import decided_text
from .desk import Filters, Queue
from .models import PortfolioAnswer, PortfolioDraft
from .workflow import GivenAnswer, approve_nomination, assess_portfolio

OWN = "Usulan ini tentang Anda sendiri. Verifikator lain memutuskannya."
NOT_YOURS = (
    "Di luar kewenangan Anda saat gilirannya: cakupan atau peran Anda berubah, atau usulan ini "
    "dari instansi Anda. Verifikator lain memutuskannya."
)
NO_ANSWERS = (
    "Jawaban butir portofolio belum dicatat. Buka halamannya, jawab butirnya, lalu catat jawaban."
)


@dataclass(frozen=True)
class Many:
    """One decision that can be made on many: of which queue, as which kind, by which act."""

    queue: Queue
    kind: Batch.Kind
    act: Callable[..., Proposal]


def approve_row(proposal: Proposal, by: User, *, version: int | None = None) -> Proposal:
    """Let one candidate in."""
    _expect_may(proposal, by)
    return approve_nomination(proposal, by=by, version=version)


def pass_row(proposal: Proposal, by: User, *, version: int | None = None) -> Proposal:
    """Pass one portfolio with the answers that this verifier noted on its page."""
    _expect_may(proposal, by)
    draft = PortfolioDraft.objects.select_related("saved_by").filter(proposal=proposal).first()
    if draft is None and proposal.status == Proposal.Status.ELIGIBLE:
        raise TransitionError(NO_ANSWERS)
    if draft is not None and draft.saved_by_id != by.pk:
        raise TransitionError(
            f"Jawaban butirnya dicatat {draft.saved_by}. Yang menilai yang meluluskan sekaligus; "
            "Anda dapat memutuskannya dari halamannya."
        )
    answers = answers_of(draft)
    if not_met := [a for a in answers.values() if a.answer == PortfolioAnswer.Answer.NOT_MET]:
        raise TransitionError(
            f"{len(not_met)} butir dicatat tidak terpenuhi. Putuskan dari halamannya."
        )
    return assess_portfolio(proposal, by=by, answers=answers, passed=True, version=version)


APPROVE = Many(desk.NOMINATIONS, Batch.Kind.APPROVE, approve_row)
PASS = Many(desk.PORTFOLIOS, Batch.Kind.PASS_PORTFOLIO, pass_row)
BY_QUEUE = {many.queue.slug: many for many in (APPROVE, PASS)}
KINDS = tuple(many.kind for many in BY_QUEUE.values())


def answers_of(draft: PortfolioDraft | None) -> dict[int, GivenAnswer]:
    """The noted answers by item."""
    noted = draft.answers if draft is not None else {}
    return {int(item): GivenAnswer(answer, remark) for item, (answer, remark) in noted.items()}


def _expect_may(proposal: Proposal, by: User) -> None:
    if is_own_proposal(by, proposal):
        raise TransitionError(OWN)
    if not can_verify(by, proposal):
        if proposal.status == Proposal.Status.DRAFT:  # returned meanwhile, and so off the desk
            raise TransitionError(f"{decided_text(proposal, by)} Putusan Anda tidak disimpan.")
        raise TransitionError(NOT_YOURS)


def chosen(many: Many, user: User, *, ticked: list[int], filters: Filters) -> ProposalQuerySet:
    """The ticked proposals, or with none ticked all of the queue that the filters find.

    Ticked ones are taken in whatever state they are now, so that each has its result. Of the
    portfolios a filter finds those whose answers this verifier has noted.
    """
    if ticked:
        return Proposal.objects.on_desk_of(user).filter(pk__in=ticked)
    rows = desk.narrow(many.queue, desk.waiting(many.queue, user), filters, user=user)
    assert isinstance(rows, ProposalQuerySet)
    if many is PASS:
        rows = rows.filter(portfolio_draft__saved_by=user)
    return rows


def fingerprint(versions: Iterable[tuple[int, int]]) -> str:
    """What a page remembers of a choice (id and version of each): another one is asked again."""
    text = ",".join(f"{pk}:{version}" for pk, version in sorted(versions))
    return hashlib.sha256(text.encode()).hexdigest()


def start(many: Many, rows: list[tuple[int, int]], *, by: User, key: uuid.UUID) -> Batch:
    """Ask the worker for the decision on these (id, version), in this order."""
    return batches.start(many.kind, [pk for pk, _ in rows], by=by, key=key, versions=dict(rows))
