"""A worker that is killed at any moment: every proposal has its letter once, no number is lost."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from inpassing.errors import TransitionError
from inpassing.files.models import StoredFile
from inpassing.letters.render import warm_up
from inpassing.reference.loaders import load_reference
from proposals.models import Proposal
from recommendations import gathering, issuing, tasks
from recommendations.models import Letter, LetterLine, NumberRegister
from tests.factories import make_admin, make_agency
from tests.letters import pdf as read
from tests.recommendations.factories import (
    make_due_period,
    make_ready,
    make_run,
    make_signing_officer,
)

LONG = 600.0

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # WeasyPrint 70 leaves its colour profile open; a fork does not close what the parent opened.
    pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning"),
]


@pytest.mark.parametrize(
    ("agencies", "each", "kills"),
    [(5, 4, 8), pytest.param(25, 20, 150, marks=pytest.mark.soak)],
)
def test_killed_at_random_every_proposal_has_one_letter_and_no_number_is_missing(
    agencies: int, each: int, kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    load_reference()
    period, admin = make_due_period(), make_admin()
    people = [
        person
        for _ in range(agencies)
        for person in make_ready(each, period=period, agency=make_agency(), posts=each)
    ]
    gathering.put_up(make_run(people, by=admin), by=admin)
    signer = make_signing_officer()
    warm_up()
    killed, retries = 0, 0
    chance = random.Random(kills)
    while Letter.objects.awaiting_signature().exists() or Letter.objects.to_be_made().exists():
        for stuck in Letter.objects.filter(status="issuing").exclude(failure=""):
            issuing.retry(stuck, by=admin)  # killed over the same letter too often: a person's act
            retries += 1
        after = chance.uniform(0.03, 0.4) if killed < kills else LONG
        killed += run_and_kill(signer.pk, after=after)
    assert killed >= kills // 4
    check(people, agencies)
    with capsys.disabled():
        sys.stdout.write(f"\n{len(people)} proposals: {killed} kills, {retries} retries by hand\n")


def run_and_kill(signer_pk: int, *, after: float) -> bool:
    """A worker with a signer who clicks, in a child that is killed; whether it was still busy."""
    connection.close()  # the child opens its own
    child = os.fork()
    if child == 0:
        status = 1
        try:
            tasks.CLAIM = timedelta(0)  # nobody else is at work: what is claimed is left over
            sign_and_issue(signer_pk)
            status = 0
        finally:
            os._exit(status)
    until = time.monotonic() + after
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return False
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def sign_and_issue(signer_pk: int) -> None:
    from inpassing.accounts.models import User

    signer = User.objects.get(pk=signer_pk)
    for letter in Letter.objects.awaiting_signature().order_by("?")[:3]:
        with contextlib.suppress(TransitionError):
            issuing.issue(letter, by=signer)
    tasks.issue_due()


def check(people: list[Proposal], letters: int) -> None:
    assert set(Proposal.objects.values_list("status", flat=True)) == {"recommended"}
    lines = LetterLine.objects.filter(letter__status="issued", is_current=True)
    found = Counter(lines.values_list("proposal_id", "kind"))
    assert found == {
        (person.pk, kind): 1 for person in people for kind in ("recommendation", "extract")
    }
    numbers = list(Letter.objects.main().order_by("sequence").values_list("sequence", flat=True))
    assert numbers == list(range(1, letters + 1))
    assert NumberRegister.objects.get().last == letters
    rows = list(Letter.objects.select_related("file"))
    assert {row.status for row in rows} == {"issued"}
    assert len({row.code for row in rows}) == len(rows) == letters + len(people)
    assert StoredFile.objects.filter(owner_kind="recommendations.letter").count() == len(rows)
    for row in rows:
        assert row.file is not None
        with default_storage.open(row.file.path) as file:
            data = file.read()
        assert hashlib.sha256(data).hexdigest() == row.sha256 == row.file.sha256
        words = " ".join(read.pages(data))
        assert row.number in words
        assert row.code in words
