"""Records of stage 4 for tests."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from inpassing.accounts.models import Agency, User
from inpassing.reference.models import Period
from proposals.models import Formation, Proposal
from recommendations import gathering, issuing, workflow
from recommendations.models import Letter, Run
from recommendations.tasks import issue_due
from tests.factories import (
    PDF,
    make_admin,
    make_agency,
    make_formation,
    make_nip,
    make_operator,
    make_period,
    make_proposal,
    make_signer,
)


def make_due_period(**fields: object) -> Period:
    """A period that is over and whose recommendation date has come."""
    now, today = timezone.now(), timezone.localdate()
    defaults: dict[str, object] = {
        "opens_at": now - dt.timedelta(days=120),
        "nomination_deadline": now - dt.timedelta(days=100),
        "filing_deadline": now - dt.timedelta(days=90),
        "verification_until": today - dt.timedelta(days=80),
        "test_from": today - dt.timedelta(days=70),
        "test_until": today - dt.timedelta(days=60),
        "results_at": now - dt.timedelta(days=50),
        "ends_on": today - dt.timedelta(days=40),
        "recommendation_on": today - dt.timedelta(days=1),
    }
    return make_period(**{**defaults, **fields})


def make_signing_officer(**fields: object) -> User:
    """A signer whose NIP is known, so that a letter can name them."""
    return make_signer(nip=make_nip(dt.date(1969, 3, 17), sex=1), **fields)


def make_ready(
    number: int = 2,
    *,
    period: Period | None = None,
    agency: Agency | None = None,
    posts: int = 20,
    validated: bool = True,
) -> list[Proposal]:
    """People of one agency who are READY, with a formation for Pranata Komputer Ahli Pertama."""
    agency = agency or make_agency()
    period = period or make_due_period()
    if not Formation.objects.filter(agency=agency, period=period).exists():
        status = Formation.Status.VALIDATED if validated else Formation.Status.SUBMITTED
        make_formation(agency, period, lines={"pertama": (posts, 0)}, status=status)
    return [
        make_proposal(agency, period, status=Proposal.Status.READY, complete=False, phone="0812")
        for _ in range(number)
    ]


def make_run(people: list[Proposal], *, by: User | None = None) -> Run:
    """The run of the people's period, gathered."""
    by = by or make_admin()
    run = gathering.start_run(people[0].period, by=by)
    gathering.gather(run, by=by)
    return run


def make_draft(number: int = 2, **fields: object) -> Letter:
    """A draft letter of recommendation for `number` people."""
    people = make_ready(number, **fields)
    run = make_run(people)
    return run.letters.get(kind=Letter.Kind.RECOMMENDATION, agency=people[0].agency)


def make_awaiting(number: int = 2, **fields: object) -> Letter:
    """A letter that waits for a signature."""
    letter = make_draft(number, **fields)
    gathering.put_up(letter.run, by=make_admin(), letters=[letter.pk], early_reason="Diminta")
    letter.refresh_from_db()
    return letter


def make_issuing(number: int = 2, *, signer: User | None = None, **fields: object) -> Letter:
    """A letter after the signer's act, before the worker."""
    return issuing.issue(make_awaiting(number, **fields), by=signer or make_signing_officer())


def make_issued(number: int = 2, *, operator: bool = True, **fields: object) -> Letter:
    """An issued letter with issued extracts; the file is a stand-in, the worker is not run."""
    letter = make_issuing(number, **fields)
    if operator:
        make_operator(letter.agency)
    finish(letter)
    letter.refresh_from_db()
    return letter


def finish(letter: Letter) -> None:
    """What the worker does, with a small PDF instead of a printed one."""
    assert issuing.conclude(letter, PDF)
    for extract in letter.extracts.all():
        assert issuing.conclude(extract, PDF)


def make_printed(number: int = 2, **fields: object) -> Letter:
    """An issued letter as the worker prints it."""
    letter = make_issuing(number, **fields)
    issue_due()
    letter.refresh_from_db()
    return letter


def make_revoked(*, replace: bool = True, **fields: object) -> Letter:
    letter = make_issued(**fields)
    return workflow.revoke(letter, by=make_admin(), reason="Unit kerja keliru", replace=replace)
