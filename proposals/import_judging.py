"""What is said about a candidate's row of a file, by the validators and rules of the form."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models.functions import Lower

from inpassing.accounts.models import User

from . import drafts
from .eligibility import Facts, FormationFact, Outcome, PeriodRules, check, rules_of
from .forms.imports import Lists, RowForm, lists_of
from .import_sheets import HEADERS
from .models import ImportBatch, ImportRow, Proposal
from .nip import Nip, warnings_of

OWN = "NIP ini Anda sendiri. Usulan tentang diri sendiri diurus operator lain di instansi Anda."
FIELD_NAMES = {**HEADERS, "level": "Jenjang", "position": "Jabatan tujuan"}


@dataclass
class Judged:
    """What the validators say about one row."""

    outcome: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    proposal: Proposal | None = None
    values: dict[str, object] = field(default_factory=dict)


class Judge:
    """Judges the rows of one chunk; everything that a row is compared with is read beforehand.

    About twenty queries, however many rows. Before saving the agency's own drafts are locked in
    the order of their NIPs, and nothing is said that only the preview shows.
    """

    def __init__(self, batch: ImportBatch, rows: Sequence[ImportRow]) -> None:
        assert batch.period is not None
        self.batch, self.period = batch, batch.period
        self.is_saving = batch.state == ImportBatch.State.SAVING
        self.lists: Lists = lists_of(batch.agency, batch.period)
        self.rules: PeriodRules = rules_of(batch.period)
        nips, emails = {row.nip for row in rows}, {row.email for row in rows}
        running = Proposal.objects.active().filter(period=batch.period)
        if self.is_saving:  # what is said of the own drafts stays so until they are written
            own = running.filter(agency=batch.agency, nip__in=nips).select_for_update()
            list(own.order_by("nip").values_list("pk", flat=True))
        self.running = {
            proposal.nip: proposal
            for proposal in running.filter(nip__in=nips).select_related(
                "position", "level__position", "rank", "education", "work_unit"
            )
        }
        self.others: dict[str, list[tuple[int, str, bool, bool, str, str]]] = {}
        earlier = Proposal.objects.filter(nip__in=nips).order_by("-status_since")
        earlier = earlier.exclude(pk__in=[proposal.pk for proposal in self.running.values()])
        for nip, period, status, dismissed, nominated, name, person in earlier.values_list(
            "nip",
            "period_id",
            "status",
            "dismissed_before",
            "nominated_at",
            "period__name",
            "name",
        ):
            self.others.setdefault(nip, []).append(
                (period, status, dismissed, bool(nominated), name, person)
            )
        users = User.objects.annotate(lower_email=Lower("email"))
        self.names = dict(users.filter(nip__in=nips).values_list("nip", "name"))
        self.owners: dict[str, set[str | None]] = {}
        for email, nip_or_none in [
            *users.filter(lower_email__in=emails).values_list("lower_email", "nip"),
            *running.annotate(lower_email=Lower("email"))
            .filter(lower_email__in=emails)
            .values_list("lower_email", "nip"),
        ]:
            self.owners.setdefault(email, set()).add(nip_or_none)
        self.form = RowForm(lists=self.lists, owners=self.owners)
        self.twins = _twins(batch, "nip", nips)
        self.twin_addresses = _twins(batch, "email", emails)

    def look_at(self, row: ImportRow) -> Judged:
        """The outcome of a row, with all of its errors."""
        running = self.running.get(row.nip)
        own = running if running and running.agency_id == self.batch.agency_id else None
        form = self.form
        form.take(row.data)
        errors = form.errors_by_column()
        for column, sentence in self._refusals(row, set(errors), running, own):
            if sentence not in errors.get(column, []):
                errors.setdefault(column, []).append(sentence)
        if errors or not form.is_valid():
            return Judged(ImportRow.Outcome.ERROR, errors=errors)
        values = form.values()
        warnings = [] if self.is_saving else self._warnings(form.cleaned_data["nip"], values)
        if own is None:
            return Judged(ImportRow.Outcome.NEW, warnings=warnings, values=values)
        changed = [name for name in drafts.DRAFT_FIELDS if getattr(own, name) != values[name]]
        if not changed:
            return Judged(ImportRow.Outcome.SAME, proposal=own, values=values)
        if own.status != Proposal.Status.DRAFT:
            sentence = (
                f"Data calon sudah terkunci. Keadaan usulan: {own.get_status_display().lower()}. "
                "Hapus baris ini."
            )
            return Judged(ImportRow.Outcome.ERROR, errors={"nip": [sentence]})
        return Judged(
            ImportRow.Outcome.CHANGED,
            warnings=warnings,
            changes=[FIELD_NAMES[name] for name in changed],
            proposal=own,
            values=values,
        )

    def _refusals(
        self,
        row: ImportRow,
        known: Collection[str],
        running: Proposal | None,
        own: Proposal | None,
    ) -> list[tuple[str, str]]:
        """What stands against a row beside its own cells; `known` are the columns in error."""
        found = []
        if row.nip and row.nip == self.batch.created_by.nip:
            found.append(("nip", OWN))
        if running and own is None:
            found.append(("nip", f"{drafts.duplicate_sentence(Proposal(period=self.period))}"))
        for column, twins, value in (
            ("nip", self.twins, row.nip),
            ("email", self.twin_addresses, row.email),
        ):
            others = [str(number) for number in twins.get(value, []) if number != row.number]
            if value and others and not (column == "email" and "email" in known):
                word = "NIP" if column == "nip" else "Alamat"
                found.append(
                    (
                        column,
                        f"{word} ini juga ada pada baris {', '.join(others[:3])}. "
                        + (
                            "Sisakan satu."
                            if column == "nip"
                            else "Tiap calon perlu alamat sendiri."
                        ),
                    )
                )
        return found

    def _warnings(self, nip: Nip, values: dict[str, object]) -> list[str]:
        """What does not stand in the way of a draft, as on the form."""
        birth, sex = values["birth_date"], values["sex"]
        found = warnings_of(nip, birth_date=birth, sex=sex)  # type: ignore[arg-type]
        known = [self.names[nip.digits]] if nip.digits in self.names else []
        known += [person for *_, person in self.others.get(nip.digits, [])[:5]]
        if any(drafts.bare_name(name) != drafts.bare_name(str(values["name"])) for name in known):
            found.append(
                "NIP ini pernah tercatat dengan nama lain. Ini peringatan, bukan penolakan. "
                "Cocokkan NIP dan nama dengan SK pangkat."
            )
        verdicts = check(self._facts(nip, values), self.rules)
        shown = {Outcome.REFUSED, Outcome.WARNING}
        return found + [verdict.sentence for verdict in verdicts if verdict.outcome in shown]

    def _facts(self, nip: Nip, values: dict[str, object]) -> Facts:
        proposal = Proposal(**values)
        level = proposal.level
        others = self.others.get(nip.digits, [])
        failed = {Proposal.Status.TEST_FAILED, Proposal.Status.TEST_ABSENT}
        return Facts(
            position=level.position_id,
            position_name=level.position.name,
            level_code=level.code,
            level_name=level.short_name,
            category=level.category,
            rank=proposal.rank_id,
            rank_order=proposal.rank.order,
            education_name=proposal.education.name,
            education_order=proposal.education.order,
            birth_date=proposal.birth_date,
            is_structural=proposal.is_structural,
            dismissed_declared=proposal.dismissed_before,
            dismissed_on_record=any(
                dismissed and nominated for _, _, dismissed, nominated, *_ in others
            ),
            active_elsewhere=False,  # an error of the row, not a warning
            failed_in=next((name for _, status, *_, name, _ in others if status in failed), ""),
            formation=self._formation(level.pk),
            holds_post=False,
            has_slots=False,
            is_verified=False,
        )

    def _formation(self, level: int) -> FormationFact | None:
        for group in self.lists.posts:
            for known, line in group.levels:
                if known.pk == level:
                    if not group.has_formation:
                        return None
                    return FormationFact(
                        takes_nominations=group.is_open,
                        vacancy=line.vacancy if line else None,
                        taken=line.reserved + line.used if line else 0,
                        state=group.state,
                    )
        return None


def _twins(batch: ImportBatch, column: str, values: set[str]) -> dict[str, list[int]]:
    """Where else in the file a value stands: value -> row numbers, for those that occur."""
    found: dict[str, list[int]] = {}
    rows = batch.rows.filter(**{f"{column}__in": values - {""}}).order_by("number")
    for value, number in rows.values_list(column, "number"):
        found.setdefault(value, []).append(number)
    return found
