"""Rule E17 at the letter: is the formation valid and a post left, can the letter be addressed?

That a proposal is READY means: eligible, portfolio passed, and the test passed where it is
required. What remains to be asked before a recommendation goes out is asked here, for one agency
under a lock or for a whole run at once with the same number of queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from inpassing.accounts.models import Agency
from inpassing.reference.models import Period
from proposals.models import Formation, FormationLine, Proposal

from .models import Letter, LetterLine

Key = tuple[int, str]  # agency id, position code

MISSING = "Isian kosong"
UNPRINTABLE = "Tidak dapat dicetak"
NOT_VALIDATED = "Formasi {position} milik {agency} belum divalidasi BPS."


@dataclass(frozen=True)
class Hold:
    """Why a letter cannot go to a signer: a code, the word on its tag, one sentence."""

    code: Literal["address", "formation", "overrun", "missing", "unprintable", "refused", "empty"]
    label: str
    text: str


@dataclass(frozen=True)
class LevelUse:
    """One level of a validated formation: posts, used by recommendations, asked for by letters."""

    level: str
    posts: int
    used: int
    asked: int

    @property
    def left(self) -> int:
        return max(self.posts - self.used, 0)

    @property
    def over(self) -> int:
        """How many more the open letters recommend than there are posts."""
        return max(self.asked - self.left, 0)

    @property
    def sentence(self) -> str:
        return f"{self.level}: {self.asked} direkomendasikan, sisa {self.left}."


class Gate:
    """The formations of a period, of one agency or of all, and what the letters ask of them."""

    def __init__(self, period: Period, *, agency: Agency | None = None, lock: bool = False) -> None:
        formations = Formation.objects.filter(period=period)
        proposals = Proposal.objects.filter(period=period)
        lines = FormationLine.objects.filter(formation__period=period)
        letter_lines = LetterLine.objects.filter(
            kind=Letter.Kind.RECOMMENDATION, is_current=True, letter__period=period
        ).filter(proposal__status=Proposal.Status.READY)
        if agency is not None:
            formations = formations.filter(agency=agency)
            proposals = proposals.filter(agency=agency)
            lines = lines.filter(formation__agency=agency)
            letter_lines = letter_lines.filter(letter__agency=agency)
        if lock:
            formations = formations.select_for_update().order_by("pk")
        self._valid: set[Key] = {
            (formation.agency_id, formation.position_id)
            for formation in formations
            if formation.status == Formation.Status.VALIDATED
        }
        self._posts: Counter[tuple[int, int]] = Counter()
        self._level_names: dict[int, str] = {}
        self._levels: dict[Key, list[int]] = {}
        for line in lines.select_related("formation", "level__position").order_by("level__order"):
            agency_id = line.formation.agency_id
            self._posts[agency_id, line.level_id] += line.vacancy
            self._level_names[line.level_id] = line.level.short_name
            levels = self._levels.setdefault((agency_id, line.formation.position_id), [])
            if line.level_id not in levels:
                levels.append(line.level_id)
        self._used = Counter(proposals.holding_post().values_list("agency_id", "level_id"))
        self._asked = Counter(letter_lines.values_list("proposal__agency_id", "proposal__level_id"))

    def is_validated(self, agency_id: int, position: str) -> bool:
        """Whether BPS has validated the agency's formation for the position."""
        return (agency_id, position) in self._valid

    def uses(self, agency_id: int, position: str) -> list[LevelUse]:
        """Every level of the formation, in order."""
        return [
            LevelUse(
                level=self._level_names[level],
                posts=self._posts[agency_id, level],
                used=self._used[agency_id, level],
                asked=self._asked[agency_id, level],
            )
            for level in self._levels.get((agency_id, position), [])
        ]

    def over(self, agency_id: int, position: str) -> int:
        """How many people beyond the formation the open letters recommend, all levels together."""
        return sum(use.over for use in self.uses(agency_id, position))

    def is_over(self, proposal: Proposal) -> bool:
        """Whether the level of this proposal is asked for beyond its posts."""
        key = (proposal.agency_id, proposal.level_id)
        return self._asked[key] > max(self._posts[key] - self._used[key], 0)

    def hold_of(self, letter: Letter) -> Hold | None:
        """What keeps a letter (agency and position loaded, `people` annotated or counted by the
        caller) from being sent; None when nothing does."""
        if not letter.agency.addressee.strip():
            return Hold(
                "address", "Alamat surat kosong", "Jabatan penerima belum diisi pada data instansi."
            )
        if letter.position is None or not letter.is_recommendation:
            return None
        if not self.is_validated(letter.agency_id, letter.position.pk):
            text = NOT_VALIDATED.format(position=letter.position.name, agency=letter.agency.name)
            return Hold("formation", "Formasi belum divalidasi", text)
        over = self.over(letter.agency_id, letter.position.pk)
        if over > letter.overrun_allowed:
            uses = self.uses(letter.agency_id, letter.position.pk)
            text = " ".join(use.sentence for use in uses if use.over)
            return Hold("overrun", "Melebihi formasi", text)
        return None


def missing_hold(missing: Iterable[str]) -> Hold:
    """The hold of a letter with blank fields."""
    return Hold("missing", MISSING, f"Belum terisi: {', '.join(missing)}.")


def unprintable_hold(why: str) -> Hold:
    """The hold of a letter with characters that the font lacks."""
    return Hold("unprintable", UNPRINTABLE, why)


def found_hold(letter: Letter) -> Hold | None:
    """What the worker found when it last looked at what a draft says: no query."""
    match letter.hold_code:
        case "missing":
            return Hold("missing", MISSING, letter.hold_text)
        case "unprintable":
            return Hold("unprintable", UNPRINTABLE, letter.hold_text)
    return None
