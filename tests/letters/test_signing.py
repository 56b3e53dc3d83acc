"""Signatures: valid over the whole file, the letter underneath untouched."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from inpassing.letters.errors import LetterError
from inpassing.letters.render import render_document
from inpassing.letters.signing import is_bsre_certificate, is_signing_configured, sign_pdf

from . import pdf as read
from .authority import PASSWORD, Authority, ec_key, rsa_key
from .samples import extract

KEYS = {"rsa": rsa_key, "ec": ec_key}


@pytest.fixture(scope="module")
def letter() -> bytes:
    """A letter that is not signed yet."""
    return render_document(extract())


@pytest.fixture(scope="module")
def authority() -> Authority:
    """An authority that readers trust."""
    return Authority()


@pytest.fixture
def certificate(settings, tmp_path, authority):
    """Configure a certificate of the authority: certificate("rsa", days=…)."""

    def configure(kind: str = "ec", authority: Authority = authority, **options: object) -> None:
        path = authority.pkcs12(tmp_path / f"{kind}.p12", KEYS[kind](), **options)
        settings.LETTER_SIGNING_P12 = str(path)
        settings.LETTER_SIGNING_PASSWORD = PASSWORD
        settings.LETTER_SIGNING_TSA_URL = ""

    return configure


def validate(pdf: bytes, authority: Authority) -> PdfSignatureStatus:
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    return validate_pdf_signature(
        signature, signer_validation_context=ValidationContext(trust_roots=[authority.root])
    )


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.mark.parametrize("kind", KEYS)
def test_a_signature_is_valid_over_the_whole_file(kind, certificate, letter, authority):
    certificate(kind)
    signed_at = now() - timedelta(hours=3)
    signed = sign_pdf(letter, signed_at=signed_at)

    status = validate(signed, authority)
    assert status.bottom_line
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert status.signer_reported_dt == signed_at
    assert status.timestamp_validity is None
    (signature,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"


@pytest.mark.parametrize("kind", KEYS)
def test_the_letter_underneath_stays_as_it_was(kind, certificate, letter):
    certificate(kind)
    signed = sign_pdf(letter, signed_at=now())

    assert signed.startswith(letter)
    assert read.xmp(signed) == read.xmp(letter)
    assert read.reader(signed).metadata == read.reader(letter).metadata
    assert read.pages(signed) == read.pages(letter)
    assert len(read.fonts(signed)) == len(read.fonts(letter))
    catalog = read.reader(signed).trailer["/Root"]
    assert "/Version" not in catalog
    assert catalog["/OutputIntents"]
    (widget,) = [found for found in read.objects(signed) if found.get("/Subtype") == "/Widget"]
    assert list(widget["/Rect"]) == [0, 0, 0, 0]
    assert widget["/F"] & 0b111 == 0b100  # printed, neither hidden nor invisible


def test_a_changed_file_is_found_out(certificate, letter, authority):
    certificate()
    signed = bytearray(sign_pdf(letter, signed_at=now()))
    position = len(letter) // 2
    signed[position] ^= 1
    (signature,) = PdfFileReader(io.BytesIO(bytes(signed)), strict=False).embedded_signatures
    status = validate_pdf_signature(
        signature, signer_validation_context=ValidationContext(trust_roots=[authority.root])
    )
    assert not status.intact
    assert not status.bottom_line


def test_readers_who_trust_another_authority_are_told(certificate, letter):
    certificate()
    status = validate(sign_pdf(letter, signed_at=now()), Authority())
    assert status.intact
    assert not status.trusted


def test_without_a_certificate_the_letter_stays_unsigned(settings, letter):
    settings.LETTER_SIGNING_P12 = ""
    assert sign_pdf(letter, signed_at=now()) == letter
    assert not is_signing_configured()
    assert not is_bsre_certificate()


def test_a_time_stamp_when_a_service_is_named(settings, certificate, letter, authority):
    certificate()
    with authority.time_stamps() as url:
        settings.LETTER_SIGNING_TSA_URL = url
        signed = sign_pdf(letter, signed_at=now())
    status = validate(signed, authority)
    assert status.bottom_line
    assert status.timestamp_validity.valid
    assert abs(status.timestamp_validity.timestamp - now()) < timedelta(minutes=5)


def test_a_time_stamp_service_that_is_down(settings, certificate, letter, authority):
    certificate()
    with authority.time_stamps() as url:
        settings.LETTER_SIGNING_TSA_URL = url
    with pytest.raises(LetterError, match="stempel waktu tidak menjawab"):
        sign_pdf(letter, signed_at=now())


def test_a_certificate_file_that_cannot_be_used(settings, certificate, letter, tmp_path):
    certificate()
    settings.LETTER_SIGNING_PASSWORD = "salah"
    with pytest.raises(LetterError, match="tidak dapat dibuka"):
        sign_pdf(letter, signed_at=now())
    settings.LETTER_SIGNING_P12 = str(tmp_path / "tidak-ada.p12")
    with pytest.raises(LetterError, match="tidak ditemukan"):
        sign_pdf(letter, signed_at=now())


def test_a_certificate_that_has_ended_signs_nothing(certificate, letter):
    certificate(days=-1)
    with pytest.raises(LetterError, match="tidak berlaku"):
        sign_pdf(letter, signed_at=now() - timedelta(days=10))
    certificate("rsa")
    with pytest.raises(LetterError, match="tidak berlaku"):
        sign_pdf(letter, signed_at=now() - timedelta(days=60))


def test_a_new_certificate_is_used_without_a_restart(certificate, letter, authority):
    certificate()
    sign_pdf(letter, signed_at=now())
    successor = Authority("Otoritas Kedua")
    certificate(authority=successor)
    assert validate(sign_pdf(letter, signed_at=now()), successor).bottom_line


def test_bsre_is_recognised_by_its_signature_not_by_its_name(certificate):
    bsre, impostor = Authority("BSrE Uji"), Authority("BSrE Uji")
    certificate(authority=bsre)
    assert is_bsre_certificate()
    certificate()
    assert not is_bsre_certificate()
    certificate(authority=bsre, issuers=())
    assert not is_bsre_certificate()
    certificate(authority=bsre, issuers=(impostor.certificate,))
    assert not is_bsre_certificate()
    certificate("rsa", authority=Authority("Otoritas Lain"), issuers=(bsre.certificate,))
    assert not is_bsre_certificate()
