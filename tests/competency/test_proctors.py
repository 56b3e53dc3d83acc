"""Who watches over a session: told, changed, and never at two places at once."""

import contextlib
import datetime as dt
import threading

import pytest
from django.db import connection

from competency.models import SessionProctor
from competency.papers import attendance_sheet
from competency.proctors import assign_proctors
from inpassing.errors import TransitionError
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import BpsOffice
from inpassing.timeline.events import events_of
from tests.competency.factories import make_session
from tests.factories import make_admin, make_operator, make_proctor

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def office():
    return BpsOffice.objects.get(region="74.72")


def url(session):
    return f"/uji/sesi/{session.pk}/pengawas/"


@pytest.mark.django_db
class TestAssign:
    def test_the_chosen_are_told_once_and_stand_on_the_papers(self, as_user, office):
        session, proctor = make_session(office=office), make_proctor(office, nip=None)
        client = as_user(make_admin())
        for _ in range(2):
            assert client.post(url(session), {"proctors": [proctor.pk]}).status_code == 302
        assert list(session.proctors.all()) == [proctor]
        assert OutboxMessage.objects.filter(template="proctor_assigned").count() == 1
        assert events_of(session).filter(kind="session.proctors_assigned").count() == 1
        assert str(proctor) in client.get(f"/uji/sesi/{session.pk}/").content.decode()
        client.post(url(session), {})
        assert not session.proctors.exists()

    def test_the_attendance_sheet_names_the_assigned_or_else_all_of_the_office(self, office):
        session = make_session(office=office)
        one, other = (
            make_proctor(office, nip=f"19800101200501190{n}", name=f"Pengawas {n}") for n in (1, 2)
        )
        assert {row.name for row in attendance_sheet(session).proctors} == {
            one.full_name,
            other.full_name,
        }
        assign_proctors(session, {other.pk}, by=make_admin())
        assert [row.name for row in attendance_sheet(session).proctors] == [other.full_name]

    def test_nobody_is_at_two_sessions_at_once(self, as_user, office):
        first = make_session(office=office)
        second = make_session(
            first.period, office, starts_at=first.starts_at + HOUR, ends_at=first.ends_at + HOUR
        )
        third = make_session(
            first.period, office, starts_at=first.ends_at, ends_at=first.ends_at + HOUR
        )
        proctor, client = make_proctor(office), as_user(make_admin())
        client.post(url(first), {"proctors": [proctor.pk]})
        with pytest.raises(TransitionError, match="sudah bertugas di"):
            assign_proctors(second, {proctor.pk}, by=make_admin())
        page = client.get(url(second))
        assert "Sedang bertugas di sesi lain" in page.content.decode()
        assert client.post(url(second), {"proctors": [proctor.pk]}).status_code == 422
        assert client.post(url(third), {"proctors": [proctor.pk]}).status_code == 302
        assert SessionProctor.objects.count() == 2

    def test_only_the_office_s_own_and_not_when_it_is_over(self, office):
        session, admin = make_session(office=office), make_admin()
        stranger = make_proctor(BpsOffice.objects.get(region="53"))
        with pytest.raises(TransitionError, match="bukan pengawas"):
            assign_proctors(session, {stranger.pk}, by=admin)
        session.cancelled_at = session.starts_at
        session.save()
        with pytest.raises(TransitionError, match="sudah selesai atau dibatalkan"):
            assign_proctors(session, {make_proctor(office).pk}, by=admin)

    def test_refusals(self, refuses_everybody_else, office):
        refuses_everybody_else(
            url(make_session(office=office)),
            onlooker=make_proctor(office),
            stranger=make_operator(),
        )


@pytest.mark.django_db(transaction=True)
def test_two_assignments_of_one_person_at_once(office):
    first = make_session(office=office)
    second = make_session(
        first.period, office, starts_at=first.starts_at, ends_at=first.ends_at, room="Aula"
    )
    proctor, admin = make_proctor(office), make_admin()
    start = threading.Barrier(2)

    def assign(session):
        start.wait()
        with contextlib.suppress(TransitionError):
            assign_proctors(session, {proctor.pk}, by=admin)
        connection.close()

    threads = [threading.Thread(target=assign, args=[row]) for row in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert SessionProctor.objects.count() == 1
