"""Stage 1: what an agency sends and what its people sign."""

# ruff: noqa: RUF009 (`need` is dataclasses.field with a label)

from dataclasses import dataclass

from .fields import need
from .kinds import Document, Letter
from .parts import DOTS, Fact, Letterhead, Person, ProposalRow, SignerBlock


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
