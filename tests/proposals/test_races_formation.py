"""Two hands at once on the formation: the last post, one candidate, one agency, one formation."""

import threading

import pytest
from django.db import connections

from inpassing.accounts.models import Agency
from inpassing.errors import TransitionError
from inpassing.reference.loaders import load_reference
from inpassing.reference.models import Region
from proposals import drafts, formation_rows, operator_requests, workflow
from proposals.ledger import ledger
from proposals.models import Formation, OperatorRequest, Proposal
from proposals.people import operators_of
from tests.factories import (
    make_agency,
    make_formation,
    make_level,
    make_nip,
    make_operator,
    make_period,
    make_proposal,
    make_verifier,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def reference(db):
    load_reference()


def at_once(*acts):
    """Run the acts in threads that begin together; each one's outcome: None or the refusal."""
    gate, outcomes = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number, act):
        try:
            gate.wait(timeout=10)
            act()
        except Exception as error:  # noqa: BLE001  (the outcome is what is looked at)
            outcomes[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


def test_the_last_post_goes_to_one_of_many():
    agency, period = make_agency(), make_period()
    formation = make_formation(agency, period, lines={"pertama": (1, 0)})
    candidates = [make_proposal(agency, period, complete=False) for _ in range(8)]
    operators = [make_operator(agency) for _ in range(2)]
    outcomes = at_once(
        *(
            lambda p=p, n=n: workflow.nominate(p, by=operators[n % 2])
            for n, p in enumerate(candidates)
        )
    )
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == 7
    assert {type(outcome) for outcome in refused} == {TransitionError}
    assert all("sudah habis: 1 dari 1 dipakai" in str(outcome) for outcome in refused)
    assert Proposal.objects.filter(status="nominated").count() == 1
    assert ledger(formation)[0].left == 0


def test_one_candidate_is_nominated_once_by_two_operators():
    agency, period = make_agency(), make_period()
    make_formation(agency, period, lines={"pertama": (5, 0)})
    draft = make_proposal(agency, period, complete=False)
    outcomes = at_once(
        *(lambda o=o: workflow.nominate(draft, by=o) for o in [make_operator(agency)] * 2)
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "TransitionError"]


def test_one_nip_is_entered_once_by_two_agencies():
    period, nip = make_period(), make_nip()
    level = make_level()
    blank = make_proposal(make_agency(), period, complete=False)
    agencies = [make_agency(), make_agency()]
    operators = [make_operator(agency) for agency in agencies]

    def enter(agency, operator):
        candidate = Proposal.objects.get(pk=blank.pk)
        candidate.pk, candidate.agency, candidate.nip, candidate.level = None, agency, nip, level
        candidate._state.adding = True
        drafts.create_draft(candidate, by=operator)

    outcomes = at_once(
        *(lambda a=a, o=o: enter(a, o) for a, o in zip(agencies, operators, strict=True))
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DuplicateError", "NoneType"]
    assert Proposal.objects.filter(nip=nip).count() == 1


def test_two_approvals_make_one_agency_of_a_region():
    region, verifier = Region.objects.get(code="74.72"), make_verifier()
    requests = [
        OperatorRequest.objects.create(
            region=region,
            agency_name=operator_requests.government_name(region),
            agency_kind="city",
            name=f"Operator {number}",
            nip=make_nip(),
            office_email=f"op{number}@contoh.go.id",
            phone="0812345678",
            letter_number="1",
        )
        for number in range(4)
    ]
    outcomes = at_once(
        *(lambda r=r: operator_requests.approve_operator_request(r, by=verifier) for r in requests)
    )
    assert outcomes == [None] * 4
    agency = Agency.objects.get(region=region)
    assert len(operators_of(agency)) == 4


def test_two_approvals_make_one_unlisted_agency():
    verifier = make_verifier()
    requests = [
        OperatorRequest.objects.create(
            agency_name=name,
            agency_kind="lpnk",
            name="Operator",
            nip=make_nip(),
            office_email=f"op{number}@contoh.go.id",
            phone="0812345678",
            letter_number="1",
        )
        for number, name in enumerate(["Badan Contoh", "BADAN CONTOH", "badan-contoh"])
    ]
    outcomes = at_once(
        *(lambda r=r: operator_requests.approve_operator_request(r, by=verifier) for r in requests)
    )
    assert outcomes == [None] * 3
    assert Agency.objects.filter(name_key="badan contoh").count() == 1


def test_two_clicks_make_one_formation():
    agency, period = make_agency(), make_period()
    operator, level = make_operator(agency), make_level()
    outcomes = at_once(
        *[lambda: formation_rows.create_formation(agency, period, level.position, by=operator)] * 3
    )
    assert outcomes == [None] * 3
    assert Formation.objects.count() == 1


def test_rows_of_one_level_are_added_once():
    agency, period = make_agency(), make_period()
    formation = make_formation(agency, period, status="draft")
    operator, level = make_operator(agency), make_level(code="muda")
    outcomes = at_once(
        *[
            lambda: formation_rows.put_line(
                formation, by=operator, level=level, work_unit=None, needed=2, filled=0
            )
        ]
        * 3
    )
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert [type(outcome) for outcome in refused] == [TransitionError] * 2
    assert formation.lines.filter(level=level).count() == 1
