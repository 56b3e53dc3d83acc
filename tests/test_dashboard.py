"""The home page of each role: tasks that link to the list that makes them up."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inpassing import dashboard
from inpassing.reference.models import Period
from proposals.models import AgencyDeadline, Formation
from tests.factories import (
    make_admin,
    make_agency,
    make_formation,
    make_operator,
    make_period,
    make_proctor,
    make_proposal,
    make_signer,
    make_user,
    make_verifier,
    make_work_unit,
)

pytestmark = pytest.mark.django_db


def tasks_of(client):
    return {
        task.label: (task.count, task.url) for task in client.get("/beranda/").context["page"].tasks
    }


def test_operator_sees_what_the_own_agency_must_do(as_user):
    agency, period = make_agency(), make_period()
    make_formation(agency, period, status=Formation.Status.RETURNED)
    make_proposal(agency, period)
    make_proposal(period=period)
    tasks = tasks_of(as_user(make_operator(agency)))
    assert tasks["Lengkapi 1 konsep calon lalu kirim"] == (1, "/usulan/?status=draft")
    assert tasks["Perbaiki formasi Pranata Komputer"][0] == 1


def test_operator_is_told_of_missing_appointment_decrees_of_any_period(as_user):
    agency = make_agency()
    make_proposal(agency, make_period(status=Period.Status.CLOSED), status="recommended")
    make_proposal(status="recommended")
    tasks = tasks_of(as_user(make_operator(agency)))
    assert tasks["Unggah keputusan pengangkatan"] == (1, "/surat/?jenis=recommendation")


def test_an_agency_without_units_is_told_to_begin_with_them(as_user):
    agency = make_agency()
    client = as_user(make_operator(agency))
    make_period()
    first = client.get("/beranda/").context["page"].tasks[0]
    assert (first.label, first.url) == (
        f"Isi unit kerja {agency.name}",
        f"/unit-kerja/?instansi={agency.pk}",
    )
    assert "Langkah pertama: Pimpinan Perangkat Daerah dicetak" in first.note
    make_work_unit(agency, is_active=False)
    assert f"Isi unit kerja {agency.name}" in tasks_of(client)
    make_work_unit(agency)
    assert f"Isi unit kerja {agency.name}" not in tasks_of(client)


def test_verifier_sees_the_queues_in_scope(as_user):
    period = make_period()
    own = make_agency()
    for status in ("nominated", "submitted", "submitted", "eligible"):
        make_proposal(period=period, status=status)
    make_proposal(own, period, status="submitted")
    tasks = tasks_of(as_user(make_verifier(employer=own)))
    assert tasks["Periksa berkas peserta"] == (2, "/verifikasi/antrean/berkas/")
    assert tasks["Periksa usulan instansi"][0] == 1
    assert tasks["Nilai portofolio"][0] == 1


def test_links_of_tasks_lead_to_as_many_rows(as_user):
    period = make_period()
    for status in ("submitted", "submitted", "nominated"):
        make_proposal(period=period, status=status)
    client = as_user(make_verifier())
    for count, url in tasks_of(client).values():
        page = client.get(url)
        assert page.status_code == 200
        assert len(page.context["rows"]) == count


def test_participant_with_one_running_proposal_goes_straight_to_it(as_user):
    proposal = make_proposal(status="filling")
    response = as_user(proposal.participant).get("/beranda/")
    assert response.headers["Location"] == f"/usulan/{proposal.pk}/"


def test_participant_with_ended_proposals_sees_them(as_user):
    proposal = make_proposal(status="test_failed")
    page = as_user(proposal.participant).get("/beranda/").content.decode()
    assert proposal.level.name in page
    assert "Tidak lulus uji kompetensi" in page


def test_somebody_without_any_role_is_told_what_to_expect(as_user):
    assert "Belum ada usulan untuk Anda" in as_user(make_user()).get("/beranda/").content.decode()


def test_admin_without_a_period_is_told_to_make_one(as_user):
    assert "Buat dan buka periode pertama" in tasks_of(as_user(make_admin()))


def test_funnel_counts_every_status_and_links_to_it(as_user):
    period = make_period()
    for status in ("draft", "submitted", "submitted", "ready"):
        make_proposal(period=period, status=status)
    bars = as_user(make_admin()).get("/beranda/").context["page"].funnel
    assert [(bar["count"], bar["url"]) for bar in bars] == [
        (1, f"/usulan/?periode={period.pk}&status=draft"),
        (2, f"/usulan/?periode={period.pk}&status=submitted"),
        (1, f"/usulan/?periode={period.pk}&status=ready"),
    ]


@pytest.mark.parametrize("maker", [make_proctor, make_signer])
def test_quiet_roles_get_an_empty_state(as_user, maker):
    make_period()
    assert "Tidak ada yang menunggu Anda" in as_user(maker()).get("/beranda/").content.decode()


@pytest.mark.parametrize("maker", [make_verifier, make_admin])
def test_same_number_of_queries_whatever_the_rows(as_user, maker):
    period, client = make_period(), as_user(maker())
    agency = make_proposal(period=period, status="submitted").agency
    client.get("/beranda/")
    with CaptureQueriesContext(connection) as one:
        client.get("/beranda/")
    for _ in range(10):
        make_proposal(agency, period, status="submitted", complete=False)
    with CaptureQueriesContext(connection) as many:
        client.get("/beranda/")
    assert len(many) == len(one) <= 20


def test_figures_of_a_large_period_are_kept_for_a_minute(as_user, monkeypatch):
    period, admin = make_period(), make_admin()
    agency = make_agency()
    make_proposal(agency, period)

    def drafts() -> int:
        funnel = as_user(admin).get("/beranda/").context["page"].funnel
        return {row["label"]: row["count"] for row in funnel}["Konsep operator"]

    assert drafts() == 1
    make_proposal(agency, period)
    assert drafts() == 2, "a small period is counted anew"
    monkeypatch.setattr(dashboard, "LARGE", 1)
    assert drafts() == 2
    make_proposal(agency, period)
    assert drafts() == 2
    cache.clear()
    assert drafts() == 3


def test_the_date_that_counts_for_an_operator_is_the_next_one(as_user):
    agency, period = make_agency(region="74.72"), make_period()
    client = as_user(make_operator(agency))
    seen = client.get("/beranda/").context["deadline"]
    assert (seen.title, seen.at, seen.tz) == (
        "Batas pengusulan",
        period.nomination_deadline,
        "Asia/Makassar",
    )
    period.nomination_deadline = timezone.now() - dt.timedelta(minutes=1)
    period.save()
    own = AgencyDeadline.objects.create(
        agency=agency,
        period=period,
        filing_deadline=period.filing_deadline - dt.timedelta(days=2),
        reason="Permintaan instansi",
    )
    seen = client.get("/beranda/").context["deadline"]
    assert (seen.title, seen.at) == ("Batas pengiriman berkas", own.filing_deadline)
    seen = as_user(make_verifier()).get("/beranda/").context["deadline"]
    assert (seen.at, seen.tz) == (period.filing_deadline, "Asia/Jakarta")
