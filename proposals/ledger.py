"""The formation as a ledger: posts to fill, reserved by active proposals, used by recommendations.

Nothing is stored twice: what is reserved and used is counted from the proposals themselves, under
the lock of the formation row where a decision depends on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from inpassing.accounts.models import Agency
from inpassing.errors import TransitionError
from inpassing.reference.models import Period, PositionLevel

from .models import Formation, FormationLine, Proposal


@dataclass(frozen=True)
class LedgerLine:
    """One level of a formation, all work units together. `left` may be negative: an over-run."""

    level: PositionLevel
    needed: int
    filled: int
    vacancy: int
    reserved: int
    used: int
    is_validated: bool

    @property
    def left(self) -> int:
        return self.vacancy - self.reserved - self.used

    @property
    def overrun(self) -> int:
        """How many more are taken than there are posts, or 0."""
        return max(-self.left, 0)

    @property
    def surplus(self) -> int:
        """How many more are filled than needed ("kelebihan n"), or 0."""
        return max(self.filled - self.needed, 0)

    @property
    def why(self) -> str:
        """What became of the posts: "3 dari 3 dipakai (2 dipesan, 1 direkomendasikan)"."""
        taken = self.reserved + self.used
        if not self.vacancy and not taken:
            if self.is_validated:
                return "BPS memvalidasi 0 lowongan"
            if self.surplus:
                return f"tidak ada lowongan: kelebihan {self.surplus}"
            return f"tidak ada lowongan: {self.filled} dari {self.needed} kebutuhan sudah terisi"
        parts = [f"{self.reserved} dipesan"] if self.reserved else []
        parts += [f"{self.used} direkomendasikan"] if self.used else []
        detail = f" ({', '.join(parts)})" if parts else ""
        return f"{taken} dari {self.vacancy} dipakai{detail}"


def ledger(formation: Formation) -> list[LedgerLine]:
    """The formation's levels in order, with what is left of each: two queries."""
    return ledgers([formation])[formation.pk]


def ledgers(formations: Collection[Formation]) -> dict[int, list[LedgerLine]]:
    """The ledgers of formations by their numbers: two queries, however many. The database counts
    the proposals, so that a formation with thousands of them costs no more than a small one."""
    if not formations:
        return {}
    used_statuses = {Proposal.Status.RECOMMENDED, Proposal.Status.APPOINTED}
    counted = (
        Proposal.objects.filter(
            agency__in={formation.agency_id for formation in formations},
            period__in={formation.period_id for formation in formations},
            status__in=Proposal.RESERVING | used_statuses,
        )
        .order_by()
        .values_list("agency", "period", "level", "status")
        .annotate(count=Count("pk"))
    )
    reserved: Counter[tuple[int, int, int]] = Counter()
    used: Counter[tuple[int, int, int]] = Counter()
    for *where, status, count in counted:
        (used if status in used_statuses else reserved)[tuple(where)] += count
    lines: dict[int, dict[int, list[FormationLine]]] = {f.pk: {} for f in formations}
    rows = FormationLine.objects.filter(formation__in=lines).select_related("level__position")
    for line in rows.order_by("level__order", "pk"):
        lines[line.formation_id].setdefault(line.level_id, []).append(line)
    return {
        formation.pk: [
            LedgerLine(
                level=same[0].level,
                needed=sum(line.needed for line in same),
                filled=sum(line.filled for line in same),
                vacancy=sum(line.vacancy for line in same),
                reserved=reserved[formation.agency_id, formation.period_id, level],
                used=used[formation.agency_id, formation.period_id, level],
                is_validated=all(line.validated is not None for line in same),
            )
            for level, same in lines[formation.pk].items()
        ]
        for formation in formations
    }


def reserve(agency: Agency, period: Period, level: PositionLevel) -> Formation:
    """Make sure that a post is left at the level; the formation stays locked until the commit.

    Raises TransitionError with what to do when there is no formation or no post.
    """
    formation = (
        Formation.objects.select_for_update()
        .filter(agency=agency, period=period, position=level.position_id)
        .first()
    )
    if formation is None or not formation.takes_nominations:
        raise TransitionError(
            f"Formasi {level.position.name} belum dikirim ke BPS. Isi dan kirim formasi dahulu."
        )
    line = next((entry for entry in ledger(formation) if entry.level.pk == level.pk), None)
    if line is None:
        raise TransitionError(
            f"Formasi tidak memuat jenjang {level.short_name}. "
            "Ubah formasi atau pilih jenjang lain."
        )
    if line.left <= 0:
        raise TransitionError(
            f"Formasi jenjang {level.short_name} sudah habis: "
            f"{line.reserved + line.used} dari {line.vacancy} dipakai. "
            "Ubah formasi atau pilih jenjang lain."
        )
    return formation


@dataclass(frozen=True)
class Demand:
    """What a choice of drafts asks of one level of an agency's formation."""

    agency: Agency
    level: PositionLevel
    wanted: int
    line: LedgerLine | None
    takes_nominations: bool

    @property
    def left(self) -> int:
        return max(self.line.left, 0) if self.line and self.takes_nominations else 0

    @property
    def is_short(self) -> bool:
        return self.left < self.wanted

    @property
    def why(self) -> str:
        if not self.takes_nominations:
            return "formasi belum dikirim ke BPS"
        return self.line.why if self.line else "jenjang ini tidak ada dalam formasi"


def demands_of(proposals: QuerySet[Proposal]) -> list[Demand]:
    """What the proposals ask of the formations, by agency and level: six queries."""
    wanted = {
        (agency, period, level): count
        for agency, period, level, count in proposals.order_by()
        .values_list("agency", "period", "level")
        .annotate(count=Count("pk"))
    }
    if not wanted:
        return []
    formations = {
        (formation.agency_id, formation.period_id, formation.position_id): formation
        for formation in Formation.objects.filter(
            agency__in={agency for agency, _, _ in wanted},
            period__in={period for _, period, _ in wanted},
        )
    }
    found_lines = ledgers(formations.values())
    lines = {
        key: {line.level.pk: line for line in found_lines[formation.pk]}
        for key, formation in formations.items()
    }
    agencies = Agency.objects.in_bulk({agency for agency, _, _ in wanted})
    levels = PositionLevel.objects.select_related("position").in_bulk({key[2] for key in wanted})
    found = []
    for (agency, period, level), count in wanted.items():
        key = (agency, period, levels[level].position_id)
        formation = formations.get(key)
        found.append(
            Demand(
                agency=agencies[agency],
                level=levels[level],
                wanted=count,
                line=lines.get(key, {}).get(level),
                takes_nominations=bool(formation and formation.takes_nominations),
            )
        )
    return sorted(
        found, key=lambda d: (d.agency.name, d.level.position.name, d.level.order, d.level.pk)
    )
