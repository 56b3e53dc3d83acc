"""Two hands at once, on the real database."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import time_machine
from django.db import OperationalError, connection, transaction

from inpassing.errors import TransitionError
from inpassing.reference.loaders import load_reference
from proposals.workflow import lock_proposal, mark_not_recommended, reopen
from recommendations import gathering, issuing, workflow
from recommendations.models import Letter, LetterLine, NumberRegister
from recommendations.numbering import Number, take_number
from recommendations.records import gate_for, lock_letter
from tests.factories import PDF, make_admin
from tests.recommendations.factories import (
    make_awaiting,
    make_issuing,
    make_ready,
    make_run,
    make_signing_officer,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _reference(db: None) -> None:
    load_reference()


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act gave, or the TransitionError it raised; all begin together."""
    start = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(index: int) -> None:
        try:
            start.wait(timeout=20)
            results[index] = acts[index]()
        except TransitionError as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[index]) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_twenty_threads_take_numbers_without_a_gap() -> None:
    def take(fails: bool) -> Callable[[], int]:
        def act() -> int:
            with transaction.atomic():
                sequence = take_number(unit="2340").sequence
                if fails:
                    transaction.set_rollback(True)
                return 0 if fails else sequence

        return act

    taken = at_once(*(take(index % 4 == 0) for index in range(20)))
    assert {number for number in taken if number} == set(range(1, 16))
    assert NumberRegister.objects.get().last == 15


def test_who_waits_for_the_register_over_new_year_gets_the_new_years_date() -> None:
    taken: list[Number] = []

    def act() -> None:
        with transaction.atomic():
            taken.append(take_number(unit="2340"))
        connection.close()

    before, after = (
        dt.datetime(2026, 12, 31, 16, 59, 59, tzinfo=dt.UTC) + dt.timedelta(seconds=s)
        for s in (0, 2)
    )
    with time_machine.travel(before, tick=False) as clock:
        with transaction.atomic():
            take_number(unit="2340")
            waiting = threading.Thread(target=act)
            waiting.start()
            until_someone_waits()
            clock.move_to(after)
        waiting.join(timeout=60)
    assert [(number.text, number.day) for number in taken] == [
        ("B-0001/BPS/2340/01/2027", dt.date(2027, 1, 1))
    ]


def test_sending_a_run_and_allowing_an_over_run_do_not_stand_in_each_others_way() -> None:
    people = make_ready(2, posts=1)
    run, admin = make_run(people), make_admin()
    letter = run.letters.get()
    results: list[object] = []

    def act() -> None:
        try:
            results.append(gathering.put_up(run, by=admin).sent)
        except (TransitionError, OperationalError) as error:
            results.append(error)
        connection.close()

    sending = threading.Thread(target=act)
    with transaction.atomic():
        # As workflow.allow_overrun does: first the letter, then its formations.
        letter = lock_letter(letter)
        sending.start()
        until_someone_waits()
        assert gate_for(letter, lock=True).over(letter.agency_id, letter.position_id or "") == 1
        letter.overrun_reason, letter.overrun_allowed = "Diminta", 1
        letter.save()
    sending.join(timeout=60)
    assert results == [1]


def test_issuing_a_notice_and_opening_somebody_in_it_do_not_stand_in_each_others_way() -> None:
    people, admin = make_ready(1), make_admin()
    mark_not_recommended(people[0], by=admin, reason="Tidak ada formasi")
    run = make_run(people)
    gathering.put_up(run, by=admin)
    notice, signer = run.letters.get(), make_signing_officer()
    results: list[object] = []

    def act() -> None:
        try:
            issuing.issue(notice, by=signer)
        except (TransitionError, OperationalError) as error:
            results.append(error)
        connection.close()

    issue = threading.Thread(target=act)
    with transaction.atomic():
        lock_proposal(people[0])  # as reopen() does first
        issue.start()
        until_someone_waits()
        reopen(people[0], by=admin, reason="Formasi ditambah")
    issue.join(timeout=60)
    assert [type(result) for result in results] == [TransitionError]
    assert "Keadaan usulan sudah berubah" in str(results[0])


def until_someone_waits() -> None:
    """Wait until another connection stands before a lock."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        threading.Event().wait(0.05)
    raise AssertionError("nobody waits")


def test_two_signers_issue_the_same_letter_once() -> None:
    letter = make_awaiting(1)
    first, second = make_signing_officer(), make_signing_officer()
    results = at_once(
        lambda: issuing.issue(letter, by=first), lambda: issuing.issue(letter, by=second)
    )
    assert sum(isinstance(result, TransitionError) for result in results) == 1
    assert NumberRegister.objects.get().last == 1
    assert Letter.objects.main().get().status == "issuing"
    assert Letter.objects.filter(kind="extract").count() == 1


def test_two_administrators_gather_at_once() -> None:
    people = make_ready(3)
    admin = make_admin()
    run = gathering.start_run(people[0].period, by=admin)
    at_once(lambda: gathering.gather(run, by=admin), lambda: gathering.gather(run, by=admin))
    assert Letter.objects.count() == 1
    assert LetterLine.objects.count() == 3


def test_two_workers_conclude_the_same_letter_once() -> None:
    letter = make_issuing(1)
    results = at_once(lambda: issuing.conclude(letter, PDF), lambda: issuing.conclude(letter, PDF))
    assert {False, True} == set(results)


def test_issued_or_void_but_not_both() -> None:
    letter = make_issuing(1)
    admin = make_admin()
    at_once(
        lambda: issuing.conclude(letter, PDF),
        lambda: workflow.void(letter, by=admin, reason="Salah tanggal"),
    )
    letter.refresh_from_db()
    status = letter.lines.get().proposal.status
    assert (letter.status, status) in {("issued", "recommended"), ("void", "ready")}


def test_two_letters_do_not_share_the_last_post() -> None:
    people = make_ready(1, posts=1)
    admin = make_admin()
    run = make_run(people, by=admin)
    gathering.put_up(run, by=admin)
    make_ready(1, period=run.period, agency=people[0].agency)
    gathering.gather(run, by=admin)
    signer = make_signing_officer()
    letter = run.letters.awaiting_signature().get()
    results = at_once(
        lambda: issuing.issue(letter, by=signer), lambda: gathering.put_up(run, by=admin)
    )
    assert all(isinstance(result, TransitionError) for result in results)
    assert not NumberRegister.objects.exists()
