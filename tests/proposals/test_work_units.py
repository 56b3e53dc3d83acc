"""Work units of an agency: kept by its operators."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inpassing.accounts.models import WorkUnit
from inpassing.timeline.events import events_of
from tests.factories import make_agency, make_operator, make_work_unit

pytestmark = pytest.mark.django_db
DATA = {
    "name": "Dinas Komunikasi dan Informatika",
    "head_name": "Drs. Contoh Pimpinan, M.Si.",
    "head_nip": "19700317 199503 1 901",
    "head_rank": "IV/c",
    "head_post": "Kepala Dinas",
    "head_capacity": "Plt.",
}


def test_an_operator_adds_and_changes_a_unit(as_user):
    agency = make_agency()
    client = as_user(make_operator(agency))
    client.post("/unit-kerja/baru/", DATA)
    unit = WorkUnit.objects.get()
    assert (unit.agency, unit.head_nip, unit.head_capacity) == (
        agency,
        "197003171995031901",
        "Plt.",
    )
    client.post(f"/unit-kerja/{unit.pk}/", {**DATA, "name": "Dinas Kominfo", "is_active": "on"})
    unit.refresh_from_db()
    assert unit.name == "Dinas Kominfo"
    assert [event.kind for event in events_of(unit)] == ["work_unit.changed", "work_unit.created"]


def test_the_head_may_stay_empty(as_user):
    as_user(make_operator()).post("/unit-kerja/baru/", {"name": "Kecamatan Contoh"})
    assert WorkUnit.objects.get().head_nip == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"name": "dinas A"}, "sudah ada"), ({"head_nip": "123"}, "18"), ({"name": ""}, "Nama unit")],
)
def test_bad_input_is_refused_at_the_field_and_kept(as_user, change, sentence):
    agency = make_agency()
    make_work_unit(agency, "Dinas A")
    page = as_user(make_operator(agency)).post("/unit-kerja/baru/", {**DATA, **change})
    assert page.status_code == 422
    assert sentence.casefold() in page.content.decode().casefold()
    assert "Drs. Contoh Pimpinan, M.Si." in page.content.decode()
    assert WorkUnit.objects.count() == 1


def test_another_agency_may_have_a_unit_of_the_same_name(as_user):
    make_work_unit(make_agency(), DATA["name"])
    as_user(make_operator()).post("/unit-kerja/baru/", DATA)
    assert WorkUnit.objects.count() == 2


def test_pages_of_the_list_and_their_queries(as_user):
    agency = make_agency()
    client = as_user(make_operator(agency))
    make_work_unit(agency, "Dinas 00")
    with CaptureQueriesContext(connection) as one:
        client.get("/unit-kerja/")
    for n in range(1, 61):
        make_work_unit(agency, f"Dinas {n:02}")
    with CaptureQueriesContext(connection) as many:
        page = client.get("/unit-kerja/")
    assert len(many) == len(one) <= 10
    following = client.get("/unit-kerja/" + page.context["next_url"])
    names = [unit.name for unit in [*page.context["units"], *following.context["units"]]]
    assert names == [f"Dinas {n:02}" for n in range(61)]
