"""proposals:submit and proposals:receipt: the participant's final act and its proof."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from inpassing.notifications.models import OutboxMessage
from inpassing.timeline.models import TimelineEvent
from proposals.models import Proposal
from proposals.workflow import return_for_repair
from tests.factories import make_period, make_verifier
from tests.proposals.filing import filing, operator_of, pdf, put, slot, strangers_of, upload_of

pytestmark = pytest.mark.django_db
Status = Proposal.Status


def submit_url(proposal: Proposal) -> str:
    return reverse("proposals:submit", args=[proposal.pk])


def receipt_url(proposal: Proposal) -> str:
    return reverse("proposals:receipt", args=[proposal.pk])


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_a_complete_proposal_is_sent_with_a_receipt(as_user):
    proposal = filing()
    operator = operator_of(proposal)
    client = as_user(proposal.participant)
    response = client.post(submit_url(proposal))
    assert response.headers["Location"] == receipt_url(proposal)
    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED
    assert TimelineEvent.objects.filter(kind="proposal.submitted").count() == 1
    told = OutboxMessage.objects.filter(template="proposal_submitted")
    assert {m.user for m in told} == {proposal.participant, operator}
    page = text_of(client.get(receipt_url(proposal)))
    assert page.count("<tr>") == 9
    sha = slot(proposal).current.file.sha256
    assert f"{sha[:4]} {sha[4:8]} {sha[8:12]} {sha[12:16]}" in page
    assert "8 berkas." in page


def test_a_document_without_a_verdict_counts_as_present(as_user):
    proposal = filing()
    put(slot(proposal), pdf("n"), state="waiting", pages=None)
    client = as_user(proposal.participant)
    assert "1 dokumen masih diperiksa sistem" in text_of(
        client.get(reverse("proposals:check", args=[proposal.pk]))
    )
    client.post(submit_url(proposal))
    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED


@pytest.mark.parametrize("what", ["data", "document", "refused"])
def test_an_incomplete_proposal_is_refused_with_what_is_missing(as_user, what):
    proposal = filing()
    if what == "data":
        Proposal.objects.filter(pk=proposal.pk).update(graduation_year=None)
        missing = "tahun lulus"
    elif what == "document":
        proposal.documents.filter(requirement__code="ijazah").update(current=None)
        missing = "Fotokopi Ijazah yang diakui secara kedinasan"
    else:
        put(slot(proposal), pdf("n"), state="refused")
        missing = "Fotokopi Ijazah yang diakui secara kedinasan"
    response = as_user(proposal.participant).post(submit_url(proposal), follow=True)
    assert f"Belum lengkap: {missing}." in text_of(response)
    proposal.refresh_from_db()
    assert proposal.status == Status.FILLING
    assert not OutboxMessage.objects.exists()


def test_a_second_click_changes_nothing_and_shows_the_receipt(as_user):
    proposal = filing()
    client = as_user(proposal.participant)
    client.post(submit_url(proposal))
    sent_at = Proposal.objects.get(pk=proposal.pk).submitted_at
    response = client.post(submit_url(proposal), follow=True)
    page = text_of(response)
    assert "Keadaan usulan sekarang: menunggu verifikasi berkas." in page
    assert "Tanda terima berkas" in page
    assert TimelineEvent.objects.filter(kind="proposal.submitted").count() == 1
    assert Proposal.objects.get(pk=proposal.pk).submitted_at == sent_at


@pytest.mark.parametrize("status", [Status.ELIGIBLE, Status.NOT_ELIGIBLE, Status.WITHDRAWN])
def test_in_another_state_nothing_is_sent(as_user, status):
    proposal = filing(status)
    response = as_user(proposal.participant).post(submit_url(proposal), follow=True)
    assert "Tindakan ini tidak dapat dilakukan lagi." in text_of(response)
    proposal.refresh_from_db()
    assert proposal.status == status


@pytest.mark.parametrize(("minutes", "status"), [(9, Status.SUBMITTED), (11, Status.FILLING)])
def test_what_arrives_within_the_grace_counts(as_user, minutes, status):
    now = timezone.now()
    period = make_period(
        opens_at=now - dt.timedelta(days=30),
        nomination_deadline=now - dt.timedelta(days=20),
        filing_deadline=now - dt.timedelta(minutes=minutes),
    )
    proposal = filing(period=period)
    response = as_user(proposal.participant).post(submit_url(proposal), follow=True)
    proposal.refresh_from_db()
    assert proposal.status == status
    assert ("Batas pengiriman sudah lewat" in text_of(response)) is (status == Status.FILLING)


def test_sending_refuses_everybody_else(refuses_everybody_else):
    proposal = filing()
    stranger, onlooker = strangers_of(proposal)
    url = submit_url(proposal)
    refuses_everybody_else(url, stranger=stranger, onlooker=onlooker, allowed=proposal.participant)
    refuses_everybody_else(url, onlooker=operator_of(proposal))


def test_the_whole_way_of_a_repair(as_user):
    proposal = filing()
    client = as_user(proposal.participant)
    client.post(submit_url(proposal))
    document = slot(proposal)
    others = proposal.documents.exclude(pk=document.pk).values_list("pk", flat=True)
    return_for_repair(
        proposal,
        by=make_verifier(),
        returned={document.pk: ("Tidak terbaca", "Pindai ulang.")},
        accepted=list(others),
        deadline=timezone.now() + dt.timedelta(days=7),
    )
    refused = client.post(submit_url(proposal), follow=True)
    assert "Belum lengkap: Fotokopi Ijazah" in text_of(refused)
    client.post(
        reverse("proposals:document_upload", args=[document.pk]),
        {"file": upload_of(pdf("diperbaiki"), "ijazah-baru.pdf")},
    )
    # Until it is sent again, the receipt is that of the first sending.
    page = text_of(client.get(receipt_url(proposal)))
    assert "ijazah-baru.pdf" not in page
    assert "Sesudah itu berkas dikembalikan" in page
    assert client.post(submit_url(proposal)).headers["Location"] == receipt_url(proposal)
    page = text_of(client.get(receipt_url(proposal)))
    assert "ijazah-baru.pdf (versi 2)" in page
    proposal.refresh_from_db()
    assert (proposal.status, proposal.resubmissions) == (Status.SUBMITTED, 1)
    assert TimelineEvent.objects.filter(kind="proposal.resubmitted").count() == 1


def test_there_is_no_receipt_before_anything_was_sent(as_user):
    proposal = filing()
    response = as_user(proposal.participant).get(receipt_url(proposal))
    assert response.headers["Location"] == f"/usulan/{proposal.pk}/berkas/"


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_send_once(as_user):
    proposal = filing()
    start = threading.Barrier(2)

    def click() -> None:
        client = as_user(proposal.participant)
        start.wait()
        client.post(submit_url(proposal))
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert TimelineEvent.objects.filter(kind="proposal.submitted").count() == 1
    assert OutboxMessage.objects.filter(template="proposal_submitted").count() == 1
