"""Nominating many at once: the choice, the page that asks, the worker, the result of each."""

import uuid

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import RoleGrant
from inpassing.errors import TransitionError
from inpassing.timeline.events import events_of
from proposals import batches, workflow
from proposals.models import Batch, BatchRow, Proposal
from proposals.tasks import nominate_due
from tests.factories import (
    make_admin,
    make_agency,
    make_formation,
    make_nip,
    make_operator,
    make_period,
    make_proposal,
    make_user,
    make_verifier,
)

pytestmark = pytest.mark.django_db
MANY, LIST = "/usulan/usulkan/", "/usulan/"
KIND = Batch.Kind.NOMINATE


@pytest.fixture
def period():
    return make_period()


@pytest.fixture
def operator():
    return make_operator(nip=make_nip())


@pytest.fixture
def agency(operator):
    return operator.employer


@pytest.fixture
def drafts(agency, period):
    """Three drafts for two posts, in the order of their names."""
    make_formation(agency, period, lines={"pertama": (2, 0)})
    return [make_proposal(agency, period, complete=False, name=f"Calon {n}") for n in "ABC"]


def started(operator, drafts, key=None):
    return batches.start(KIND, [d.pk for d in drafts], by=operator, key=key or uuid.uuid4())


def sent(page, **changed):
    """The hidden fields of the page that asks, as a browser sends them."""
    context = page.context
    data = {"key": str(context["key"]), "jumlah": context["count"]}
    choice = context["choice"].cleaned_data
    if choice.get("calon"):
        data["calon"] = choice["calon"]
    else:
        data |= {"semua": "1", "q": choice.get("q", "")}
    return data | changed


def states(drafts):
    return [Proposal.objects.get(pk=draft.pk).status for draft in drafts]


def results(batch):
    return list(batch.rows.order_by("number").values_list("result", flat=True))


def page_of(batch, act=""):
    return reverse(f"proposals:batch{act}", args=[batch.pk])


class TestChoice:
    def test_the_list_lets_an_operator_tick_the_own_drafts(self, as_user, operator, agency, drafts):
        nominated = make_proposal(agency, drafts[0].period, status="nominated")
        own = make_proposal(agency, drafts[0].period, nip=operator.nip)
        page = as_user(operator).get(LIST)
        ticked = {row.pk for row in page.context["rows"] if row.can_tick}
        assert ticked == {draft.pk for draft in drafts}
        assert not ticked & {nominated.pk, own.pk}
        html = page.content.decode()
        assert html.count('name="calon"') == 3
        assert "Usulkan semua konsep" in html
        for other in (make_admin(), make_verifier()):
            assert 'name="calon"' not in as_user(other).get(LIST).content.decode()

    def test_the_page_says_what_is_asked_and_what_is_left(self, as_user, operator, drafts):
        page = as_user(operator).get(MANY, {"calon": [d.pk for d in drafts]})
        [demand] = page.context["demands"]
        assert (demand.wanted, demand.left, demand.is_short) == (3, 2, True)
        html = page.content.decode()
        assert "Usulkan 3 calon?" in html
        assert "0 dari 2 dipakai" in html
        assert states(drafts) == ["draft"] * 3

    def test_a_filter_chooses_all_that_it_finds(self, as_user, operator, agency, period, drafts):
        make_proposal(agency, period, name="Lain Sekali", complete=False)
        make_proposal(agency, make_period(), name="Calon D", complete=False)
        query = {"semua": "1", "q": "calon", "periode": period.pk}
        page = as_user(operator).get(MANY, query)
        assert page.context["count"] == 3
        assert [name for name, *_ in page.context["rows"]] == ["Calon A", "Calon B", "Calon C"]
        answer = as_user(operator).post(MANY, sent(page, periode=period.pk))
        assert Batch.objects.get().total == 3
        assert answer.url == page_of(Batch.objects.get())

    def test_a_filter_never_finds_the_readers_own_candidature(self, as_user, operator, drafts):
        make_proposal(operator.employer, drafts[0].period, nip=operator.nip)
        assert as_user(operator).get(MANY, {"semua": "1"}).context["count"] == 3

    def test_nothing_chosen_is_said(self, as_user, operator, drafts):
        for query in ({}, {"calon": ["x", "-1"]}, {"semua": "1", "q": "tidakada"}):
            answer = as_user(operator).get(MANY, query, follow=True)
            assert answer.redirect_chain == [(LIST, 302)]
            assert "Tidak ada konsep yang dipilih." in answer.content.decode()

    def test_too_many_ticks_are_refused_with_a_sentence(self, as_user, operator, drafts):
        answer = as_user(operator).get(MANY, {"calon": range(1, 502)}, follow=True)
        assert "Paling banyak 500 calon" in answer.content.decode()

    def test_a_list_that_grew_since_is_asked_again(self, as_user, operator, agency, period, drafts):
        client = as_user(operator)
        page = client.get(MANY, {"semua": "1"})
        make_proposal(agency, period, complete=False)
        again = client.post(MANY, sent(page))
        assert again.status_code == 409
        assert "Daftarnya berubah." in again.content.decode()
        assert not Batch.objects.exists()
        client.post(MANY, sent(again))
        assert Batch.objects.get().total == 4


class TestStart:
    def test_sending_makes_one_batch_however_often(self, as_user, operator, drafts):
        client = as_user(operator)
        page = client.get(MANY, {"calon": [d.pk for d in drafts]})
        answers = [client.post(MANY, sent(page)) for _ in range(2)]
        batch = Batch.objects.get()
        assert {answer.url for answer in answers} == {page_of(batch)}
        assert (batch.total, batch.rows.count()) == (3, 3)
        assert [e.kind for e in events_of(batch)] == ["batch.started"]
        nominate_due()
        assert client.post(MANY, sent(page)).url == page_of(batch)
        assert Batch.objects.count() == 1

    def test_another_persons_key_starts_nothing(self, as_user, operator, drafts):
        key = uuid.uuid4()
        other = make_operator()
        theirs = make_proposal(other.employer, drafts[0].period, complete=False)
        started(other, [theirs], key)
        with pytest.raises(Batch.DoesNotExist):
            started(operator, drafts, key)
        assert Batch.objects.count() == 1

    def test_what_is_not_the_own_is_not_there(self, as_user, drafts, refuses_everybody_else):
        data = {"key": str(uuid.uuid4()), "jumlah": 3, "calon": [d.pk for d in drafts]}
        refuses_everybody_else(
            MANY, data=data, onlooker=make_verifier(), stranger=make_operator(), get_allowed=True
        )
        assert as_user(make_admin()).post(MANY, data).status_code == 403
        assert not Batch.objects.exists()

    def test_too_many_at_once_are_refused(self, operator, drafts, monkeypatch):
        monkeypatch.setattr(batches, "MAX_ROWS", 2)
        with pytest.raises(TransitionError, match="Paling banyak 2 usulan sekaligus"):
            started(operator, drafts)
        with pytest.raises(TransitionError, match="Tidak ada usulan yang dipilih"):
            started(operator, [])


class TestWorker:
    def test_each_row_has_its_result(self, operator, drafts):
        batch = started(operator, drafts)
        nominate_due()
        batch.refresh_from_db()
        assert batch.state == "done"
        assert states(drafts) == ["nominated", "nominated", "draft"]
        assert results(batch) == ["done", "done", "refused"]
        last = batch.rows.get(number=3)
        assert last.message == (
            "Formasi jenjang Ahli Pertama sudah habis: 2 dari 2 dipakai. "
            "Ubah formasi atau pilih jenjang lain."
        )
        assert [e.actor for e in events_of(drafts[0])] == [operator]
        assert [e.kind for e in events_of(batch)] == ["batch.finished", "batch.started"]

    def test_a_second_run_does_nothing(self, operator, drafts):
        batch = started(operator, drafts)
        for _ in range(2):
            nominate_due()
        assert [e.kind for e in events_of(drafts[0])] == ["proposal.nominated"]
        assert results(batch) == ["done", "done", "refused"]

    def test_permission_and_state_are_looked_at_for_each_row(self, operator, agency, drafts):
        period = drafts[0].period
        batch = started(operator, drafts)
        workflow.nominate(drafts[0], by=operator)
        workflow.withdraw(drafts[1], by=operator, reason="Pindah.")
        own = make_proposal(agency, period, nip=operator.nip, complete=False)
        mine = started(operator, [own])
        nominate_due()
        assert [row.message[:42] for row in batch.rows.order_by("number")] == [
            "Sudah diusulkan sebelum gilirannya.",
            "Keadaan usulan sekarang: ditarik. Tindakan",
            "",
        ]
        assert mine.rows.get().message == batches.SELF
        RoleGrant.objects.filter(user=operator).update(revoked_at=timezone.now())
        late = make_proposal(agency, period, complete=False)
        revoked = started(operator, [late])
        nominate_due()
        assert revoked.rows.get().message == batches.NOT_YOURS
        assert states([own, late]) == ["draft", "draft"]

    def test_what_a_rule_refuses_says_what_to_do(self, operator, drafts):
        Proposal.objects.filter(pk=drafts[0].pk).update(rank="IV/a")
        batch = started(operator, drafts)
        nominate_due()
        assert "Pangkat IV/a belum sesuai" in batch.rows.get(number=1).message
        assert results(batch) == ["refused", "done", "done"]

    def test_a_killed_worker_is_followed_by_another(self, operator, drafts):
        batch = started(operator, drafts)
        held = batches.claim_next(KIND)
        batches._do_next(held, batches.nominate_row)  # and here it is killed
        assert batches.claim_next(KIND) is None
        Batch.objects.update(claimed_at=timezone.now() - batches.CLAIM * 2)
        nominate_due()
        batch.refresh_from_db()
        assert (batch.state, states(drafts)) == ("done", ["nominated", "nominated", "draft"])
        assert batches._do_next(held, batches.nominate_row) is False

    def test_a_fault_of_one_row_stops_no_other(self, operator, drafts):
        def act(proposal, by):
            if proposal == drafts[0]:
                raise RuntimeError("x")
            batches.nominate_row(proposal, by)

        batch = started(operator, drafts)
        batches.work_due(KIND, act)
        assert results(batch) == ["refused", "done", "done"]
        assert batch.rows.get(number=1).message == batches.BROKEN
        assert states(drafts) == ["draft", "nominated", "nominated"]

    def test_a_fault_of_the_database_is_tried_again_and_told_after_three(self, operator, drafts):
        def act(proposal, by):
            raise OperationalError("deadlock detected")

        batch = started(operator, drafts)
        for _ in range(4):
            batches.work_due(KIND, act)
            Batch.objects.update(claimed_at=timezone.now() - batches.CLAIM * 2)
        batch.refresh_from_db()
        assert batch.state == "failed"
        assert {row.message for row in batch.rows.all()} == {batches.STOPPED}
        assert states(drafts) == ["draft"] * 3

    def test_the_time_of_a_run_is_bounded_and_the_rest_comes_later(self, operator, drafts):
        batch = started(operator, drafts)
        batches.work_on(batches.claim_next(KIND), batches.nominate_row, until=0)
        assert results(batch) == ["", "", ""]
        nominate_due()
        assert "" not in results(batch)


class TestPage:
    def test_progress_then_results_failures_first(self, as_user, operator, drafts):
        batch = started(operator, drafts)
        client = as_user(operator)
        page = client.get(page_of(batch)).content.decode()
        assert "0 dari 3 calon" in page
        assert "Hentikan yang belum dikerjakan" in page
        part = client.get(page_of(batch), headers={"HX-Request": "true"})
        assert "<html" not in part.content.decode()
        nominate_due()
        assert client.get(page_of(batch), headers={"HX-Request": "true"})["HX-Refresh"] == "true"
        done = client.get(page_of(batch))
        assert [row.word for row in done.context["rows"]] == ["Tidak diusulkan"]
        assert dict(done.context["figures"]) == {
            "dipilih": "3",
            "diusulkan": "2",
            "tidak diusulkan": "1",
        }
        every = client.get(page_of(batch), {"hasil": "semua"})
        assert len(every.context["rows"]) == 3
        assert f"{reverse('proposals:batch', args=[batch.pk])}" in client.get(LIST).content.decode()

    def test_the_page_costs_the_same_with_one_and_with_sixty_rows(
        self, as_user, operator, agency, period
    ):
        make_formation(agency, period, lines={"pertama": (99, 0)})
        small = started(operator, [make_proposal(agency, period, complete=False)])
        large = started(
            operator, [make_proposal(agency, period, complete=False) for _ in range(60)]
        )
        nominate_due()
        client, costs = as_user(operator), []
        page = client.get(page_of(small))
        for batch in (small, large):
            with CaptureQueriesContext(connection) as queries:
                page = client.get(page_of(batch))
            costs.append(len(queries))
        assert len(page.context["rows"]) == 50
        assert page.context["next_url"]
        assert costs[0] == costs[1] <= 10

    def test_the_list_costs_no_more_with_drafts_to_tick(self, as_user, operator, agency, period):
        client, costs = as_user(operator), []
        for count in (1, 59):
            for _ in range(count):
                make_proposal(agency, period, complete=False)
            with CaptureQueriesContext(connection) as queries:
                client.get(LIST)
            costs.append(len(queries))
        assert costs[0] == costs[1] <= 10

    def test_who_sees_it(self, as_user, operator, drafts):
        page = page_of(started(operator, drafts))
        assert as_user(operator).get(page).status_code == 200
        admin = as_user(make_admin()).get(page)
        assert (admin.status_code, admin.context["can_cancel"]) == (200, False)
        for stranger in (make_operator(), make_verifier(), make_user()):
            assert as_user(stranger).get(page).status_code == 404


class TestCancel:
    def test_stopping_leaves_what_was_done(self, as_user, operator, drafts):
        batch = started(operator, drafts)
        batches._do_next(batch, batches.nominate_row)
        client = as_user(operator)
        assert client.post(page_of(batch, "_cancel")).url == page_of(batch)
        nominate_due()
        batch.refresh_from_db()
        assert batch.state == "cancelled"
        assert results(batch) == ["done", "cancelled", "cancelled"]
        assert states(drafts) == ["nominated", "draft", "draft"]
        second = client.post(page_of(batch, "_cancel"), follow=True)
        assert "sudah dihentikan" in second.content.decode()
        assert [e.kind for e in events_of(batch)] == ["batch.cancelled", "batch.started"]

    def test_what_is_finished_cannot_be_stopped(self, as_user, operator, drafts):
        batch = started(operator, drafts)
        nominate_due()
        answer = as_user(operator).post(page_of(batch, "_cancel"), follow=True)
        assert "sudah selesai" in answer.content.decode()
        assert BatchRow.objects.filter(result="cancelled").count() == 0

    def test_stopping_refuses_others(self, operator, drafts, refuses_everybody_else):
        refuses_everybody_else(
            page_of(started(operator, drafts), "_cancel"),
            onlooker=make_admin(),
            stranger=make_operator(make_agency()),
            allowed=operator,
        )
