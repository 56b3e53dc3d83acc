"""The nearest office first, then the emptiest session; nobody twice, nothing over-full."""

import contextlib
import datetime as dt
import threading
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from competency import seats
from competency.models import Seat, SeatingRun
from competency.seating import Person, Place, bounds, plan_seats
from competency.tasks import invite_seated, seat_people
from inpassing.errors import TransitionError
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import BpsOffice
from inpassing.timeline.events import broken_links, events_of
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

HEAD, PROVINCE, SAME = (Place(n, code, 10) for n, code in ((1, ""), (2, "53"), (3, "53.71")))


def where(plan, proposal_id=1):
    return plan.seated[proposal_id].session_id


class TestPlan:
    @pytest.mark.parametrize(
        ("region", "session"), [("53.71", 3), ("53.72", 2), ("53", 2), ("74.01", 1), ("", 1)]
    )
    def test_same_place_then_province_then_head_office(self, region, session):
        assert where(plan_seats([Person(1, region)], [HEAD, PROVINCE, SAME])) == session

    def test_a_province_s_own_office_is_named_as_such(self):
        plan = plan_seats([Person(1, "53")], [PROVINCE])
        assert plan.seated[1].explanation.startswith("Instansi provinsi; kantor BPS provinsi itu;")

    def test_full_places_are_passed_over(self):
        full = Place(3, "53.71", 10, taken=10)
        plan = plan_seats([Person(1, "53.71")], [full, PROVINCE])
        assert where(plan) == 2
        assert plan.seated[1].explanation == (
            "Kantor BPS di provinsi yang sama; sesi paling lengang, terisi 0 dari 10"
        )

    def test_least_filled_session_of_the_office_wins(self):
        places = [Place(1, "53", 10, 5), Place(2, "53", 20, 4)]
        assert where(plan_seats([Person(1, "53")], places)) == 2

    def test_nobody_is_sent_to_another_province_and_is_told_why(self):
        plan = plan_seats([Person(1, "74.01")], [PROVINCE, SAME])
        assert plan.left == {
            1: "Belum ada sesi di provinsinya atau di BPS Pusat. Buat sesi di sana."
        }

    def test_people_of_the_place_come_before_people_who_overflow_into_it(self):
        """Whatever the lot says, 53.72's own two people sit in 53.72."""
        people = [Person(n, "53.71") for n in range(1, 9)] + [Person(n, "53.72") for n in (20, 21)]
        for seed in "abcdef":
            plan = plan_seats(people, [Place(1, "53.71", 5), Place(2, "53.72", 3)], seed=seed)
            assert {where(plan, 20), where(plan, 21)} == {2}
            assert len(plan.seated) == 8
            assert set(plan.left.values()) == {
                "Semua sesi dalam jangkauan penuh. Tambah sesi di provinsinya atau di BPS Pusat."
            }

    def test_the_seed_decides_who_gets_the_last_seats_and_nothing_else_does(self):
        people, places = [Person(n, "53") for n in range(40)], [Place(1, "53", 10)]
        first = plan_seats(people, places, seed="satu")
        assert first.seated == plan_seats(people[::-1], places, seed="satu").seated
        assert set(first.seated) != set(plan_seats(people, places, seed="dua").seated)

    def test_who_needs_a_suitable_room_gets_one_or_is_told(self):
        plain, fit = Place(1, "53.71", 10), Place(2, "53", 1, is_accessible=True)
        first, second = Person(1, "53.71", needs_accessible=True), Person(2, "53.71")
        plan = plan_seats([second, first], [plain, fit])
        assert (where(plan, 1), where(plan, 2)) == (2, 1)
        assert "Perlu ruang untuk kebutuhan khusus" in plan_seats([first], [plain]).left[1]
        full = Place(2, "53", 1, taken=1, is_accessible=True)
        assert (
            "kebutuhan khusus dalam jangkauan penuh" in plan_seats([first], [plain, full]).left[1]
        )


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_no_plan_overfills_and_none_could_seat_more_people_nearer(data):
    codes = ["53", "53.71", "53.72", "74", "74.01", ""]
    places = [
        Place(n, data.draw(st.sampled_from(codes)), capacity, data.draw(st.integers(0, capacity)))
        for n, capacity in enumerate(data.draw(st.lists(st.integers(1, 6), max_size=8)))
    ]
    people = [
        Person(n, code)
        for n, code in enumerate(data.draw(st.lists(st.sampled_from(codes), max_size=40)))
    ]
    plan = plan_seats(people, places, seed=data.draw(st.text(max_size=3)))
    assert set(plan.seated) | set(plan.left) == {person.proposal_id for person in people}
    assert not set(plan.seated) & set(plan.left)
    per_session = Counter(choice.session_id for choice in plan.seated.values())
    for place in places:
        assert place.taken + per_session[place.session_id] <= place.capacity
    steps = Counter(choice.step for choice in plan.seated.values())
    assert (steps[0], steps[0] + steps[1], len(plan.seated)) == bounds(people, places)


def test_sessions_of_an_office_are_filled_evenly():
    places = [Place(n, "53.71", capacity) for n, capacity in enumerate((10, 20, 30, 40))]
    plan = plan_seats([Person(n, "53.71") for n in range(50)], places)
    per_session = Counter(choice.session_id for choice in plan.seated.values())
    assert [per_session[n] for n in range(4)] == [5, 10, 15, 20]


def seat_everybody(period, **fields) -> SeatingRun:
    run = seats.run_seating(seats.request_seating(period, by=make_admin(), **fields))
    invite_seated()
    return run


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
        response = client.post("/uji/kursi/usulkan/", {"period": period.pk})
        assert client.post("/uji/kursi/usulkan/", {"period": period.pk}).url == response.url
        assert SeatingRun.objects.count() == 1  # the second click finds the first one's run
        for _ in range(2):
            seat_people()
            invite_seated()
        page = client.get(response.url)
        assert "Semua peserta dan operatornya sudah dikirimi undangan" in page.content.decode()
        assert sorted(Seat.objects.values_list("number", flat=True)) == [1, 2, 3]
        assert set(Seat.objects.values_list("session", flat=True)) == {session.pk}
        assert OutboxMessage.objects.filter(template="test_invitation", user=operator).count() == 3
        mails = OutboxMessage.objects.filter(template="test_invitation")
        assert mails.filter(user=people[0].participant).count() == 1
        assert [event.kind for event in events_of(people[0])] == ["seat.assigned"]
        assert list(broken_links()) == []

    def test_who_cannot_be_seated_stays_listed_with_the_reason(self, as_user):
        period = make_period()
        make_session(period, capacity=1)
        for _ in range(2):
            make_proposal(period=period, status="test_required")
        run = seat_everybody(period)
        client = as_user(make_admin())
        assert client.get("/uji/kursi/").context["total"] == 1
        for url in ("/uji/kursi/", f"/uji/kursi/penetapan/{run.pk}/"):
            assert "dalam jangkauan penuh" in client.get(url).content.decode()

    def test_one_wave_fills_only_its_sessions(self, as_user):
        period = make_period(waves=["Gelombang 1", "Gelombang 2"])
        make_session(period, wave="Gelombang 1")
        second = make_session(period, wave="Gelombang 2")
        make_proposal(period=period, status="test_required")
        client = as_user(make_admin())
        client.post("/uji/kursi/usulkan/", {"period": period.pk, "wave": "Gelombang 2"})
        seat_people()
        assert Seat.objects.get().session == second
        make_proposal(period=period, status="test_required")
        answer = client.post("/uji/kursi/usulkan/", {"period": period.pk, "wave": "Gelombang 9"})
        assert answer.status_code == 422
        assert SeatingRun.objects.count() == 1

    def test_invitations_held_back_are_sent_once_on_request(self, as_user):
        period = make_period()
        make_session(period)
        person = make_proposal(period=period, status="test_required")
        run = seat_everybody(period, holds_invitations=True)
        mails = OutboxMessage.objects.filter(template="test_invitation")
        assert not mails.exists()
        client = as_user(make_admin())
        url = f"/uji/kursi/penetapan/{run.pk}/"
        assert "1 peserta belum diundang" in client.get(url).content.decode()
        for _ in range(2):
            assert client.post(f"{url}undang/").status_code == 302
            invite_seated()
        assert mails.filter(user=person.participant).count() == 1
        assert [event.kind for event in events_of(period)].count("seating.invited") == 1

    def test_a_worker_that_dies_in_the_middle_leaves_nothing_half_done(self, monkeypatch):
        period = make_period()
        make_session(period)
        make_proposal(period=period, status="test_required")
        run = seats.request_seating(period, by=make_admin())

        def die(*_args, **_fields):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(seats, "record_many", die)
            with pytest.raises(KeyboardInterrupt):
                seats.run_seating(run)
        assert not Seat.objects.exists()
        with monkeypatch.context() as patch:
            patch.setattr(seats, "tell_many", die)
            seat_people()
            with pytest.raises(KeyboardInterrupt):
                invite_seated()
        assert Seat.objects.uninvited().count() == 1
        invite_seated()
        assert Seat.objects.uninvited().count() == 0
        assert OutboxMessage.objects.filter(template="test_invitation").count() == 1

    def test_a_run_takes_as_many_queries_for_sixty_as_for_one(self):
        counts = []
        for people in (1, 60):
            period = make_period()
            make_session(period, capacity=60)
            for _ in range(people):
                make_proposal(period=period, status="test_required")
            run = seats.request_seating(period, by=make_admin())
            with CaptureQueriesContext(connection) as queries:
                seats.run_seating(run)
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_a_withdrawn_person_frees_the_seat(self):
        period = make_period()
        session = make_session(period, capacity=1)
        first = make_proposal(period=period, status="test_required")
        seats.assign_seat(first, session, by=make_user())
        proposals.withdraw(first, by=make_user(), reason="Pindah tugas")
        second = make_proposal(period=period, status="test_required")
        assert seat_everybody(period).seated == 1
        assert Seat.objects.current().get().proposal == second

    def test_invitations_refused(self, refuses_everybody_else):
        run = seat_everybody(make_period())
        refuses_everybody_else(
            f"/uji/kursi/penetapan/{run.pk}/undang/", onlooker=make_verifier(), allowed=make_admin()
        )

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

    def test_after_the_lock_date_nobody_is_moved(self, as_user):
        """Only who lost a seat is still seated, by an administrator."""
        period, agency = make_period(), make_agency()
        operator, admin = make_operator(agency), make_admin()
        first, second = make_session(period), make_session(period)
        person = make_proposal(agency, period, status="test_required")
        other = make_proposal(agency, period, status="test_required")
        seats.assign_seat(person, first, by=operator)
        period.seats_locked_at = timezone.now() - dt.timedelta(minutes=1)
        period.save()
        for by in (operator, admin):
            with pytest.raises(TransitionError, match="tidak dapat dipindahkan lagi"):
                seats.assign_seat(person, second, by=by)
        url = f"/uji/peserta/{other.pk}/kursi/"
        assert "tidak dapat dipindahkan lagi" in as_user(operator).get(url).content.decode()
        with pytest.raises(TransitionError, match="tidak dapat dipindahkan lagi"):
            seats.assign_seat(other, second, by=operator)
        assert as_user(admin).post(url, {"session": second.pk}).status_code == 302
        assert Seat.objects.current().get(proposal=other).session == second

    def test_the_nearest_sessions_come_first_and_others_are_found_by_name(self, as_user):
        period, agency = make_period(), make_agency(region="74.72")
        far, near = (
            make_session(period, BpsOffice.objects.get(region=code)) for code in ("53", "74.72")
        )
        person = make_proposal(agency, period, status="test_required")
        client, url = as_user(make_admin()), f"/uji/peserta/{person.pk}/kursi/"
        choices = client.get(url).context["form"].fields["session"].choices
        assert [pk for pk, _ in choices] == ["", near.pk, far.pk]
        choices = client.get(f"{url}?q=nusa tenggara timur").context["form"].fields["session"]
        assert [pk for pk, _ in choices.choices] == ["", far.pk]

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


@pytest.mark.django_db(transaction=True)
def test_a_run_and_a_hand_never_seat_anybody_twice():
    period = make_period()
    sessions = [make_session(period, capacity=4) for _ in range(3)]
    people = [make_proposal(period=period, status="test_required") for _ in range(12)]
    by = make_admin()
    run = seats.request_seating(period, by=by)

    def by_hand():
        try:
            for person, session in zip(people, sessions * 4, strict=True):
                with contextlib.suppress(TransitionError):
                    seats.assign_seat(person, session, by=by)
        finally:
            connection.close()

    def by_run():
        try:
            seats.run_seating(run)
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for act in (by_hand, by_run, by_run)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = Seat.objects.current()
    assert held.count() == 12
    assert held.values("proposal").distinct().count() == 12
    assert not SeatingRun.objects.filter(finished_at=None).exists()
