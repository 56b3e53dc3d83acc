"""From the records of a letter to the document that is printed.

A draft is composed anew whenever somebody looks at it; at the signer's act it is composed once more
with number, date and code, and from then on the stored content alone is printed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace

from django.conf import settings
from django.urls import reverse

from inpassing.accounts.models import Agency, User
from inpassing.formats import format_number, long_date
from inpassing.letters.documents import (
    Addressee,
    Count,
    Counts,
    Extract,
    NoticeRow,
    PersonRow,
    Reason,
    RecommendationLetter,
    Signature,
    SignerBlock,
    VerificationNotice,
    bps_letterhead,
)
from inpassing.letters.texts import fill
from inpassing.reference.models import BpsOffice, InpassingCredit, Period
from inpassing.timeline.models import TimelineEvent
from proposals.models import Proposal

from .letter_texts import Texts, texts_of
from .models import Letter, LetterLine

Status = Proposal.Status

# Ended proposals of which a notice tells the agency. What the agency itself took back is not told.
NOT_RECOMMENDED = {
    Status.NOMINATION_REJECTED: "usulan ditolak",
    Status.NOT_ELIGIBLE: "tidak memenuhi syarat",
    Status.PORTFOLIO_FAILED: "tidak lulus portofolio",
    Status.TEST_FAILED: "tidak lulus uji kompetensi",
    Status.TEST_ABSENT: "tidak hadir uji kompetensi",
    Status.NOT_RECOMMENDED: "tidak direkomendasikan",
}

NEXT_STEP = {
    Status.NOMINATION_REJECTED: "Perbaiki hal yang disebut, lalu usulkan pada periode berikutnya.",
    Status.NOT_ELIGIBLE: (
        "Lengkapi persyaratan yang disebut, lalu usulkan kembali pada periode berikutnya."
    ),
    Status.PORTFOLIO_FAILED: (
        "Lengkapi bukti kerja yang disebut, lalu usulkan kembali pada periode berikutnya."
    ),
    Status.TEST_FAILED: "Dapat mengikuti uji kompetensi lagi bila diusulkan periode berikutnya.",
    Status.TEST_ABSENT: "Dapat mengikuti uji kompetensi lagi bila diusulkan periode berikutnya.",
    Status.NOT_RECOMMENDED: "Dapat diusulkan kembali bila formasi pada jenjang itu tersedia.",
}

# The rule behind an end that does not name its own (domain.md section 4).
RULE = {
    Status.PORTFOLIO_FAILED: "Aturan E17",
    Status.TEST_FAILED: "Aturan E17",
    Status.TEST_ABSENT: "Aturan E17",
    Status.NOT_RECOMMENDED: "Aturan E17",
}

UNSIGNED = SignerBlock(post="Penanda tangan", name="Nama penanda tangan", nip="–")

LetterDocument = RecommendationLetter | VerificationNotice


@dataclass(frozen=True)
class Fixed:
    """What the signer's act adds to a letter."""

    number: str
    date: dt.date
    code: str
    signature: Signature
    made_at: dt.datetime

    def put_on(self, document: LetterDocument) -> LetterDocument:
        """The document with its number and what belongs to it."""
        return replace(
            document,
            number=self.number,
            date=long_date(self.date),
            check_code=self.code,
            check_url=check_url(self.code),
            signature=self.signature,
            made_at=self.made_at.isoformat(timespec="seconds"),
        )


def check_url(code: str) -> str:
    """The public address at which a code is checked, as the QR code holds it."""
    return f"{settings.SITE_URL}{reverse('recommendations:check_letter', args=[code])}"


def signer_block(user: User) -> SignerBlock:
    """What the letter says of a signer; the profile is loaded."""
    profile = user.signer_profile
    return SignerBlock(
        post=profile.post,
        name=user.full_name,
        nip=user.nip or "",
        rank=str(profile.rank) if profile.rank else "",
        on_behalf_of=profile.capacity.removeprefix("a.n.").strip(),
    )


def compose(
    letter: Letter, *, signer: SignerBlock | None = None, fixed: Fixed | None = None
) -> LetterDocument:
    """The document of a recommendation letter or a notice (loaded by for_page); about five queries.

    Without `fixed` it is a draft. Blank fields stay blank: ask the document for missing_fields().
    """
    lines = lines_of(letter)
    block = signer or UNSIGNED
    document: LetterDocument
    if letter.is_notice:
        document = _notice(letter, lines, block)
    else:
        document = _recommendation(letter, lines, block)
    return fixed.put_on(document) if fixed else document


def compose_extract(
    document: RecommendationLetter,
    row: PersonRow,
    proposal: Proposal,
    *,
    texts: Texts,
    code: str = "",
) -> Extract:
    """The extract of one row of a letter, with the period's texts; a draft has no code."""
    fields = extract_fields(document, proposal)
    return Extract(
        letterhead=bps_letterhead(),
        place=document.place,
        subject=document.subject,
        addressee=document.addressee,
        opening=fill(str(texts["opening"]), fields),
        closing=fill(str(texts["closing"]), fields),
        person=row,
        agency=proposal.agency.name,
        rank_since=long_date(proposal.rank_effective_on),
        signer=document.signer,
        number=document.number,
        date=document.date,
        check_code=code,
        check_url=check_url(code) if code else "",
        signature=document.signature,
        made_at=document.made_at,
    )


def draft_extract(letter: Letter, document: LetterDocument, proposal_id: int) -> Extract | None:
    """The extract of one person as the letter would make it; None when there is none."""
    if not isinstance(document, RecommendationLetter):
        return None
    texts = texts_of(letter.period_id, "extract")
    for line, row in zip(lines_of(letter), document.people, strict=True):
        if line.proposal_id == proposal_id:
            return compose_extract(document, row, line.proposal, texts=texts)
    return None


def check(letter: Letter, document: LetterDocument) -> None:
    """Raise LetterError that names what the letter or its extracts lack, and what the font lacks.

    The rows of a letter are of one agency, position and period: one extract stands for all.
    """
    document.check()
    if not isinstance(document, RecommendationLetter):
        return
    texts = texts_of(letter.period_id, "extract")
    line = lines_of(letter)[0]
    compose_extract(document, document.people[0], line.proposal, texts=texts).check()


def fingerprint(letter: Letter, document: LetterDocument) -> str:
    """The hash of what a draft and its extracts say, whoever signs it: changes when a name, a count
    or a text does."""
    bare = replace(
        document,
        signer=UNSIGNED,
        copies=(),
        number="",
        date="",
        check_code="",
        check_url="",
        signature="",
        made_at="",
    )
    extracts = texts_of(letter.period_id, "extract") if letter.is_recommendation else {}
    text = json.dumps([bare.to_json(), extracts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def lines_of(letter: Letter) -> list[LetterLine]:
    """The letter's rows in order, with all that the annex prints."""
    return list(
        letter.lines.select_related(
            "proposal__rank",
            "proposal__education",
            "proposal__level__position",
            "proposal__work_unit",
            "proposal__agency",
            "proposal__period",
            "proposal__participant",
        ).order_by("order", "pk")
    )


def _recommendation(
    letter: Letter, lines: list[LetterLine], signer: SignerBlock
) -> RecommendationLetter:
    texts = texts_of(letter.period_id, "recommendation")
    agency = letter.agency
    fields = recommendation_fields(letter)
    has_reference = bool(letter.reference_number and letter.reference_date)
    opening = texts["opening" if has_reference else "opening_bare"]
    counts = _counts(letter, len(lines))
    points = list(texts["points"])
    if counts:
        points.insert(0, str(texts["counts_lead"]))
    if counts is None or counts.refused:
        points.append(str(texts["refused_point"]))
    return RecommendationLetter(
        letterhead=bps_letterhead(),
        place=settings.LETTERHEAD["city"],
        subject=fill(str(texts["subject"]), fields),
        addressee=_addressee(agency),
        opening=fill(str(opening), fields),
        points=tuple(fill(point, fields) for point in points),
        closing=fill(str(texts["closing"]), fields),
        annex_title=fill(str(texts["annex_title"]), fields),
        people=_person_rows(letter.period, lines),
        counts=counts,
        credit_note=fill(str(texts["credit_note"]), fields),
        copies=_copies(agency, signer),
        signer=signer,
    )


def _notice(letter: Letter, lines: list[LetterLine], signer: SignerBlock) -> VerificationNotice:
    texts = texts_of(letter.period_id, "verification_notice")
    agency = letter.agency
    fields = notice_fields(letter)
    return VerificationNotice(
        letterhead=bps_letterhead(),
        place=settings.LETTERHEAD["city"],
        subject=fill(str(texts["subject"]), fields),
        addressee=_addressee(agency),
        opening=fill(str(texts["opening"]), fields),
        points=tuple(fill(point, fields) for point in texts["points"]),
        closing=fill(str(texts["closing"]), fields),
        annex_title=fill(str(texts["annex_title"]), fields),
        people=tuple(_notice_row(line.proposal) for line in lines),
        copies=_copies(agency, signer),
        signer=signer,
    )


def recommendation_fields(letter: Letter) -> dict[str, str]:
    """The values of the named fields in the texts of a letter of recommendation."""
    assert letter.position is not None  # a constraint of the database
    return {
        "jabatan": letter.position.name,
        "periode": letter.period.name,
        "instansi": letter.agency.name,
        "pengirim": letter.agency.addressee or letter.agency.name,
        "nomor_usulan": letter.reference_number,
        "tanggal_usulan": long_date(letter.reference_date) if letter.reference_date else "",
    }


def notice_fields(letter: Letter) -> dict[str, str]:
    """The values of the named fields in the texts of a notice."""
    return {
        "periode": letter.period.name,
        "instansi": letter.agency.name,
        "narahubung": _contact(letter.period),
    }


def extract_fields(document: RecommendationLetter, proposal: Proposal) -> dict[str, str]:
    """The values of the named fields in the texts of an extract of a letter."""
    return {
        "penerima": document.addressee.post,
        "hal": document.subject,
        "jabatan": proposal.level.position.name,
        "periode": proposal.period.name,
        "instansi": proposal.agency.name,
    }


def _addressee(agency: Agency) -> Addressee:
    return Addressee(post=agency.addressee, attention=agency.addressee_via)


def _contact(period: Period) -> str:
    parts = [period.contact_name, period.contact_phone, period.contact_email]
    return ", ".join(part for part in parts if part) or "pengelola Inpassing Badan Pusat Statistik"


def _copies(agency: Agency, signer: SignerBlock) -> tuple[str, ...]:
    """The head of BPS (who does not write to himself), BKN, and the province's BPS office."""
    copies = ["Kepala Badan Pusat Statistik (sebagai laporan)", "Kepala Badan Kepegawaian Negara"]
    if signer.post.startswith("Kepala Badan Pusat Statistik"):
        del copies[0]
    if agency.region_id:
        office = BpsOffice.objects.filter(region=agency.province_code).first()
        if office:
            copies.append(f"Kepala {office.name}")
    return tuple(copies)


def _counts(letter: Letter, recommended: int) -> Counts | None:
    """The table of counts, when this letter and those not recommended are all that was proposed.

    While others of the agency are still in the process, or stand in another letter, the figures
    would not add up: then there is no table.
    """
    statuses = Counter(
        Proposal.objects.filter(
            agency=letter.agency_id, position=letter.position_id, period=letter.period_id
        )
        .exclude(status__in=[Status.DRAFT, Status.NOT_PROPOSED, Status.WITHDRAWN])
        .values_list("status", flat=True)
    )
    refused = tuple(
        Count(label=label, people=statuses[status])
        for status, label in NOT_RECOMMENDED.items()
        if statuses[status]
    )
    proposed = sum(statuses.values())
    if proposed != recommended + sum(count.people for count in refused):
        return None
    return Counts(proposed=proposed, recommended=recommended, not_recommended=refused)


def _person_rows(period: Period, lines: list[LetterLine]) -> tuple[PersonRow, ...]:
    tested = set(
        TimelineEvent.objects.filter(
            proposal_id__in=[line.proposal_id for line in lines], kind="proposal.test_required"
        ).values_list("proposal_id", flat=True)
    )
    credits = {
        (cell.rank_id, cell.education_id, cell.years_in_rank): cell.credit
        for cell in InpassingCredit.objects.filter(period=period)
    }
    rows = []
    for line in lines:
        proposal = line.proposal
        years = _full_years(proposal.rank_effective_on, period.ends_on)
        credit = credits.get((proposal.rank_id, proposal.education_id, min(years, 4)))
        rows.append(
            PersonRow(
                name=proposal.full_name,
                nip=proposal.nip,
                rank=str(proposal.rank),
                unit=proposal.work_unit.name if proposal.work_unit else proposal.agency.name,
                level=proposal.level.name,
                credit=format_number(credit) if credit is not None else "",
                note="Lulus uji kompetensi" if proposal.pk in tested else "Lulus portofolio",
            )
        )
    return tuple(rows)


def _notice_row(proposal: Proposal) -> NoticeRow:
    status = Status(proposal.status)
    reasons = [text.strip("- ").strip() for text in proposal.end_note.splitlines()]
    reasons = [text for text in reasons if text] or [NOT_RECOMMENDED[status].capitalize()]
    rule = "" if "Aturan" in reasons[-1] else RULE.get(status, "")
    basis = " · ".join(text for text in (rule, proposal.period.legal_basis) if text)
    return NoticeRow(
        name=proposal.full_name,
        nip=proposal.nip,
        level=proposal.level.name,
        stage=proposal.get_status_display(),
        # One basis for them all, after the last.
        reasons=(
            *(Reason(text=text) for text in reasons[:-1]),
            Reason(text=reasons[-1], source=basis),
        ),
        next_step=NEXT_STEP.get(status, "Dapat diusulkan kembali pada periode berikutnya."),
    )


def _full_years(since: dt.date, until: dt.date) -> int:
    years = until.year - since.year
    if (until.month, until.day) < (since.month, since.day):
        years -= 1
    return max(years, 0)
