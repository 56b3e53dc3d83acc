"""The statement letters that a participant downloads pre-filled, prints, has signed and scans.

Source: domain.md section 7; three for the head of the work unit, one for structural officials.
What the system does not know is a dotted line to be filled by hand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Literal, cast

from django.utils import timezone

from inpassing.accounts.models import Agency
from inpassing.formats import format_nip, long_date
from inpassing.letters.documents import (
    DOTS,
    Document,
    Letterhead,
    Person,
    SignerBlock,
    StatementCompetence,
    StatementDiscipline,
    StatementExperience,
    StatementResignation,
)

from .models import Proposal

#: What the two-year rule (E4) calls the field of work. Source: required_documents_2020.csv
FIELDS_OF_WORK = {
    "STATISTISI": "statistik",
    "PRAKOM": "sistem informasi berbasis komputer",
}

Acting = Literal["", "Plt.", "Plh."]  # WorkUnit.Capacity, as the letter knows it


def field_of_work(proposal: Proposal) -> str:
    """The field in which the two years count."""
    return FIELDS_OF_WORK.get(proposal.position_id, proposal.position.name)


def statement_of(proposal: Proposal, code: str) -> Document:
    """The statement for the requirement `code` (agency with region, work unit with the head's rank,
    position, level, rank, period loaded); KeyError when there is none for it."""
    return STATEMENTS[code](proposal)


def _experience(proposal: Proposal) -> Document:
    since = proposal.work_since
    return StatementExperience(
        **_by_head(proposal),
        level=proposal.level.name,
        field_of_work=_work(proposal),
        since=long_date(since) if since else DOTS,
        duration=_full_years(since) if since else "",
        duties=tuple(
            duty for line in proposal.duties.splitlines() if (duty := line.strip(" \t-•*;"))
        ),
    )


def _competence(proposal: Proposal) -> Document:
    return StatementCompetence(
        **_by_head(proposal), level=proposal.level.name, field_of_work=field_of_work(proposal)
    )


def _discipline(proposal: Proposal) -> Document:
    return StatementDiscipline(**_by_head(proposal))


def _resignation(proposal: Proposal) -> Document:
    since = proposal.structural_since
    return StatementResignation(
        stamp=proposal.period.statement_stamp,
        place=place_of(proposal.agency),
        person=_person(proposal),
        level=proposal.level.name,
        structural_post=proposal.current_post or DOTS,
        decree_number=proposal.structural_decree or DOTS,
        decree_date=long_date(since) if since else DOTS,
    )


STATEMENTS: dict[str, Callable[[Proposal], Document]] = {
    "sp_pengalaman": _experience,
    "sp_kompeten": _competence,
    "sp_hukdis": _discipline,
    "sp_mundur": _resignation,
}


def _by_head(proposal: Proposal) -> dict[str, Any]:
    unit, agency = proposal.work_unit, proposal.agency
    head = (
        SignerBlock(
            post=unit.head_post or agency.head_of_unit_title,
            name=unit.head_name or DOTS,
            nip=unit.head_nip or DOTS,
            rank=str(unit.head_rank) if unit.head_rank else "",
            acting=cast("Acting", unit.head_capacity),
        )
        if unit
        else SignerBlock(post=agency.head_of_unit_title, name=DOTS, nip=DOTS)
    )
    contact = unit.address if unit else agency.address
    return {
        "stamp": proposal.period.statement_stamp,
        "letterhead": Letterhead(
            name=(unit.name if unit else agency.name).upper(),
            parent=agency.name.upper() if unit else "",
            lines=(contact,) if contact else (),
        ),
        "place": place_of(proposal.agency),
        "person": _person(proposal),
        "signer": head,
        "unit": unit.name if unit else agency.name,
    }


def _work(proposal: Proposal) -> str:
    """The rule's words for the field, and what the participant calls it."""
    field, own = field_of_work(proposal), proposal.work_field.strip()
    return f"{field}, yaitu {own}" if own and own.casefold() not in field else field


def _person(proposal: Proposal) -> Person:
    return Person(
        name=proposal.full_name,
        nip=format_nip(proposal.nip),
        rank=str(proposal.rank),
        post=proposal.current_post,
        unit=proposal.work_unit.name if proposal.work_unit else proposal.agency.name,
    )


def place_of(agency: Agency) -> str:
    """The town that stands before a letter's date (region loaded)."""
    if agency.city or agency.region is None:
        return agency.city or "Jakarta"
    return agency.region.name.removeprefix("Kabupaten ").removeprefix("Kota ")


def _full_years(since: dt.date) -> str:
    today = timezone.localdate()
    years = today.year - since.year - ((today.month, today.day) < (since.month, since.day))
    return f"{years} tahun" if years > 0 else ""
