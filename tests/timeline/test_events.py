"""The chain: what is appended stands, what is changed shows, erasing personal words keeps it."""

import io
import threading
import time

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction

from inpassing.timeline.events import (
    broken_links,
    events_of,
    make_anchor,
    record,
    record_many,
    story_of,
)
from inpassing.timeline.models import EventDetail, TimelineAnchor, TimelineEvent, TimelineHead
from tests.factories import make_agency, make_proposal, make_user


@pytest.mark.django_db
class TestRecord:
    def test_events_of_one_subject_are_chained_in_order(self):
        user, agency = make_user(), make_agency()
        first = record(agency, "agency.created", "Instansi dibuat", by=user)
        second = record(agency, "agency.changed", "Instansi diubah", by=None, note="alamat baru")
        assert (first.seq, second.seq) == (1, 2)
        assert second.prev_hash == first.hash
        assert [event.kind for event in events_of(agency)] == ["agency.changed", "agency.created"]
        assert list(broken_links()) == []

    def test_story_gathers_the_events_of_other_records(self):
        proposal, agency = make_proposal(), make_agency()
        record(proposal, "proposal.seen", "Dilihat", by=None)
        record(agency, "letter.issued", "Surat terbit", by=None, proposal=proposal)
        assert [event.kind for event in story_of(proposal)] == ["letter.issued", "proposal.seen"]

    def test_two_subjects_have_chains_of_their_own(self):
        a, b = make_agency(), make_agency()
        record(a, "agency.created", "Dibuat", by=None)
        assert record(b, "agency.created", "Dibuat", by=None).seq == 1


@pytest.mark.django_db
class TestVerify:
    @pytest.fixture
    def chain(self):
        agency = make_agency()
        for note in ("satu", "dua", "tiga"):
            record(agency, "agency.changed", "Diubah", by=None, note=note, data={"n": note})
        return TimelineEvent.objects.order_by("seq")

    def test_changed_event_shows(self, chain):
        chain.filter(seq=2).update(data={"n": "lain"})
        assert any("#2" in line and "isi tidak cocok" in line for line in broken_links())

    def test_removed_event_shows(self, chain):
        EventDetail.objects.filter(event__seq=2).delete()
        chain.filter(seq=2).delete()
        assert any("urutan terputus" in line for line in broken_links())

    def test_removed_last_event_shows(self, chain):
        EventDetail.objects.filter(event__seq=3).delete()
        chain.filter(seq=3).delete()
        assert any("kepala rantai" in line for line in broken_links())

    def test_removing_a_whole_chain_shows(self, chain):
        EventDetail.objects.all().delete()
        chain.delete()
        assert any("hilang" in line for line in broken_links())

    def test_changed_words_show_and_erased_words_do_not(self, chain):
        detail = EventDetail.objects.get(event__seq=1)
        EventDetail.objects.filter(pk=detail.pk).update(text="lain")
        assert any("rincian diubah" in line for line in broken_links())
        EventDetail.objects.filter(pk=detail.pk).update(
            text="", salt="", erased_at="2026-01-01T00:00Z"
        )
        assert list(broken_links()) == []

    def test_command_prints_a_line_per_broken_link_and_exits_1(self, chain):
        out = io.StringIO()
        call_command("verify_timeline", stdout=out)
        assert out.getvalue() == "Linimasa utuh.\n"
        chain.filter(seq=2).update(label="Lain")
        out = io.StringIO()
        with pytest.raises(SystemExit) as stopped:
            call_command("verify_timeline", stdout=out)
        assert stopped.value.code == 1
        assert len(out.getvalue().splitlines()) == 1

    def test_anchor_is_made_once_a_day_and_chained(self, chain):
        first = make_anchor()
        assert make_anchor().pk == first.pk
        assert first.heads == TimelineHead.objects.count()
        TimelineAnchor.objects.filter(pk=first.pk).update(heads=99)
        assert any("jangkar" in line for line in broken_links())


@pytest.mark.django_db(transaction=True)
def test_parallel_events_of_one_subject_do_not_fork_the_chain():
    agency = make_agency()

    def write():
        for _ in range(5):
            record_in_transaction(agency)
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(events_of(agency).values_list("seq", flat=True).order_by("seq")) == list(
        range(1, 21)
    )
    assert list(broken_links()) == []


def record_in_transaction(agency):
    from django.db import transaction

    with transaction.atomic():
        record(agency, "agency.changed", "Diubah", by=None)


@pytest.mark.django_db
def test_many_at_once_continue_each_subject_s_own_chain():
    first, second, third = make_user(), make_user(), make_user()
    record(second, "user.created", "Akun dibuat", by=None)
    events = record_many(
        "user.seated",
        [
            (user, f"Kursi {number}", {"seat": number})
            for number, user in enumerate((third, second))
        ],
        by=first,
    )
    record(third, "user.left", "Pergi", by=None)
    assert [(event.subject_id, event.seq) for event in events] == [(third.pk, 1), (second.pk, 2)]
    assert [event.kind for event in events_of(third)] == ["user.left", "user.seated"]
    assert list(broken_links()) == []
    assert record_many("user.seated", [], by=None) == []
    with pytest.raises(ValueError, match="twice"):
        record_many("user.seated", [(first, "a", {}), (first, "b", {})], by=None)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_and_one_at_a_time_never_fork_a_chain():
    users = [make_user() for _ in range(6)]

    def many(order: int) -> None:
        try:
            for _ in range(5):
                with transaction.atomic():
                    record_many("user.seen", [(u, "Dilihat", {}) for u in users[::order]], by=None)
        finally:
            connection.close()

    def single() -> None:
        try:
            for user in users * 5:
                with transaction.atomic():
                    record(user, "user.seen", "Dilihat", by=None)
        finally:
            connection.close()

    threads = [threading.Thread(target=many, args=[order]) for order in (1, -1)]
    threads.append(threading.Thread(target=single))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(broken_links()) == []
    assert TimelineEvent.objects.filter(kind="user.seen").count() == 15 * len(users)


@pytest.mark.django_db(transaction=True)
def test_many_hold_no_chain_while_they_wait_for_one_that_begins():
    """A chain that somebody else is beginning is waited for before any other is locked: else two
    acts wait for each other, and the database breaks one of them off."""
    first, second = make_user(), make_user()
    with transaction.atomic():
        record(second, "user.seen", "Dilihat", by=None)
    begun, failures = threading.Event(), []

    def many() -> None:
        try:
            begun.wait(30)
            with transaction.atomic():
                record_many("user.left", [(u, "Pergi", {}) for u in (first, second)], by=None)
        except OperationalError as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=many)
    thread.start()
    try:
        with transaction.atomic():
            record(first, "user.seen", "Dilihat", by=None)
            begun.set()
            until_somebody_waits()
            record(second, "user.seen", "Dilihat", by=None)
    finally:
        thread.join()
    assert failures == []
    assert [event.kind for event in events_of(first)] == ["user.left", "user.seen"]
    assert list(broken_links()) == []


def until_somebody_waits() -> None:
    """Until another transaction waits for a lock of ours."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks "
                "WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")
