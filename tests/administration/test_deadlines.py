"""administration:closing_simulation and administration:agency_deadlines."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.notifications.models import OutboxMessage
from inpassing.timeline.events import events_of
from proposals.closing import close_due
from proposals.deadlines import deadline_of
from proposals.models import AgencyDeadline, Proposal
from tests.factories import (
    make_admin,
    make_agency,
    make_formation,
    make_operator,
    make_period,
    make_proposal,
    make_verifier,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def admin():
    return make_admin()


@pytest.fixture
def period():
    return make_period()


@pytest.fixture
def agency():
    return make_agency(region="74.72")


def simulation(period):
    return reverse("administration:closing_simulation", args=[period.pk])


def deadlines(period):
    return reverse("administration:agency_deadlines", args=[period.pk])


def typed(moment):
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def whole(moment):
    return moment.replace(second=0, microsecond=0)


class TestSimulation:
    def test_it_says_what_beat_then_does(self, as_user, admin, period, agency):
        draft = make_proposal(agency, period)
        complete = make_proposal(agency, period, status="filling")
        lacking = make_proposal(agency, period, status="filling", complete=False)
        sent = make_proposal(agency, period, status="submitted")
        moment = whole(period.filing_deadline + DAY)
        page = as_user(admin).get(simulation(period), {"pada": typed(moment)})
        said = {row["url"]: row["word"] for row in page.context["rows"]}
        assert set(said) == {
            reverse("proposals:detail", args=[p.pk]) for p in (draft, complete, lacking)
        }
        assert [(words, count) for words, count, _ in page.context["figures"]] == [
            ("Ditutup: tidak diusulkan", "1"),
            ("Dikirim oleh sistem", "1"),
            ("Tidak memenuhi syarat", "1"),
            ("Dikembalikan, berkas tidak terbaca", "0"),
        ]
        assert "telepon" in next(r["missing"] for r in page.context["rows"] if r["kind"] == "bad")
        before = {p.pk: p.status for p in Proposal.objects.all()}
        assert before[draft.pk] == "draft"  # nothing was changed
        close_due(moment)
        statuses = {p.pk: p.status for p in Proposal.objects.all()}
        assert statuses == {
            draft.pk: "not_proposed",
            complete.pk: "submitted",
            lacking.pk: "not_eligible",
            sent.pk: "submitted",
        }

    def test_without_a_moment_it_is_the_next_deadline_with_its_grace(
        self, as_user, admin, period, agency
    ):
        make_proposal(agency, period)
        page = as_user(admin).get(simulation(period))
        assert [row["word"] for row in page.context["rows"]] == ["Ditutup: tidak diusulkan"]

    def test_an_agency_that_was_extended_is_not_hit(self, as_user, admin, period, agency):
        make_proposal(agency, period, status="filling")
        moment = whole(period.filing_deadline + DAY)
        AgencyDeadline.objects.create(
            period=period, agency=agency, filing_deadline=period.filing_deadline + 3 * DAY
        )
        page = as_user(admin).get(simulation(period), {"pada": typed(moment)})
        assert "Tidak ada yang terkena" in page.content.decode()

    def test_filter_and_pages(self, as_user, admin, period, agency):
        for _ in range(55):
            make_proposal(agency, period, complete=False)
        make_proposal(agency, period, status="filling", complete=False)
        query = {"pada": typed(period.filing_deadline + DAY), "hasil": "not_proposed"}
        client = as_user(admin)
        page = client.get(simulation(period), query)
        assert (len(page.context["rows"]), page.context["range_text"]) == (50, "1–50 dari 55")
        page = client.get(simulation(period) + page.context["next_url"])
        assert (len(page.context["rows"]), page.context["next_url"]) == (5, "")
        for odd in ("x", "999999999", "-3", "٣"):
            page = client.get(simulation(period), {**query, "mulai": odd})
            assert len(page.context["rows"]) == 50

    def test_the_number_of_queries_is_fixed(self, as_user, admin, period, agency):
        def queries(count):
            for _ in range(count):
                make_proposal(agency, period, status="filling", complete=False)
            client = as_user(admin)
            client.get(simulation(period))
            with CaptureQueriesContext(connection) as caught:
                client.get(simulation(period), {"pada": typed(period.filing_deadline + DAY)})
            return len(caught)

        assert queries(1) == queries(59) <= 12

    def test_a_moment_that_cannot_be_read(self, as_user, admin, period):
        page = as_user(admin).get(simulation(period), {"pada": "kemarin"})
        assert page.status_code == 422
        assert "Saat tidak terbaca" in page.content.decode()

    def test_a_draft_period_closes_nothing(self, as_user, admin):
        period = make_period(status="draft")
        assert "Tidak ada yang terkena" in as_user(admin).get(simulation(period)).content.decode()

    def test_the_period_leads_here(self, as_user, admin, period):
        page = as_user(admin).get(reverse("administration:period", args=[period.pk]))
        assert simulation(period) in page.content.decode()
        assert deadlines(period) in page.content.decode()


class TestAgencyDeadline:
    def data(self, agency, moment, **changed):
        return {
            "agency": agency.pk,
            "filing_deadline": typed(moment),
            "reason": "Gangguan jaringan di daerah",
            **changed,
        }

    def test_a_later_date_moves_everybody_who_has_not_sent(self, as_user, admin, period, agency):
        operator = make_operator(agency)
        waiting = make_proposal(agency, period, status="filling")
        sent = make_proposal(agency, period, status="submitted")
        elsewhere = make_proposal(period=period, status="filling")
        until = whole(period.filing_deadline + 5 * DAY)
        answer = as_user(admin).post(deadlines(period), self.data(agency, until))
        assert answer.url == deadlines(period)
        row = AgencyDeadline.objects.get()
        assert (row.period, row.agency, row.filing_deadline) == (period, agency, until)
        assert deadline_of(waiting) == until
        assert deadline_of(elsewhere) == period.filing_deadline
        told = OutboxMessage.objects.filter(template="agency_deadline")
        assert {m.user for m in told} == {operator, waiting.participant}
        assert sent.participant not in {m.user for m in told}
        assert "WITA" in told.first().fields["batas"]
        event = events_of(period).get()
        assert event.kind == "period.agency_deadline_set"
        assert event.data == {"agency": agency.pk, "until": until.isoformat()}
        assert event.detail.text == f"{agency.name}: Gangguan jaringan di daerah"
        page = as_user(admin).get(deadlines(period)).content.decode()
        assert "Gangguan jaringan di daerah" in page
        detail = as_user(operator).get(reverse("proposals:detail", args=[waiting.pk]))
        assert detail.context["deadline"] == until

    def test_a_date_that_people_hold_is_never_taken_back(self, as_user, admin, period, agency):
        make_proposal(agency, period, status="filling")
        client = as_user(admin)
        client.post(deadlines(period), self.data(agency, period.filing_deadline + 5 * DAY))
        page = client.post(deadlines(period), self.data(agency, period.filing_deadline + 2 * DAY))
        assert page.status_code == 409
        assert "Batas hanya dapat diundurkan" in page.content.decode()
        assert AgencyDeadline.objects.get().filing_deadline == whole(
            period.filing_deadline + 5 * DAY
        )

    def test_an_agency_without_participants_may_have_an_earlier_date(
        self, as_user, admin, period, agency
    ):
        make_formation(agency, period)
        earlier = whole(period.filing_deadline - 3 * DAY)
        as_user(admin).post(deadlines(period), self.data(agency, earlier))
        assert AgencyDeadline.objects.get().filing_deadline == earlier

    def test_the_second_click_changes_and_tells_nothing(self, as_user, admin, period, agency):
        make_operator(agency)
        make_formation(agency, period)
        client, data = as_user(admin), self.data(agency, period.filing_deadline + DAY)
        client.post(deadlines(period), data)
        page = client.post(deadlines(period), data)
        assert (page.status_code, OutboxMessage.objects.count()) == (409, 1)
        assert "Tidak ada yang diubah" in page.content.decode()
        assert events_of(period).count() == 1

    @pytest.mark.parametrize(
        ("moment", "words"),
        [
            (lambda p: timezone.now() - DAY, "Batas ini sudah lewat"),
            (lambda p: p.nomination_deadline - DAY, "harus sesudah batas pengusulan"),
        ],
    )
    def test_an_impossible_date(self, as_user, admin, period, agency, moment, words):
        make_formation(agency, period)
        page = as_user(admin).post(deadlines(period), self.data(agency, moment(period)))
        assert page.status_code == 409
        assert words in page.content.decode()
        assert "Gangguan jaringan" in page.content.decode()  # what was typed stays
        assert not AgencyDeadline.objects.exists()

    @pytest.mark.parametrize("status", ["draft", "closed"])
    def test_only_in_an_open_period(self, as_user, admin, agency, status):
        period = make_period(status=status)
        make_formation(agency, period)
        page = as_user(admin).post(
            deadlines(period), self.data(agency, period.filing_deadline + DAY)
        )
        assert page.status_code == 409
        assert not AgencyDeadline.objects.exists()

    def test_a_reason_and_an_agency_of_the_period_are_needed(self, as_user, admin, period, agency):
        until = period.filing_deadline + DAY
        page = as_user(admin).post(deadlines(period), self.data(agency, until, reason=" "))
        assert page.status_code == 422
        assert {"agency", "reason"} == set(page.context["form"].errors)

    def test_refusals(self, refuses_everybody_else, period, agency):
        refuses_everybody_else(deadlines(period), onlooker=make_verifier())
        refuses_everybody_else(deadlines(period), onlooker=make_operator(agency))
