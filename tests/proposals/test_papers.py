"""proposals:papers, proposals:circular, proposals:cover_letter: what an agency prints."""

import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from inpassing.accounts.models import Agency
from inpassing.letters.models import PrintJob
from inpassing.letters.tasks import print_due
from proposals.models import AgencyDeadline
from proposals.papers import circular_of, proposal_list_of, proposed_by
from tests.factories import (
    make_admin,
    make_agency,
    make_level,
    make_operator,
    make_period,
    make_proposal,
    make_verifier,
)

pytestmark = [
    pytest.mark.django_db,
    # WeasyPrint 70 leaves its colour profile open.
    pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning"),
]
PAPERS = "/naskah/"


@pytest.fixture
def period():
    return make_period(
        name="Periode Uji",
        nomination_deadline=dt.datetime(2090, 8, 28, 16, tzinfo=ZoneInfo("Asia/Jakarta")),
        filing_deadline=dt.datetime(2090, 9, 10, 16, tzinfo=ZoneInfo("Asia/Jakarta")),
        contact_name="Sekretariat Inpassing",
        contact_phone="021 000000",
    )


@pytest.fixture
def agency():
    return make_agency(
        region="74.72", personnel_office="BKPSDM Kota Baubau", address="Jalan Contoh 1"
    )


@pytest.fixture
def operator(agency):
    return make_operator(agency)


def circular_url(agency, period):
    return reverse("proposals:circular", args=[agency.pk, period.pk])


def list_url(agency, period, position="PRAKOM"):
    return reverse("proposals:cover_letter", args=[agency.pk, period.pk, position])


def printed(client, url) -> str:
    assert client.get(url).status_code == 202
    print_due()
    pdf = PdfReader(io.BytesIO(client.get(url).getvalue()))
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def test_the_circular_has_the_periods_dates_in_the_agencys_zone(as_user, operator, agency, period):
    text = printed(as_user(operator), circular_url(agency, period))
    assert "BKPSDM KOTA BAUBAU" in text
    assert "Pimpinan Perangkat Daerah di lingkungan" in text
    assert "28 Agustus 2090 pukul 17.00 WITA" in text
    assert "Fotokopi SK CPNS" in text
    assert "hanya bagi pejabat struktural" in text
    assert "Sekretariat Inpassing, 021 000000" in text
    assert "/pedoman/" in text


def test_the_circular_knows_the_agencys_own_date_and_its_words(agency, period):
    AgencyDeadline.objects.create(
        agency=agency,
        period=period,
        filing_deadline=dt.datetime(2090, 9, 1, 16, tzinfo=ZoneInfo("Asia/Jakarta")),
    )
    regional = circular_of(agency, period)
    assert regional.schedule[1].text == "sampai Jumat, 1 September 2090 pukul 17.00 WITA"
    assert any("1 September 2090" in point for point in regional.points)
    central = Agency.objects.create(kind="ministry", name="Kementerian Contoh")
    points = " ".join(circular_of(central, period).points)
    assert "Pimpinan Unit Kerja agar menyampaikan" in points
    assert "kepada Biro Kepegawaian sebelum" in points
    assert "10 September 2090" in points


def test_an_unknown_signer_is_a_dotted_line(period):
    agency = make_agency()
    signer = circular_of(agency, period).signer
    assert set(signer.post) == set(signer.name) == set(signer.nip) == {"."}
    assert circular_of(agency, period).missing_fields() == []


def test_the_list_has_who_was_sent_and_has_not_ended(as_user, operator, agency, period):
    sent = make_proposal(agency, period, status="nominated", name="Sri Contoh", title_after="S.T.")
    filling = make_proposal(agency, period, status="filling", name="Budi Contoh")
    make_proposal(agency, period, name="Konsep Contoh")
    make_proposal(agency, period, status="withdrawn", name="Ditarik Contoh")
    make_proposal(agency, period, status="nominated", level=make_level("STATISTISI"))
    make_proposal(period=period, status="nominated")
    assert [p.name for p in proposed_by(agency, period).filter(position="PRAKOM")] == [
        filling.name,
        sent.name,
    ]
    text = printed(as_user(operator), list_url(agency, period))
    assert "Usulan Inpassing Jabatan Fungsional Pranata Komputer Periode Uji" in text
    assert "2 (dua) orang" in text
    assert "Sri Contoh, S.T." in text
    assert sent.nip[:8] in text
    assert "Konsep Contoh" not in text
    assert "Ditarik Contoh" not in text


def test_without_a_sent_proposal_there_is_a_sentence(as_user, operator, agency, period):
    make_proposal(agency, period)
    page = as_user(operator).get(list_url(agency, period), follow=True)
    assert "Belum ada usulan Pranata Komputer yang dikirim ke BPS" in page.content.decode()
    assert not PrintJob.objects.exists()


def test_the_same_paper_is_made_once(as_user, operator, agency, period):
    client = as_user(operator)
    client.get(circular_url(agency, period))
    client.get(circular_url(agency, period))
    assert PrintJob.objects.count() == 1


def test_one_query_for_any_number_of_people(agency, period):
    def queries(count):
        for _ in range(count):
            make_proposal(agency, period, status="nominated", complete=False)
        with CaptureQueriesContext(connection) as caught:
            rows = list(proposed_by(agency, period))
            proposal_list_of(agency, period, make_level().position, rows)
        return len(caught)

    make_level()
    assert queries(1) == queries(30) <= 3


def test_the_page_offers_what_can_be_printed(as_user, operator, agency, period):
    make_proposal(agency, period, status="nominated")
    page = as_user(operator).get(PAPERS).content.decode()
    assert circular_url(agency, period) in page
    assert list_url(agency, period) in page
    assert list_url(agency, period, "STATISTISI") not in page
    assert PAPERS in as_user(operator).get("/usulan/").content.decode()


def test_only_the_agencys_operators_print(as_user, agency, period):
    make_proposal(agency, period, status="nominated")
    for stranger in (make_operator(), make_verifier(), make_admin()):
        assert as_user(stranger).get(circular_url(agency, period)).status_code == 404
        assert as_user(stranger).get(list_url(agency, period)).status_code == 404
    assert as_user(make_admin()).get(PAPERS).status_code == 403
    assert as_user(None).get(circular_url(agency, period)).url.startswith("/akun/masuk/")


def test_a_period_that_is_not_open(as_user, operator, agency, period):
    period.status = "closed"
    period.save()
    assert as_user(operator).get(circular_url(agency, period)).status_code == 404
    assert "Tidak ada periode yang dibuka" in as_user(operator).get(PAPERS).content.decode()
