"""pyHanko, set up for letters. Kept apart from `signing.py` because its import is slow."""

import io
from datetime import datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

FIELD_NAME = "TandaTangan"
TSA_TIMEOUT = 10
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class KeySigner(Signer):
    """Signs with a key object that is loaded once.

    pyHanko's own signer reads the key anew for every signature, and checking an RSA key costs four
    times as much as signing with it.
    """

    def __init__(
        self, key: PrivateKey, certificate: x509.Certificate, others: tuple[x509.Certificate, ...]
    ) -> None:
        self.key = key
        store = SimpleCertificateStore()
        store.register_multiple([_asn1(other) for other in others])
        super().__init__(signing_cert=_asn1(certificate), cert_registry=store)
        self._blank = self._sign(b"", "sha256")

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        """Return the raw signature; for a dry run one of the same size."""
        # A DER-encoded EC signature varies by a few bytes; pyHanko reserves more than that.
        return self._blank if dry_run else self._sign(data, digest_algorithm)

    def _sign(self, data: bytes, digest_algorithm: str) -> bytes:
        algorithm = _HASHES[digest_algorithm]
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), algorithm)
        return self.key.sign(data, ec.ECDSA(algorithm))


class _Writer(IncrementalPdfFileWriter):
    """An incremental update that leaves the metadata as WeasyPrint wrote it."""

    def _update_meta(self) -> None:
        """Do not stamp the file with the time: XMP and Info stay equal, as PDF/A wants."""


class _LetterSigner(PdfSigner):
    """A PdfSigner whose claimed time is the signer's act, not the worker's clock."""

    def __init__(
        self, signer: Signer, signed_at: datetime, timestamper: TimeStamper | None
    ) -> None:
        super().__init__(
            PdfSignatureMetadata(field_name=FIELD_NAME, subfilter=SigSeedSubFilter.PADES),
            signer,
            timestamper=timestamper,
            new_field_spec=SigFieldSpec(FIELD_NAME),
        )
        self.signed_at = signed_at

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        """Declare PAdES only: with an EC key pyHanko would call it PDF 2.0, which is no PDF/A-2."""
        pdf_out.register_extension(ESIC_EXTENSION_1)

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        """pyHanko's session, at the time of the signer's act."""
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.signed_at
        return session


def sign(pdf: bytes, signer: KeySigner, *, signed_at: datetime, tsa_url: str) -> bytes:
    """Return the PDF with one more revision that holds the signature."""
    timestamper = HTTPTimeStamper(tsa_url, timeout=TSA_TIMEOUT) if tsa_url else None
    output = io.BytesIO()
    _LetterSigner(signer, signed_at, timestamper).sign_pdf(_Writer(io.BytesIO(pdf)), output=output)
    return output.getvalue()


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
