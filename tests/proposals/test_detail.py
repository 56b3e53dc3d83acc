"""The record of one proposal, for the agency and for BPS."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inpassing.timeline.events import record
from proposals.models import Proposal
from tests.factories import (
    make_admin,
    make_agency,
    make_nip,
    make_operator,
    make_period,
    make_proposal,
    make_user,
    make_verifier,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return make_operator()


@pytest.fixture
def agency(operator):
    return operator.employer


def url(proposal):
    return reverse("proposals:detail", args=[proposal.pk])


def test_the_participant_is_taken_to_the_own_tasks(as_user, agency):
    proposal = make_proposal(agency, status="filling")
    answer = as_user(proposal.participant).get(url(proposal))
    assert answer.url == reverse("proposals:tasks", args=[proposal.pk])


@pytest.mark.parametrize(
    ("status", "acts", "holder"),
    [
        ("draft", {"can_edit", "can_nominate", "can_withdraw"}, "Anda"),
        ("nominated", {"can_withdraw"}, "BPS"),
        ("filling", {"can_withdraw"}, "Peserta"),
        ("submitted", {"can_withdraw"}, "BPS"),
        ("returned", {"can_withdraw"}, "Peserta"),
        ("ready", set(), "BPS"),
        ("recommended", set(), "Anda"),
        ("withdrawn", set(), "Selesai"),
    ],
)
def test_the_acts_and_who_holds_it(as_user, operator, agency, status, acts, holder):
    page = as_user(operator).get(url(make_proposal(agency, status=status)))
    offered = {
        name
        for name in ("can_edit", "can_nominate", "can_withdraw", "can_invite")
        if page.context[name]
    }
    assert offered == acts
    assert page.context["standing"].holder == holder


@pytest.mark.parametrize("status", [status.value for status in Proposal.Status])
def test_every_status_has_a_page(as_user, operator, agency, status):
    page = as_user(operator).get(url(make_proposal(agency, status=status)))
    assert page.status_code == 200
    assert [step["label"] for step in page.context["steps"]] == [
        "Pengusulan",
        "Verifikasi dan validasi",
        "Uji kompetensi",
        "Rekomendasi",
    ]


def test_bps_reads_without_acts(as_user, agency):
    proposal = make_proposal(agency, status="submitted")
    for user in (make_verifier(), make_admin()):
        page = as_user(user).get(url(proposal))
        assert page.status_code == 200
        assert not page.context["can_edit"]
        assert page.context["standing"].word == "Menunggu verifikasi berkas"


def test_a_verifier_sees_no_draft_and_strangers_see_nothing(as_user, agency):
    draft, sent = make_proposal(agency), make_proposal(agency, status="nominated")
    assert as_user(make_verifier()).get(url(draft)).status_code == 404
    for user in (make_operator(), make_user()):
        assert as_user(user).get(url(sent)).status_code == 404
    assert as_user(None).get(url(sent)).status_code == 302
    own = make_verifier(nip=sent.nip)
    assert as_user(own).get(url(sent)).status_code == 404


def test_documents_eligibility_and_story_are_there(as_user, operator, agency):
    proposal = make_proposal(agency, status="returned")
    document = proposal.documents.first()
    document.review, document.reason, document.note = "returned", "Belum dilegalisasi", "Halaman 2."
    document.save()
    record(proposal, "proposal.returned", "Dikembalikan", by=operator, note="Periksa lagi.")
    page = as_user(operator).get(url(proposal))
    html = page.content.decode()
    assert len(page.context["documents"]) == 8
    assert "Belum dilegalisasi: Halaman 2." in html
    assert reverse("proposals:document_file", args=[document.current_id]) in html
    assert "Periksa lagi." in html
    assert {v["source"].split(" ·")[0] for v in page.context["verdicts"]} >= {
        "Aturan E1",
        "Aturan E16",
    }


def test_an_ended_proposal_says_why_and_judges_no_more(as_user, operator, agency):
    proposal = make_proposal(agency, status="not_eligible", end_note="SK PNS tidak ada.")
    page = as_user(operator).get(url(proposal))
    assert "SK PNS tidak ada." in page.content.decode()
    assert page.context["verdicts"] == []


def test_times_are_said_in_the_readers_zone(as_user, agency):
    east = make_agency(region="91")
    proposal = make_proposal(east, status="submitted")
    local = make_operator(east)
    assert "WIT" in as_user(local).get(url(proposal)).context["since_text"]
    assert "WIB" in as_user(make_verifier()).get(url(proposal)).context["since_text"]


def test_the_cost_does_not_grow_with_the_story(as_user, operator, agency):
    period = make_period()
    proposal = make_proposal(agency, period, status="submitted")
    client = as_user(operator)
    record(proposal, "proposal.submitted", "Dikirim", by=operator)
    with CaptureQueriesContext(connection) as few:
        client.get(url(proposal))
    for number in range(20):
        actor = make_user(f"Orang {number}")
        record(proposal, "proposal.x", "Kejadian", by=actor, note="Catatan.")
        make_proposal(agency, period, status="filling", nip=make_nip(), complete=False)
    with CaptureQueriesContext(connection) as many:
        client.get(url(proposal))
    assert len(many) == len(few) <= 25
