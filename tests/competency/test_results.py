"""Typing, confirming with four eyes, publishing in one act."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from competency import attendance, publishing, results
from competency.models import Publication, TestResult
from competency.tasks import publish_due
from inpassing.errors import TransitionError
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import BpsOffice
from inpassing.timeline.events import broken_links
from proposals.models import Proposal
from tests.competency.factories import begin, make_seat, make_session, scores_for
from tests.factories import make_admin, make_operator, make_proctor, make_proposal, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return BpsOffice.objects.get(region="74.72")


@pytest.fixture
def session(office):
    """Three people: present and good, present and weak, absent."""
    session = make_session(office=office)
    for name in ("Ani Baik", "Budi Lemah", "Citra Absen"):
        make_seat(session, make_proposal(period=session.period, status="test_required", name=name))
    begin(session)
    return session


def marked(session):
    seats = list(session.seats.current().select_related("proposal", "session"))
    for seat, mark in zip(seats, ["present", "late", "absent"], strict=True):
        attendance.mark_attendance(seat, mark, by=make_user())
    return list(session.seats.current().select_related("proposal", "session"))


def scored(session, by):
    seats = marked(session)
    results.enter_result(seats[0], scores_for(seats[0], 80, 90), by=by)
    results.enter_result(seats[1], scores_for(seats[1], 60, 70), by=by)
    return seats


class TestEnter:
    def test_total_is_the_weighted_mean(self, as_user, session, office):
        seat = marked(session)[0]
        components = list(scores_for(seat, 0, 0))
        as_user(make_proctor(office)).post(
            f"/uji/kursi/{seat.pk}/nilai/", {f"c{components[0]}": "80", f"c{components[1]}": "77,5"}
        )
        result = TestResult.objects.get()
        assert result.total == Decimal("79.25")
        assert (result.source, result.is_passed) == ("typed", True)

    @pytest.mark.parametrize("value", ["101", "-1", "tujuh", ""])
    def test_impossible_scores_are_refused_at_the_field(self, as_user, session, office, value):
        seat = marked(session)[0]
        components = list(scores_for(seat, 0, 0))
        page = as_user(make_proctor(office)).post(
            f"/uji/kursi/{seat.pk}/nilai/", {f"c{components[0]}": value, f"c{components[1]}": "77"}
        )
        assert page.status_code == 200
        assert not TestResult.objects.exists()
        assert 'value="77"' in page.content.decode()

    def test_only_for_who_was_present(self, session):
        seat = marked(session)[2]
        with pytest.raises(TransitionError, match="yang hadir"):
            results.enter_result(seat, scores_for(seat, 80, 80), by=make_user())

    def test_refusals(self, refuses_everybody_else, session, as_user):
        seat = marked(session)[0]
        url = f"/uji/kursi/{seat.pk}/nilai/"
        refuses_everybody_else(url, stranger=make_proctor())
        assert as_user(seat.proposal.participant).get(url).status_code == 404


class TestConfirm:
    def test_a_second_person_confirms_once(self, as_user, session, office):
        scored(session, by=make_proctor(office))
        client = as_user(make_admin())
        client.post(f"/uji/sesi/{session.pk}/pastikan/")
        page = client.post(f"/uji/sesi/{session.pk}/pastikan/", follow=True)
        assert "Sudah dipastikan" in page.content.decode()
        session.refresh_from_db()
        assert session.is_confirmed

    def test_not_by_who_entered(self, session):
        admin = make_admin()
        scored(session, by=admin)
        with pytest.raises(TransitionError, match="petugas lain"):
            results.confirm_results(session, by=admin)

    def test_not_while_something_is_missing(self, session):
        with pytest.raises(TransitionError, match="3 peserta belum dicatat"):
            results.confirm_results(session, by=make_admin())
        marked(session)
        with pytest.raises(TransitionError, match="2 peserta yang hadir belum mempunyai nilai"):
            results.confirm_results(session, by=make_admin())

    def test_afterwards_nothing_changes(self, session):
        seats = scored(session, by=make_user())
        results.confirm_results(session, by=make_admin())
        with pytest.raises(TransitionError, match="terkunci"):
            results.enter_result(seats[0], scores_for(seats[0], 0, 0), by=make_user())

    def test_refusals(self, refuses_everybody_else, session, office):
        refuses_everybody_else(
            f"/uji/sesi/{session.pk}/pastikan/",
            onlooker=make_proctor(office),
            stranger=make_proctor(),
            allowed=make_admin(),
        )


class TestEnterSession:
    def url(self, session):
        return f"/uji/sesi/{session.pk}/nilai/"

    def typed(self, seat, *values):
        return {f"s{seat.pk}c{pk}": value for pk, value in scores_for(seat, *values).items()}

    @pytest.fixture
    def present(self, session):
        seats = list(session.seats.order_by("proposal__name"))
        for seat in seats[:2]:
            attendance.mark_attendance(seat, "present", by=make_user())
        return seats[:2]

    def test_everybody_present_on_one_page_and_only_what_changed_is_written(
        self, as_user, session, office, present
    ):
        first, second = present
        client = as_user(make_proctor(office))
        assert len(client.get(self.url(session)).context["rows"]) == 2
        client.post(self.url(session), {**self.typed(first, 90, 80)})
        assert TestResult.objects.get().seat == first
        other = make_proctor(office)
        data = {**self.typed(first, 90, 80), **self.typed(second, 55, 45)}
        page = as_user(other).post(self.url(session), data, follow=True)
        assert "Nilai 1 orang tersimpan" in page.content.decode()
        assert TestResult.objects.get(seat=first).entered_by != other
        assert TestResult.objects.get(seat=second).entered_by == other

    def test_a_line_is_filled_whole_and_nothing_is_kept_beside_an_error(
        self, as_user, session, office, present
    ):
        first, second = present
        half = dict(list(self.typed(second, 60, 60).items())[:1])
        page = as_user(make_proctor(office)).post(
            self.url(session), {**self.typed(first, 90, 80), **half}
        )
        assert page.status_code == 422
        assert "Isi semua komponen orang ini" in page.content.decode()
        wrong = as_user(make_proctor(office)).post(self.url(session), self.typed(first, 90, 101))
        assert "Nilai paling besar 100" in wrong.content.decode()
        assert not TestResult.objects.exists()

    def test_not_after_confirmation(self, as_user, session, office, present):
        session.results_confirmed_at = timezone.now()
        session.save()
        page = as_user(make_proctor(office)).post(self.url(session), self.typed(present[0], 90, 80))
        assert "sudah dipastikan" in page.content.decode()

    def test_refusals(self, refuses_everybody_else, session):
        refuses_everybody_else(self.url(session), stranger=make_proctor())


class TestPublish:
    @pytest.fixture
    def ready(self, session):
        seats = scored(session, by=make_user())
        results.confirm_results(session, by=make_admin())
        return seats

    def statuses(self):
        return list(Proposal.objects.order_by("name").values_list("status", flat=True))

    def test_one_act_ends_or_readies_everybody_once(self, as_user, session, ready):
        client = as_user(make_admin())
        url = f"/uji/pengumuman/{session.period_id}/umumkan/"
        client.post(url, {"when": "now"})
        client.post(url, {"when": "now"})
        assert Publication.objects.count() == 1
        publish_due()
        publish_due()
        assert self.statuses() == ["ready", "test_failed", "test_absent"]
        assert OutboxMessage.objects.filter(template="proposal_ready").count() == 1
        assert OutboxMessage.objects.filter(template="proposal_ended").count() == 2

    def test_a_run_that_was_killed_half_way_goes_on(self, session, ready, monkeypatch):
        publishing.publish(session.period, by=make_admin())
        one, calls = publishing._publish_some, []

        def die_after_the_second(publication):
            calls.append(publication)
            with transaction.atomic():
                more = one(publication)
                if len(calls) == 2:
                    raise KeyboardInterrupt
            return more

        monkeypatch.setattr(publishing, "CHUNK", 1)
        monkeypatch.setattr(publishing, "_publish_some", die_after_the_second)
        with pytest.raises(KeyboardInterrupt):
            publish_due()
        assert sorted(self.statuses()) == ["ready", "test_required", "test_required"]
        monkeypatch.undo()
        publish_due()
        assert self.statuses() == ["ready", "test_failed", "test_absent"]
        assert list(broken_links()) == []
        assert OutboxMessage.objects.filter(template="proposal_ready").count() == 1
        assert Publication.objects.get().finished_at

    def test_a_time_in_the_future_waits_and_can_be_taken_back(self, as_user, session, ready):
        client = as_user(make_admin())
        client.post(f"/uji/pengumuman/{session.period_id}/umumkan/", {"when": "scheduled"})
        publish_due()
        assert self.statuses() == ["test_required"] * 3
        client.post(f"/uji/pengumuman/{Publication.objects.get().pk}/batalkan/")
        assert not Publication.objects.exists()

    def test_not_while_a_session_is_unconfirmed(self, session):
        with pytest.raises(TransitionError, match="belum dipastikan"):
            publishing.publish(session.period, by=make_admin())

    def test_refusals(self, refuses_everybody_else, session):
        refuses_everybody_else(
            f"/uji/pengumuman/{session.period_id}/umumkan/",
            onlooker=make_operator(),
            allowed=make_admin(),
        )

    def test_the_page_counts_the_absent_too_and_only_what_is_confirmed(self, as_user, session):
        """One present with a result, one late, one absent: three wait, three were announced."""
        scored(session, by=make_user())
        client = as_user(make_admin())

        def counts() -> tuple[int, int]:
            entry = next(
                entry
                for entry in client.get("/uji/pengumuman/").context["entries"]
                if entry["period"].pk == session.period_id
            )
            return entry["waiting"], entry["published"]

        assert counts() == (0, 0)
        results.confirm_results(session, by=make_user())
        assert counts() == (3, 0)
        publishing.publish(session.period, by=make_user())
        publish_due()
        assert counts() == (0, 3)


class TestPublicPage:
    def test_hidden_until_published_then_masked(self, client, session):
        scored(session, by=make_user())
        assert "Ani Baik" not in client.get("/uji/hasil/?q=ani").content.decode()
        TestResult.objects.update(published_at=timezone.now())
        page = client.get("/uji/hasil/?q=ani+baik").content.decode()
        nip = Proposal.objects.get(name="Ani Baik").nip
        assert "Ani Baik" in page
        assert nip not in page.replace(" ", "")
        assert "••" in page

    def test_too_many_searches_of_one_network(self, client, monkeypatch):
        monkeypatch.setattr("competency.views.results.SEARCHES", 2)
        for _ in range(2):
            assert client.get("/uji/hasil/?q=maria").status_code == 200
        page = client.get("/uji/hasil/?q=maria")
        assert page.status_code == 429
        assert "Terlalu banyak pencarian" in page.content.decode()
        assert client.get("/uji/hasil/").status_code == 200

    def test_three_letters_at_least(self, client):
        assert "paling sedikit 3 huruf" in client.get("/uji/hasil/?q=an").content.decode()

    def test_participant_sees_components_only_after_publication(self, as_user, session):
        seats = scored(session, by=make_user())
        client = as_user(seats[0].proposal.participant)
        url = f"/uji/peserta/{seats[0].proposal_id}/"
        assert client.get(url).context["result"] is None
        TestResult.objects.update(published_at=timezone.now())
        assert client.get(url).context["result"].total == Decimal("83.00")
