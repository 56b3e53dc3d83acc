"""Stage 3: invitation, card, attendance sheet, minutes."""

# ruff: noqa: RUF009 (`need` is dataclasses.field with a label)

from dataclasses import dataclass

from django.utils.safestring import SafeString

from inpassing.formats import format_nip

from ..qr import qr_svg
from .fields import need
from .kinds import Document, Letter
from .parts import Fact, Letterhead, Person, SeatRow, SignerBlock, people_in_words


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
