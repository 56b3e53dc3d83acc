"""PAdES signatures with the certificate of the setting LETTER_SIGNING_P12.

The signature is an incremental update: the letter's own bytes stay as they were rendered, and so
does its PDF/A metadata. The field is invisible, because what the reader sees is part of the letter
itself (pyHanko's own stamp brings a font that is not embedded). Nothing here uses the network
unless LETTER_SIGNING_TSA_URL names a time-stamping service.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from django.conf import settings

from .errors import LetterError, ServiceError

if TYPE_CHECKING:
    from .pades import KeySigner

#: How an authority of BSrE names itself in its certificate (an assumption: ADR 0006).
BSRE_NAMES = ("BSrE", "Balai Sertifikasi Elektronik")


def is_signing_configured() -> bool:
    """Whether letters are signed at all."""
    return bool(settings.LETTER_SIGNING_P12)


def is_bsre_certificate() -> bool:
    """Whether the configured certificate was issued by BSrE; False when there is none.

    The PKCS#12 file must hold the issuer's certificate too, and the issuer must have signed ours:
    a name alone proves nothing.
    """
    return is_signing_configured() and _identity().is_from_bsre


def check_certificate(moment: datetime) -> None:
    """Raise LetterError when a certificate is configured with which nothing can be signed at that
    moment; for the signer's act, before a number is taken."""
    if is_signing_configured():
        _identity().check_validity(moment)


def sign_pdf(pdf: bytes, *, signed_at: datetime) -> bytes:
    """Return the PDF with a PAdES B-B signature; the PDF as it is when no certificate is set.

    `signed_at` (aware) is the claimed signing time. With LETTER_SIGNING_TSA_URL the signature also
    carries a time stamp of that service (B-T). Raises LetterError when the certificate cannot be
    opened or is not valid now and at that time, ServiceError when the service does not answer.
    """
    if not is_signing_configured():
        return pdf
    from pyhanko.sign.timestamps import TimestampRequestError

    from .pades import sign

    identity = _identity()
    identity.check_validity(signed_at)
    identity.check_validity(datetime.now(UTC))
    try:
        return sign(
            pdf,
            identity.signer,
            signed_at=signed_at,
            tsa_url=settings.LETTER_SIGNING_TSA_URL,
        )
    except (TimestampRequestError, OSError) as error:
        raise ServiceError(
            "Layanan stempel waktu tidak menjawab. Surat belum diterbitkan."
        ) from error


@dataclass(frozen=True)
class _Identity:
    """A certificate, and who signs with it."""

    certificate: x509.Certificate
    signer: "KeySigner"
    is_from_bsre: bool

    def check_validity(self, moment: datetime) -> None:
        """Raise LetterError when the certificate is not valid at that moment."""
        valid_from, valid_until = (
            self.certificate.not_valid_before_utc,
            self.certificate.not_valid_after_utc,
        )
        if not valid_from <= moment <= valid_until:
            raise LetterError(
                "Sertifikat tanda tangan elektronik tidak berlaku pada waktu penandatanganan "
                f"(berlaku {valid_from:%d-%m-%Y} sampai {valid_until:%d-%m-%Y})."
            )


def _identity() -> _Identity:
    path = Path(settings.LETTER_SIGNING_P12)
    try:
        modified = path.stat().st_mtime_ns
    except OSError as error:
        raise LetterError("Berkas sertifikat tanda tangan elektronik tidak ditemukan.") from error
    return _load(path, modified, settings.LETTER_SIGNING_PASSWORD)


@lru_cache(maxsize=2)
def _load(path: Path, modified: int, password: str) -> _Identity:
    """Read the PKCS#12 file, again only when it changes."""
    from .pades import KeySigner

    try:
        key, certificate, others = pkcs12.load_key_and_certificates(
            path.read_bytes(), password.encode() or None
        )
    except (OSError, ValueError) as error:
        raise LetterError(
            "Sertifikat tanda tangan elektronik tidak dapat dibuka. Periksa berkas dan kata sandi."
        ) from error
    if certificate is None or not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise LetterError("Berkas sertifikat harus berisi sertifikat dan kunci RSA atau EC.")
    return _Identity(
        certificate=certificate,
        signer=KeySigner(key, certificate, tuple(others)),
        is_from_bsre=_is_from_bsre(certificate, others),
    )


def _is_from_bsre(certificate: x509.Certificate, others: list[x509.Certificate]) -> bool:
    for issuer in others:
        if not any(name in issuer.subject.rfc4514_string() for name in BSRE_NAMES):
            continue
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False
