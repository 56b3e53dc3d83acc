"""Sessions and the day itself."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from competency import attendance, papers, seats
from competency.models import AttendanceMark, Seat, TestSession
from inpassing.letters.models import PrintJob
from inpassing.letters.tasks import print_due
from inpassing.reference.models import BpsOffice, Period
from inpassing.timeline.events import story_of
from tests.competency.factories import begin, make_seat, make_session
from tests.factories import (
    make_admin,
    make_operator,
    make_period,
    make_proctor,
    make_proposal,
    make_user,
    make_verifier,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return BpsOffice.objects.get(region="74.72")


@pytest.fixture
def seat(office):
    session = make_session(office=office)
    seat = make_seat(session, make_proposal(period=session.period, status="test_required"))
    begin(session)
    return seat


class TestCreate:
    def data(self, office, **changes):
        period = make_period()
        day = period.test_from + dt.timedelta(days=1)
        return {
            "period": period.pk,
            "office": office.pk,
            "day": f"{day:%Y-%m-%d}",
            "starts": "09:00",
            "ends": "11:00",
            "room": "Ruang Rapat",
            "capacity": "15",
            **changes,
        }

    def test_times_are_those_of_the_office(self, as_user, office):
        as_user(make_admin()).post("/uji/sesi/baru/", self.data(office))
        session = TestSession.objects.get()
        assert office.tz == "Asia/Makassar"
        assert session.starts_at.astimezone(dt.UTC).hour == 1

    def test_same_room_at_the_same_time_is_refused_and_typing_stays(self, as_user, office):
        client, data = as_user(make_admin()), self.data(office)
        client.post("/uji/sesi/baru/", data)
        page = client.post("/uji/sesi/baru/", {**data, "starts": "10:00", "ends": "12:00"})
        assert "Ruang itu sudah dipakai" in page.content.decode()
        assert 'value="Ruang Rapat"' in page.content.decode()
        assert TestSession.objects.count() == 1

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"ends": "08:00"}, "sesudah jam mulai"),
            ({"day": "2020-01-01"}, "Di luar jadwal uji"),
            ({"capacity": "500"}, "Kapasitas"),
        ],
    )
    def test_bad_input(self, as_user, office, change, sentence):
        page = as_user(make_admin()).post("/uji/sesi/baru/", self.data(office, **change))
        assert sentence in page.content.decode()
        assert not TestSession.objects.exists()

    def test_rooms_at_one_time_share_the_seats_of_the_office(self, as_user, office):
        client, data = as_user(make_admin()), self.data(office)
        client.post("/uji/sesi/baru/", data)
        page = client.post("/uji/sesi/baru/", {**data, "room": "Aula"})
        assert "30 kursi pada waktu yang sama; BPS Kota Bau Bau dapat memakai 20" in (
            page.content.decode()
        )
        office.every_second_seat = True
        office.save()
        page = client.post("/uji/sesi/baru/", {**data, "starts": "13:00", "ends": "15:00"})
        assert "Kapasitas BPS Kota Bau Bau 10 kursi" in page.content.decode()
        assert TestSession.objects.count() == 1

    def test_a_wave_is_one_that_the_period_lists(self, as_user, office):
        client, data = as_user(make_admin()), self.data(office, wave="Gelombang 9")
        Period.objects.update(waves=["Gelombang 1", "Gelombang 2"])
        page = client.post("/uji/sesi/baru/", data)
        assert "Gelombang 1, Gelombang 2. Pilih salah satu" in page.content.decode()
        client.post("/uji/sesi/baru/", {**data, "wave": "Gelombang 2"})
        assert TestSession.objects.get().wave == "Gelombang 2"

    def test_refusals(self, refuses_everybody_else, office):
        refuses_everybody_else("/uji/sesi/baru/", onlooker=make_proctor(office))


class TestCancel:
    def test_people_are_to_be_seated_again_never_absent(self, as_user):
        session = make_session()
        person = make_proposal(period=session.period, status="test_required")
        make_seat(session, person)
        client = as_user(make_admin())
        url = f"/uji/sesi/{session.pk}/batalkan/"
        assert client.post(url, {"reason": "Listrik padam"}).status_code == 302
        person.refresh_from_db()
        assert person.status == "test_required"
        assert list(seats.unseated(session.period)) == [person]
        assert "sudah dibatalkan" in client.post(url, {"reason": "lagi"}).content.decode()

    def test_not_after_attendance(self, as_user, seat):
        Seat.objects.update(attendance="present")
        page = as_user(make_admin()).post(
            f"/uji/sesi/{seat.session_id}/batalkan/", {"reason": "Listrik padam"}
        )
        assert "tidak dapat dibatalkan" in page.content.decode()

    def test_refusals(self, refuses_everybody_else, seat, office):
        refuses_everybody_else(
            f"/uji/sesi/{seat.session_id}/batalkan/",
            onlooker=make_proctor(office),
            stranger=make_proctor(),
        )


class TestAttendance:
    def url(self, seat):
        return f"/uji/kursi/{seat.pk}/hadir/"

    def test_marks_once_and_can_be_taken_back(self, as_user, seat, office):
        client = as_user(make_proctor(office))
        for _ in range(2):
            client.post(self.url(seat), {"attendance": "present"})
        seat.refresh_from_db()
        assert seat.attendance == "present"
        assert story_of(seat.proposal).filter(kind="attendance.marked").count() == 1
        client.post(self.url(seat), {"attendance": ""})
        seat.refresh_from_db()
        assert (seat.attendance, seat.marked_at) == ("", None)

    def send(self, client, seat, **data):
        answer = client.post(
            self.url(seat), {"ago": 0, **data}, headers={"accept": "application/json"}
        )
        return answer.status_code, answer.json()

    def test_a_kept_mark_counts_once_with_the_time_of_the_act(self, as_user, seat, office):
        client, key = as_user(make_proctor(office)), uuid.uuid4()
        mark = {"attendance": "present", "seen": "", "key": key, "ago": 120}
        assert self.send(client, seat, **mark)[0] == 200
        seat.refresh_from_db()
        assert 119 < (timezone.now() - seat.marked_at).total_seconds() < 180
        # Taken back by somebody else, then the answer that got lost is asked for again.
        attendance.mark_attendance(seat, "", by=make_user())
        status, said = self.send(client, seat, **mark)
        assert (status, said["attendance"]) == (200, "")
        assert AttendanceMark.objects.count() == 1
        assert story_of(seat.proposal).filter(kind="attendance.marked").count() == 2

    def test_a_kept_mark_never_dates_from_before_the_opening(self, as_user, seat, office):
        mark = {"attendance": "present", "seen": "", "key": uuid.uuid4(), "ago": 6 * 24 * 3600}
        self.send(as_user(make_proctor(office)), seat, **mark)
        seat.refresh_from_db()
        assert seat.marked_at == seat.session.attendance_opens_at

    def test_what_somebody_else_marked_meanwhile_is_shown_not_overwritten(
        self, as_user, seat, office
    ):
        other = make_user(name="Wayan Sudarma")
        attendance.mark_attendance(seat, "late", by=other)
        client, mark = as_user(make_proctor(office)), {"attendance": "present", "seen": ""}
        status, said = self.send(client, seat, key=uuid.uuid4(), **mark)
        assert (status, said["attendance"]) == (409, "late")
        assert "sudah tercatat hadir terlambat oleh Wayan Sudarma" in said["message"]
        seat.refresh_from_db()
        assert seat.marked_by == other
        # Without a script the same holds; who saw the other mark may change it.
        assert "sudah tercatat" in client.post(self.url(seat), mark, follow=True).content.decode()
        status, said = self.send(client, seat, key=uuid.uuid4(), attendance="present", seen="late")
        assert (status, said["attendance"]) == (200, "present")

    def test_the_same_mark_by_two_is_no_conflict(self, as_user, seat, office):
        attendance.mark_attendance(seat, "present", by=make_user())
        mark = {"attendance": "present", "seen": "", "key": uuid.uuid4()}
        assert self.send(as_user(make_proctor(office)), seat, **mark)[0] == 200

    def test_refused_in_words_that_a_script_can_show(self, as_user, seat, office):
        client = as_user(make_proctor(office))
        assert self.send(client, seat, attendance="asleep")[0] == 422
        TestSession.objects.update(results_confirmed_at=timezone.now())
        status, said = self.send(client, seat, attendance="present")
        assert (status, said["attendance"]) == (422, "")
        assert "sudah dipastikan" in said["message"]

    def test_signed_out_says_so(self, seat):
        answer = Client().post(
            self.url(seat),
            {"attendance": "present"},
            headers={"accept": "application/json", "hx-request": "true"},
        )
        assert answer.status_code == 401

    def test_only_the_page_that_reads_cards_may_use_the_camera(self, as_user, seat, office):
        client = as_user(make_proctor(office))
        page = client.get(f"/uji/sesi/{seat.session_id}/")
        assert "camera=(self)" in page.headers["Permissions-Policy"]
        assert "camera=()" in client.get("/uji/sesi/").headers["Permissions-Policy"]

    def test_not_before_the_day(self, as_user, office):
        session = make_session(office=office)
        seat = make_seat(session, make_proposal(period=session.period, status="test_required"))
        page = as_user(make_proctor(office)).post(
            self.url(seat), {"attendance": "present"}, follow=True
        )
        assert "Kehadiran dicatat mulai" in page.content.decode()
        seat.refresh_from_db()
        assert seat.attendance == ""

    def test_not_after_confirmation(self, as_user, seat, office):
        TestSession.objects.update(results_confirmed_at=timezone.now())
        as_user(make_proctor(office)).post(self.url(seat), {"attendance": "absent"})
        seat.refresh_from_db()
        assert seat.attendance == ""

    def test_refusals(self, refuses_everybody_else, seat, office):
        refuses_everybody_else(
            self.url(seat),
            data={"attendance": "present"},
            onlooker=make_admin(),
            stranger=make_proctor(),
            allowed=make_proctor(office),
        )

    def test_nobody_marks_the_own_seat(self, as_user, seat, office):
        proctor = make_proctor(office)
        seat.proposal.participant = proctor
        seat.proposal.save()
        response = as_user(proctor).post(self.url(seat), {"attendance": "present"})
        assert response.status_code == 403

    def test_the_card_leads_the_proctor_to_the_person(self, as_user, seat, office):
        response = as_user(make_proctor(office)).get(f"/uji/hadir/{seat.participant_number}/")
        page = as_user(make_proctor(office)).get(response.headers["Location"])
        assert [row.pk for row in page.context["waiting"]] == [seat.pk]
        assert (
            as_user(make_proctor()).get(f"/uji/hadir/{seat.participant_number}/").status_code == 404
        )


class TestPapers:
    def test_card_for_the_participant_only_once(self, as_user, seat):
        client = as_user(seat.proposal.participant)
        url = f"/uji/peserta/{seat.proposal_id}/kartu.pdf"
        assert client.get(url).status_code == 202
        assert client.get(url).status_code == 202
        assert PrintJob.objects.count() == 1
        print_due()
        response = client.get(url)
        assert response.headers["Content-Type"] == "application/pdf"
        assert response.getvalue().startswith(b"%PDF-")
        assert as_user(make_user()).get(url).status_code == 404
        assert as_user(make_operator()).get(url).status_code == 404

    def test_minutes_need_everybody_marked(self, as_user, seat, office):
        client = as_user(make_proctor(office))
        url = f"/uji/sesi/{seat.session_id}/berita-acara.pdf"
        page = client.get(url, follow=True)
        assert "Catat kehadiran semua peserta" in page.content.decode()
        attendance.mark_attendance(seat, "absent", by=make_user())
        assert client.get(url).status_code == 202
        assert client.get(f"/uji/sesi/{seat.session_id}/daftar-hadir.pdf").status_code == 202
        print_due()
        response = client.get(url)
        assert response.getvalue().startswith(b"%PDF-")

    def test_minutes_tell_who_came_late_and_what_happened(self, seat, office):
        proctor = make_proctor(office)
        attendance.mark_attendance(seat, "late", by=proctor)
        attendance.note_incident(seat.session, "Listrik padam 5 menit", by=proctor)
        late, incident = papers.minutes(seat.session).incidents
        assert late.text == f"{seat.proposal.full_name} (kursi {seat.number}) hadir terlambat"
        assert incident.text == "Listrik padam 5 menit"

    @pytest.mark.parametrize("paper", ["berita-acara", "daftar-hadir"])
    def test_strangers(self, as_user, seat, paper):
        url = f"/uji/sesi/{seat.session_id}/{paper}.pdf"
        assert as_user(make_verifier()).get(url).status_code == 404


def test_incident_is_noted_by_the_proctor(as_user, seat, office, refuses_everybody_else):
    url = f"/uji/sesi/{seat.session_id}/kejadian/"
    as_user(make_proctor(office)).post(url, {"text": "Listrik padam 5 menit"})
    assert [row.text for row in seat.session.incidents.all()] == ["Listrik padam 5 menit"]
    refuses_everybody_else(
        url, onlooker=make_admin(), stranger=make_proctor(), allowed=make_proctor(office)
    )


@pytest.mark.parametrize("path", ["/uji/sesi/", "/uji/sesi/{session}/", "/uji/kursi/"])
def test_same_number_of_queries_with_1_and_60_rows(as_user, path):
    period = make_period()
    session = make_session(period, capacity=100)
    make_session(period)
    url, client = path.format(session=session.pk), as_user(make_admin())
    agency = make_proposal(period=period, status="test_required").agency

    def seat_one():
        make_seat(session, make_proposal(agency, period, status="test_required", complete=False))

    seat_one()
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for _ in range(20):
        seat_one()
        make_proposal(agency, period, status="test_required", complete=False)
        make_session(period)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(one)
    assert len(many) <= 14
