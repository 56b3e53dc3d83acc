"""proposals:statement: pre-filled letters, printed by a worker."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.urls import reverse
from pypdf import PdfReader

from inpassing.letters.models import PrintJob
from inpassing.letters.render import render_html
from inpassing.letters.tasks import print_due
from inpassing.reference.models import Rank
from proposals.models import Proposal
from proposals.statements import statement_of
from tests.factories import make_level, make_work_unit
from tests.proposals.filing import filing, operator_of, strangers_of

pytestmark = [
    pytest.mark.django_db,
    # WeasyPrint 70 leaves its colour profile open.
    pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning"),
]


def url_of(proposal: Proposal, code: str = "sp_kompeten") -> str:
    return reverse("proposals:statement", args=[proposal.pk, code])


def with_unit(**fields) -> Proposal:
    proposal = filing(complete=False, **fields)
    proposal.work_unit = make_work_unit(
        proposal.agency,
        "Dinas Komunikasi dan Informatika",
        address="Jalan Raya 1",
        head_name="Dra. Siti Contoh",
        head_nip="197001011995032901",
        head_rank=Rank.objects.get(code="IV/b"),
        head_post="Kepala Dinas",
        head_capacity="Plt.",
    )
    proposal.save()
    return proposal


def text_of_pdf(response) -> str:
    reader = PdfReader(io.BytesIO(b"".join(response.streaming_content)))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.mark.parametrize("code", ["sp_pengalaman", "sp_kompeten", "sp_hukdis", "sp_mundur"])
def test_the_place_of_a_revenue_stamp_is_a_switch_of_the_period(code):
    proposal = with_unit(is_structural=True)
    assert vars(statement_of(proposal, code))["stamp"] is False
    proposal.period.statement_stamp = True
    assert vars(statement_of(proposal, code))["stamp"] is True
    letter = statement_of(proposal, code)
    assert "Meterai" in render_html(letter.template, {"letter": letter}, title=letter.title)


def test_the_letter_is_printed_by_the_worker_and_then_downloaded(as_user):
    proposal = with_unit()
    client = as_user(proposal.participant)
    waiting = client.get(url_of(proposal))
    assert waiting.status_code == 202
    page = waiting.content.decode()
    assert "Surat sedang disiapkan." in page
    assert f'hx-get="{url_of(proposal)}"' in page
    assert "Perbarui status" in page
    again = client.get(url_of(proposal), headers={"HX-Request": "true"})
    assert "<html" not in again.content.decode()
    assert PrintJob.objects.count() == 1
    print_due()
    ready = client.get(url_of(proposal), headers={"HX-Request": "true"}).content.decode()
    assert "Unduh PDF" in ready
    assert "hx-trigger" not in ready
    response = client.get(url_of(proposal))
    assert response["Content-Disposition"].startswith("attachment")
    text = text_of_pdf(response)
    for words in (
        "DINAS KOMUNIKASI DAN INFORMATIKA",
        "Plt. Kepala Dinas",
        "Dra. Siti Contoh",
        proposal.name,
        proposal.level.name,
        "sistem informasi berbasis komputer",
    ):
        assert words in text


def test_the_experience_letter_carries_field_date_and_duties(as_user):
    proposal = with_unit(
        work_field="Pengelolaan basis data",
        work_since="2018-03-01",
        duties="- Mengelola basis data;\n\n- Menyusun laporan",
    )
    proposal.refresh_from_db()
    letter: Any = statement_of(proposal, "sp_pengalaman")
    assert letter.since == "1 Maret 2018"
    assert letter.duties == ("Mengelola basis data", "Menyusun laporan")
    assert (
        letter.field_of_work == "sistem informasi berbasis komputer, yaitu Pengelolaan basis data"
    )


def test_statistisi_get_their_own_field(as_user):
    proposal = with_unit(level=make_level("STATISTISI", "pertama"))
    letter: Any = statement_of(proposal, "sp_kompeten")
    assert letter.field_of_work == "statistik"


def test_what_is_not_known_is_a_dotted_line_not_an_error(as_user):
    proposal = filing(complete=False)
    for code in ("sp_pengalaman", "sp_kompeten", "sp_hukdis"):
        letter: Any = statement_of(proposal, code)
        assert letter.missing_fields() == []
        assert set(letter.signer.name) == {"."}
        assert as_user(proposal.participant).get(url_of(proposal, code)).status_code == 202


def test_the_resignation_is_offered_to_structural_officials_only(as_user):
    plain = filing(complete=False)
    assert as_user(plain.participant).get(url_of(plain, "sp_mundur")).status_code == 404
    structural = filing(
        complete=False,
        is_structural=True,
        current_post="Kepala Seksi",
        structural_decree="821/12/2020",
        structural_since="2020-05-14",
    )
    assert as_user(structural.participant).get(url_of(structural, "sp_mundur")).status_code == 202
    structural.refresh_from_db()
    letter: Any = statement_of(structural, "sp_mundur")
    assert (letter.structural_post, letter.decree_date) == ("Kepala Seksi", "14 Mei 2020")


def test_changed_data_make_a_new_letter(as_user):
    proposal = with_unit()
    client = as_user(proposal.participant)
    client.get(url_of(proposal))
    proposal.work_unit.head_name = "Drs. Budi Contoh"
    proposal.work_unit.save()
    client.get(url_of(proposal))
    assert PrintJob.objects.count() == 2


def test_the_participant_and_the_operator_get_it_nobody_else(as_user):
    proposal = with_unit()
    stranger, onlooker = strangers_of(proposal)
    assert as_user(operator_of(proposal)).get(url_of(proposal)).status_code == 202
    assert as_user(onlooker).get(url_of(proposal)).status_code == 403
    assert as_user(stranger).get(url_of(proposal)).status_code == 404
    assert as_user(None).get(url_of(proposal)).status_code == 302
    assert as_user(proposal.participant).get(url_of(proposal, "ijazah")).status_code == 404


def test_what_cannot_be_printed_is_said_on_the_page_it_was_asked_from(as_user):
    proposal = with_unit()
    proposal.work_unit.head_name = "Siti 統計"
    proposal.work_unit.save()
    client = as_user(proposal.participant)
    page = client.get(url_of(proposal), follow=True)
    assert page.redirect_chain == [(reverse("proposals:tasks", args=[proposal.pk]), 302)]
    said = page.content.decode()
    assert "“統” (U+7D71), “計” (U+8A08) pada pimpinan unit kerja" in said
    polled = client.get(url_of(proposal), headers={"HX-Request": "true"})
    assert polled["HX-Redirect"] == reverse("proposals:tasks", args=[proposal.pk])
    assert not PrintJob.objects.exists()
