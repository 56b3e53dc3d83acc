import pytest
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import Agency, User
from inpassing.accounts.roles import roles_of
from inpassing.notifications.models import OutboxMessage
from proposals.models import OperatorRequest
from tests import factories

pytestmark = pytest.mark.django_db
QUEUE = "/verifikasi/antrean/permohonan/"


@pytest.fixture
def row(db) -> OperatorRequest:
    request = OperatorRequest.objects.create(
        agency=factories.make_agency(),
        name="Budi Santosa",
        nip=factories.make_nip(),
        office_email="budi@contoh.go.id",
        phone="0812",
        letter_number="800/1",
        email_confirmed_at=timezone.now(),
    )
    request.letter = factories.make_file(request)
    request.save()
    return request


def at(name: str, row: OperatorRequest) -> str:
    return reverse(f"verification:{name}", args=[row.pk])


def test_operator_request(as_user, verifier, row, stranger):
    path = at("operator_request", row)
    assert as_user(None).get(path).status_code == 302
    assert as_user(stranger).get(path).status_code == 404
    assert as_user(factories.make_operator()).get(path).status_code == 403
    own = factories.make_verifier(employer=row.agency)
    assert as_user(own).get(path).status_code == 404
    own_admin = factories.make_admin(employer=row.agency)
    assert as_user(own_admin).get(path).status_code == 403
    assert as_user(own_admin).post(at("approve_operator_request", row)).status_code == 403
    assert as_user(factories.make_admin()).get(path).status_code == 200
    html = as_user(verifier).get(path).content.decode()
    assert "sudah mempunyai operator" not in html
    factories.make_operator(row.agency, name="Citra Ayu")
    factories.make_user(name="Budi S.", nip=row.nip)
    html = as_user(verifier).get(path).content.decode()
    assert "sudah mempunyai operator:</b> Citra Ayu" in html
    assert "atas nama <b>Budi S.</b>" in html
    OperatorRequest.objects.update(email_confirmed_at=None)
    assert as_user(verifier).get(path).status_code == 404


def test_letter(as_user, verifier, row, stranger):
    path = at("operator_letter", row)
    response = as_user(verifier).get(path)
    assert b"".join(response.streaming_content) == factories.PDF
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    assert as_user(stranger).get(path).status_code == 404
    row.letter.state = "waiting"
    row.letter.save()
    assert as_user(verifier).get(path).status_code == 404
    assert "masih diperiksa" in as_user(verifier).get(at("operator_request", row)).content.decode()


def test_an_unlisted_agency_is_pointed_out(as_user, verifier, row):
    Agency.objects.create(kind="ministry", name="Kementerian Kelautan dan Perikanan")
    OperatorRequest.objects.update(
        agency=None, agency_name="Kementrian Kelautan & Perikanan", agency_kind="ministry"
    )
    html = as_user(verifier).get(at("operator_request", row)).content.decode()
    assert "Instansi belum terdaftar" in html
    assert "Kementerian Kelautan dan Perikanan" in html


def test_approve(as_user, verifier, colleague, row, stranger, refuses_everybody_else):
    path = at("approve_operator_request", row)
    refuses_everybody_else(
        path, onlooker=factories.make_operator(), stranger=stranger, allowed=verifier
    )
    assert as_user(verifier).post(path)["Location"] == QUEUE
    user = User.objects.get(nip=row.nip)
    assert roles_of(user).agency_ids == {row.agency_id}
    assert OutboxMessage.objects.get().template == "invitation"
    late = as_user(colleague).post(path)
    assert late.status_code == 409
    assert "sudah aktif oleh Ika Wulandari" in late.content.decode()
    assert OutboxMessage.objects.count() == 1


def test_reject(as_user, verifier, row, stranger, refuses_everybody_else):
    path = at("reject_operator_request", row)
    refuses_everybody_else(path, onlooker=factories.make_operator(), stranger=stranger)
    client = as_user(verifier)
    assert client.get(path).status_code == 200
    assert client.post(path, {"version": 0, "text": ""}).status_code == 422
    data = {"version": 0, "text": "Surat tugas belum ditandatangani."}
    assert client.post(path, data)["Location"] == QUEUE
    row.refresh_from_db()
    assert (row.status, row.decision_note) == ("rejected", data["text"])
    assert OutboxMessage.objects.get().fields["alasan"] == data["text"]
    assert client.post(path, data).status_code == 409
    assert "diputus Ika Wulandari pukul" in client.get(at("operator_request", row)).content.decode()


def test_revoke(as_user, verifier, row, stranger, refuses_everybody_else):
    path = at("revoke_operator", row)
    refuses_everybody_else(path, onlooker=factories.make_operator(), stranger=stranger)
    client = as_user(verifier)
    data = {"version": 0, "text": "Pindah tugas."}
    assert client.post(path, data).status_code == 409
    client.post(at("approve_operator_request", row))
    assert client.get(path).status_code == 200
    assert client.post(path, data)["Location"] == QUEUE
    user = User.objects.get(nip=row.nip)
    assert not roles_of(user).is_operator
    assert client.post(path, data).status_code == 409
    assert OutboxMessage.objects.filter(template="operator_revoked").count() == 1
