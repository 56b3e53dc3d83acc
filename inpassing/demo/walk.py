"""One proposal's way, step by step, through the real transitions and at believable times."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from inpassing.accounts.models import User
from inpassing.files.models import StoredFile
from inpassing.files.storage import store_upload
from inpassing.formats import format_nip
from inpassing.reference.models import Period, Position, PositionLevel
from proposals import drafts, formation_rows, formations
from proposals import workflow as stage1
from proposals.documents import put_file
from proposals.models import (
    DocumentVersion,
    Formation,
    Proposal,
    ProposalDocument,
)
from verification import workflow as stage2
from verification.models import DocumentCheck, PortfolioAnswer

from .cast import Cast
from .clock import at
from .papers import locked_paper, paper
from .people import Person, person

STATISTICS, IT, OTHER = Proposal.EducationField
PROGRAMMES = {
    IT: ("Teknik Informatika", "Sistem Informasi", "Ilmu Komputer"),
    STATISTICS: ("Statistika", "Statistika Terapan", "Statistika"),
    OTHER: ("Manajemen", "Ilmu Administrasi Negara", "Matematika"),
}
RANKS = {"terampil": "II/c", "mahir": "III/a", "pertama": "III/a", "muda": "III/c", "madya": "IV/a"}
POSTS = {
    "PRAKOM": ("Pengelola sistem informasi", "Pengelolaan sistem informasi"),
    "STATISTISI": ("Pengelola data", "Pengolahan dan analisis data statistik"),
}


@dataclass(frozen=True)
class Days:
    """When the steps of a period happen, in days from today."""

    draft: int
    nominated: int
    approved: int
    filed: int
    verified: int
    assessed: int


@dataclass
class Walk:
    """A period being played: who may be proposed, and how far each one comes."""

    cast: Cast
    period: Period
    days: Days
    numbers: Any
    positions: dict[str, Position] = field(default_factory=dict)
    levels: dict[tuple[str, str], PositionLevel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = PositionLevel.objects.select_related("position")
        self.positions = {position.pk: position for position in Position.objects.all()}
        self.levels = {(level.position_id, level.code): level for level in rows}

    # Formations

    def formation(
        self,
        agency: str,
        position: str,
        lines: dict[str, tuple[int, int]],
        *,
        status: str = Formation.Status.VALIDATED,
    ) -> Formation:
        """A formation with its table; `lines` maps a level code to (needed, filled)."""
        cast, operator = self.cast, self.cast.operators[agency]
        day = self.days.draft - 2
        with at(cast.moment(day, 9)):
            formation = formation_rows.create_formation(
                cast.agencies[agency], self.period, self.positions[position], by=operator
            )
            for code, (needed, filled) in lines.items():
                formation_rows.put_line(
                    formation,
                    by=operator,
                    level=self.levels[position, code],
                    work_unit=None,
                    needed=needed,
                    filled=filled,
                )
            if status == Formation.Status.DRAFT:
                return formation
            table = paper("formasi", (str(formation.agency), str(formation.period)))
            upload = SimpleUploadedFile("tabel-formasi.pdf", table, "application/pdf")
            formation = formation_rows.attach_table(formation, upload, by=operator)
            formation = formations.submit_formation(formation, by=operator)
        if status == Formation.Status.VALIDATED:
            with at(cast.moment(day + 1, 14)):
                figures = {line.pk: (line.vacancy, "") for line in formation.lines.all()}
                formations.validate_formation(formation, by=cast.verifier, figures=figures)
        elif status == Formation.Status.RETURNED:
            with at(cast.moment(day + 1, 14)):
                reason = "Jumlah pada jenjang Ahli Muda berbeda dari tabel bertanda tangan."
                formations.return_formation(formation, by=cast.verifier, reason=reason)
        return formation

    # One proposal

    def draft(
        self,
        agency: str,
        position: str,
        level: str,
        *,
        education: str = IT,
        who: User | None = None,
        **fields: Any,
    ) -> Proposal:
        """A candidate that the operator has typed."""
        number = next(self.numbers)
        somebody = person(number)
        if who is not None:
            assert who.nip
            somebody = Person(
                who.name,
                who.nip,
                dt.datetime.strptime(who.nip[:8], "%Y%m%d").date(),  # noqa: DTZ007
                int(who.nip[14]),
            )
        skilled = level in {"terampil", "mahir"}
        units = list(self.cast.agencies[agency].work_units.order_by("pk"))
        proposal = Proposal(
            period=self.period,
            agency=self.cast.agencies[agency],
            work_unit=units[number % len(units)],
            nip=somebody.nip,
            name=somebody.name,
            title_after=fields.pop("title_after", "A.Md." if skilled else "S.Kom."),
            birth_date=somebody.born,
            sex=somebody.sex,
            email=who.email if who else somebody.address,
            position_id=position,
            level=self.levels[position, level],
            rank_id=RANKS[level],
            rank_effective_on=dt.date(2022, 4, 1),
            education_id="D3" if skilled else "S1",
            **fields,
        )
        proposal.programme = PROGRAMMES[education][number % 3]  # type: ignore[index]
        with at(self.cast.moment(self.days.draft, 9, number % 60)):
            return drafts.create_draft(proposal, by=self.cast.operators[agency])

    def nominated(self, *args: Any, **kwargs: Any) -> Proposal:
        """A draft that the operator has sent to BPS."""
        proposal = self.draft(*args, **kwargs)
        with at(self.cast.moment(self.days.nominated, 11, proposal.pk % 60)):
            assert proposal.created_by is not None
            return stage1.nominate(proposal, by=proposal.created_by)

    def filling(self, *args: Any, approved_at: dt.datetime | None = None, **kw: Any) -> Proposal:
        """A participant who has been let in; the account is used unless it is from today."""
        proposal = self.nominated(*args, **kw)
        with at(approved_at or self.cast.moment(self.days.approved, 14, proposal.pk % 60)):
            proposal = stage2.approve_nomination(proposal, by=self.cast.verifier)
        participant = proposal.participant
        assert participant is not None
        if approved_at is None and not participant.has_been_used:
            participant.password = self.cast.password
            participant.save(update_fields=["password"])
        return proposal

    def fill_in(self, proposal: Proposal) -> Proposal:
        """The data pages, all complete."""
        post, area = POSTS[proposal.position_id]
        participant = self._participant(proposal)
        values = {
            "phone": "0800 0000 0000",
            "address": "Jalan Contoh Nomor 9",
            "current_post": post,
            "work_field": area,
            "work_since": dt.date(2018, 1, 2),
            "duties": "Mengelola aplikasi dan basis data perangkat daerah serta menyusun laporan.",
            "programme": proposal.programme,
            "institution": "Universitas Contoh Nusantara",
            "graduation_year": proposal.birth_date.year + 23,
        }
        if proposal.is_structural:
            values |= {
                "structural_decree": "821/027/2021",
                "structural_since": dt.date(2021, 3, 1),
            }
        return stage1.save_data(proposal, values, by=participant, step="Data peserta")

    def filed(self, *args: Any, waiting: bool = True, **kwargs: Any) -> Proposal:
        """Sent by the participant. `waiting` leaves the files to the inspector; what was decided
        long ago counts as accepted."""
        proposal = self.filling(*args, **kwargs)
        participant = self._participant(proposal)
        with at(self.cast.moment(self.days.filed, 9, proposal.pk % 60)):
            self.fill_in(proposal)
            self.upload_all(proposal, waiting=waiting)
        with at(self.cast.moment(self.days.filed, 15, proposal.pk % 60)):
            return stage1.submit(proposal, by=participant)

    def eligible(self, *args: Any, education: str = IT, **kwargs: Any) -> Proposal:
        """Every document accepted; the field of education is set."""
        proposal = self.filed(*args, education=education, waiting=False, **kwargs)
        verifier = self.cast.verifier if proposal.pk % 3 else self.cast.colleague
        with at(self.cast.moment(self.days.verified, 10, proposal.pk % 60)):
            self.check(proposal, verifier)
            proposal = stage2.set_education_field(proposal, by=verifier, field=education)
            return stage2.declare_eligible(proposal, by=verifier)

    def assessed(self, *args: Any, passed: bool = True, **kwargs: Any) -> Proposal:
        """After the portfolio: TEST_REQUIRED or READY by the rules, or PORTFOLIO_FAILED."""
        proposal = self.eligible(*args, **kwargs)
        answer = PortfolioAnswer.Answer
        items = stage2.items_for(proposal)
        answers = {item.pk: stage2.GivenAnswer(answer.MET) for item in items}
        if not passed:
            remark = "Bukti hasil kerja belum menunjukkan tugas di bidang ini."
            answers[items[2].pk] = stage2.GivenAnswer(answer.NOT_MET, remark)
        with at(self.cast.moment(self.days.assessed, 13, proposal.pk % 60)):
            return stage2.assess_portfolio(
                proposal, by=self.cast.verifier, answers=answers, passed=passed
            )

    # Documents

    def upload(
        self, document: ProposalDocument, *, locked: bool = False, mark: str = ""
    ) -> DocumentVersion:
        """One upload by the participant, left to the inspector."""
        proposal = document.proposal
        code = document.requirement.code
        make = locked_paper if locked else paper
        data = make(code, (*self._lines(proposal), mark))
        upload = SimpleUploadedFile(f"{code.replace('_', '-')}.pdf", data, "application/pdf")
        return put_file(document, upload, by=self._participant(proposal))

    def upload_all(self, proposal: Proposal, *, waiting: bool) -> None:
        """A file in every slot."""
        documents = list(proposal.documents.select_related("requirement", "proposal"))
        if waiting:
            for document in documents:
                self.upload(document)
            return
        participant = self._participant(proposal)
        versions = []
        for document in documents:
            code = document.requirement.code
            data = paper(code, self._lines(proposal))
            file = self._file(document, data, f"{code.replace('_', '-')}.pdf", participant)
            versions.append(DocumentVersion(document=document, number=1, file=file))
        StoredFile.objects.filter(pk__in=[version.file_id for version in versions]).update(
            state=StoredFile.State.ACCEPTED, pages=1
        )
        for document, version in zip(
            documents, DocumentVersion.objects.bulk_create(versions), strict=True
        ):
            document.current = version
        ProposalDocument.objects.bulk_update(documents, ["current"])

    def check(self, proposal: Proposal, verifier: User) -> None:
        """A verifier's tick on every document."""
        documents = proposal.documents.select_related("requirement", "current")
        DocumentCheck.objects.bulk_create(
            [
                DocumentCheck(
                    version=document.current,
                    verdict=DocumentCheck.Verdict.ACCEPT,
                    certified_ok=document.requirement.certified_copy,
                    certifier="Sekretaris Daerah" if document.requirement.certified_copy else "",
                    certified_on=dt.date(self.period.year, 1, 5)
                    if document.requirement.certified_copy
                    else None,
                    checked_by=verifier,
                    checked_at=self.cast.moment(self.days.verified, 9),
                )
                for document in documents
            ]
        )

    def _lines(self, proposal: Proposal) -> tuple[str, ...]:
        return (
            f"Nama    : {proposal.full_name}",
            f"NIP     : {format_nip(proposal.nip)}",
            f"Pangkat : {proposal.rank_id}",
            f"Jabatan : {proposal.level.name}",
        )

    def _participant(self, proposal: Proposal) -> User:
        assert proposal.participant is not None
        return proposal.participant

    def _file(self, document: ProposalDocument, data: bytes, name: str, by: User) -> StoredFile:
        upload = SimpleUploadedFile(name, data, "application/pdf")
        return store_upload(upload, owner=document, by=by)
