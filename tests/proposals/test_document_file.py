"""proposals:document, document_slot, document_file, document_preview: who sees what of a slot."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from inpassing.files.models import FileAccess
from inpassing.files.storage import save_preview
from proposals.models import Proposal, ProposalDocument
from tests.factories import make_admin, make_operator, make_user, make_verifier
from tests.proposals.filing import filing, operator_of, pdf, put, slot, strangers_of

pytestmark = pytest.mark.django_db


def file_url(version) -> str:
    return reverse("proposals:document_file", args=[version.pk])


def body_of(response) -> bytes:
    return b"".join(response.streaming_content)


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_everybody_concerned_opens_the_file_and_is_logged(as_user):
    proposal = filing(Proposal.Status.SUBMITTED, submitted_at=timezone.now())
    version = slot(proposal).current
    people = [proposal.participant, operator_of(proposal), make_verifier(), make_admin()]
    for person in people:
        response = as_user(person).get(file_url(version))
        assert response.status_code == 200
        assert body_of(response) == pdf(f"slot {version.document_id}")
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"].startswith("inline")
        assert response["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    opened = FileAccess.objects.filter(file=version.file).values_list("user", flat=True)
    assert list(opened) == [person.pk for person in people]


def test_a_stranger_does_not_learn_that_the_file_exists(as_user):
    version = slot(filing()).current
    for person in (make_user(), make_operator()):
        assert as_user(person).get(file_url(version)).status_code == 404
        preview = reverse("proposals:document_preview", args=[version.pk])
        assert as_user(person).get(preview).status_code == 404
    assert as_user(None).get(file_url(version)).status_code == 302
    assert FileAccess.objects.count() == 0


@pytest.mark.parametrize("state", ["waiting", "refused"])
def test_what_may_do_harm_is_only_for_its_owner_and_only_to_download(as_user, state):
    proposal = filing()
    version = put(slot(proposal), pdf("bahaya"), state=state)
    response = as_user(proposal.participant).get(file_url(version))
    assert response["Content-Disposition"].startswith("attachment")
    assert body_of(response)
    assert as_user(operator_of(proposal)).get(file_url(version)).status_code == 403
    assert as_user(make_verifier()).get(file_url(version)).status_code == 403


def test_the_picture_is_served_where_there_is_one(as_user):
    proposal = filing()
    version = slot(proposal).current
    client = as_user(proposal.participant)
    url = reverse("proposals:document_preview", args=[version.pk])
    assert client.get(url).status_code == 404
    version.file.preview_path = save_preview(version.file, b"RIFFxxxxWEBP")
    version.file.save()
    response = client.get(url)
    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert body_of(response)
    assert url in text_of(client.get(reverse("proposals:tasks", args=[proposal.pk])))


def test_the_page_of_a_refused_document_says_what_to_do(as_user):
    proposal = filing()
    document = slot(proposal, "transkrip")
    put(
        document,
        pdf("kunci"),
        state="refused",
        code="encrypted",
        message="Berkas terkunci kata sandi. Simpan ulang tanpa kata sandi, lalu unggah lagi.",
    )
    page = text_of(as_user(proposal.participant).get(f"/dokumen/{document.pk}/"))
    assert "Dokumen 5 dari 8" in page
    assert "Berkas terkunci kata sandi." in page
    assert "Simpan sebagai PDF" in page
    assert "Versi 2: ditolak sistem" in page
    assert "Versi 1: terbaca baik" in page
    assert "Cap legalisasi tampak jelas" in page


def test_the_page_of_a_frozen_document_takes_no_upload(as_user):
    proposal = filing(Proposal.Status.RETURNED)
    document = slot(proposal)
    ProposalDocument.objects.filter(pk=document.pk).update(review="accepted")
    page = text_of(as_user(proposal.participant).get(f"/dokumen/{document.pk}/"))
    assert "Diterima dan terkunci." in page
    assert "data-upload" not in page


@pytest.mark.parametrize("state", ["waiting", "accepted"])
def test_a_slot_asks_again_only_while_it_waits(as_user, state):
    proposal = filing()
    document = slot(proposal)
    put(document, pdf("n"), state=state)
    url = reverse("proposals:document_slot", args=[document.pk])
    part = text_of(as_user(proposal.participant).get(url, {"dari": "daftar"}))
    assert (f'class="slot slot--{state}"') in part
    assert f'data-poll-url="{url}?dari=daftar"' in part
    assert ("perbarui status" in part) is (state == "waiting")


def test_a_verdict_that_is_late_says_that_the_file_is_safe(as_user):
    proposal = filing(complete=False)
    version = put(slot(proposal), pdf("n"), state="waiting")
    version.file.created_at = timezone.now() - dt.timedelta(minutes=5)
    version.file.save()
    page = text_of(as_user(proposal.participant).get(f"/usulan/{proposal.pk}/berkas/"))
    assert "Pemeriksaan sedang tertunda; berkas Anda aman dan tetap dihitung." in page


def test_the_pages_of_a_slot_are_the_participants_alone(as_user):
    proposal = filing()
    document = slot(proposal)
    stranger, onlooker = strangers_of(proposal)
    for name in ("document", "document_slot"):
        url = reverse(f"proposals:{name}", args=[document.pk])
        assert as_user(stranger).get(url).status_code == 404
        assert as_user(onlooker).get(url).status_code == 403
        assert as_user(operator_of(proposal)).get(url).status_code == 403
        assert as_user(None).get(url).status_code == 302
