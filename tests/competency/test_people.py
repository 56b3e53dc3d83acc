"""The list of the test's people, and who may see of whom what."""

import io

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from competency import attendance, results
from competency.models import TestResult
from inpassing.reference.models import BpsOffice
from inpassing.timeline.events import story_of
from proposals import workflow
from tests.competency.factories import begin, make_seat, make_session, scores_for
from tests.factories import (
    make_admin,
    make_agency,
    make_operator,
    make_proctor,
    make_proposal,
    make_user,
    make_verifier,
)

pytestmark = pytest.mark.django_db
URL, FILE = "/uji/peserta/", "/uji/peserta/daftar.xlsx"


@pytest.fixture
def session():
    return make_session(office=BpsOffice.objects.get(region="74.72"), capacity=80)


def seat_one(session, agency=None, **fields):
    person = make_proposal(agency, period=session.period, status="test_required", **fields)
    return make_seat(session, person)


def scored(seat, *values):
    attendance.mark_attendance(seat, "present", by=make_user())
    return results.enter_result(seat, scores_for(seat, *values), by=make_user())


def numbers(page):
    return {seat.participant_number for seat, _, _ in page.context["rows"]}


def cells(response):
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    return [list(row) for row in sheet.iter_rows(values_only=True)][1:]


def test_everybody_sees_their_own(as_user, session):
    agency = make_agency()
    ours, others = seat_one(session, agency), seat_one(session)
    far = seat_one(make_session(session.period))
    both = {ours.participant_number, others.participant_number}
    for user, seen in (
        (make_operator(agency), {ours.participant_number}),
        (make_proctor(session.office), both),
        (make_admin(), both | {far.participant_number}),
        (make_operator(), set()),
    ):
        assert numbers(as_user(user).get(URL)) == seen
        assert {row[6] for row in cells(as_user(user).get(FILE))} == seen


def test_scores_only_after_publication(as_user, session):
    agency = make_agency()
    seat = seat_one(session, agency)
    begin(session)
    scored(seat, 91, 83)
    client = as_user(make_operator(agency))
    assert "91,00" not in client.get(URL).content.decode()
    assert cells(client.get(FILE))[0][12] is None
    TestResult.objects.update(published_at=timezone.now())
    page = client.get(URL).content.decode()
    assert "91,00" in page
    assert "83,00" in page
    row = cells(client.get(FILE))[0]
    assert row[13] == "Lulus"
    assert "91,00" in row[14]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("keadaan=menunggu", {"Tunggu"}),
        ("keadaan=hadir", {"Baik", "Lemah"}),
        ("keadaan=absen", {"Absen"}),
        ("keadaan=lulus", {"Baik"}),
        ("keadaan=gagal", {"Lemah"}),
        ("q=lem", {"Lemah"}),
        ("q=tidak+ada", set()),
        ("keadaan=omong", {"Baik", "Lemah", "Absen", "Tunggu"}),
    ],
)
def test_filters(as_user, session, query, found):
    people = {name: seat_one(session, name=name) for name in ("Baik", "Lemah", "Absen", "Tunggu")}
    begin(session)
    scored(people["Baik"], 90, 90)
    scored(people["Lemah"], 10, 10)
    attendance.mark_attendance(people["Absen"], "absent", by=make_user())
    TestResult.objects.update(published_at=timezone.now())
    page = as_user(make_admin()).get(f"{URL}?{query}")
    assert {seat.proposal.name for seat, _, _ in page.context["rows"]} == found


def test_one_office_and_one_number(as_user, session):
    seat, far = seat_one(session), seat_one(make_session(session.period))
    client = as_user(make_admin())
    assert numbers(client.get(f"{URL}?kantor={session.office_id}")) == {seat.participant_number}
    assert numbers(client.get(f"{URL}?q={far.participant_number}")) == {far.participant_number}


def test_a_list_that_is_too_long_is_to_be_filtered_first(as_user, session, monkeypatch):
    monkeypatch.setattr("competency.views.people.MOST_ROWS", 1)
    seat_one(session)
    seat_one(session)
    page = as_user(make_admin()).get(FILE, follow=True)
    assert "Saring menurut kantor" in page.content.decode()


def test_same_number_of_queries_with_1_and_60_rows(as_user, session):
    agency, client = make_agency(), as_user(make_admin())
    seat_one(session, agency)
    client.get(URL)
    with CaptureQueriesContext(connection) as one:
        client.get(URL)
    for _ in range(59):
        seat_one(session, agency, complete=False)
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(URL).context["rows"]) == 50
    assert len(many) == len(one) <= 12


def test_that_special_needs_changed_is_no_event_for_others():
    proposal = make_proposal(status="filling")
    values = {"phone": "0812 000", "special_needs": "pengguna kursi roda"}
    workflow.save_data(proposal, values, by=proposal.participant, step="Data diri")
    event = story_of(proposal).filter(kind="proposal.data_saved").first()
    assert event.data == {"fields": ["phone"]}


def test_special_needs_are_seen_by_seating_and_the_proctor_only(as_user, session):
    """Not by verifiers, operators, lists, or files; the person sees what they wrote."""
    agency, words = make_agency(), "pengguna kursi roda ZQX"
    seat = seat_one(session, agency, special_needs=words)
    proposal = seat.proposal
    begin(session)
    scored(seat, 90, 90)
    TestResult.objects.update(published_at=timezone.now())
    pages = [
        f"/usulan/{proposal.pk}/",
        "/usulan/",
        f"/uji/peserta/{proposal.pk}/",
        f"/uji/peserta/{proposal.pk}/kursi/",
        URL,
        f"/uji/hasil/?q={proposal.name}",
    ]
    for user in (make_operator(agency), make_verifier(), None):
        for url in pages:
            page = as_user(user).get(url, follow=True)
            assert words not in page.content.decode(), (user, url)
    for row in cells(as_user(make_admin()).get(FILE)):
        assert words not in row
    waiting = make_proposal(agency, status="submitted", special_needs=words)
    board = as_user(make_verifier()).get(f"/verifikasi/berkas/{waiting.pk}/")
    assert board.status_code == 200
    assert words not in board.content.decode()
    session_url = f"/uji/sesi/{session.pk}/"
    assert words in as_user(make_proctor(session.office)).get(session_url).content.decode()
    assert words in as_user(make_admin()).get(f"/uji/peserta/{proposal.pk}/kursi/").content.decode()
