"""The public page that says whether a letter is genuine."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.workflow import mark_not_recommended, reopen
from recommendations import gathering, issuing, workflow
from recommendations.models import Letter
from tests.factories import make_admin
from tests.recommendations.factories import (
    finish,
    make_issued,
    make_issuing,
    make_ready,
    make_revoked,
    make_run,
    make_signing_officer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_earlier_visits() -> None:
    cache.clear()


def visit(letter: Letter, **query: str):
    return Client().get(reverse("recommendations:check_letter", args=[letter.code]), query)


def text_of(response) -> str:
    return response.content.decode()


def test_check_asks_for_a_code_and_leads_to_its_page() -> None:
    client = Client()
    assert client.get("/cek/").status_code == 200
    response = client.get("/cek/", {"code": " 7k2m qx4r ot9b "})
    assert response.headers["Location"] == "/cek/7K2M-QX4R-0T9B/"
    refused = client.get("/cek/", {"code": "7K2M"})
    assert refused.status_code == 422
    assert "Kode cek terdiri atas 12 angka dan huruf." in text_of(refused)


def test_the_menu_marks_where_one_is() -> None:
    assert '<a href="/cek/" aria-current="page">Cek surat' in text_of(Client().get("/cek/"))
    assert 'aria-current="page"' not in text_of(Client().get("/"))


def test_a_genuine_letter_shows_minimal_masked_data() -> None:
    letter = make_issued(5)
    page = text_of(visit(letter))
    assert "Surat ini asli dan berlaku" in page
    assert letter.number in page
    assert letter.agency.addressee in page
    assert "Lihat 2 lainnya" in page
    for line in letter.lines.select_related("proposal"):
        assert line.proposal.name not in page
        assert line.proposal.nip not in page.replace(" ", "")
    assert f"{letter.file.size} byte" in page
    assert letter.sha256[:4] + " " + letter.sha256[4:8] in page


def test_an_extract_is_genuine_too() -> None:
    extract = make_issued(2).extracts.first()
    page = text_of(visit(extract))
    assert "Petikan rekomendasi" in page
    assert "1 orang" in page


def test_a_typed_code_is_corrected() -> None:
    letter = make_issued(1)
    response = Client().get(f"/cek/{letter.code.lower().replace('-', '')}/")
    assert response.headers["Location"] == f"/cek/{letter.code}/"


def test_an_unknown_code_is_404_and_says_what_to_do() -> None:
    for code in ("AAAA-AAAA-AAAA", "bukan-kode"):
        response = Client().get(f"/cek/{code}/")
        assert response.status_code == 404
        assert "Kode ini tidak dikenal" in text_of(response)
        assert "jangan pakai surat itu" in text_of(response)


def test_a_revoked_letter_names_reason_and_successor() -> None:
    letter = make_revoked()
    page = text_of(visit(letter))
    assert "Surat ini sudah dicabut" in page
    assert "Unit kerja keliru" in page
    assert "akan diganti" in page
    admin = make_admin()
    gathering.gather(letter.run, by=admin)
    gathering.put_up(letter.run, by=admin)
    successor = issuing.issue(
        letter.run.letters.awaiting_signature().get(), by=make_signing_officer()
    )
    page = text_of(visit(letter))
    assert f"/cek/{successor.code}/" in page
    assert successor.number in page


def test_a_withdrawn_recommendation_says_so() -> None:
    letter = make_issued(1)
    workflow.revoke(letter, by=make_admin(), reason="Syarat tidak benar", replace=False)
    page = text_of(visit(letter))
    assert "Surat ini sudah dicabut" in page
    assert "Rekomendasi di dalamnya ditarik dan tidak berlaku lagi." in page
    assert "dan nama di atas" not in page


def test_a_void_number_and_one_being_issued() -> None:
    letter = make_issuing(1)
    assert "Surat ini sedang diterbitkan" in text_of(visit(letter))
    workflow.void(letter, by=make_admin(), reason="Catatan dalam")
    page = text_of(visit(letter))
    assert "Nomor ini batal" in page
    assert "Catatan dalam" not in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("own", "Sidik cocok."),
        ("0" * 64, "Sidik berbeda."),
        ("0123", "Bukan sidik SHA-256."),
    ],
)
def test_the_hash_is_compared_without_javascript(typed: str, says: str) -> None:
    letter = make_issued(1)
    own = " ".join(letter.sha256[i : i + 4] for i in range(0, 64, 4)).upper()
    page = text_of(visit(letter, sha256=own if typed == "own" else typed))
    assert says in page


def test_the_page_serves_the_script_and_no_inline_code() -> None:
    page = text_of(visit(make_issued(1)))
    assert "js/hash.js" in page
    assert "style=" not in page
    assert "onclick" not in page


def test_too_many_questions_from_one_address_are_refused() -> None:
    client = Client()
    answers = [client.get("/cek/AAAA-AAAA-AAAA/").status_code for _ in range(31)]
    assert answers == [404] * 30 + [429]
    elsewhere = client.get("/cek/AAAA-AAAA-AAAA/", REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 404


@pytest.mark.parametrize("number", [0, 1])
def test_no_copy_of_the_answer_is_kept_on_the_way(number: int) -> None:
    response = visit(make_issued(1)) if number else Client().get("/cek/AAAA-AAAA-AAAA/")
    assert "no-store" in response.headers["Cache-Control"]
    assert "private" in response.headers["Cache-Control"]


def test_a_notice_says_when_a_result_in_it_was_opened_again() -> None:
    people = make_ready(2)
    admin = make_admin()
    for person in people:
        mark_not_recommended(person, by=admin, reason="Tidak ada formasi")
    run = make_run(people)
    gathering.put_up(run, by=admin)
    notice = issuing.issue(run.letters.get(), by=make_signing_officer())
    finish(notice)
    assert "dibuka kembali" not in text_of(visit(notice))
    reopen(people[0], by=admin, reason="Formasi ditambah")
    page = text_of(visit(notice))
    assert "Surat ini asli dan berlaku" in page
    assert "Usulan 1 orang di dalamnya dibuka kembali" in page


def test_only_reading() -> None:
    assert Client().post("/cek/").status_code == 405
    assert Client().post("/cek/AAAA-AAAA-AAAA/").status_code == 405


@pytest.mark.parametrize("number", [1, 60])
def test_check_costs_the_same_number_of_queries(number: int) -> None:
    letter = make_issued(number, posts=100)
    visit(letter)
    with CaptureQueriesContext(connection) as queries:
        visit(letter)
    # The count of look-ups and the contact in the footer belong to every public page.
    others = ('"proposals_publiccount"', 'ORDER BY "reference_period"."opens_at"')
    ours = [q for q in queries.captured_queries if not any(name in q["sql"] for name in others)]
    assert len([q for q in ours if q["sql"].startswith("SELECT")]) == 2
