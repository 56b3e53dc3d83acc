"""Asking for an operator account: search, form, confirmation, resend, approval."""

import datetime as dt

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from inpassing.accounts.models import Agency, OneTimeLink
from inpassing.files.models import StoredFile
from inpassing.notifications.links import make_link
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import Region
from inpassing.timeline.events import events_of
from proposals import operator_requests
from proposals.models import OperatorRequest
from proposals.people import operators_of
from tests.factories import PDF, make_agency, make_nip, make_operator, make_verifier

pytestmark = pytest.mark.django_db

FORM = "proposals:operator_request_form"
BAUBAU = "74.72"


@pytest.fixture(autouse=True)
def empty_counter():
    cache.clear()


def typed(**changed):
    return {
        "name": "Asriani Wahid, S.E.",
        "nip": make_nip(),
        "office_email": "asriani@contoh.go.id",
        "email": "",
        "phone": "0812 3456 7890",
        "letter_number": "800/12/2026",
        "letter": SimpleUploadedFile("surat-tugas.pdf", PDF, "application/pdf"),
        **changed,
    }


def send(client, query="daerah=74.72", **changed):
    return client.post(f"{reverse(FORM)}?{query}", typed(**changed))


def confirm_path(request):
    """The address of a fresh confirmation link, without the site."""
    address = make_link(OneTimeLink.Kind.OPERATOR_REQUEST, request.pk)
    return address.removeprefix(settings.SITE_URL)


# Search


@pytest.mark.parametrize(
    "query", ["baubau", "Kota Bau-Bau", "pemkot baubau", "PEMERINTAH KOTA BAUBAU"]
)
def test_search_finds_a_city_however_it_is_written(client, query):
    page = client.get(reverse("proposals:operator_request"), {"q": query})
    assert page.status_code == 200
    assert [match.name for match in page.context["matches"]] == ["Pemerintah Kota Bau Bau"]
    assert f"{reverse(FORM)}?daerah={BAUBAU}" in page.content.decode()


def test_search_finds_central_agencies_and_provinces(client):
    Agency.objects.create(kind="ministry", name="Kementerian Contoh Aceh")
    names = [
        match.name
        for match in client.get(reverse("proposals:operator_request"), {"q": "aceh"}).context[
            "matches"
        ]
    ]
    assert names[:2] == ["Kementerian Contoh Aceh", "Pemerintah Provinsi Aceh"]


def test_search_shows_twenty_and_says_that_there_are_more(client):
    page = client.get(reverse("proposals:operator_request"), {"q": "kabupaten"})
    assert len(page.context["matches"]) == 20
    assert "Hanya 20 yang pertama ditampilkan" in page.content.decode()


def test_search_asks_for_three_letters_and_says_when_nothing_fits(client):
    url = reverse("proposals:operator_request")
    assert "Ketik paling sedikit 3 huruf" in client.get(url, {"q": "ba"}).content.decode()
    assert "Tidak ada yang cocok" in client.get(url, {"q": "atlantis"}).content.decode()


def test_search_costs_a_fixed_number_of_queries(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        client.get(reverse("proposals:operator_request"), {"q": "kabupaten"})


# Form


def test_a_request_is_kept_with_its_letter_and_asks_for_confirmation(client):
    nip = make_nip()
    answer = send(client, nip=f"{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}")
    assert (answer.status_code, answer.url) == (302, reverse("proposals:operator_request_sent"))
    request = OperatorRequest.objects.get()
    assert (request.nip, request.region_id, request.agency) == (nip, BAUBAU, None)
    assert request.agency_label == "Pemerintah Kota Bau Bau"
    assert request.letter.owner_id == request.pk
    assert request.letter.state == StoredFile.State.WAITING
    mail = OutboxMessage.objects.get()
    assert (mail.to_email, mail.template) == ("asriani@contoh.go.id", "operator_request_confirm")
    assert [e.kind for e in events_of(request)] == ["operator_request.requested"]
    assert "Konfirmasi email Anda" in client.get(answer.url).content.decode()


def test_an_existing_agency_is_asked_for_by_its_record(client):
    agency = make_agency(region=BAUBAU)
    send(client)
    assert OperatorRequest.objects.get().agency == agency


def test_an_unlisted_central_agency_is_asked_for_by_name_and_kind(client):
    send(client, "pusat=lain", agency_name="Badan  Contoh", agency_kind="lpnk")
    request = OperatorRequest.objects.get()
    assert (request.agency_name, request.agency_kind) == ("Badan Contoh", "lpnk")


@pytest.mark.parametrize(
    "name", ["KEMENTERIAN CONTOH", "Kementerian, Contoh.", "Pemerintah Kota Bau-Bau", "Kota Baubau"]
)
def test_a_listed_agency_is_not_asked_for_by_name(client, name):
    Agency.objects.create(kind="ministry", name="Kementerian Contoh")
    answer = send(client, "pusat=lain", agency_name=name, agency_kind="ministry")
    assert answer.status_code == 422
    assert "sudah ada di daftar" in answer.content.decode()
    assert not OperatorRequest.objects.exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"nip": "19890414 201421 2 901"}, "Inpassing hanya untuk PNS"),
        ({"nip": "1989"}, "NIP 4 angka, seharusnya 18"),
        ({"office_email": "asriani@contoh"}, "Alamat email belum lengkap"),
        ({"phone": "123"}, "Nomor telepon belum lengkap"),
        ({"letter_number": ""}, "Nomor surat tugas: belum diisi."),
        ({"letter": ""}, "Surat tugas: berkas belum dipilih."),
    ],
)
def test_bad_input_gets_a_sentence_and_keeps_what_was_typed(client, changed, words):
    answer = send(client, **changed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "Asriani Wahid, S.E." in page
    assert not OperatorRequest.objects.exists()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("besar.pdf", PDF + b"0" * 2 * 1024 * 1024, "Berkas lebih besar dari 2 MB"),
        ("gambar.pdf", b"\x89PNG\r\n\x1a\n" + b"0" * 50, "Berkas ini bukan PDF"),
    ],
)
def test_a_letter_that_cannot_be_is_refused_at_once(client, name, data, words):
    answer = send(client, letter=SimpleUploadedFile(name, data, "application/pdf"))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not StoredFile.objects.exists()


def test_a_good_letter_must_be_chosen_again_after_another_error(client):
    page = send(client, phone="").content.decode()
    assert "Pilih lagi berkas surat tugas" in page


def test_a_body_far_over_the_limit_is_not_read(client):
    answer = client.post(
        f"{reverse(FORM)}?daerah={BAUBAU}",
        data=b"",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(50 * 1024 * 1024),
    )
    assert answer.status_code == 413
    assert "jauh lebih besar dari 2 MB" in answer.content.decode()


@pytest.mark.parametrize("query", ["", "daerah=99.99", "instansi=x", "instansi=99999", "pusat=ya"])
def test_an_agency_that_does_not_exist_is_not_found(client, query):
    assert client.get(f"{reverse(FORM)}?{query}").status_code == 404


def test_the_form_asks_no_more_than_an_agency_needs(client):
    assert "agency_name" not in client.get(f"{reverse(FORM)}?daerah={BAUBAU}").content.decode()


# Repeats, without telling what is there


def test_a_second_click_makes_no_second_request(client):
    nip = make_nip()
    answers = [send(client, nip=nip) for _ in range(2)]
    assert [a.status_code for a in answers] == [302, 302]
    assert OperatorRequest.objects.count() == 1


def test_a_mistyped_address_is_corrected_by_asking_again(client):
    nip = make_nip()
    send(client, nip=nip, office_email="salah@contoh.go.id")
    request = OperatorRequest.objects.get()
    old = confirm_path(request)
    send(client, nip=nip, office_email="benar@contoh.go.id")
    request.refresh_from_db()
    assert request.office_email == "benar@contoh.go.id"
    assert client.post(old).status_code == 410
    assert list(OutboxMessage.objects.order_by("pk").values_list("to_email", flat=True)) == [
        "salah@contoh.go.id",
        "benar@contoh.go.id",
    ]


def test_a_confirmed_request_cannot_be_overwritten(client):
    nip = make_nip()
    send(client, nip=nip)
    client.post(confirm_path(OperatorRequest.objects.get()))
    answer = send(client, nip=nip, office_email="orang-lain@contoh.go.id")
    assert answer.url == reverse("proposals:operator_request_sent")
    assert OperatorRequest.objects.get().office_email == "asriani@contoh.go.id"
    assert OutboxMessage.objects.count() == 1


def test_an_existing_account_changes_nothing_in_the_answer(client):
    operator = make_operator(nip=make_nip())
    known = send(client, nip=operator.nip, office_email=operator.email)
    unknown = send(client)
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


def test_too_many_requests_from_one_address_are_held_back(client):
    for _ in range(10):
        assert send(client).status_code == 302
    answer = send(client)
    assert answer.status_code == 429
    page = answer.content.decode()
    assert "Terlalu banyak permohonan dari jaringan Anda. Coba lagi setelah pukul" in page
    assert "Asriani Wahid, S.E." in page
    assert OperatorRequest.objects.count() == 10
    client.defaults["REMOTE_ADDR"] = "10.1.2.3"
    assert send(client).status_code == 302


# Confirmation


@pytest.fixture
def asked(client):
    send(client)
    return OperatorRequest.objects.get()


def test_opening_the_link_confirms_nothing(client, asked):
    page = client.get(confirm_path(asked))
    assert page.status_code == 200
    assert "Pemerintah Kota Bau Bau" in page.content.decode()
    asked.refresh_from_db()
    assert asked.email_confirmed_at is None


def test_the_button_confirms_once(client, asked):
    path = confirm_path(asked)
    assert client.post(path).url == reverse("proposals:operator_request_confirmed")
    asked.refresh_from_db()
    assert asked.email_confirmed_at is not None
    again = client.post(path)
    assert again.status_code == 410
    assert "sudah dipakai atau kedaluwarsa" in again.content.decode()
    assert [e.kind for e in events_of(asked)].count("operator_request.confirmed") == 1


def test_an_expired_link_offers_another(client, asked):
    path = confirm_path(asked)
    OneTimeLink.objects.update(expires_at=asked.created_at - dt.timedelta(days=1))
    answer = client.get(path)
    assert answer.status_code == 410
    assert reverse("proposals:operator_request_resend") in answer.content.decode()


def test_resend_mails_again_to_the_right_person_only(client, asked):
    url = reverse("proposals:operator_request_resend")
    old = confirm_path(asked)
    right = client.post(url, {"nip": asked.nip, "office_email": "ASRIANI@contoh.go.id"})
    wrong = client.post(url, {"nip": asked.nip, "office_email": "lain@contoh.go.id"})
    assert right.url == wrong.url
    assert OutboxMessage.objects.count() == 2
    assert client.get(old).status_code == 410
    assert client.post(url, {"nip": "1"}).status_code == 422


@pytest.mark.parametrize(
    "name",
    ["operator_request", "operator_request_sent", "operator_request_confirmed"],
)
def test_public_pages_are_read_only(client, name):
    url = reverse(f"proposals:{name}")
    assert client.get(url).status_code == 200
    assert client.post(url).status_code == 405


# What approval makes of it


def approved(request, verifier=None):
    request.email_confirmed_at = request.created_at
    request.save()
    return operator_requests.approve_operator_request(request, by=verifier or make_verifier())


def test_approval_makes_the_regions_agency_once(client):
    for number in range(2):
        send(client, office_email=f"kantor{number}@contoh.go.id")
    first, second = (approved(request) for request in OperatorRequest.objects.order_by("pk"))
    agency = Agency.objects.get()
    assert (agency.name, agency.kind, agency.region_id) == (
        "Pemerintah Kota Bau Bau",
        "city",
        BAUBAU,
    )
    assert agency.addressee == "Wali Kota Bau Bau"
    assert {user.pk for user in operators_of(agency)} == {first.user_id, second.user_id}


@pytest.mark.parametrize(
    ("code", "name", "head"),
    [
        ("11", "Pemerintah Provinsi Aceh", "Gubernur Aceh"),
        ("11.01", "Pemerintah Kabupaten Aceh Selatan", "Bupati Aceh Selatan"),
    ],
)
def test_the_name_and_head_of_a_regions_government(client, code, name, head):
    send(client, f"daerah={code}")
    agency = approved(OperatorRequest.objects.get()).agency
    assert (agency.name, agency.addressee) == (name, head)


def test_two_requests_for_one_unlisted_agency_share_it(client):
    for _ in range(2):
        send(client, "pusat=lain", agency_name="Badan Contoh", agency_kind="lpnk")
    first, second = OperatorRequest.objects.order_by("pk")
    second.office_email = "kedua@contoh.go.id"
    assert approved(first).agency == approved(second).agency
    assert Agency.objects.count() == 1


def test_the_agency_meant_is_known_before_the_approval(client):
    send(client)
    request = OperatorRequest.objects.get()
    assert operator_requests.agency_meant(request) is None
    agency = make_agency(region=BAUBAU)
    operator = make_operator(agency)
    assert operators_of(operator_requests.agency_meant(request)) == [operator]


def test_every_region_has_a_government_name():
    names = [operator_requests.government_name(region) for region in Region.objects.all()]
    assert len(names) == 552
    assert all(name.startswith("Pemerintah ") and name == name.strip() for name in names)
