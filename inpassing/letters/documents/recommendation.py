"""Stage 4: the recommendation with its extracts, the notice, the cover of a merged copy."""

# ruff: noqa: RUF009 (`need` is dataclasses.field with a label)

from dataclasses import dataclass

from .fields import Part, need
from .kinds import Document, Letter, Registered
from .parts import Addressee, Counts, Fact, Letterhead, NoticeRow, PersonRow, SignerBlock


@dataclass(frozen=True, kw_only=True)
class RecommendationLetter(Registered, Letter):
    """Surat rekomendasi: BPS to an agency, the people in an annex.

    `points[0]` leads to the table of counts; without `counts` there is no table.
    """

    kind = "recommendation"
    template = "recommendation.html"

    # Repeated, because Registered has it as what may be missing and comes first.
    letterhead: Letterhead = need("kop surat")
    signer: SignerBlock = need("penanda tangan")
    points: tuple[str, ...] = need("isi surat")
    annex_title: str = need("judul lampiran")
    people: tuple[PersonRow, ...] = need("daftar nama")
    counts: Counts | None = None
    credit_note: str = ""

    def __post_init__(self) -> None:
        if self.counts and self.counts.recommended != len(self.people):
            raise ValueError(
                f"{self.counts.recommended} recommended, but {len(self.people)} in the annex"
            )

    @property
    def footnote(self) -> str:
        """The note below the annex, when a row has no credit points."""
        return "" if all(row.credit for row in self.people) else self.credit_note


@dataclass(frozen=True, kw_only=True)
class VerificationNotice(Registered, Letter):
    """Pemberitahuan hasil verifikasi: BPS to an agency, those who are not recommended."""

    kind = "verification_notice"
    template = "verification_notice.html"

    letterhead: Letterhead = need("kop surat")
    signer: SignerBlock = need("penanda tangan")
    points: tuple[str, ...] = need("isi surat")
    annex_title: str = need("judul lampiran")
    people: tuple[NoticeRow, ...] = need("daftar nama")


@dataclass(frozen=True, kw_only=True)
class Extract(Registered):
    """Petikan: one participant's row of a surat rekomendasi, under the letter's number."""

    kind = "extract"
    template = "extract.html"

    letterhead: Letterhead = need("kop surat")
    place: str = need("tempat surat")
    subject: str = need("hal surat rekomendasi")
    addressee: Addressee = need("penerima surat rekomendasi")
    opening: str = need("pembuka")
    person: PersonRow = need("peserta")
    agency: str = need("instansi")
    rank_since: str = ""
    closing: str = need("penutup")
    signer: SignerBlock = need("penanda tangan")

    @property
    def title(self) -> str:
        """Kind, name and number."""
        return f"Petikan rekomendasi {self.person.name} {self.number}".strip()


@dataclass(frozen=True, kw_only=True)
class CopyRow(Part):
    """A letter in the cover of a merged copy; `sha256` is that of the signed original."""

    number: str = need("nomor surat")
    about: str = need("tentang")
    sha256: str = need("sidik digital")

    @property
    def groups(self) -> list[str]:
        """The hash in four groups of sixteen, which a line may break between."""
        return [self.sha256[start : start + 16] for start in range(0, len(self.sha256), 16)]


@dataclass(frozen=True, kw_only=True)
class CopyCover(Document):
    """Part of the cover of a merged copy: what each letter in it is, and its hash.

    A long list is printed in parts; only the first has the heading and says what the copy is.
    """

    kind = "copy_cover"
    template = "merged_cover.html"

    mark: str = need("tanda")
    facts: tuple[Fact, ...] = ()
    first: int = 1
    letters: tuple[CopyRow, ...] = need("daftar surat")

    @property
    def title(self) -> str:
        """What it is a cover of."""
        return "Salinan gabungan surat"
