"""Asking for an operator account: search, form, confirmation, resend, approval."""

import datetime as dt
import time

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from inpassing.accounts.models import Agency, OneTimeLink
from inpassing.errors import TransitionError
from inpassing.files.models import StoredFile
from inpassing.notifications.links import make_link
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import Region
from inpassing.timeline.events import events_of
from proposals import operator_requests, rates
from proposals.agency_search import find_agencies
from proposals.models import OperatorRequest, PublicCount
from proposals.people import operators_of
from proposals.views import operator_requests as pages
from tests.factories import (
    PDF,
    make_agency,
    make_nip,
    make_operator,
    make_proposal,
    make_verifier,
)

pytestmark = pytest.mark.django_db

FORM = "proposals:operator_request_form"
BAUBAU = "74.72"


@pytest.fixture(autouse=True)
def answers_at_once(monkeypatch):
    """The time that hides what was found is measured in a test of its own."""
    monkeypatch.setattr(pages, "ANSWER_SECONDS", 0)


def found_in(page):
    return [match.name for match, _ in page.context["matches"]]


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
    "query", ["baubau", "Kota Bau-Bau", "pemkot baubau", "PEMERINTAH KOTA BAUBAU", "BKPSDM Bau Bau"]
)
def test_search_finds_a_city_however_it_is_written(client, query):
    page = client.get(reverse("proposals:operator_request"), {"q": query})
    assert page.status_code == 200
    assert found_in(page) == ["Pemerintah Kota Bau Bau"]
    assert "Pilih instansi Anda" in page.content.decode()
    assert f"{reverse(FORM)}?daerah={BAUBAU}" in page.content.decode()


def test_search_finds_central_agencies_and_provinces(client):
    Agency.objects.create(kind="ministry", name="Kementerian Contoh Aceh")
    page = client.get(reverse("proposals:operator_request"), {"q": "aceh"})
    assert found_in(page)[:2] == ["Kementerian Contoh Aceh", "Pemerintah Provinsi Aceh"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("kab baubau", "Pemerintah Kota Bau Bau"),
        ("kabupaten bao bau", "Pemerintah Kota Bau Bau"),
        ("wakatoby", "Pemerintah Kabupaten Wakatobi"),
        ("Kab. Gunungkidul", "Pemerintah Kabupaten Gunungkidul"),
        ("kementrian kelautan & perikanan", "Kementerian Kelautan dan Perikanan"),
    ],
)
def test_search_forgives_the_kind_and_the_spelling(client, query, name):
    Agency.objects.create(kind="ministry", name="Kementerian Kelautan dan Perikanan")
    page = client.get(reverse("proposals:operator_request"), {"q": query})
    assert name in found_in(page)
    is_near = "Tidak ada yang persis sama. Mungkin yang ini" in page.content.decode()
    assert is_near == page.context["found"].is_near


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("sultra", "Pemerintah Provinsi Sulawesi Tenggara"),
        ("pemprov DKI", "Pemerintah Provinsi Daerah Khusus Ibukota Jakarta"),
        ("DIY", "Pemerintah Provinsi Daerah Istimewa Yogyakarta"),
        ("NTT", "Pemerintah Provinsi Nusa Tenggara Timur"),
        ("kotabaru", "Pemerintah Kabupaten Kotabaru"),
        ("kota baru", "Pemerintah Kabupaten Kotabaru"),
    ],
)
def test_search_knows_short_names_and_names_that_hold_a_kind(client, query, name):
    assert name in found_in(client.get(reverse("proposals:operator_request"), {"q": query}))


def test_every_region_is_found_by_its_name(client):
    for region in Region.objects.all():
        names = [match.name for match in find_agencies(region.name).matches]
        assert operator_requests.government_name(region) in names


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
    assert not PublicCount.objects.filter(key__contains="127.0.0.1").exists()
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
    request.letter.state = StoredFile.State.ACCEPTED
    request.letter.save()
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


# How often, and how fast


def test_the_window_opens_again_after_an_hour(client):
    with time_machine.travel("2026-03-02 10:00:00+07:00", tick=False) as clock:
        moments = [rates.count_up("x", "a", most=2, within=dt.timedelta(hours=1)) for _ in range(3)]
        assert moments[:2] == [None, None]
        assert moments[2] == dt.datetime.fromisoformat("2026-03-02 11:00:00+07:00")
        clock.shift(dt.timedelta(hours=1))
        assert rates.count_up("x", "a", most=2, within=dt.timedelta(hours=1)) is None
        clock.shift(dt.timedelta(days=3))
        assert rates.forget_old() == 1
    assert not PublicCount.objects.exists()


def test_the_answer_takes_as_long_for_a_known_number_as_for_an_unknown_one(client, monkeypatch):
    monkeypatch.setattr(pages, "ANSWER_SECONDS", 0.2)
    send(client)
    asked = OperatorRequest.objects.get()
    url = reverse("proposals:operator_request_resend")
    for nip in (asked.nip, make_nip()):
        began = time.monotonic()
        answer = client.post(url, {"nip": nip, "office_email": asked.office_email})
        assert time.monotonic() - began >= 0.2
        assert answer.url == f"{reverse('proposals:operator_request_sent')}?ulang=1"


def test_one_address_gets_a_few_mails_a_day_and_the_page_says_so(client):
    for _ in range(operator_requests.MAILS_PER_DAY + 2):
        assert send(client).status_code == 302
    assert OutboxMessage.objects.count() == operator_requests.MAILS_PER_DAY
    page = client.get(reverse("proposals:operator_request_sent")).content.decode()
    assert "paling banyak 5 email sehari" in page
    assert "tidak menunjukkan apakah email sampai" in page


# The end of what nobody confirms


def test_the_mail_and_the_page_say_when_a_request_ends(client):
    with time_machine.travel("2026-03-02 10:00:00+08:00", tick=False):
        send(client)
        request = OperatorRequest.objects.get()
        assert OutboxMessage.objects.get().fields["batas"] == (
            "Senin, 9 Maret 2026 pukul 10.00 WITA"
        )
        page = client.get(confirm_path(request)).content.decode()
    assert "berakhir sendiri pada Senin, 9 Maret 2026 pukul 10.00 WITA" in page


def test_an_unconfirmed_request_ends_by_itself_and_its_letter_is_removed(client):
    send(client)
    confirmed = OperatorRequest.objects.get()
    client.post(confirm_path(confirmed))
    send(client, office_email="lupa@contoh.go.id")
    forgotten = OperatorRequest.objects.get(email_confirmed_at=None)
    path = confirm_path(forgotten)
    assert operator_requests.expire_unconfirmed() == 0
    with time_machine.travel(forgotten.confirm_by + dt.timedelta(minutes=1)):
        assert operator_requests.expire_unconfirmed() == 1
        assert operator_requests.expire_unconfirmed() == 0
    forgotten.refresh_from_db()
    assert (forgotten.status, forgotten.letter) == ("expired", None)
    assert StoredFile.objects.count() == 1
    assert events_of(forgotten)[0].kind == "operator_request.expired"
    assert client.post(path).status_code == 410
    confirmed.refresh_from_db()
    assert confirmed.status == "requested"


def test_a_late_click_does_not_confirm_before_the_sweep_came(client):
    send(client)
    request = OperatorRequest.objects.get()
    path = confirm_path(request)
    OperatorRequest.objects.update(confirm_by=request.created_at)
    answer = client.post(path)
    assert answer.status_code == 410
    assert "berakhir sendiri" in answer.content.decode()
    request.refresh_from_db()
    assert request.email_confirmed_at is None


def test_after_the_end_one_may_ask_again(client):
    nip = make_nip()
    send(client, nip=nip)
    with time_machine.travel(OperatorRequest.objects.get().confirm_by + dt.timedelta(hours=1)):
        operator_requests.expire_unconfirmed()
    send(client, nip=nip)
    statuses = OperatorRequest.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["expired", "requested"]


def test_asking_again_begins_the_time_anew_and_keeps_one_letter(client):
    nip = make_nip()
    send(client, nip=nip)
    first = OperatorRequest.objects.get().confirm_by
    send(client, nip=nip)
    assert OperatorRequest.objects.get().confirm_by > first
    assert StoredFile.objects.count() == 1


# A letter that the inspector refuses


@pytest.fixture
def refused_letter(client):
    send(client)
    request = OperatorRequest.objects.get()
    request.letter.state = StoredFile.State.REFUSED
    request.letter.message = "Berkas terkunci kata sandi. Simpan ulang tanpa kata sandi."
    request.letter.save()
    return request


def test_a_refused_letter_is_said_and_replaced_without_typing_again(client, refused_letter):
    path = confirm_path(refused_letter)
    page = client.get(path).content.decode()
    assert "Surat tugas ditolak sistem." in page
    assert "Berkas terkunci kata sandi." in page
    empty = client.post(path)
    assert empty.status_code == 422
    assert "berkas belum dipilih" in empty.content.decode()
    new = SimpleUploadedFile("baru.pdf", PDF, "application/pdf")
    assert client.post(path, {"letter": new}).url == reverse("proposals:operator_request_confirmed")
    refused_letter.refresh_from_db()
    assert refused_letter.email_confirmed_at is not None
    assert (refused_letter.letter.name, refused_letter.letter.state) == ("baru.pdf", "waiting")
    assert refused_letter.name == "Asriani Wahid, S.E."


def test_a_letter_refused_while_the_page_was_open_is_asked_for(client, refused_letter):
    link = OneTimeLink.find(
        OneTimeLink.Kind.OPERATOR_REQUEST, confirm_path(refused_letter).rstrip("/").split("/")[-1]
    )
    with pytest.raises(operator_requests.LetterRefusedError):
        operator_requests.confirm_operator_request(refused_letter, link)
    link.refresh_from_db()
    assert link.used_at is None


@pytest.mark.parametrize("state", ["waiting", "refused"])
def test_nothing_is_approved_without_a_readable_letter(client, state):
    send(client)
    request = OperatorRequest.objects.get()
    request.email_confirmed_at = request.created_at
    request.letter.state = state
    request.letter.save()
    request.save()
    with pytest.raises(TransitionError, match="Surat tugas belum dapat dibaca"):
        operator_requests.approve_operator_request(request, by=make_verifier())


def test_nothing_is_approved_before_the_address_is_confirmed(client):
    send(client)
    with pytest.raises(TransitionError, match="belum dikonfirmasi"):
        operator_requests.approve_operator_request(
            OperatorRequest.objects.get(), by=make_verifier()
        )


# Several operators


def test_a_revoked_operator_loses_access_at_once(client, as_user):
    send(client)
    request = approved(OperatorRequest.objects.get())
    other, proposal = make_operator(request.agency), make_proposal(request.agency)
    record = reverse("proposals:detail", args=[proposal.pk])
    signed_in = as_user(request.user)
    assert signed_in.get(reverse("proposals:work_unit_list")).status_code == 200
    assert signed_in.get(record).status_code == 200
    operator_requests.revoke_operator(request, by=make_verifier(), reason="Pindah tugas.")
    for name in ("work_unit_list", "work_unit_create", "papers", "unit_import_create"):
        assert signed_in.get(reverse(f"proposals:{name}")).status_code == 403, name
    assert signed_in.get(record).status_code == 404
    assert operators_of(request.agency) == [other]
