"""A published result changes only with a reason and two people, and the proposal moves along."""

from decimal import Decimal

import pytest

from competency import corrections, publishing, results
from competency.models import ResultCorrection, TestResult, TestSession
from competency.tasks import publish_due
from inpassing.errors import TransitionError
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import BpsOffice
from inpassing.timeline.events import story_of
from proposals import workflow as proposals
from proposals.models import FormationLine, Proposal
from tests.competency.factories import begin, make_seat, make_session, scores_for
from tests.factories import make_admin, make_operator, make_proposal, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    """Two people whose results are published: one passed, one failed."""
    session = make_session(office=BpsOffice.objects.get(region="74.72"))
    for name, scores in (("Ani Baik", (80, 90)), ("Budi Lemah", (60, 70))):
        person = make_proposal(period=session.period, status="test_required", name=name)
        seat = make_seat(session, person, attendance="present")
        results.enter_result(seat, scores_for(seat, *scores), by=make_user())
    begin(session)
    admin = make_admin()
    assert results.confirm_all(session.period, by=admin) == 1
    publishing.publish(session.period, by=admin)
    publish_due()
    return session


def result_of(name):
    return TestResult.objects.get(seat__proposal__name=name)


def typed(result, first, second):
    scores = scores_for(result.seat, first, second)
    return {f"c{pk}": str(score) for pk, score in scores.items()} | {"reason": "Salah hitung"}


class TestCorrect:
    def test_who_failed_by_mistake_is_ready_after_two_people_agreed(self, as_user, session):
        result = result_of("Budi Lemah")
        first, second = make_admin(), make_admin()
        url = f"/uji/nilai/{result.pk}/koreksi/"
        assert as_user(first).post(url, typed(result, 90, 90)).status_code == 302
        assert result_of("Budi Lemah").total == Decimal("63.00")
        correction = ResultCorrection.objects.get()
        decide = f"/uji/nilai/koreksi/{correction.pk}/setujui/"
        page = as_user(first).post(decide, follow=True).content.decode()
        assert "Putusannya oleh petugas lain" in page
        for _ in range(2):
            as_user(second).post(decide)
        result = result_of("Budi Lemah")
        assert result.total == Decimal("90.00")
        assert result.seat.proposal.status == Proposal.Status.READY
        person = result.seat.proposal.participant
        assert OutboxMessage.objects.filter(template="result_corrected", user=person).count() == 1
        kinds = [event.kind for event in story_of(result.seat.proposal)]
        assert kinds.count("result.corrected") == 1
        page = as_user(person).get(f"/uji/peserta/{result.seat.proposal_id}/").content.decode()
        assert "Salah hitung" in page

    def test_who_passed_by_mistake_ends(self, session):
        result = result_of("Ani Baik")
        correction = corrections.propose_correction(
            result, scores_for(result.seat, 10, 10), by=make_admin(), reason="Tertukar"
        )
        corrections.apply_correction(correction, by=make_admin())
        assert result_of("Ani Baik").seat.proposal.status == Proposal.Status.TEST_FAILED

    def test_without_a_post_nothing_changes(self, session):
        result = result_of("Budi Lemah")
        correction = corrections.propose_correction(
            result, scores_for(result.seat, 90, 90), by=make_admin(), reason="Salah hitung"
        )
        FormationLine.objects.update(needed=0, filled=0, validated=0)
        with pytest.raises(TransitionError, match="sudah habis"):
            corrections.apply_correction(correction, by=make_admin())
        correction.refresh_from_db()
        assert correction.decided_at is None
        assert result_of("Budi Lemah").total == Decimal("63.00")

    def test_refused_when_the_same_twice_or_too_late(self, session):
        result = result_of("Ani Baik")
        by, scores = make_admin(), scores_for(result.seat, 81, 90)
        with pytest.raises(TransitionError, match="sama dengan"):
            corrections.propose_correction(
                result, scores_for(result.seat, 80, 90), by=by, reason="-"
            )
        corrections.propose_correction(result, scores, by=by, reason="Salah ketik")
        with pytest.raises(TransitionError, match="masih menunggu"):
            corrections.propose_correction(result, scores, by=by, reason="Salah ketik")
        proposals.mark_not_recommended(result.seat.proposal, by=by, reason="Formasi habis")
        with pytest.raises(TransitionError, match="tidak dapat dikoreksi"):
            corrections.apply_correction(ResultCorrection.objects.get(), by=make_admin())

    def test_left_as_it_is(self, as_user, session):
        result = result_of("Ani Baik")
        correction = corrections.propose_correction(
            result, scores_for(result.seat, 81, 90), by=make_admin(), reason="Salah ketik"
        )
        as_user(make_admin()).post(f"/uji/nilai/koreksi/{correction.pk}/tolak/")
        correction.refresh_from_db()
        assert correction.applied is False
        assert result_of("Ani Baik").total == Decimal("83.00")

    @pytest.mark.parametrize("act", ["setujui", "tolak"])
    def test_refusals(self, act, session, refuses_everybody_else):
        result = result_of("Ani Baik")
        correction = corrections.propose_correction(
            result, scores_for(result.seat, 81, 90), by=make_admin(), reason="Salah ketik"
        )
        refuses_everybody_else(
            f"/uji/nilai/koreksi/{correction.pk}/{act}/",
            onlooker=make_operator(),
            allowed=make_admin(),
        )


def test_confirming_all_leaves_out_what_is_incomplete_or_one_s_own(session):
    by, other = make_admin(), make_user()
    TestSession.objects.update(results_confirmed_at=None, results_confirmed_by=None)
    own, incomplete = (make_session(session.period) for _ in range(2))
    for row, person in ((own, by), (incomplete, other)):
        seat = make_seat(
            row, make_proposal(period=session.period, status="test_required"), attendance="present"
        )
        if row == own:
            results.enter_result(seat, scores_for(seat, 80, 80), by=person)
    assert results.confirm_all(session.period, by=by) == 1
    assert results.confirm_all(session.period, by=by) == 0
    confirmed = TestSession.objects.exclude(results_confirmed_at=None)
    assert [row.pk for row in confirmed] == [session.pk]


def test_statistics_count_by_wave_and_place(as_user, session):
    TestSession.objects.update(wave="Gelombang 1")
    client = as_user(make_admin())
    page = client.get(f"/uji/statistik/{session.period_id}/")
    (wave,) = page.context["waves"]
    figures = (wave["place"], wave["people"], wave["passed"], wave["share"])
    assert figures == ("Gelombang 1", 2, 1, 50)
    (place,) = page.context["places"]
    assert (place["name"], place["mean"]) == ("Sulawesi Tenggara", Decimal(73))
    office = client.get(f"/uji/statistik/{session.period_id}/?provinsi=74").context["places"]
    assert [row["name"] for row in office] == ["BPS Kota Bau Bau"]
    assert as_user(make_operator()).get(f"/uji/statistik/{session.period_id}/").status_code == 403
