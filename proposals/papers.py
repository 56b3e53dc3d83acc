"""The agency's own papers: the circular to its units, and the list of its proposals for BPS.

Source: domain.md section 7. What the system does not know is a dotted line to be filled by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse

from inpassing.accounts.models import Agency
from inpassing.formats import long_date, long_datetime
from inpassing.letters.documents import (
    DOTS,
    Addressee,
    Circular,
    Fact,
    Letterhead,
    ProposalList,
    ProposalRow,
    SignerBlock,
    people_in_words,
)
from inpassing.letters.texts import DEFAULT_TEXTS, fill
from inpassing.reference.models import Period, Position, RequiredDocument

from .deadlines import agency_filing_deadline
from .models import Proposal, ProposalQuerySet
from .statements import place_of

BPS_HEAD = "Kepala Badan Pusat Statistik"


def circular_of(agency: Agency, period: Period) -> Circular:
    """The circular with the period's dates and the agency's own, requirements, contact and links
    (region loaded): two queries."""
    tz = agency.tz
    values = {
        "periode": period.name,
        "alamat": settings.SITE_URL,
        "pengelola": agency.personnel_words,
        "pimpinan": agency.head_of_unit_title,
        "batas_usulan": long_datetime(period.nomination_deadline, tz),
        "batas_berkas": long_datetime(agency_filing_deadline(period, agency), tz),
    }
    return Circular(
        letterhead=_letterhead(agency),
        place=place_of(agency),
        subject=_text("circular", "subject", values),
        addressee=Addressee(post=_heads(agency)),
        opening=_text("circular", "opening", values),
        points=_points("circular", values),
        closing=_text("circular", "closing", values),
        signer=_signer(agency),
        schedule=(
            Fact(label="Pengusulan calon", text=f"sampai {values['batas_usulan']}"),
            Fact(label="Pengiriman berkas", text=f"sampai {values['batas_berkas']}"),
            Fact(
                label="Uji kompetensi",
                text=f"{long_date(period.test_from)} sampai {long_date(period.test_until)}",
            ),
            Fact(label="Pengumuman hasil", text=long_datetime(period.results_at, tz)),
            Fact(label="Rekomendasi", text=long_date(period.recommendation_on)),
        ),
        requirements=tuple(_requirement(row) for row in period.required_documents.asked()),
        contact=_contact(agency, period),
        links=(
            Fact(label="Jadwal dan pendaftaran", text=f"{settings.SITE_URL}/"),
            Fact(label="Pedoman", text=f"{settings.SITE_URL}{reverse('guidelines')}"),
        ),
    )


def proposed_by(agency: Agency, period: Period) -> ProposalQuerySet:
    """What an agency has sent to BPS in a period and what has not ended, as the list prints it."""
    sent = Proposal.objects.active().exclude(status=Proposal.Status.DRAFT)
    return (
        sent.filter(agency=agency, period=period)
        .select_related("level__position", "rank", "education")
        .order_by("level__order", "sort_name", "pk")
    )


def proposal_list_of(
    agency: Agency, period: Period, position: Position, proposals: Sequence[Proposal]
) -> ProposalList:
    """The cover letter with the proposals of one position in the annex."""
    values = {
        "jabatan": position.name,
        "periode": period.name,
        "instansi": agency.name,
        "jumlah": people_in_words(len(proposals)),
    }
    return ProposalList(
        letterhead=_letterhead(agency),
        place=place_of(agency),
        subject=_text("proposal_list", "subject", values),
        addressee=Addressee(post=BPS_HEAD, place="Jakarta"),
        opening=_text("proposal_list", "opening", values),
        points=_points("proposal_list", values),
        closing=_text("proposal_list", "closing", values),
        signer=_signer(agency),
        annex_title=_text("proposal_list", "annex_title", values),
        people=tuple(
            ProposalRow(
                name=proposal.full_name,
                nip=proposal.nip,
                group=proposal.rank_id,
                education=" ".join(filter(None, [proposal.education.name, proposal.programme])),
                post=proposal.current_post or "–",
                level=proposal.level.name,
            )
            for proposal in proposals
        ),
    )


def _text(kind: str, block: str, values: dict[str, str]) -> str:
    return fill(str(DEFAULT_TEXTS[kind][block]), values)


def _points(kind: str, values: dict[str, str]) -> tuple[str, ...]:
    return tuple(fill(point, values) for point in DEFAULT_TEXTS[kind]["points"])


def _letterhead(agency: Agency) -> Letterhead:
    office = agency.personnel_office
    lines = [agency.address, f"Telepon {agency.phone}" if agency.phone else ""]
    return Letterhead(
        name=(office or agency.name).upper(),
        parent=agency.name.upper() if office else "",
        lines=tuple(filter(None, lines)),
    )


def _signer(agency: Agency) -> SignerBlock:
    office = agency.personnel_office
    return SignerBlock(post=f"Kepala {office}" if office else DOTS, name=DOTS, nip=DOTS)


def _heads(agency: Agency) -> str:
    return f"{agency.head_of_unit_title} di lingkungan {agency.name}"


def _requirement(row: RequiredDocument) -> str:
    words = [row.name]
    if row.certified_copy:
        words.append("dilegalisasi")
    if row.condition == RequiredDocument.Condition.STRUCTURAL:
        words.append("hanya bagi pejabat struktural")
    return ", ".join(words)


def _contact(agency: Agency, period: Period) -> str:
    """Whom to ask: the agency's own office, and the period's contact at BPS."""
    own = agency.personnel_words
    if agency.phone:
        own += f", telepon {agency.phone}"
    bps = ", ".join(filter(None, [period.contact_name, period.contact_phone, period.contact_email]))
    return f"{own}, atau BPS: {bps}" if bps else own
