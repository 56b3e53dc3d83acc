"""The operators of an agency know of each other."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inpassing.accounts.models import Agency, RoleGrant
from inpassing.accounts.roles import revoke
from inpassing.timeline.events import events_of
from tests.factories import make_agency, make_nip, make_operator, make_verifier

pytestmark = pytest.mark.django_db
PATH = "/operator/"


def test_operators_of_the_own_agencies_are_listed_and_no_others(as_user):
    agency = make_agency()
    reader = make_operator(agency, name="Asriani Wahid", nip=make_nip())
    make_operator(agency, name="Budi Santosa", phone="0812 345")
    gone = make_operator(agency, name="Citra Pindah")
    revoke(RoleGrant.objects.get(user=gone))
    make_operator(name="Orang Lain")
    html = as_user(reader).get(PATH).content.decode()
    assert agency.name in html
    for shown in ("Asriani Wahid", "Budi Santosa", "0812 345", "Anda"):
        assert shown in html
    assert "Citra Pindah" not in html
    assert "Orang Lain" not in html
    assert as_user(gone).get(PATH).status_code == 403
    assert as_user(reader).post(PATH).status_code == 405
    assert PATH in as_user(reader).get(reverse("proposals:work_unit_list")).content.decode()


def test_it_costs_the_same_for_one_and_for_sixty(as_user):
    agency = make_agency()
    client = as_user(make_operator(agency))
    with CaptureQueriesContext(connection) as one:
        client.get(PATH)
    for _ in range(60):
        make_operator(agency)
    with CaptureQueriesContext(connection) as many:
        client.get(PATH)
    assert len(many) == len(one) <= 8


def test_the_agencys_letterhead_is_kept_by_its_operators(as_user):
    agency = make_agency()
    operator = make_operator(agency)
    client = as_user(operator)
    url = reverse("proposals:agency_edit", args=[agency.pk])
    assert url in client.get(PATH).content.decode()
    assert "Misalnya BKPSDM Kota Baubau." in client.get(url).content.decode()
    typed = {
        "personnel_office": "BKPSDM Contoh",
        "address": "Jalan Contoh 1",
        "city": "Contoh",
        "phone": "0402 1",
        "name": "Nama lain",
    }
    assert client.post(url, typed).url == PATH
    client.post(url, typed)
    name = agency.name
    agency.refresh_from_db()
    assert (agency.personnel_office, agency.phone, agency.name) == (
        "BKPSDM Contoh",
        "0402 1",
        name,
    )
    assert [event.kind for event in events_of(agency)] == ["agency.changed"]
    assert client.post(url, {**typed, "phone": "1" * 41}).status_code == 422
    assert "BKPSDM Contoh · Jalan Contoh 1" in client.get(PATH).content.decode()


def test_another_agencys_letterhead_is_nobodys(as_user, refuses_everybody_else):
    agency = make_agency()
    url = reverse("proposals:agency_edit", args=[agency.pk])
    refuses_everybody_else(url, data={"phone": "1"}, stranger=make_operator())
    refuses_everybody_else(url, data={"phone": "1"}, stranger=make_verifier())
    agency.refresh_from_db()
    assert agency.phone == ""


def test_offices_without_a_name_are_called_as_they_are():
    regional = make_agency()
    central = Agency.objects.create(kind="ministry", name="Kementerian Contoh")
    assert regional.personnel_words == "BKD/BKPSDM"
    assert central.personnel_words == "Biro Kepegawaian"
    assert central.head_of_unit_title == "Pimpinan Unit Kerja"
