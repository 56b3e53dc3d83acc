"""What all documents have in common, those of BPS's register, and letters."""

# ruff: noqa: RUF009 (`need` is dataclasses.field with a label)

from dataclasses import dataclass
from typing import ClassVar

from django.utils.safestring import SafeString

from ..qr import qr_svg
from .fields import Part, need
from .parts import DOTS, Addressee, Letterhead, Signature, SignerBlock


@dataclass(frozen=True, kw_only=True)
class Document(Part):
    """Anything that is printed. `made_at` (ISO 8601) is the date in the PDF's metadata."""

    kind: ClassVar[str]
    template: ClassVar[str]

    letterhead: Letterhead | None = None
    made_at: str = ""

    @property
    def author(self) -> str:
        """Who issues it, for the PDF's metadata."""
        return self.letterhead.name if self.letterhead else ""

    @property
    def title(self) -> str:
        """The title in the PDF's metadata."""
        raise NotImplementedError

    @property
    def is_draft(self) -> bool:
        """Whether every page says that this is a draft."""
        return False

    def to_json(self) -> dict[str, object]:
        """Return the document as plain values that JSON holds, with its kind."""
        return {"kind": self.kind, **super().to_json()}


@dataclass(frozen=True, kw_only=True)
class Registered(Document):
    """A document of BPS's register: number, date and code come with the signer's act.

    Without a number it is a draft: it says so on every page and has neither QR code nor a sentence
    about a signature.
    """

    number: str = ""
    date: str = ""
    check_code: str = ""
    check_url: str = ""
    signature: Signature = ""

    def missing_fields(self) -> list[str]:
        """What has a number also needs what is fixed together with it."""
        missing = super().missing_fields()
        if self.number:
            fixed = {
                "tanggal surat": self.date,
                "kode cek": self.check_code,
                "alamat cek": self.check_url,
            }
            missing += [label for label, value in fixed.items() if not value]
        return missing

    @property
    def is_draft(self) -> bool:
        """Whether there is no number yet."""
        return not self.number

    @property
    def number_line(self) -> str:
        """The number, or a dash."""
        return self.number or "—"

    @property
    def date_line(self) -> str:
        """The date, or a dash."""
        return self.date or "—"

    @property
    def footer(self) -> str:
        """What stands at the foot of every page."""
        return f"{self.number} · kode cek {self.check_code}" if self.number else ""

    @property
    def check_page(self) -> str:
        """The address at which the code can be typed, as people write it."""
        address = self.check_url.partition("://")[2]
        return address.removesuffix("/").removesuffix(self.check_code).removesuffix("/")

    @property
    def qr(self) -> SafeString:
        """The QR code that leads to the page which checks this document."""
        return qr_svg(self.check_url)


@dataclass(frozen=True, kw_only=True)
class Letter(Document):
    """A letter with Nomor, Lampiran, Hal, Kepada Yth. and Tembusan.

    Outside BPS's register a blank number or date is a line to be filled by hand.
    """

    letterhead: Letterhead = need("kop surat")
    place: str = need("tempat surat")
    subject: str = need("hal")
    addressee: Addressee = need("penerima")
    opening: str = need("pembuka")
    points: tuple[str, ...] = ()
    closing: str = need("penutup")
    signer: SignerBlock | None = None
    copies: tuple[str, ...] = ()
    number: str = ""
    date: str = ""

    @property
    def number_line(self) -> str:
        """The number, or a line to write it on."""
        return self.number or DOTS

    @property
    def date_line(self) -> str:
        """The date, or a line to write it on."""
        return self.date or DOTS

    @property
    def attachment(self) -> str:
        """What stands behind "Lampiran"."""
        return "1 (satu) berkas"

    @property
    def paragraphs(self) -> list[str]:
        """The opening; a blank line in it begins a new paragraph."""
        return [part.strip() for part in self.opening.split("\n\n") if part.strip()]

    @property
    def title(self) -> str:
        """Subject and number."""
        return f"{self.subject} {self.number}".strip()
