"""Many hands at once on the public form and on the work units."""

import datetime as dt

import pytest
from django.utils import timezone

from inpassing.accounts.models import OneTimeLink, WorkUnit
from inpassing.reference.loaders import load_reference
from proposals import operator_requests, rates, work_units
from proposals.models import OperatorRequest, PublicCount
from tests.factories import make_agency, make_file, make_nip, make_operator
from tests.proposals.test_races_formation import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def reference(db):
    load_reference()


def test_ten_of_thirty_requests_at_the_same_moment_are_let_in():
    answers = []

    def ask():
        hour = dt.timedelta(hours=1)
        answers.append(rates.count_up("x", "10.0.0.1", most=10, within=hour))

    assert at_once(*[ask] * 30) == [None] * 30
    assert answers.count(None) == 10
    assert PublicCount.objects.get().count == 10


def test_a_confirmation_and_the_sweep_at_once_leave_one_outcome():
    for _ in range(5):
        request = OperatorRequest.objects.create(
            agency=make_agency(),
            name="Operator",
            nip=make_nip(),
            office_email="op@contoh.go.id",
            phone="0812345678",
            letter_number="1",
            confirm_by=timezone.now() - dt.timedelta(seconds=1),
        )
        request.letter = make_file(request)
        request.save()
        OneTimeLink.issue("operator_request", request.pk, valid_for=dt.timedelta(days=1))
        link = OneTimeLink.objects.get(subject_id=request.pk)
        sweep, click = at_once(
            operator_requests.expire_unconfirmed,
            lambda r=request, k=link: operator_requests.confirm_operator_request(r, k),
        )
        assert sweep is None
        assert "sudah berakhir" in str(click)
        operator_requests.expire_unconfirmed()  # the next sweep: the first may have passed it over
        request.refresh_from_db()
        assert (request.status, request.email_confirmed_at) == ("expired", None)


def test_one_name_makes_one_unit_however_it_is_spelled():
    agency = make_agency()
    operator = make_operator(agency)
    names = ["Dinas Balapan", "DINAS BALAPAN", "Dinas-Balapan", "dinas  balapan."]
    outcomes = at_once(
        *(
            lambda name=name: work_units.create_unit(agency, {"name": name}, by=operator)
            for name in names
        )
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "NoneType",
        *["TransitionError"] * 3,
    ]
    assert WorkUnit.objects.count() == 1
