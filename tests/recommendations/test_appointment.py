"""The appointment decree, through whole requests."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from inpassing.files.models import StoredFile
from proposals.models import Proposal
from recommendations.models import Appointment
from tests.factories import PDF, make_admin, make_level, make_operator
from tests.recommendations.factories import make_issued

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return response.content.decode()


def recommended() -> Proposal:
    return (
        make_issued(1).lines.select_related("proposal__agency", "proposal__period").get().proposal
    )


def decree(proposal: Proposal, **changes: object) -> dict[str, object]:
    today = timezone.localdate()
    return {
        "decree_number": "821/77/2026",
        "decree_date": today.isoformat(),
        "effective_on": today.isoformat(),
        "level": proposal.level_id,
        "rank": proposal.rank_id,
        "upload": SimpleUploadedFile("sk.pdf", PDF, "application/pdf"),
        **changes,
    }


def test_appointment(as_user, refuses_everybody_else) -> None:
    proposal = recommended()
    operator = make_operator(proposal.agency)
    url = reverse("recommendations:appointment", args=[proposal.pk])
    refuses_everybody_else(url, onlooker=proposal.participant, stranger=make_operator())
    assert as_user(make_admin()).post(url, decree(proposal)).status_code == 403
    client = as_user(operator)
    assert "Isi menurut keputusan" in text_of(client.get(url))
    response = client.post(url, decree(proposal), follow=True)
    assert "tercatat" in text_of(response)
    proposal.refresh_from_db()
    assert proposal.status == "appointed"
    row = Appointment.objects.get()
    assert (row.decree_number, row.level_id, row.created_by) == (
        "821/77/2026",
        proposal.level_id,
        operator,
    )
    again = client.post(url, decree(proposal, decree_number="lain"), follow=True)
    assert "Keadaan usulan sekarang: diangkat." in text_of(again)
    assert Appointment.objects.get().decree_number == "821/77/2026"


def test_another_level_than_recommended_is_refused(as_user) -> None:
    proposal = recommended()
    client = as_user(make_operator(proposal.agency))
    response = client.post(
        reverse("recommendations:appointment", args=[proposal.pk]),
        decree(proposal, level=make_level("PRAKOM", "muda").pk),
    )
    assert response.status_code == 422
    assert f"BPS merekomendasikan {proposal.level.name}." in text_of(response)
    assert "821/77/2026" in text_of(response)
    assert not Appointment.objects.exists()


def test_before_the_recommendation_there_is_nothing_to_upload(as_user) -> None:
    proposal = recommended()
    Proposal.objects.filter(pk=proposal.pk).update(status="ready")
    client = as_user(make_operator(proposal.agency))
    url = reverse("recommendations:appointment", args=[proposal.pk])
    assert "Belum ada keputusan" in text_of(client.get(url))
    response = client.post(url, decree(proposal), follow=True)
    assert "Keadaan usulan sekarang: siap direkomendasikan." in text_of(response)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        (b"\x89PNG\r\n", 422, "Berkas ini bukan PDF."),
        (PDF + b" " * (2 * 1024 * 1024), 413, "Berkas lebih dari 2 MB."),
    ],
)
def test_bad_files(as_user, content: bytes, status: int, says: str) -> None:
    proposal = recommended()
    client = as_user(make_operator(proposal.agency))
    before = StoredFile.objects.count()
    response = client.post(
        reverse("recommendations:appointment", args=[proposal.pk]),
        decree(proposal, upload=SimpleUploadedFile("sk.pdf", content, "application/pdf")),
    )
    assert response.status_code == status
    assert says in text_of(response)
    assert StoredFile.objects.count() == before


def test_a_body_far_beyond_the_limit_is_refused_by_its_length(as_user) -> None:
    proposal = recommended()
    client = as_user(make_operator(proposal.agency))
    big = SimpleUploadedFile("sk.pdf", b"%PDF-" + b" " * (3 * 1024 * 1024), "application/pdf")
    response = client.post(
        reverse("recommendations:appointment", args=[proposal.pk]), decree(proposal, upload=big)
    )
    assert response.status_code == 413
    assert "Berkas lebih dari 2 MB." in text_of(response)


def test_a_decree_dated_ahead_is_refused(as_user) -> None:
    proposal = recommended()
    client = as_user(make_operator(proposal.agency))
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    response = client.post(
        reverse("recommendations:appointment", args=[proposal.pk]),
        decree(proposal, decree_date=tomorrow.isoformat()),
    )
    assert "Tanggal keputusan belum tiba." in text_of(response)


def test_a_late_effective_date_is_flagged(as_user) -> None:
    proposal = recommended()
    proposal.period.appointment_by = timezone.localdate() - dt.timedelta(days=1)
    proposal.period.save()
    client = as_user(make_operator(proposal.agency))
    url = reverse("recommendations:appointment", args=[proposal.pk])
    client.post(url, decree(proposal))
    assert "Lewat batas" in text_of(client.get(url))


def test_a_refused_file_is_uploaded_again(as_user) -> None:
    proposal = recommended()
    client = as_user(make_operator(proposal.agency))
    url = reverse("recommendations:appointment", args=[proposal.pk])
    client.post(url, decree(proposal))
    StoredFile.objects.filter(pk=Appointment.objects.get().file_id).update(
        state="refused", code="damaged", message="Berkas rusak."
    )
    assert "Unggah ulang" in text_of(client.get(url))
    client.post(url, decree(proposal, decree_number="821/78/2026"))
    row = Appointment.objects.get()
    assert row.decree_number == "821/78/2026"
    assert not row.file.is_refused


def test_appointment_file(as_user) -> None:
    proposal = recommended()
    operator = make_operator(proposal.agency)
    url = reverse("recommendations:appointment_file", args=[proposal.pk])
    assert as_user(operator).get(url).status_code == 404
    as_user(operator).post(
        reverse("recommendations:appointment", args=[proposal.pk]), decree(proposal)
    )
    for user in (operator, make_admin(), proposal.participant):
        assert b"".join(as_user(user).get(url).streaming_content) == PDF
    assert as_user(make_operator()).get(url).status_code == 404
    assert as_user(None).get(url).status_code == 302
