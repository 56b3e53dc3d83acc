"""The nearest office first, then the emptiest session; nobody twice, nothing over-full."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import timezone

from competency import seats
from competency.models import Seat
from competency.seating import Place, choose
from inpassing.errors import TransitionError
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import BpsOffice
from proposals import workflow as proposals
from tests.competency.factories import make_session
from tests.factories import (
    make_admin,
    make_agency,
    make_operator,
    make_period,
    make_proposal,
    make_user,
    make_verifier,
)


class TestChoose:
    SAME, PROVINCE, CENTRAL = (
        Place(n, code, 10, 0) for n, code in ((3, "53.71"), (2, "53"), (1, ""))
    )

    def test_same_place_then_province_then_head_office(self):
        places = [self.CENTRAL, self.PROVINCE, self.SAME]
        assert choose("53.71", places).session_id == 3
        assert choose("53.72", places).session_id == 2
        assert choose("74.01", places).session_id == 1

    def test_full_places_are_passed_over(self):
        full = Place(3, "53.71", 10, 10)
        assert choose("53.71", [full, self.PROVINCE]).session_id == 2

    def test_emptier_session_wins_at_the_same_distance(self):
        assert choose("53", [Place(1, "53", 10, 5), Place(2, "53", 20, 4)]).session_id == 2

    def test_nobody_is_sent_to_another_province(self):
        assert choose("74.01", [self.SAME, self.PROVINCE]) is None

    def test_central_agencies_go_to_the_head_office(self):
        assert choose("", [self.SAME, self.CENTRAL]).session_id == 1


@pytest.mark.django_db
class TestPropose:
    def test_seats_everybody_once_and_tells_them(self, as_user):
        period = make_period()
        agency = make_agency(region="53.71")
        operator = make_operator(agency)
        office = BpsOffice.objects.get(region="53.71")
        session = make_session(period, office)
        make_session(period)
        people = [make_proposal(agency, period, status="test_required") for _ in range(3)]
        client = as_user(make_admin())
        client.post("/uji/kursi/usulkan/", {"period": period.pk})
        client.post("/uji/kursi/usulkan/", {"period": period.pk})
        assert sorted(Seat.objects.values_list("number", flat=True)) == [1, 2, 3]
        assert set(Seat.objects.values_list("session", flat=True)) == {session.pk}
        assert OutboxMessage.objects.filter(template="test_invitation", user=operator).count() == 3
        mails = OutboxMessage.objects.filter(template="test_invitation")
        assert mails.filter(user=people[0].participant).count() == 1

    def test_who_cannot_be_seated_stays_listed(self, as_user):
        period = make_period()
        make_session(period, capacity=1)
        for _ in range(2):
            make_proposal(period=period, status="test_required")
        client = as_user(make_admin())
        response = client.post("/uji/kursi/usulkan/", {"period": period.pk}, follow=True)
        assert "1 peserta belum mendapat kursi" in response.content.decode()
        assert response.context["total"] == 1

    def test_a_withdrawn_person_frees_the_seat(self):
        period = make_period()
        session = make_session(period, capacity=1)
        first = make_proposal(period=period, status="test_required")
        seats.assign_seat(first, session, by=make_user())
        proposals.withdraw(first, by=make_user(), reason="Pindah tugas")
        second = make_proposal(period=period, status="test_required")
        assert seats.propose_seats(period, by=make_user()) == (1, 0)
        assert Seat.objects.current().get().proposal == second

    def test_refusals(self, refuses_everybody_else):
        refuses_everybody_else(
            "/uji/kursi/usulkan/", onlooker=make_verifier(), allowed=make_admin()
        )


@pytest.mark.django_db
class TestAssign:
    def test_an_operator_moves_somebody_within_capacity(self, as_user):
        period, agency = make_period(), make_agency()
        operator = make_operator(agency)
        person = make_proposal(agency, period, status="test_required")
        first, second = make_session(period), make_session(period)
        url = f"/uji/peserta/{person.pk}/kursi/"
        for session in (first, second):
            assert as_user(operator).post(url, {"session": session.pk}).status_code == 302
        assert Seat.objects.current().get().session == second
        assert Seat.objects.count() == 2

    def test_full_and_past_sessions_are_no_choice(self, as_user):
        period = make_period()
        full = make_session(period, capacity=1)
        seats.assign_seat(
            make_proposal(period=period, status="test_required"), full, by=make_user()
        )
        now = timezone.now()
        past = make_session(period, starts_at=now - dt.timedelta(hours=1), ends_at=now)
        person = make_proposal(period=period, status="test_required")
        for session in (full, past):
            with pytest.raises(TransitionError):
                seats.assign_seat(person, session, by=make_user())
            page = as_user(make_admin()).post(
                f"/uji/peserta/{person.pk}/kursi/", {"session": session.pk}
            )
            assert page.status_code == 200
        assert Seat.objects.count() == 1

    def test_wrong_state(self):
        period = make_period()
        person = make_proposal(period=period, status="eligible")
        with pytest.raises(TransitionError, match="tidak perlu kursi"):
            seats.assign_seat(person, make_session(period), by=make_user())

    def test_strangers_and_onlookers(self, refuses_everybody_else):
        person = make_proposal(status="test_required")
        refuses_everybody_else(
            f"/uji/peserta/{person.pk}/kursi/",
            onlooker=person.participant,
            stranger=make_operator(),
        )


@pytest.mark.django_db(transaction=True)
def test_two_hands_on_the_last_seat():
    period = make_period()
    session = make_session(period, capacity=1)
    people = [make_proposal(period=period, status="test_required") for _ in range(4)]
    by, refused = make_user(), []

    def take(person):
        try:
            seats.assign_seat(person, session, by=by)
        except TransitionError as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Seat.objects.current().count() == 1
    assert len(refused) == 3
    assert all("penuh" in sentence for sentence in refused)
