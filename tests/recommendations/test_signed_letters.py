"""From the signer's click to a signed file: whole requests, a real worker run, a real signature."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from inpassing.files.models import StoredFile
from recommendations import tasks
from recommendations.models import Letter, NumberRegister
from recommendations.tasks import issue_due
from tests.letters import pdf as read
from tests.letters.authority import PASSWORD, Authority, ec_key
from tests.recommendations.factories import make_awaiting, make_issuing, make_signing_officer

pytestmark = pytest.mark.django_db
BSRE = "Balai Sertifikasi Elektronik"


def bytes_of(letter: Letter) -> bytes:
    letter.refresh_from_db()
    assert letter.file is not None
    with default_storage.open(letter.file.path) as file:
        return file.read()


@pytest.fixture
def authority(settings, tmp_path):
    """Signing with a certificate of an authority of this name."""

    def configure(name: str) -> Authority:
        authority = Authority(name)
        settings.LETTER_SIGNING_P12 = str(authority.pkcs12(tmp_path / "uji.p12", ec_key()))
        settings.LETTER_SIGNING_PASSWORD = PASSWORD
        settings.LETTER_SIGNING_TSA_URL = ""
        return authority

    return configure


@pytest.mark.parametrize(("name", "is_bsre"), [("Otoritas Uji", False), ("BSrE Uji", True)])
def test_a_click_makes_signed_letters_that_are_stored_once(
    as_user, authority, name: str, is_bsre: bool
) -> None:
    trusted = authority(name)
    letter = make_awaiting(1)
    response = as_user(make_signing_officer()).post("/surat/terbitkan/", {"letter": [letter.pk]})
    assert response.status_code == 302
    issue_due()
    issue_due()
    made = [letter, *Letter.objects.filter(parent=letter)]
    assert len(made) == 2
    for row in made:
        data = bytes_of(row)
        (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
        status = validate_pdf_signature(
            signature, signer_validation_context=ValidationContext(trust_roots=[trusted.root])
        )
        assert status.bottom_line
        assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        assert status.timestamp_validity is None
        assert status.signer_reported_dt == row.signed_at.replace(microsecond=0)
        assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
        assert hashlib.sha256(data).hexdigest() == row.sha256
        stored = StoredFile.objects.filter(owner_kind="recommendations.letter", owner_id=row.pk)
        assert stored.get() == row.file
        words = " ".join(read.pages(data))
        assert "Ditandatangani secara elektronik" in words
        assert (BSRE in words) == is_bsre


def test_without_a_certificate_nothing_speaks_of_a_signature() -> None:
    letter = make_issuing(1)
    issue_due()
    data = bytes_of(letter)
    assert PdfFileReader(io.BytesIO(data)).embedded_signatures == []
    words = " ".join(read.pages(data))
    assert "secara elektronik" not in words
    assert BSRE not in words


def test_a_certificate_that_ended_is_told_before_a_number_is_taken(
    as_user, authority, settings, tmp_path
) -> None:
    trusted = authority("Otoritas Uji")
    path = trusted.pkcs12(tmp_path / "lama.p12", ec_key(), days=-1)
    letter = make_awaiting(1)
    client = as_user(make_signing_officer())
    for p12, says in ((path, "tidak berlaku"), (tmp_path / "hilang.p12", "tidak ditemukan")):
        settings.LETTER_SIGNING_P12 = str(p12)
        page = client.post("/surat/terbitkan/", {"letter": [letter.pk]}, follow=True)
        assert says in page.content.decode()
    letter.refresh_from_db()
    assert letter.is_awaiting_signature
    assert not NumberRegister.objects.exists()


def test_a_certificate_that_ends_after_the_act_stops_the_letter_in_words(
    authority, settings, tmp_path
) -> None:
    trusted = authority("Otoritas Uji")
    letter = make_issuing(1)
    settings.LETTER_SIGNING_P12 = str(trusted.pkcs12(tmp_path / "lama.p12", ec_key(), days=-1))
    issue_due()
    letter.refresh_from_db()
    assert letter.is_stuck
    assert "tidak berlaku" in letter.failure
    assert letter.file is None


def test_while_the_time_stamp_service_is_down_letters_wait_for_it(
    authority, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = authority("Otoritas Uji")
    letter = make_issuing(1)
    with trusted.time_stamps() as url:
        settings.LETTER_SIGNING_TSA_URL = url
    issue_due()
    letter.refresh_from_db()
    assert (letter.status, letter.failure, letter.attempts) == ("issuing", "", 1)
    monkeypatch.setattr(tasks, "CLAIM", dt.timedelta(0))
    with trusted.time_stamps() as url:
        settings.LETTER_SIGNING_TSA_URL = url
        issue_due()
    (signature,) = PdfFileReader(io.BytesIO(bytes_of(letter))).embedded_signatures
    status = validate_pdf_signature(
        signature, signer_validation_context=ValidationContext(trust_roots=[trusted.root])
    )
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.valid
    assert letter.is_issued


def test_a_time_stamp_service_that_stays_away_is_named(authority, settings) -> None:
    trusted = authority("Otoritas Uji")
    letter = make_issuing(1)
    with trusted.time_stamps() as url:
        settings.LETTER_SIGNING_TSA_URL = url
    for _ in range(tasks.MAX_ATTEMPTS):
        Letter.objects.update(claimed_at=None)
        issue_due()
    letter.refresh_from_db()
    assert letter.is_stuck
    assert "stempel waktu tidak menjawab" in letter.failure


def test_the_database_keeps_no_numbered_letter_without_its_letterhead() -> None:
    letter = make_issuing(1)
    assert letter.content is not None
    for content in (
        {**letter.content, "letterhead": None},
        {key: value for key, value in letter.content.items() if key != "letterhead"},
    ):
        with pytest.raises(IntegrityError, match="letter_has_its_letterhead"), transaction.atomic():
            Letter.objects.filter(pk=letter.pk).update(content=content)
