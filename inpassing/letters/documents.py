"""What each letter prints, field by field.

A document is a frozen dataclass of plain values that are already in Indonesian: whoever builds one
(proposals, competency, recommendations) has read the database and formatted dates and numbers with
`inpassing.formats`. `to_json()` gives what the database keeps once a signer has acted, and
`document_from_json()` gives the same document back, so that a repeated run prints the same letter.

A field made with `need("label")` must not be blank: `missing_fields()` lists the blank ones by
their labels, `unprintable_fields()` what the font of the letters lacks, both before anything is
numbered.
"""

# ruff: noqa: RUF009 (`need` is dataclasses.field with a label)

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Self, get_args, get_origin, get_type_hints

from django.conf import settings
from django.utils.safestring import SafeString

from inpassing.formats import format_nip, format_number, number_words

from .errors import MEND, LetterError
from .glyphs import named, unprintable
from .qr import qr_svg

#: How the PDF is signed: not at all, with a certificate, with a certificate of BSrE. Fixed at the
#: signer's act from `signing.is_signing_configured()` and `signing.is_bsre_certificate()`.
Signature = Literal["", "electronic", "bsre"]

#: A line to be filled by hand.
DOTS = "." * 24


# What fields are called that may be blank.
CALLED = {
    "acting": "Plt. atau Plh.",
    "address": "alamat",
    "agency": "instansi",
    "annex_title": "judul lampiran",
    "attention": "u.p.",
    "bring": "yang dibawa",
    "check_code": "kode cek",
    "check_url": "alamat cek",
    "copies": "tembusan",
    "counts": "tabel jumlah",
    "credit": "angka kredit",
    "credit_note": "catatan lampiran",
    "date": "tanggal",
    "duration": "lama uji",
    "duties": "uraian tugas",
    "group": "golongan ruang",
    "level": "jabatan dan jenjang",
    "lines": "alamat pada kop surat",
    "made_at": "waktu pembuatan",
    "not_recommended": "tidak direkomendasikan",
    "note": "keterangan",
    "number": "nomor surat",
    "office": "tempat uji",
    "on_behalf_of": "atas nama",
    "parent": "induk instansi",
    "place": "tempat",
    "points": "isi surat",
    "post": "jabatan",
    "rank": "pangkat",
    "rank_since": "TMT pangkat",
    "room": "ruang",
    "rules": "tata tertib",
    "schedule": "jadwal",
    "seat": "kursi",
    "signature": "jenis tanda tangan",
    "signer": "penanda tangan",
    "source": "dasar",
    "through": "pejabat antara",
    "unit": "unit kerja",
}
STRANGE_SHOWN = 5


def need(label: str) -> Any:
    """A dataclass field that must be filled; the label is how a person calls it."""
    return field(metadata={"label": label})


class Part:
    """Part of a document: knows which of its fields are missing, and its own JSON."""

    def missing_fields(self) -> list[str]:
        """Return the labels of the blank fields that must be filled, in the order of the letter."""
        missing = []
        for item in fields(self):  # type: ignore[arg-type]
            label, value = item.metadata.get("label", ""), getattr(self, item.name)
            if label and (value in ("", ()) or (isinstance(value, str) and not value.strip())):
                missing.append(label)
            elif isinstance(value, Part):
                missing += [_under(label, inner) for inner in value.missing_fields()]
            elif isinstance(value, tuple):
                for number, row in enumerate(value, start=1):
                    if isinstance(row, Part):
                        missing += [
                            _under(_row(label or item.name, number, row), inner)
                            for inner in row.missing_fields()
                        ]
        return missing

    def unprintable_fields(self) -> list[str]:
        """What the font of the letters lacks, each with its person and field:
        "“漢” (U+6F22) pada daftar nama baris 3 (Budi 漢): nama"."""
        return [
            f"{named(strange)} pada {where}"
            for where, text in self._texts()
            if (strange := unprintable(text))
        ]

    def check(self) -> None:
        """Raise LetterError that names every blank field, else every unprintable character."""
        if missing := self.missing_fields():
            raise LetterError(f"Surat belum lengkap: {', '.join(missing)}.", missing=missing)
        if strange := self.unprintable_fields():
            more = len(strange) - STRANGE_SHOWN
            names = "; ".join(strange[:STRANGE_SHOWN]) + (f"; dan {more} lagi" if more > 0 else "")
            raise LetterError(f"Tidak dapat dicetak pada surat: {names}. {MEND}")

    def _texts(self) -> Iterator[tuple[str, str]]:
        """Every text of the part with what a person calls its field."""
        for item in fields(self):  # type: ignore[arg-type]
            label = item.metadata.get("label") or CALLED.get(item.name, item.name)
            value = getattr(self, item.name)
            if isinstance(value, str):
                yield label, value
            elif isinstance(value, Part):
                yield from ((_under(label, where), text) for where, text in value._texts())
            elif isinstance(value, tuple):
                for number, row in enumerate(value, start=1):
                    if isinstance(row, Part):
                        called = _row(label, number, row)
                        yield from ((_under(called, where), text) for where, text in row._texts())
                    else:
                        yield f"{label} butir {number}", row

    def to_json(self) -> dict[str, object]:
        """Return the part as plain values that JSON holds."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the part that `to_json` described; raise ValueError for any other shape."""
        hints, known = get_type_hints(cls), {item.name: item for item in fields(cls)}  # type: ignore[arg-type]
        if unknown := data.keys() - known.keys():
            raise ValueError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
        for name, item in known.items():
            if name not in data and item.default is MISSING:
                raise ValueError(f"{cls.__name__} lacks {name}")
        return cls(**{name: _typed(hints[name], value) for name, value in data.items()})


# Parts


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


# Documents


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


@dataclass(frozen=True, kw_only=True)
class CompetencyTestInvitation(Letter):
    """Pemberitahuan uji kompetensi: BPS to one participant, or to an operator with a list.

    For one participant `facts` say when and where; for an operator `people` make up the annex.
    """

    kind = "test_invitation"
    template = "test_invitation.html"

    facts: tuple[Fact, ...] = ()
    bring: tuple[str, ...] = ()
    people: tuple[SeatRow, ...] = ()
    annex_title: str = ""

    def missing_fields(self) -> list[str]:
        """Either the facts or the list must be there, and a list needs its title."""
        missing = super().missing_fields()
        if not self.facts and not self.people:
            missing.append("jadwal")
        if self.people and not self.annex_title:
            missing.append("judul lampiran")
        return missing

    @property
    def number_line(self) -> str:
        """The number; not printed while there is none."""
        return self.number

    @property
    def attachment(self) -> str:
        """What stands behind "Lampiran"; not printed without an annex."""
        return super().attachment if self.people else ""


@dataclass(frozen=True, kw_only=True)
class ProposalList(Letter):
    """Daftar usulan: cover letter of an agency to BPS, the proposed people in an annex."""

    kind = "proposal_list"
    template = "proposal_list.html"

    signer: SignerBlock = need("penanda tangan")
    annex_title: str = need("judul lampiran")
    people: tuple[ProposalRow, ...] = need("daftar nama")


@dataclass(frozen=True, kw_only=True)
class Circular(Letter):
    """Surat penyampaian informasi: an agency to its work units.

    `schedule` is a table of dates; `requirements` and `links` are lists.
    """

    kind = "circular"
    template = "circular.html"

    signer: SignerBlock = need("penanda tangan")
    schedule: tuple[Fact, ...] = need("jadwal")
    requirements: tuple[str, ...] = need("persyaratan")
    contact: str = need("narahubung")
    links: tuple[Fact, ...] = ()

    @property
    def attachment(self) -> str:
        """What stands behind "Lampiran"."""
        return "–"


@dataclass(frozen=True, kw_only=True)
class CompetencyTestCard(Document):
    """Kartu peserta uji kompetensi, one page; the QR code holds `check_url`."""

    kind = "test_card"
    template = "test_card.html"

    letterhead: Letterhead = need("kop surat")
    number: str = need("nomor peserta")
    name: str = need("nama")
    nip: str = need("NIP")
    agency: str = need("instansi")
    level: str = need("jabatan dan jenjang")
    period: str = need("periode")
    session: str = need("sesi")
    day: str = need("hari dan tanggal")
    time: str = need("waktu")
    office: str = need("kantor")
    address: str = ""
    room: str = ""
    seat: str = need("kursi")
    bring: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    check_url: str = need("alamat cek")

    @property
    def written_nip(self) -> str:
        """The NIP in its groups."""
        return format_nip(self.nip)

    @property
    def qr(self) -> SafeString:
        """The QR code that the proctor scans."""
        return qr_svg(self.check_url)

    @property
    def title(self) -> str:
        """Kind and number."""
        return f"Kartu peserta {self.number}"


@dataclass(frozen=True, kw_only=True)
class AttendanceSheet(Document):
    """Daftar hadir of one session, to be signed on paper; proctors have name and NIP."""

    kind = "attendance_sheet"
    template = "attendance_sheet.html"

    letterhead: Letterhead = need("kop surat")
    place: str = need("tempat")
    date: str = need("tanggal")
    period: str = need("periode")
    session: str = need("sesi")
    day: str = need("hari dan tanggal")
    time: str = need("waktu")
    office: str = need("kantor")
    room: str = need("ruang")
    people: tuple[SeatRow, ...] = need("daftar peserta")
    proctors: tuple[Person, ...] = need("pengawas")

    @property
    def title(self) -> str:
        """Kind, session and office."""
        return f"Daftar hadir {self.session} {self.office}"


@dataclass(frozen=True, kw_only=True)
class Minutes(Document):
    """Berita acara of one session.

    `day_in_words` comes from `formats.date_in_words`; `incidents` are times and what happened.
    """

    kind = "minutes"
    template = "minutes.html"

    letterhead: Letterhead = need("kop surat")
    place: str = need("tempat")
    date: str = need("tanggal")
    day_in_words: str = need("tanggal dengan huruf")
    period: str = need("periode")
    session: str = need("sesi")
    time: str = need("waktu")
    office: str = need("kantor")
    room: str = need("ruang")
    registered: int
    present: int
    absent: tuple[SeatRow, ...] = ()
    incidents: tuple[Fact, ...] = ()
    proctors: tuple[Person, ...] = need("pengawas")
    head: SignerBlock | None = None

    def __post_init__(self) -> None:
        if self.registered != self.present + len(self.absent):
            raise ValueError(
                f"{self.registered} registered, but {self.present} present and "
                f"{len(self.absent)} absent"
            )

    @property
    def counts(self) -> list[tuple[str, str]]:
        """The table of the minutes: (label, "18 (delapan belas) orang")."""
        return [
            ("Terdaftar", people_in_words(self.registered)),
            ("Hadir", people_in_words(self.present)),
            ("Tidak hadir", people_in_words(len(self.absent))),
        ]

    @property
    def title(self) -> str:
        """Kind, session and office."""
        return f"Berita acara {self.session} {self.office}"


@dataclass(frozen=True, kw_only=True)
class Statement(Document):
    """A statement, pre-filled to be printed, signed and scanned.

    `person` is the civil servant. `stamp` leaves the place of a revenue stamp; whether one is
    needed is not ours to say.
    """

    place: str = need("tempat")
    person: Person = need("PNS")
    date: str = ""
    number: str = ""
    stamp: bool = False

    @property
    def date_line(self) -> str:
        """The date, or a line to write it on."""
        return self.date or DOTS

    @property
    def number_line(self) -> str:
        """The number, or a line to write it on."""
        return self.number or DOTS

    @property
    def place_and_date(self) -> str:
        """The line above the signature."""
        return f"{self.place}, {self.date_line}"

    @property
    def title(self) -> str:
        """Heading and name."""
        return f"{self.heading} {self.person.name}"

    @property
    def heading(self) -> str:
        """The heading on paper, in sentence case."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class StatementOfHead(Statement):
    """A statement that the head of the perangkat daerah signs about a civil servant."""

    letterhead: Letterhead = need("kop surat")
    signer: SignerBlock = need("pimpinan unit kerja")
    unit: str = need("unit kerja")


@dataclass(frozen=True, kw_only=True)
class StatementExperience(StatementOfHead):
    """Surat pernyataan pengalaman: `field_of_work` "sistem informasi berbasis komputer"."""

    kind = "statement_experience"
    template = "statement_experience.html"
    heading = "Surat Pernyataan Pengalaman Kerja"

    level: str = need("jabatan yang diusulkan")
    field_of_work: str = need("bidang pekerjaan")
    since: str = need("sejak tanggal")
    duration: str = ""
    duties: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StatementCompetence(StatementOfHead):
    """Surat pernyataan kompeten di bidangnya."""

    kind = "statement_competence"
    template = "statement_competence.html"
    heading = "Surat Pernyataan Kompeten di Bidangnya"

    level: str = need("jabatan yang diusulkan")
    field_of_work: str = need("bidang pekerjaan")


@dataclass(frozen=True, kw_only=True)
class StatementDiscipline(StatementOfHead):
    """Surat pernyataan tidak sedang menjalani hukuman disiplin sedang atau berat."""

    kind = "statement_discipline"
    template = "statement_discipline.html"
    heading = "Surat Pernyataan Tidak Sedang Menjalani Hukuman Disiplin"


@dataclass(frozen=True, kw_only=True)
class StatementResignation(Statement):
    """Surat pernyataan bersedia mengundurkan diri, signed by the structural official."""

    kind = "statement_resignation"
    template = "statement_resignation.html"
    heading = "Surat Pernyataan Bersedia Mengundurkan Diri dari Jabatan"

    level: str = need("jabatan yang diusulkan")
    structural_post: str = need("jabatan struktural")
    decree_number: str = need("nomor SK jabatan")
    decree_date: str = need("tanggal SK jabatan")

    @property
    def author(self) -> str:
        """The civil servant."""
        return self.person.name


DOCUMENTS: dict[str, type[Document]] = {
    document.kind: document
    for document in (
        RecommendationLetter,
        Extract,
        VerificationNotice,
        CompetencyTestInvitation,
        CompetencyTestCard,
        AttendanceSheet,
        Minutes,
        ProposalList,
        Circular,
        StatementExperience,
        StatementCompetence,
        StatementDiscipline,
        StatementResignation,
    )
}


def document_from_json(data: dict[str, Any]) -> Document:
    """Return the document that `to_json` described; raise ValueError for any other shape."""
    values = dict(data)
    kind = values.pop("kind", None)
    if kind not in DOCUMENTS:
        raise ValueError(f"No document of kind {kind!r}")
    return DOCUMENTS[kind].from_json(values)


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


def _under(label: str, inner: str) -> str:
    return f"{label}: {inner}"


def _row(label: str, number: int, row: Part) -> str:
    name = getattr(row, "name", "").strip()
    return f"{label} baris {number} ({name})" if name else f"{label} baris {number}"


def _plain(value: object) -> object:
    if isinstance(value, Part):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _typed(hint: Any, value: Any) -> Any:
    """The value as its annotation says; ValueError when it is something else."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        if value is None and NoneType in arguments:
            return None
        return _typed(next(inner for inner in arguments if inner is not NoneType), value)
    if origin is tuple and isinstance(value, list):
        return tuple(_typed(arguments[0], item) for item in value)
    if origin is Literal and value in arguments:
        return value
    if isinstance(hint, type) and issubclass(hint, Part) and isinstance(value, dict):
        return hint.from_json(value)
    if hint in (str, int, bool) and type(value) is hint:
        return value
    raise ValueError(f"{value!r} is not {hint}")
