"""The list of letters, a letter's page, its acts and its PDF, through whole requests."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inpassing.files.models import FileAccess
from inpassing.letters.models import PrintJob
from inpassing.letters.tasks import print_due
from recommendations.models import Letter
from tests.factories import (
    PDF,
    make_admin,
    make_agency,
    make_operator,
    make_user,
    make_verifier,
)
from tests.recommendations.factories import (
    make_awaiting,
    make_draft,
    make_issued,
    make_issuing,
    make_revoked,
    make_signing_officer,
)

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return response.content.decode()


def content_of(response) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def operator_of(letter: Letter):
    return make_operator(letter.agency)


# recommendations:letters


def test_letters_shows_each_person_what_concerns_them(as_user) -> None:
    letter, other = make_issued(2), make_issued(1)
    draft = make_draft(1)
    url = reverse("recommendations:letters")

    def seen_by(user) -> set[int]:
        rows = [row.pk for row in as_user(user).get(url).context["page"].rows]
        assert len(rows) == len(set(rows))
        return set(rows)

    extract = letter.extracts.first()
    assert seen_by(make_admin()) == {letter.pk, other.pk, draft.pk}
    assert seen_by(make_signing_officer()) == {letter.pk, other.pk, draft.pk}
    assert seen_by(operator_of(letter)) == {letter.pk}
    assert seen_by(operator_of(draft)) == set()
    assert seen_by(extract.lines.get().proposal.participant) == {extract.pk}
    assert seen_by(make_verifier()) == set()


def test_letters_finds_by_number_agency_and_status(as_user) -> None:
    issued = make_issued(1, agency=make_agency("Pemerintah Kabupaten Mawar"))
    make_draft(1)
    client = as_user(make_admin())
    url = reverse("recommendations:letters")
    for query in ({"q": "mawar"}, {"q": issued.number}, {"keadaan": "issued"}):
        assert [row.pk for row in client.get(url, query).context["page"].rows] == [issued.pk]
    assert "Tidak ada surat yang cocok" in text_of(client.get(url, {"q": "tidak ada"}))


@pytest.mark.parametrize("number", [1, 60])
def test_letters_costs_the_same_number_of_queries(as_user, number: int) -> None:
    letter = make_draft(1)
    Letter.objects.bulk_create(
        Letter(
            run=letter.run,
            kind="notice",
            agency=letter.agency,
            period=letter.period,
        )
        for _ in range(number)
    )
    client = as_user(make_admin())
    client.get(reverse("recommendations:letters"))
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("recommendations:letters"))
    assert len(queries) <= 7


# recommendations:letter


def test_letter_page_per_visitor(as_user) -> None:
    letter = make_issued(2)
    url = reverse("recommendations:letter", args=[letter.pk])
    admin = text_of(as_user(make_admin()).get(url))
    assert letter.number in admin
    assert "Cabut surat…" in admin
    operator = text_of(as_user(operator_of(letter)).get(url))
    assert "Unggah keputusan" in operator
    assert "Cabut surat" not in operator
    assert "Riwayat" not in operator
    participant = letter.lines.first().proposal.participant
    assert as_user(participant).get(url).status_code == 404
    assert as_user(make_operator()).get(url).status_code == 404
    assert as_user(make_verifier()).get(url).status_code == 404


def test_a_participant_sees_the_own_extract_only(as_user) -> None:
    letter = make_issued(2)
    mine, other = letter.extracts.all()
    client = as_user(mine.lines.get().proposal.participant)
    assert client.get(reverse("recommendations:letter", args=[mine.pk])).status_code == 200
    assert client.get(reverse("recommendations:letter", args=[other.pk])).status_code == 404
    assert content_of(client.get(reverse("recommendations:letter_file", args=[mine.pk]))) == PDF
    assert client.get(reverse("recommendations:letter_file", args=[other.pk])).status_code == 404


def test_an_operator_does_not_see_a_letter_before_it_is_issued(as_user) -> None:
    for letter in (make_draft(1), make_awaiting(1), make_issuing(1)):
        url = reverse("recommendations:letter", args=[letter.pk])
        assert as_user(operator_of(letter)).get(url).status_code == 404


@pytest.mark.parametrize("number", [1, 60])
def test_letter_page_costs_the_same_number_of_queries(as_user, number: int) -> None:
    letter = make_draft(number, posts=100)
    client = as_user(make_admin())
    url = reverse("recommendations:letter", args=[letter.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    assert len(queries) <= 24


# recommendations:letter_file


def test_the_first_download_is_recorded_once(as_user) -> None:
    letter = make_issuing(1)
    operator = operator_of(letter)
    from tests.recommendations.factories import finish

    finish(letter)
    url = reverse("recommendations:letter_file", args=[letter.pk])
    client = as_user(operator)
    response = client.get(url)
    assert content_of(response) == PDF
    assert response.headers["Content-Disposition"].startswith('attachment; filename="B-0001-BPS')
    first = letter.deliveries.get(user=operator).first_downloaded_at
    assert first is not None
    assert content_of(client.get(url)) == PDF
    assert letter.deliveries.get(user=operator).first_downloaded_at == first
    assert FileAccess.objects.filter(user=operator).count() == 2


def test_a_letter_without_a_file_says_wait(as_user) -> None:
    letter = make_issuing(1)
    url = reverse("recommendations:letter_file", args=[letter.pk])
    response = as_user(make_admin()).get(url, follow=True)
    assert "PDF surat ini belum ada." in text_of(response)


def test_letter_file_is_not_for_strangers(as_user) -> None:
    url = reverse("recommendations:letter_file", args=[make_issued(1).pk])
    assert as_user(make_operator()).get(url).status_code == 404
    assert as_user(None).get(url).status_code == 302


# recommendations:preview


def test_preview_is_printed_by_the_worker(as_user) -> None:
    letter = make_draft(1)
    client = as_user(make_admin())
    url = reverse("recommendations:preview", args=[letter.pk])
    assert client.get(url).status_code == 202
    assert client.get(url).status_code == 202
    print_due()
    assert content_of(client.get(url)).startswith(b"%PDF-")
    assert PrintJob.objects.count() == 1


def test_preview_says_what_is_missing(as_user) -> None:
    letter = make_draft(1, agency=make_agency(addressee=""))
    response = as_user(make_admin()).get(
        reverse("recommendations:preview", args=[letter.pk]), follow=True
    )
    assert "Surat belum lengkap: penerima: jabatan penerima." in text_of(response)


def test_preview_of_an_issued_letter_is_the_letter(as_user) -> None:
    letter = make_issued(1)
    url = reverse("recommendations:preview", args=[letter.pk])
    response = as_user(make_admin()).get(url)
    assert response.headers["Location"] == reverse("recommendations:letter_file", args=[letter.pk])
    assert as_user(operator_of(letter)).get(url).status_code == 403
    assert as_user(make_user()).get(url).status_code == 404


# recommendations:reference


def test_reference(as_user, refuses_everybody_else) -> None:
    letter = make_draft(1)
    url = reverse("recommendations:reference", args=[letter.pk])
    refuses_everybody_else(url, onlooker=make_signing_officer(), stranger=make_operator())
    client = as_user(make_admin())
    half = client.post(url, {"reference_number": "800/1", "reference_date": ""})
    assert half.status_code == 422
    assert "Isi juga tanggal surat itu." in text_of(half)
    client.post(url, {"reference_number": "800/1", "reference_date": "2026-08-10"})
    letter.refresh_from_db()
    assert (letter.reference_number, str(letter.reference_date)) == ("800/1", "2026-08-10")


def test_reference_of_a_sent_letter_is_refused(as_user) -> None:
    letter = make_awaiting(1)
    response = as_user(make_admin()).post(
        reverse("recommendations:reference", args=[letter.pk]),
        {"reference_number": "800/1", "reference_date": "2026-08-10"},
        follow=True,
    )
    assert "Keadaan surat sekarang: menunggu tanda tangan." in text_of(response)
    letter.refresh_from_db()
    assert letter.reference_number == ""


# recommendations:overrun


def test_overrun(as_user, refuses_everybody_else) -> None:
    letter = make_draft(2, posts=1)
    url = reverse("recommendations:overrun", args=[letter.pk])
    refuses_everybody_else(url, onlooker=make_signing_officer(), stranger=make_operator())
    client = as_user(make_admin())
    assert "2 direkomendasikan, sisa 1" in text_of(client.get(url))
    assert client.post(url, {"reason": ""}).status_code == 422
    client.post(url, {"reason": "Tambahan menyusul"})
    letter.refresh_from_db()
    assert (letter.overrun_reason, letter.overrun_allowed) == ("Tambahan menyusul", 1)


def test_overrun_of_a_letter_within_its_formation_is_refused(as_user) -> None:
    letter = make_draft(1)
    response = as_user(make_admin()).post(
        reverse("recommendations:overrun", args=[letter.pk]), {"reason": "x"}, follow=True
    )
    assert "tidak melebihi formasi" in text_of(response)


# recommendations:recall


def test_recall(as_user, refuses_everybody_else) -> None:
    letter = make_awaiting(1)
    admin = make_admin()
    url = reverse("recommendations:recall", args=[letter.pk])
    refuses_everybody_else(
        url, onlooker=make_signing_officer(), stranger=make_operator(), allowed=admin
    )
    client = as_user(admin)
    client.post(url)
    letter.refresh_from_db()
    assert letter.is_draft
    again = client.post(url, follow=True)
    assert "Keadaan surat sekarang: konsep." in text_of(again)


# recommendations:retry


def test_retry(as_user, refuses_everybody_else) -> None:
    letter = make_issuing(1)
    Letter.objects.filter(pk=letter.pk).update(failure="Sertifikat kedaluwarsa.", attempts=3)
    admin = make_admin()
    url = reverse("recommendations:retry", args=[letter.pk])
    refuses_everybody_else(
        url, onlooker=make_signing_officer(), stranger=make_operator(), allowed=admin
    )
    client = as_user(admin)
    client.post(url)
    letter.refresh_from_db()
    assert (letter.failure, letter.attempts, letter.status) == ("", 0, "issuing")
    again = client.post(url, follow=True)
    assert "Surat ini tidak tertahan." in text_of(again)


# recommendations:void


def test_void(as_user, refuses_everybody_else) -> None:
    letter = make_issuing(1)
    url = reverse("recommendations:void", args=[letter.pk])
    refuses_everybody_else(url, onlooker=make_signing_officer(), stranger=make_operator())
    client = as_user(make_admin())
    assert client.post(url, {"reason": ""}).status_code == 422
    client.post(url, {"reason": "Salah tanggal"})
    letter.refresh_from_db()
    assert (letter.status, letter.end_reason, letter.sequence) == ("void", "Salah tanggal", 1)
    again = client.post(url, {"reason": "Salah tanggal"}, follow=True)
    assert "Keadaan surat sekarang: batal." in text_of(again)


# recommendations:revoke


def test_revoke(as_user, refuses_everybody_else) -> None:
    letter = make_issued(1)
    url = reverse("recommendations:revoke", args=[letter.pk])
    refuses_everybody_else(url, onlooker=operator_of(letter), stranger=make_operator())
    client = as_user(make_admin())
    empty = client.post(url, {"reason": "Keliru"})
    assert empty.status_code == 422
    client.post(url, {"reason": "Keliru", "outcome": "withdraw"})
    letter.refresh_from_db()
    assert (letter.status, letter.to_be_replaced) == ("revoked", False)
    assert letter.lines.get().proposal.status == "not_recommended"
    again = client.post(url, {"reason": "Keliru", "outcome": "withdraw"}, follow=True)
    assert "Keadaan surat sekarang: dicabut." in text_of(again)


def test_a_revoked_letter_says_so_to_the_agency(as_user) -> None:
    letter = make_revoked()
    page = text_of(
        as_user(operator_of(letter)).get(reverse("recommendations:letter", args=[letter.pk]))
    )
    assert "Surat ini dicabut." in page
    assert "Unit kerja keliru" in page
