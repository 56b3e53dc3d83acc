"""Two hands at once on the formation: the last post, one candidate, one agency, one formation."""

import logging
import threading
import time
import uuid

import pytest
from django.db import connections
from django.utils import timezone

from inpassing.accounts.models import Agency
from inpassing.errors import TransitionError
from inpassing.reference.loaders import load_reference
from inpassing.reference.models import Region
from inpassing.timeline.models import TimelineEvent
from proposals import batches, drafts, formation_rows, imports, operator_requests, workflow
from proposals.ledger import ledger
from proposals.models import Batch, Formation, OperatorRequest, Proposal
from proposals.people import operators_of
from tests.factories import (
    make_agency,
    make_file,
    make_formation,
    make_level,
    make_nip,
    make_operator,
    make_period,
    make_proposal,
    make_verifier,
)
from tests.proposals.import_files import previewed, row, xlsx

logger = logging.getLogger(__name__)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def reference(db):
    load_reference()


def at_once(*acts):
    """Run the acts in threads that begin together; each one's outcome: None or the refusal."""
    gate, outcomes = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number, act):
        try:
            gate.wait(timeout=30)
            act()
        except Exception as error:  # noqa: BLE001  (the outcome is what is looked at)
            outcomes[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


def test_the_last_post_goes_to_one_of_fifty():
    agency, period = make_agency(), make_period()
    formation = make_formation(agency, period, lines={"pertama": (1, 0)})
    candidates = [make_proposal(agency, period, complete=False) for _ in range(50)]
    operators = [make_operator(agency) for _ in range(2)]
    began = time.perf_counter()
    outcomes = at_once(
        *(
            lambda p=p, n=n: workflow.nominate(p, by=operators[n % 2])
            for n, p in enumerate(candidates)
        )
    )
    logger.info("50 nominations of the last post: %.2f s", time.perf_counter() - began)
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == 49
    assert {type(outcome) for outcome in refused} == {TransitionError}
    assert all("sudah habis: 1 dari 1 dipakai" in str(outcome) for outcome in refused)
    assert Proposal.objects.filter(status="nominated").count() == 1
    assert ledger(formation)[0].left == 0


def test_two_workers_on_one_batch_do_each_row_once():
    agency, period = make_agency(), make_period()
    make_formation(agency, period, lines={"pertama": (9, 0)})
    operator = make_operator(agency)
    drafts_of_it = [make_proposal(agency, period, complete=False) for _ in range(12)]
    batch = batches.start(
        Batch.Kind.NOMINATE, [d.pk for d in drafts_of_it], by=operator, key=uuid.uuid4()
    )
    until = time.monotonic() + 30
    outcomes = at_once(
        *[lambda: batches.work_on(batch, batches.nominate_row, until=until)] * 2,
        lambda: batches.work_due(Batch.Kind.NOMINATE, batches.nominate_row),
    )
    assert outcomes == [None] * 3
    results = list(batch.rows.values_list("result", flat=True))
    assert (results.count("done"), results.count("refused")) == (9, 3)
    sent = TimelineEvent.objects.filter(kind="proposal.nominated")
    assert sent.count() == sent.values("subject_id").distinct().count() == 9
    batch.refresh_from_db()
    assert batch.state == "done"


def test_stopping_beside_a_worker_leaves_no_row_without_a_result():
    agency, period = make_agency(), make_period()
    make_formation(agency, period, lines={"pertama": (20, 0)})
    operator = make_operator(agency)
    pks = [make_proposal(agency, period, complete=False).pk for _ in range(12)]
    batch = batches.start(Batch.Kind.NOMINATE, pks, by=operator, key=uuid.uuid4())
    begun = threading.Event()

    def act(proposal, by):
        batches.nominate_row(proposal, by)
        begun.set()

    def stop():
        assert begun.wait(timeout=10)
        batches.cancel(batch, by=operator)

    outcomes = at_once(lambda: batches.work_due(Batch.Kind.NOMINATE, act), stop)
    assert outcomes == [None, None]
    results = list(batch.rows.values_list("result", flat=True))
    assert results.count("done") == Proposal.objects.filter(status="nominated").count() >= 1
    assert results.count("done") + results.count("cancelled") == 12
    batch.refresh_from_db()
    assert batch.state == "cancelled"


def test_the_second_click_at_the_same_moment_gives_the_same_batch():
    agency = make_agency()
    operator = make_operator(agency)
    pks = [make_proposal(agency, make_period(), complete=False).pk]
    key, got = uuid.uuid4(), []
    outcomes = at_once(
        *[lambda: got.append(batches.start(Batch.Kind.NOMINATE, pks, by=operator, key=key))] * 4
    )
    assert outcomes == [None] * 4
    assert set(got) == {Batch.objects.get()}
    assert Batch.objects.get().rows.count() == 1


@pytest.mark.parametrize("whole", [False, True])
def test_two_files_with_the_same_people_in_opposite_order_end_both(monkeypatch, whole):
    """Without an order of their own each would wait for a NIP that the other has written."""
    monkeypatch.setattr(imports, "CHUNK", 2)
    period = make_period()
    rows = [row(nip=make_nip(), email=f"ganda{n}@contoh.go.id") for n in range(6)]
    found = []
    for people in (rows, rows[::-1]):
        operator = make_operator()
        batch = previewed(operator.employer, period, xlsx(*people), by=operator)
        found.append(batch)
    found = [imports.save_rows(batch, whole=whole, by=batch.created_by) for batch in found]
    create = drafts.create_drafts

    def slowly(proposals, *, by):
        create(proposals, by=by)
        time.sleep(0.1)

    monkeypatch.setattr(drafts, "create_drafts", slowly)

    def work(batch):
        for _ in range(4):
            imports.work_on(batch)

    outcomes = at_once(*(lambda b=b: work(b) for b in found))
    monkeypatch.undo()
    assert outcomes == [None, None]
    results = [list(batch.rows.values_list("result", flat=True)) for batch in found]
    assert sum(r.count("created") for r in results) == 6
    if whole:
        outcomes = [list(batch.rows.values_list("outcome", flat=True)) for batch in found]
        assert sorted(o.count("error") for o in outcomes) == [0, 6]
    else:
        assert sum(r.count("refused") for r in results) == 6
    assert Proposal.objects.filter(nip__in=[r["nip"] for r in rows]).count() == 6


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


def asked_for(**fields):
    """A request that may be approved: the address confirmed, the letter readable."""
    request = OperatorRequest.objects.create(email_confirmed_at=timezone.now(), **fields)
    request.letter = make_file(request)
    request.save()
    return request


def test_two_approvals_make_one_agency_of_a_region():
    region, verifier = Region.objects.get(code="74.72"), make_verifier()
    requests = [
        asked_for(
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
        asked_for(
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
