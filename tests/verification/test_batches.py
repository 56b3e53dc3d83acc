"""Deciding many at once: batches, decide_many, batch, batch_cancel, note_answers; the worker."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import RoleGrant
from inpassing.notifications.models import OutboxMessage
from inpassing.timeline.events import events_of, story_of
from proposals import batches as rows_of
from proposals.models import Batch, Proposal
from tests import factories
from verification import batches
from verification.batches import APPROVE, PASS, approve_row
from verification.claims import take
from verification.models import Claim, Decision, PortfolioAssessment, PortfolioDraft
from verification.tasks import approve_due, pass_portfolios_due
from verification.workflow import (
    GivenAnswer,
    approve_nomination,
    items_for,
    note_answers,
    return_nomination,
)

pytestmark = pytest.mark.django_db
MANY = "/verifikasi/antrean/usulan/sekaligus/"
PASSES = "/verifikasi/antrean/portofolio/sekaligus/"
QUEUE = "/verifikasi/antrean/usulan/"


@pytest.fixture
def period(db):
    return factories.make_period()


@pytest.fixture
def agency(db):
    return factories.make_operator().employer


def nominations(agency, period, names="ABC"):
    return [
        factories.make_proposal(agency, period, status="nominated", name=f"Calon {name}")
        for name in names
    ]


@pytest.fixture
def nominated(agency, period):
    return nominations(agency, period)


def chosen(proposals):
    return list(
        Proposal.objects.filter(pk__in=[p.pk for p in proposals])
        .order_by("pk")
        .values_list("pk", "version")
    )


def started(verifier, proposals, many=APPROVE):
    return batches.start(many, chosen(proposals), by=verifier, key=uuid.uuid4())


def states(proposals):
    return [Proposal.objects.get(pk=p.pk).status for p in proposals]


def results(batch):
    return list(batch.rows.order_by("number").values_list("result", flat=True))


def messages_of(batch):
    return list(batch.rows.order_by("number").values_list("message", flat=True))


def sent(page, **changed):
    """The hidden fields of the page that asks, as a browser sends them."""
    data = {"key": str(page.context["key"]), "seen": page.context["seen"]}
    for name, value in page.context["hidden"]:
        data.setdefault(name, []).append(str(value))
    return data | changed


def page_of(batch, act=""):
    return reverse(f"verification:batch{act}", args=[batch.pk])


def met(proposal, **changed):
    answers = {item.pk: GivenAnswer("met") for item in items_for(proposal)}
    return answers | changed


class TestChoice:
    def test_the_queue_offers_ticks_where_many_can_be_decided(self, as_user, verifier, nominated):
        html = as_user(verifier).get(QUEUE).content.decode()
        assert html.count('name="usulan"') == 3
        assert "Setujui yang dipilih" in html
        factories.make_proposal(status="submitted")
        other = as_user(verifier).get("/verifikasi/antrean/berkas/").content.decode()
        assert 'name="usulan"' not in other

    def test_the_page_names_them_and_shows_the_first_ones_message(
        self, as_user, verifier, nominated
    ):
        page = as_user(verifier).get(MANY, {"usulan": [p.pk for p in nominated[:2]]})
        html = page.content.decode()
        assert "Setujui 2 usulan?" in html
        assert [name for name, *_ in page.context["rows"]] == ["Calon A", "Calon B"]
        assert "Akun Inpassing Anda" in html
        assert states(nominated) == ["nominated"] * 3
        assert not OutboxMessage.objects.exists()
        assert not Claim.objects.exists()

    def test_a_filter_chooses_all_that_it_finds_and_nothing_of_the_own_agency(
        self, as_user, verifier, agency, period, nominated
    ):
        own = factories.make_agency()
        verifier.employer = own
        verifier.save()
        (mine,) = nominations(own, period, "D")
        factories.make_proposal(agency, period, status="nominated", name="Lain Sekali")
        client = as_user(verifier)
        page = client.get(MANY, {"semua": "1", "q": "calon"})
        assert [name for name, *_ in page.context["rows"]] == ["Calon A", "Calon B", "Calon C"]
        answer = client.post(MANY, sent(page))
        batch = Batch.objects.get()
        assert (answer.url, batch.total) == (page_of(batch), 3)
        assert client.get(MANY, {"usulan": [mine.pk]}).status_code == 404

    def test_nothing_chosen_is_said(self, as_user, verifier, nominated):
        for query in ({}, {"usulan": ["x"]}, {"semua": "1", "q": "tidakada"}):
            answer = as_user(verifier).get(MANY, query, follow=True)
            assert answer.redirect_chain == [(QUEUE, 302)]
            assert "Tidak ada usulan yang dipilih." in answer.content.decode()

    def test_too_many_are_refused_before_they_are_asked(
        self, as_user, verifier, nominated, monkeypatch
    ):
        monkeypatch.setattr("verification.views.batches.MAX_ROWS", 2)
        answer = as_user(verifier).get(MANY, {"semua": "1"}, follow=True)
        assert "Paling banyak 2 usulan sekaligus." in answer.content.decode()

    def test_what_changed_since_the_page_is_asked_again(
        self, as_user, verifier, agency, period, nominated
    ):
        client = as_user(verifier)
        page = client.get(MANY, {"semua": "1"})
        Proposal.objects.filter(pk=nominated[0].pk).update(version=99)
        again = client.post(MANY, sent(page))
        assert again.status_code == 409
        assert "Daftarnya berubah." in again.content.decode()
        nominations(agency, period, "D")
        assert client.post(MANY, sent(again)).status_code == 409
        assert not Batch.objects.exists()

    def test_the_second_click_gives_the_first_batch(self, as_user, verifier, nominated):
        client = as_user(verifier)
        page = client.get(MANY, {"usulan": [p.pk for p in nominated]})
        first = client.post(MANY, sent(page)).url
        approve_due()
        assert client.post(MANY, sent(page)).url == first
        assert Batch.objects.count() == 1
        assert states(nominated) == ["filling"] * 3

    def test_who_may_ask(self, as_user, verifier, nominated, stranger, refuses_everybody_else):
        data = {"usulan": [nominated[0].pk], "key": str(uuid.uuid4()), "seen": "x"}
        refuses_everybody_else(
            MANY, data=data, onlooker=factories.make_admin(), stranger=stranger, get_allowed=True
        )
        assert as_user(verifier).get("/verifikasi/antrean/berkas/sekaligus/").status_code == 404


class TestWorker:
    def test_each_row_is_the_same_decision_as_on_its_page(self, verifier, nominated):
        batch = started(verifier, nominated)
        approve_due()
        batch.refresh_from_db()
        assert (batch.state, results(batch)) == ("done", ["done"] * 3)
        assert states(nominated) == ["filling"] * 3
        kinds = [event.kind for event in story_of(nominated[0])]
        assert kinds == ["proposal.nomination_approved"]
        assert {event.actor for event in story_of(nominated[0])} == {verifier}
        assert OutboxMessage.objects.filter(template="invitation").count() == 3
        assert Decision.objects.filter(verifier=verifier).count() == 3
        assert not Claim.objects.exists()

    def test_permission_state_and_version_count_at_the_turn(
        self, verifier, colleague, agency, period
    ):
        a, b, c, d, e = nominations(agency, period, "ABCDE")
        batch = started(verifier, [a, b, c, d, e])
        approve_nomination(a, by=colleague)
        return_nomination(b, by=colleague, note="Lengkapi.")
        take(c, by=colleague)
        Proposal.objects.filter(pk=d.pk).update(version=d.version + 7)
        Proposal.objects.filter(pk=e.pk).update(nip=factories.make_nip())
        verifier.nip = Proposal.objects.get(pk=e.pk).nip
        verifier.save()
        approve_due()
        said = messages_of(batch)
        assert said[0].startswith("Sudah diputus Teguh Prasojo pukul")
        assert said[1].startswith("Sudah diputus Teguh Prasojo pukul")
        assert said[2].startswith("Dipegang Teguh Prasojo sampai")
        assert said[3].startswith("Usulan ini berubah")
        assert said[4] == batches.OWN
        assert results(batch) == ["refused"] * 5
        assert states([c, d, e]) == ["nominated"] * 3

    def test_a_verifier_who_is_none_any_more_or_now_of_that_agency_decides_nothing(
        self, verifier, agency, nominated
    ):
        verifier.employer = agency
        verifier.save()
        moved = started(verifier, nominated[:2])
        approve_due()
        assert messages_of(moved) == [batches.NOT_YOURS] * 2
        verifier.employer = None
        verifier.save()
        RoleGrant.objects.filter(user=verifier).update(revoked_at=timezone.now())
        revoked = started(verifier, nominated)
        approve_due()
        assert messages_of(revoked) == [batches.NOT_YOURS] * 3
        assert states(nominated) == ["nominated"] * 3

    def test_a_worker_killed_in_the_middle_is_followed_by_another(
        self, verifier, nominated, monkeypatch
    ):
        batch = started(verifier, nominated)

        def killed(proposal, by, *, version):
            approve_row(proposal, by, version=version)
            if proposal == nominated[1]:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            rows_of.work_due(APPROVE.kind, killed)
        assert states(nominated) == ["filling", "nominated", "nominated"]
        assert results(batch) == ["done", "", ""]
        approve_due()  # the dead worker still counts as its holder
        assert results(batch) == ["done", "", ""]
        Batch.objects.update(claimed_at=timezone.now() - 2 * rows_of.CLAIM)
        approve_due()
        batch.refresh_from_db()
        assert (batch.state, results(batch)) == ("done", ["done"] * 3)
        approve_due()
        for proposal in nominated:
            kinds = [event.kind for event in events_of(proposal)]
            assert kinds.count("proposal.nomination_approved") == 1
        assert Decision.objects.count() == 3

    def test_a_lost_database_is_no_refusal(self, verifier, nominated):
        batch = started(verifier, nominated)

        def broken(proposal, by, *, version):
            raise OperationalError("terminating connection")

        rows_of.work_due(APPROVE.kind, broken)
        assert results(batch) == [""] * 3

    def test_cancelling_leaves_what_was_done(self, as_user, verifier, nominated):
        batch = started(verifier, nominated)
        rows_of._do_next(batch, approve_row)
        client = as_user(verifier)
        assert client.post(page_of(batch, "_cancel")).url == page_of(batch)
        approve_due()
        assert results(batch) == ["done", "cancelled", "cancelled"]
        assert states(nominated) == ["filling", "nominated", "nominated"]
        second = client.post(page_of(batch, "_cancel"), follow=True)
        assert "sudah dihentikan" in second.content.decode()

    def test_cancelling_refuses_others(
        self, verifier, colleague, nominated, refuses_everybody_else
    ):
        refuses_everybody_else(
            page_of(started(verifier, nominated), "_cancel"),
            onlooker=factories.make_admin(),
            stranger=colleague,
            allowed=verifier,
        )

    def test_a_row_costs_the_same_number_of_queries_in_a_long_batch(self, verifier, agency, period):
        costs = []
        for count in (2, 12):
            names = [str(number) for number in range(count)]
            started(verifier, nominations(agency, period, names))
            batch = rows_of.claim_next(APPROVE.kind)
            rows_of._do_next(batch, approve_row)
            with CaptureQueriesContext(connection) as queries:
                assert rows_of._do_next(batch, approve_row)
            costs.append(len(queries))
            approve_due()
            Batch.objects.update(claimed_at=None)
            approve_due()
        assert costs[0] == costs[1] <= 60


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_decide_each_once(verifier, agency, period):
    proposals = nominations(agency, period, "ABCDEFGH")
    started(verifier, proposals)
    batch = rows_of.claim_next(APPROVE.kind)

    def work():
        try:
            # Both think that they hold it, as after a pause longer than the claim.
            while rows_of._do_next(batch, approve_row):
                pass
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(work) for _ in range(2)]:
            done.result()
    assert results(batch) == ["done"] * 8
    assert Decision.objects.count() == 8
    for proposal in proposals:
        kinds = [event.kind for event in events_of(proposal)]
        assert kinds.count("proposal.nomination_approved") == 1
    assert OutboxMessage.objects.filter(template="invitation").count() == 8


class TestPage:
    def test_progress_then_results(self, as_user, verifier, colleague, nominated):
        batch = started(verifier, nominated)
        client = as_user(verifier)
        html = client.get(page_of(batch)).content.decode()
        assert "Persetujuan 3 usulan" in html
        assert "0 dari 3 usulan" in html
        approve_nomination(nominated[2], by=colleague)
        approve_due()
        page = client.get(page_of(batch))
        assert [row.word for row in page.context["rows"]] == ["Tidak disetujui"]
        assert dict(page.context["figures"]) == {
            "dipilih": "3",
            "disetujui": "2",
            "tidak disetujui": "1",
        }
        listed = client.get("/verifikasi/sekaligus/").content.decode()
        assert page_of(batch) in listed

    def test_who_sees_it(self, as_user, verifier, colleague, nominated):
        batch = started(verifier, nominated)
        assert as_user(colleague).get(page_of(batch)).status_code == 404
        assert (
            page_of(batch) not in as_user(colleague).get("/verifikasi/sekaligus/").content.decode()
        )
        assert as_user(factories.make_admin()).get(page_of(batch)).status_code == 200
        assert as_user(verifier).get(reverse("proposals:batch", args=[batch.pk])).status_code == 404

    def test_lists_cost_the_same_with_one_and_with_sixty(self, as_user, verifier, agency, period):
        client, costs = as_user(verifier), []
        for count in (1, 59):
            batches = [started(verifier, nominations(agency, period, "A")) for _ in range(count)]
            batch = batches[-1]
            with CaptureQueriesContext(connection) as asked:
                client.get(MANY, {"semua": "1", "q": "tidakada"})
            with CaptureQueriesContext(connection) as listed:
                client.get("/verifikasi/sekaligus/")
            with CaptureQueriesContext(connection) as one:
                client.get(page_of(batch))
            with CaptureQueriesContext(connection) as ask:
                client.get(MANY, {"semua": "1"})
            costs.append((len(asked), len(listed), len(one), len(ask)))
        assert costs[0] == costs[1]


class TestPortfolios:
    @pytest.fixture
    def eligible(self, agency, period):
        return [
            factories.make_proposal(
                agency,
                period,
                status="eligible",
                name=f"Peserta {name}",
                education_field="teknologi_informasi",
            )
            for name in "ABC"
        ]

    def test_noting_answers_decides_nothing_and_shows_them_again(self, as_user, verifier, eligible):
        proposal = eligible[0]
        first, second = items_for(proposal)[:2]
        path = reverse("verification:note_answers", args=[proposal.pk])
        client = as_user(verifier)
        data = {
            "version": proposal.version,
            f"butir{first.pk}-answer": "not_met",
            f"butir{first.pk}-remark": "Uraian tugas belum ada.",
        }
        answer = client.post(path, data, follow=True)
        assert "Jawaban dicatat." in answer.content.decode()
        draft = PortfolioDraft.objects.get()
        assert draft.answers == {str(first.pk): ["not_met", "Uraian tugas belum ada."]}
        assert "Uraian tugas belum ada." in answer.content.decode()
        assert states([proposal]) == ["eligible"]
        assert not OutboxMessage.objects.exists()
        stale = client.post(path, data | {f"butir{second.pk}-answer": "met"})
        assert stale.status_code == 409
        draft.refresh_from_db()
        assert len(draft.answers) == 1

    def test_noting_answers_names_what_is_wrong(self, as_user, verifier, eligible):
        first = items_for(eligible[0])[0]
        path = reverse("verification:note_answers", args=[eligible[0].pk])
        answer = as_user(verifier).post(
            path, {"version": eligible[0].version, f"butir{first.pk}-answer": "not_met"}
        )
        assert answer.status_code == 422
        assert not PortfolioDraft.objects.exists()

    def test_noting_answers_refuses_others(
        self, as_user, verifier, stranger, eligible, nominated, refuses_everybody_else
    ):
        refuses_everybody_else(
            reverse("verification:note_answers", args=[eligible[0].pk]),
            onlooker=eligible[0].participant,
            stranger=stranger,
            allowed=verifier,
        )
        path = reverse("verification:note_answers", args=[nominated[0].pk])
        assert as_user(verifier).post(path, {"version": nominated[0].version}).status_code == 409

    def test_only_portfolios_with_the_own_complete_answers_pass(
        self, as_user, verifier, colleague, eligible
    ):
        a, b, _c = eligible
        note_answers(a, by=verifier, answers=met(a))
        Claim.objects.all().delete()
        note_answers(b, by=colleague, answers=met(b))
        Claim.objects.all().delete()
        client = as_user(verifier)
        assert client.get(PASSES, {"semua": "1"}).context["rows"][0][0] == "Peserta A"
        page = client.get(PASSES, {"usulan": [p.pk for p in eligible]})
        client.post(PASSES, sent(page))
        pass_portfolios_due()
        batch = Batch.objects.get()
        assert results(batch) == ["done", "refused", "refused"]
        said = messages_of(batch)
        assert said[1].startswith("Jawaban butirnya dicatat Teguh Prasojo.")
        assert said[2] == batches.NO_ANSWERS
        assert states(eligible) == ["ready", "eligible", "eligible"]
        assessment = PortfolioAssessment.objects.get()
        assert (assessment.verdict, assessment.assessed_by) == ("passed", verifier)
        assert {answer.answer for answer in assessment.answers.all()} == {"met"}
        assert not PortfolioDraft.objects.filter(proposal=a).exists()

    def test_what_a_pass_needs_is_asked_of_each(self, verifier, eligible):
        a, b, c = eligible
        first = items_for(a)[0]
        note_answers(a, by=verifier, answers=met(a) | {first.pk: GivenAnswer("not_met", "Kurang.")})
        note_answers(b, by=verifier, answers={first.pk: GivenAnswer("met")})
        Proposal.objects.filter(pk=c.pk).update(education_field="")
        note_answers(c, by=verifier, answers=met(c))
        batch = started(verifier, eligible, PASS)
        pass_portfolios_due()
        said = messages_of(batch)
        assert said[0] == "1 butir dicatat tidak terpenuhi. Putuskan dari halamannya."
        assert said[1].startswith("Belum dijawab:")
        assert said[2] == "Tetapkan bidang pendidikan menurut ijazah dahulu."
        assert states(eligible) == ["eligible"] * 3

    def test_nothing_noted_is_said(self, as_user, verifier, eligible):
        answer = as_user(verifier).get(PASSES, {"semua": "1"}, follow=True)
        assert "Belum ada portofolio dengan jawaban yang Anda catat." in answer.content.decode()
