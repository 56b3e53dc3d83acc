"""proposals:reopen: an administrator opens an ended proposal again, with a reason."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from inpassing.notifications.models import OutboxMessage
from inpassing.timeline.events import events_of
from proposals.closing import close_due
from proposals.models import Formation, FormationLine, Proposal
from tests.factories import (
    make_admin,
    make_agency,
    make_operator,
    make_period,
    make_proposal,
    make_verifier,
)

pytestmark = pytest.mark.django_db
WHY = {"reason": "Berkas hilang karena gangguan sistem"}


@pytest.fixture
def admin():
    return make_admin()


def url_of(proposal):
    return reverse("proposals:reopen", args=[proposal.pk])


def status_of(proposal):
    return Proposal.objects.values_list("status", flat=True).get(pk=proposal.pk)


def told(client, proposal) -> str:
    return client.post(url_of(proposal), WHY, follow=True).content.decode()


@pytest.mark.parametrize(
    ("ended", "reopened"),
    [
        ("not_proposed", "draft"),
        ("nomination_rejected", "nominated"),
        ("not_eligible", "filling"),
        ("portfolio_failed", "eligible"),
        ("test_failed", "test_required"),
        ("test_absent", "test_required"),
        ("not_recommended", "ready"),
        ("withdrawn", "filling"),
    ],
)
def test_it_stands_where_it_stood(as_user, admin, ended, reopened):
    proposal = make_proposal(status=ended, end_note="Alasan lama")
    client = as_user(admin)
    assert (
        url_of(proposal)
        in client.get(reverse("proposals:detail", args=[proposal.pk])).content.decode()
    )
    assert "Buka kembali usulan" in client.get(url_of(proposal)).content.decode()
    answer = client.post(url_of(proposal), WHY)
    assert answer.url == reverse("proposals:detail", args=[proposal.pk])
    proposal.refresh_from_db()
    assert (proposal.status, proposal.end_note) == (reopened, "")
    event = events_of(proposal).get()
    assert (event.kind, event.actor, event.detail.text) == (
        "proposal.reopened",
        admin,
        WHY["reason"],
    )


def test_the_agency_and_the_participant_are_told(as_user, admin):
    proposal = make_proposal(status="not_eligible")
    operator = make_operator(proposal.agency)
    as_user(admin).post(url_of(proposal), WHY)
    mails = OutboxMessage.objects.filter(template="proposal_reopened")
    assert {m.user for m in mails} == {operator, proposal.participant}
    assert {m.fields["alasan"] for m in mails} == {WHY["reason"]}


def test_the_message_is_shown_before_anything_is_sent(as_user, admin):
    proposal = make_proposal(status="not_eligible", end_note="Alasan lama")
    operator = make_operator(proposal.agency)
    client = as_user(admin)
    page = client.post(url_of(proposal), {**WHY, "pratinjau": "1"})
    assert page.status_code == 200
    (letter,) = page.context["preview"].letters
    assert WHY["reason"] in letter.body
    assert sorted(letter.to) == sorted(
        f"{person.full_name} ({person.email})" for person in (operator, proposal.participant)
    )
    assert WHY["reason"] in str(page.context["form"]["reason"])
    proposal.refresh_from_db()
    assert (proposal.status, proposal.end_note) == ("not_eligible", "Alasan lama")
    assert not OutboxMessage.objects.exists()
    assert not events_of(proposal).exists()
    client.post(url_of(proposal), WHY)
    assert status_of(proposal) == "filling"
    assert OutboxMessage.objects.filter(template="proposal_reopened").count() == 2


def test_what_would_be_refused_is_said_beforehand(as_user, admin):
    ended = make_proposal(status="withdrawn")
    make_proposal(ended.agency, ended.period, nip=ended.nip)
    page = as_user(admin).post(url_of(ended), {**WHY, "pratinjau": "1"})
    assert "usulan lain yang masih berjalan" in page.context["preview"].refusal
    assert WHY["reason"] in page.content.decode()
    assert status_of(ended) == "withdrawn"
    assert not events_of(ended).exists()
    empty = as_user(admin).post(url_of(ended), {"reason": " ", "pratinjau": "1"})
    assert (empty.status_code, empty.context["preview"]) == (422, None)


def test_who_fills_again_gets_the_minimum_filling_time(as_user, admin):
    now = timezone.now()
    period = make_period(
        opens_at=now - dt.timedelta(days=30),
        nomination_deadline=now - dt.timedelta(days=20),
        filing_deadline=now - dt.timedelta(days=2),
    )
    proposal = make_proposal(period=period, status="not_eligible", complete=False)
    as_user(admin).post(url_of(proposal), WHY)
    proposal.refresh_from_db()
    assert proposal.status == "filling"
    assert proposal.filing_deadline > now + dt.timedelta(days=4)


def test_what_the_repair_date_ended_is_repaired_anew(as_user, admin):
    now = timezone.now()
    period = make_period(
        opens_at=now - dt.timedelta(days=30),
        nomination_deadline=now - dt.timedelta(days=20),
        filing_deadline=now - dt.timedelta(days=9),
    )
    proposal = make_proposal(
        period=period,
        status="returned",
        submitted_at=now - dt.timedelta(days=10),
        repair_deadline=now - dt.timedelta(days=1),
    )
    proposal.documents.filter(order=1).update(review="returned")
    close_due(now)
    assert status_of(proposal) == "not_eligible"
    as_user(admin).post(url_of(proposal), WHY)
    proposal.refresh_from_db()
    assert proposal.status == "returned"
    assert proposal.repair_deadline > now + dt.timedelta(days=6)
    assert close_due(now) == 0


def test_a_proposal_that_has_not_ended(as_user, admin):
    proposal = make_proposal(status="submitted")
    client = as_user(admin)
    assert client.get(url_of(proposal)).url == reverse("proposals:detail", args=[proposal.pk])
    assert "Usulan ini belum berakhir" in told(client, proposal)
    assert status_of(proposal) == "submitted"


def test_a_second_click(as_user, admin):
    proposal = make_proposal(status="not_eligible")
    client = as_user(admin)
    client.post(url_of(proposal), WHY)
    assert "Usulan ini belum berakhir" in told(client, proposal)
    assert events_of(proposal).count() == 1


def test_another_active_proposal_of_the_nip_stands_against_it(as_user, admin):
    ended = make_proposal(status="withdrawn")
    make_proposal(ended.agency, ended.period, nip=ended.nip)
    page = told(as_user(admin), ended)
    assert "usulan lain yang masih berjalan pada periode yang sama" in page
    assert status_of(ended) == "withdrawn"
    assert not events_of(ended).exists()


def test_without_a_post_left(as_user, admin):
    agency, period = make_agency(), make_period()
    ended = make_proposal(agency, period, status="not_eligible")
    FormationLine.objects.update(needed=1, filled=0)
    make_proposal(agency, period, status="nominated")
    assert "sudah habis: 1 dari 1 dipakai" in told(as_user(admin), ended)
    assert status_of(ended) == "not_eligible"


def test_without_a_formation_at_bps(as_user, admin):
    ended = make_proposal(status="not_eligible")
    Formation.objects.update(status="returned")
    assert "belum dikirim ke BPS" in told(as_user(admin), ended)
    assert status_of(ended) == "not_eligible"


def test_a_draft_would_be_closed_again_at_once(as_user, admin):
    period = make_period(nomination_deadline=timezone.now() - dt.timedelta(days=1))
    ended = make_proposal(period=period, status="not_proposed")
    assert "Undurkan batas pengusulan periode dahulu" in told(as_user(admin), ended)
    assert status_of(ended) == "not_proposed"


def test_a_reason_is_needed(as_user, admin):
    proposal = make_proposal(status="not_eligible")
    page = as_user(admin).post(url_of(proposal), {"reason": " "})
    assert page.status_code == 422
    assert status_of(proposal) == "not_eligible"


def test_only_administrators_and_never_for_themself(as_user, refuses_everybody_else):
    proposal = make_proposal(status="not_eligible")
    for onlooker in (make_operator(proposal.agency), make_verifier(), proposal.participant):
        refuses_everybody_else(
            url_of(proposal), data=WHY, onlooker=onlooker, stranger=make_operator()
        )
        page = as_user(onlooker).get(reverse("proposals:detail", args=[proposal.pk]), follow=True)
        assert url_of(proposal) not in page.content.decode()
    own = make_admin(nip=proposal.nip[:-3] + "999")
    Proposal.objects.filter(pk=proposal.pk).update(nip=own.nip)
    assert as_user(own).post(url_of(proposal), WHY).status_code == 403
    assert status_of(proposal) == "not_eligible"
