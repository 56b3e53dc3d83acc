import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import Agency, User
from inpassing.accounts.roles import roles_of
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import Region
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


def test_a_region_that_has_an_agency_by_now_is_not_called_new(as_user, verifier, row):
    region = row.agency.region
    OperatorRequest.objects.update(agency=None, region=region, agency_name="Pemerintah Contoh")
    factories.make_operator(row.agency, name="Citra Ayu")
    html = as_user(verifier).get(at("operator_request", row)).content.decode()
    assert "Instansi belum terdaftar" not in html
    assert "sudah mempunyai operator:</b> Citra Ayu" in html


def test_a_region_whose_agency_was_made_meanwhile_is_not_called_unlisted(as_user, verifier, row):
    region = Region.objects.get(pk="74.07")
    OperatorRequest.objects.update(agency=None, region=region, agency_name="Pemerintah Kabupaten")
    client = as_user(verifier)
    assert "Instansi belum terdaftar" in client.get(QUEUE).content.decode()
    factories.make_agency(region="74.07")
    assert "Instansi belum terdaftar" not in client.get(QUEUE).content.decode()


@pytest.fixture
def unlisted(row):
    """The request asks for an agency that is known under another spelling."""
    known = Agency.objects.create(kind="ministry", name="Kementerian Kelautan dan Perikanan")
    OperatorRequest.objects.update(
        agency=None, agency_name="Kementrian Kelautan & Perikanan", agency_kind="ministry"
    )
    return known


def test_the_verifier_says_which_agency_is_meant(as_user, verifier, row, unlisted):
    client = as_user(verifier)
    other = Agency.objects.create(kind="ministry", name="Kementerian Contoh")
    html = client.get(at("operator_request", row)).content.decode()
    assert f'name="instansi" value="{unlisted.pk}"' in html
    assert f'name="instansi" value="{other.pk}"' not in html
    path = at("approve_operator_request", row)
    assert client.post(path, {"instansi": other.pk}).status_code == 422
    assert client.post(path, {"instansi": unlisted.pk})["Location"] == QUEUE
    row.refresh_from_db()
    assert (row.agency, row.status) == (unlisted, "active")
    assert Agency.objects.filter(region=None).count() == 2


def test_without_a_choice_the_agency_is_made_as_it_was_asked_for(as_user, verifier, row, unlisted):
    as_user(verifier).post(at("approve_operator_request", row), {"instansi": ""})
    row.refresh_from_db()
    assert row.agency.name == "Kementrian Kelautan & Perikanan"


def test_the_same_agency_asked_for_twice_is_pointed_out(as_user, verifier, row, unlisted):
    twin = OperatorRequest.objects.create(
        agency_name="Kementerian Kelautan Perikanan",
        agency_kind="ministry",
        name="Sri Contoh",
        nip=factories.make_nip(),
        office_email="sri@contoh.go.id",
        phone="0812",
        letter_number="1",
        email_confirmed_at=timezone.now(),
    )
    html = as_user(verifier).get(at("operator_request", row)).content.decode()
    assert "Mungkin instansi yang sama dimohon dua kali" in html
    assert at("operator_request", twin) in html


def test_an_address_of_another_account_is_said_beforehand(as_user, verifier, row):
    factories.make_user(email="BUDI@contoh.go.id")
    page = as_user(verifier)
    assert "sudah dipakai akun lain" in page.get(at("operator_request", row)).content.decode()
    answer = page.post(at("approve_operator_request", row))
    assert answer.status_code == 409
    assert not User.objects.filter(nip=row.nip).exists()


def test_the_page_shows_what_became_of_the_mails(as_user, verifier, row):
    client = as_user(verifier)
    client.post(at("approve_operator_request", row))
    mail = OutboxMessage.objects.get()
    mail.state, mail.response = OutboxMessage.State.FAILED, "550 no such user"
    mail.save()
    html = client.get(at("operator_request", row)).content.decode()
    assert "550 no such user" in html
    assert "Ditolak server email" in html
    assert "Penolakan yang datang kemudian tidak terbaca" in html


def test_invite_again(as_user, verifier, row, stranger, refuses_everybody_else):
    path = at("invite_operator_again", row)
    refuses_everybody_else(
        path, onlooker=factories.make_operator(), stranger=stranger, allowed=verifier
    )
    client = as_user(verifier)
    assert client.post(path).status_code == 409
    client.post(at("approve_operator_request", row))
    assert client.post(path)["Location"] == at("operator_request", row)
    assert OutboxMessage.objects.filter(template="invitation").count() == 2
    user = User.objects.get(nip=row.nip)
    user.set_password(factories.PASSWORD)
    user.save()
    used = client.post(path)
    assert used.status_code == 409
    assert "Akun ini sudah dipakai" in used.content.decode()
    assert OutboxMessage.objects.filter(template="invitation").count() == 2


def test_operators_of_the_agency_and_their_requests_are_seen(as_user, verifier, row):
    client = as_user(verifier)
    client.post(at("approve_operator_request", row))
    html = client.get(at("revoke_operator", row)).content.decode()
    assert "sesudahnya tidak mempunyai operator" in html
    factories.make_operator(row.agency, name="Citra Ayu")
    html = client.get(at("operator_request", row)).content.decode()
    assert "Citra Ayu" in html
    assert "Permohonan ini" in html
    html = client.get(at("revoke_operator", row)).content.decode()
    assert "sesudahnya tidak mempunyai operator" not in html


def lost_request(n: int, region: str = "74.72") -> OperatorRequest:
    request = OperatorRequest.objects.create(
        region_id=region,
        agency_name="Pemerintah Kota Bau Bau",
        agency_kind="city",
        name=f"Pemohon {n}",
        nip=factories.make_nip(),
        office_email=f"salah{n}@contoh.go.id",
        phone="0812",
        letter_number="1",
        confirm_by=timezone.now() + dt.timedelta(days=3),
    )
    for number, state in enumerate(["sent", "failed"]):
        OutboxMessage.objects.create(
            key=f"operator_request_confirm:{request.pk}:{number}",
            to_email=request.office_email,
            template="operator_request_confirm",
            link_kind="operator_request",
            link_subject_id=request.pk,
            state=state,
            response="550 no such user",
        )
    return request


def test_undelivered_requests(as_user, verifier):
    path = reverse("verification:undelivered_requests")
    lost, reached = lost_request(1), lost_request(2)
    OutboxMessage.objects.filter(link_subject_id=reached.pk, state="failed").update(state="sent")
    html = as_user(verifier).get(path).content.decode()
    assert lost.name in html
    assert "550 no such user" in html
    assert reached.name not in html
    far = factories.make_verifier(province=Region.objects.get(code="11"))
    assert lost.name not in as_user(far).get(path).content.decode()
    assert as_user(factories.make_operator()).get(path).status_code == 403
    assert as_user(verifier).post(path).status_code == 405
    client = as_user(verifier)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for n in range(3, 63):
        lost_request(n)
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) == len(one) <= 10
    OperatorRequest.objects.update(email_confirmed_at=timezone.now())
    assert "Semua email sampai di server" in client.get(path).content.decode()


def test_each_decision_shows_the_message_first_and_leaves_nothing_behind(
    as_user, verifier, row, unlisted
):
    client = as_user(verifier)
    page = client.get(at("operator_request", row)).content.decode()
    assert "Pesan yang akan dikirim (1 penerima)" in page
    assert "sebagai operator Kementrian Kelautan &amp; Perikanan sudah dibuat" in page
    assert "Tautan sekali pakai ditambahkan saat pesan dikirim" in page
    approve = at("approve_operator_request", row)
    page = client.post(approve, {"instansi": unlisted.pk, "pratinjau": "1"}).content.decode()
    assert "sebagai operator Kementerian Kelautan dan Perikanan sudah dibuat" in page
    assert f'value="{unlisted.pk}" checked' in page
    reject = at("reject_operator_request", row)
    assert "pratinjau" in client.get(reject).content.decode()
    said = {"version": 0, "text": "Surat tugas belum ditandatangani.", "pratinjau": "1"}
    page = client.post(reject, said).content.decode()
    assert "Permohonan akun operator belum dapat disetujui" in page
    assert "Alasan: Surat tugas belum ditandatangani." in page
    row.refresh_from_db()
    assert (row.status, row.user, row.agency) == ("requested", None, None)
    assert not OutboxMessage.objects.exists()
    assert not User.objects.filter(nip=row.nip).exists()
    client.post(approve, {"instansi": unlisted.pk})
    OutboxMessage.objects.all().delete()
    page = client.post(at("revoke_operator", row), {**said, "text": "Pindah."}).content.decode()
    assert "Peran operator Anda dicabut" in page
    row.refresh_from_db()
    assert row.status == "active"
    assert not OutboxMessage.objects.exists()
