"""Many sessions at once: what is shown is made, and never more than an office holds."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from competency.models import SessionPlan, SessionProctor, TestSession
from competency.planning import Spec, plan_sessions, request_plan
from competency.proctors import assign_proctors
from competency.tasks import make_sessions
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import BpsOffice
from tests.competency.factories import make_session
from tests.factories import make_admin, make_operator, make_period, make_proctor

URL = "/uji/sesi/rencana/"


@pytest.fixture
def period():
    today = timezone.localdate()
    return make_period(
        test_from=today + dt.timedelta(days=10), test_until=today + dt.timedelta(days=30)
    )


def typed(period, **changes):
    """What an administrator types: two days, two times, the offices of NTT's 23 places."""
    return {
        "period": period.pk,
        "offices": "53",
        "first_day": f"{period.test_from:%Y-%m-%d}",
        "last_day": f"{period.test_from + dt.timedelta(days=1):%Y-%m-%d}",
        "weekends": "on",
        "times": "08.00-10.00, 13.00 - 15.00",
        "room": "Aula",
        **changes,
    }


def at(period, hour):
    """A session's two hours on the first day, in NTT's time (WITA)."""
    start = dt.datetime.combine(period.test_from, dt.time(hour), ZoneInfo("Asia/Makassar"))
    return {"starts_at": start, "ends_at": start + dt.timedelta(hours=2)}


@pytest.mark.django_db
class TestPlan:
    def test_preview_makes_nothing_and_the_second_button_makes_what_was_shown(
        self, as_user, period
    ):
        offices = BpsOffice.objects.filter(region__code__startswith="53").count()
        client = as_user(make_admin())
        page = client.post(URL, typed(period))
        assert page.context["preview"]["made"] == 4 * offices
        assert not TestSession.objects.exists()
        response = client.post(URL, typed(period, create="1"))
        assert "Membuat sesi" in client.get(response.url).content.decode()
        for _ in range(2):
            make_sessions()
        assert TestSession.objects.count() == 4 * offices
        assert "sesi dibuat" in client.get(response.url).content.decode()
        first = TestSession.objects.filter(office__region="53").first()
        assert first.starts_at.astimezone(dt.UTC).hour == 0  # 08.00 WITA
        assert first.capacity == first.office.capacity

    def test_an_office_with_every_second_seat_gives_half(self, period):
        office = BpsOffice.objects.get(region=None)
        office.every_second_seat = True
        office.save()
        day = f"{period.test_from:%Y-%m-%d}"
        spec = Spec(days=[day], slots=[["08:00", "10:00"]], offices="pusat", room="Aula")
        assert [row.capacity for row in plan_sessions(period, spec)] == [office.usable_seats]
        assert office.usable_seats == (office.capacity + 1) // 2

    def test_free_proctors_are_assigned_and_nobody_twice_at_once(self, as_user, period):
        office = BpsOffice.objects.get(region="53.71")
        proctor = make_proctor(office)
        office.capacity = 40
        office.save()
        watched = make_session(period, office, capacity=5, **at(period, 8))
        assign_proctors(watched, {proctor.pk}, by=make_admin())
        client, data = as_user(make_admin()), typed(period, assign_proctors="on", capacity=10)
        page = client.post(URL, data)
        reasons = dict(page.context["preview"]["unwatched"])
        assert reasons["Semua pengawas kantor bertugas di sesi lain pada waktu itu"] == 1
        assert "Kantor belum mempunyai pengawas" in reasons
        client.post(URL, {**data, "create": "1"})
        make_sessions()
        assert SessionProctor.objects.filter(user=proctor).count() == 4
        told = OutboxMessage.objects.filter(template="proctor_assigned", user=proctor)
        assert told.count() == 4

    def test_the_same_plan_again_makes_nothing_and_says_why(self, as_user, period):
        admin = make_admin()
        spec = Spec(
            days=[f"{period.test_from:%Y-%m-%d}"],
            slots=[["08:00", "10:00"]],
            offices="pusat",
            room="Aula",
        )
        for _ in range(2):
            request_plan(period, spec, by=admin)
            make_sessions()
        assert [plan.made for plan in SessionPlan.objects.order_by("pk")] == [1, 0]
        page = as_user(admin).post(
            URL,
            typed(period, offices="pusat", last_day=typed(period)["first_day"], times="8.30-9.00"),
        )
        assert "Aula sudah dipakai sesi lain pada waktu itu" in page.content.decode()
        assert page.context["preview"]["made"] == 0

    def test_rooms_of_one_office_together_keep_to_its_capacity(self, period):
        office = BpsOffice.objects.get(region=None)
        start = dt.datetime.combine(
            period.test_from, dt.time(9), dt.timezone(dt.timedelta(hours=7))
        )
        make_session(
            period, office, starts_at=start, ends_at=start + dt.timedelta(hours=2), capacity=15
        )
        spec = Spec(
            days=[f"{period.test_from:%Y-%m-%d}"],
            slots=[["10:00", "12:00"], ["11:00", "12:00"]],
            offices="pusat",
            room="Ruang B",
            capacity=office.capacity - 14,
        )
        first, second = plan_sessions(period, spec)
        assert "kantor dapat memakai" in first.problem
        assert second.problem == ""

    def test_every_second_seat_halves_and_days_outside_are_shown(self, period):
        spec = Spec(
            days=[f"{period.test_until + dt.timedelta(days=1):%Y-%m-%d}"],
            slots=[["08:00", "10:00"]],
            offices="pusat",
            room="Aula",
            capacity=15,
            every_second_seat=True,
        )
        (row,) = plan_sessions(period, spec)
        assert row.capacity == 8
        assert row.problem == "Di luar jadwal uji periode ini"

    def test_an_office_that_is_switched_off_is_left_out(self, period):
        BpsOffice.objects.filter(region="53.71").update(is_active=False)
        spec = Spec(
            days=[f"{period.test_from:%Y-%m-%d}"],
            slots=[["08:00", "10:00"]],
            offices="53",
            room="Aula",
        )
        assert "53.71" not in {row.office.region_id for row in plan_sessions(period, spec)}

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"times": "pagi"}, "Jam “pagi” tidak terbaca"),
            ({"times": "10.00-08.00"}, "selesai harus sesudah mulai"),
            ({"times": "25.00-26.00"}, "tidak terbaca"),
            ({"last_day": "2020-01-01"}, "Tanggal terakhir paling cepat tanggal pertama"),
            ({"room": ""}, "Ruang"),
        ],
    )
    def test_bad_input_keeps_what_was_typed(self, as_user, period, change, sentence):
        page = as_user(make_admin()).post(URL, typed(period, wave="Gelombang 7", **change))
        assert page.status_code == 422
        assert sentence in page.content.decode()
        assert "Gelombang 7" in page.content.decode()

    def test_refusals(self, refuses_everybody_else):
        refuses_everybody_else(
            URL, onlooker=make_operator(), allowed=make_admin(), get_allowed=True
        )
