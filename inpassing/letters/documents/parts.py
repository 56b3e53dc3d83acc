"""What documents are put together from: letterhead, people, rows, counts."""

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from inpassing.formats import format_nip, format_number, number_words

from .fields import Part, need

#: How the PDF is signed: not at all, with a certificate, with a certificate of BSrE. Fixed at the
#: signer's act from `signing.is_signing_configured()` and `signing.is_bsre_certificate()`.
Signature = Literal["", "electronic", "bsre"]


#: A line to be filled by hand.
DOTS = "." * 24


@dataclass(frozen=True, kw_only=True)
class Letterhead(Part):
    """Kop surat. `parent` stands above the name ("PEMERINTAH PROVINSI …"), `lines` below it."""

    name: str = need("nama instansi")
    parent: str = ""
    lines: tuple[str, ...] = ()
    emblem: bool = False


@dataclass(frozen=True, kw_only=True)
class Addressee(Part):
    """Kepada Yth. `post`, u.p. `attention`, di `place`."""

    post: str = need("jabatan penerima")
    attention: str = ""
    place: str = "Tempat"


@dataclass(frozen=True, kw_only=True)
class SignerBlock(Part):
    """Who signs and in which capacity.

    `on_behalf_of` prints "a.n." above the post. `through` is the official between the two, then the
    post stands under "u.b.". `acting` is "Plt." or "Plh." before the post.
    """

    post: str = need("jabatan penanda tangan")
    name: str = need("nama penanda tangan")
    nip: str = need("NIP penanda tangan")
    rank: str = ""
    on_behalf_of: str = ""
    through: str = ""
    acting: Literal["", "Plt.", "Plh."] = ""

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The lines above the signature as (abbreviation, text); only the last ends in a comma."""
        if not self.on_behalf_of:
            return [(self.acting, f"{self.post},")]
        if not self.through:
            return [("a.n.", self.on_behalf_of), ("", f"{self.full_post},")]
        return [
            ("a.n.", self.on_behalf_of),
            ("", self.through),
            ("u.b.", f"{self.full_post},"),
        ]

    @property
    def full_post(self) -> str:
        """The post with "Plt." or "Plh." before it."""
        return f"{self.acting} {self.post}".strip()

    @property
    def in_one_line(self) -> str:
        """The capacity on one line, as an annex repeats it."""
        return ", ".join(f"{short} {text}".strip(" ,") for short, text in self.lines)

    @property
    def written_nip(self) -> str:
        """The NIP in its groups."""
        return format_nip(self.nip)


@dataclass(frozen=True, kw_only=True)
class Person(Part):
    """A civil servant as forms name one: name with titles, and what stands in the record."""

    name: str = need("nama")
    nip: str = need("NIP")
    rank: str = ""
    post: str = ""
    unit: str = ""

    @property
    def written_nip(self) -> str:
        """The NIP in its groups."""
        return format_nip(self.nip)


@dataclass(frozen=True, kw_only=True)
class PersonRow(Part):
    """A row of the annex: `rank` "Penata Muda, III/a", `level` "Pranata Komputer Ahli Pertama"."""

    name: str = need("nama")
    nip: str = need("NIP")
    rank: str = need("pangkat dan golongan ruang")
    unit: str = need("unit kerja")
    level: str = need("jabatan dan jenjang")
    credit: str = ""
    note: str = ""

    @property
    def written_nip(self) -> str:
        """The NIP in its groups."""
        return format_nip(self.nip)

    @property
    def credit_or_dash(self) -> str:
        """The credit points, or a dash where the table of the period has none."""
        return self.credit or "–"


@dataclass(frozen=True, kw_only=True)
class Count(Part):
    """A number of people under a reason: Count(label="tidak memenuhi syarat", people=1)."""

    label: str = need("sebab")
    people: int


@dataclass(frozen=True, kw_only=True)
class Counts(Part):
    """Proposed = recommended + the sum of not recommended; anything else is a ValueError."""

    proposed: int
    recommended: int
    not_recommended: tuple[Count, ...] = ()

    def __post_init__(self) -> None:
        if self.proposed != self.recommended + self.refused:
            raise ValueError(
                f"{self.proposed} proposed, but {self.recommended} recommended and "
                f"{self.refused} not recommended"
            )

    @property
    def refused(self) -> int:
        """How many are not recommended."""
        return sum(count.people for count in self.not_recommended)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The table of the letter: (label, "26 orang")."""
        rows = [
            ("Diusulkan", f"{format_number(self.proposed)} orang"),
            ("Direkomendasikan", f"{format_number(self.recommended)} orang"),
        ]
        if self.refused:
            reasons = ", ".join(f"{count.people} {count.label}" for count in self.not_recommended)
            label = f"Tidak direkomendasikan: {reasons}"
            rows.append((label, f"{format_number(self.refused)} orang"))
        return rows


@dataclass(frozen=True, kw_only=True)
class Reason(Part):
    """Why someone is not recommended, and the rule that says so."""

    text: str = need("alasan")
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class NoticeRow(Part):
    """A row of the notice: who, for which level, where it ended, why, and what to do next."""

    name: str = need("nama")
    nip: str = need("NIP")
    level: str = need("jabatan dan jenjang")
    stage: str = need("hasil")
    reasons: tuple[Reason, ...] = need("alasan")
    next_step: str = need("langkah berikut")

    @property
    def written_nip(self) -> str:
        """The NIP in its groups."""
        return format_nip(self.nip)


@dataclass(frozen=True, kw_only=True)
class ProposalRow(Part):
    """A row of the list of proposed people: `group` "III/a", `level` what is proposed."""

    name: str = need("nama")
    nip: str = need("NIP")
    group: str = need("golongan ruang")
    education: str = need("pendidikan")
    post: str = need("jabatan")
    level: str = need("jabatan fungsional dan jenjang")

    @property
    def written_nip(self) -> str:
        """The NIP in its groups."""
        return format_nip(self.nip)


@dataclass(frozen=True, kw_only=True)
class SeatRow(Part):
    """A row of an attendance sheet or of an invitation: who sits where and when."""

    number: str = need("nomor peserta")
    name: str = need("nama")
    nip: str = need("NIP")
    seat: str = ""
    agency: str = ""
    level: str = ""
    office: str = ""
    schedule: str = ""

    @property
    def written_nip(self) -> str:
        """The NIP in its groups."""
        return format_nip(self.nip)


@dataclass(frozen=True, kw_only=True)
class Fact(Part):
    """A line "label: text"; in minutes the label is a time, in circulars a stage."""

    label: str = need("label")
    text: str = need("keterangan")


def bps_letterhead() -> Letterhead:
    """Return BPS's letterhead from the settings LETTERHEAD and LETTER_EMBLEM."""
    settings_ = settings.LETTERHEAD
    return Letterhead(
        name=settings_["name"],
        lines=tuple(line for key in ("address", "contact") if (line := settings_.get(key, ""))),
        emblem=bool(getattr(settings, "LETTER_EMBLEM", "")),
    )


def people_in_words(n: int) -> str:
    """Return a number of people as letters write it: "26 (dua puluh enam) orang"."""
    return f"{format_number(n)} ({number_words(n)}) orang"
