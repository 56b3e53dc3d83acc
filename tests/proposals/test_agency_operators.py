"""The operators of an agency know of each other."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inpassing.accounts.models import RoleGrant
from inpassing.accounts.roles import revoke
from tests.factories import make_agency, make_nip, make_operator

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
