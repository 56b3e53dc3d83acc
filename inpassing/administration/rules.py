"""The lists of rules of a period: what a page shows of them, and saving one list at a time.

A page sends back what it saw (`seen`, a fingerprint of the rows); a save on other rows is refused,
so that nobody overwrites a colleague. A change that would corrupt what people have already handed
in is refused with the reason and with what to do instead.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, models, transaction
from django.forms.models import model_to_dict

from competency.models import TestResult
from inpassing.accounts.models import User
from inpassing.errors import StaleError, TransitionError
from inpassing.reference.loaders import fill_position_rules
from inpassing.reference.models import (
    FormationColumn,
    Period,
    PeriodLevel,
    PeriodPosition,
    PortfolioItem,
    Position,
    PositionLevel,
    Rank,
    RequiredDocument,
    TestComponent,
)
from inpassing.timeline.events import record
from proposals.models import Formation, FormationLine, Proposal, ProposalDocument
from verification.models import PortfolioAnswer

from .forms import rules as forms
from .workflow import STALE, announce_change

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Section:
    """One list of rules: its words, its row form, how it is read and how it is saved."""

    slug: str
    title: str
    lead: str
    row: type[forms.RuleRow]
    rows: type[forms.RuleRows]
    load: Callable[[Period], Rows]
    save: Callable[[Period, Iterable[forms.RuleRow]], None]
    tells: bool = False
    extra: int = 0
    new: str = ""


@transaction.atomic
def change_rules(
    period: Period,
    section: Section,
    rows: Iterable[forms.RuleRow],
    *,
    seen: str,
    by: User,
    reason: str = "",
) -> bool:
    """Save the (valid) rows of a section; False when nothing was changed.

    After opening, the reason is recorded and, where the section concerns them, sent to operators.
    """
    period = Period.objects.select_for_update().get(pk=period.pk)
    if period.status == Period.Status.CLOSED:
        raise TransitionError("Periode sudah ditutup. Aturannya tetap seperti waktu dipakai.")
    if seen != fingerprint(section.load(period)):
        raise StaleError(STALE)
    changed = [row for row in rows if row.has_changed()]
    if not changed:
        return False
    try:
        with transaction.atomic():
            section.save(period, changed)
    except IntegrityError as error:
        raise TransitionError(
            "Dua baris bertukar kode atau nama. Simpan dulu yang satu dengan kode sementara."
        ) from error
    counts = {
        "added": sum(row.is_new for row in changed),
        "removed": sum(bool(row.cleaned_data.get("remove")) for row in changed),
    }
    counts["changed"] = len(changed) - counts["added"] - counts["removed"]
    record(
        period,
        "period.rules_changed",
        f"Diubah: {section.title.lower()}",
        by=by,
        note=reason,
        data={"section": section.slug, **counts},
    )
    if section.tells:
        announce_change(period, section.title.lower(), by=by, reason=reason)
    return True


def fingerprint(rows: Rows) -> str:
    """What a page saw, as a short text; equal only for equal rows."""
    return hashlib.sha256(json.dumps(rows, default=str, sort_keys=True).encode()).hexdigest()[:32]


# Reading. Each row is the initial data of its form; `title` heads it on the page.


def _load(rows: Iterable[models.Model], row: type[Any]) -> Rows:
    return [
        {"key": str(r.pk), "title": str(r), **model_to_dict(r, fields=row._meta.fields)}
        for r in rows
    ]


def _load_positions(period: Period) -> Rows:
    entries = {entry.position_id: entry for entry in period.period_positions.all()}
    return [
        {
            "key": position.pk,
            "title": position.name,
            "is_open": position.pk in entries,
            "passing_grade": entries[position.pk].passing_grade if position.pk in entries else 70,
        }
        for position in Position.objects.all()
    ]


def _load_components(period: Period) -> Rows:
    rows = TestComponent.objects.filter(period_position__period=period).select_related(
        "period_position__position"
    )
    return [
        {
            "key": str(row.pk),
            "title": f"{row.period_position.position.name}: {row.name}",
            "position": row.period_position.position_id,
            "name": row.name,
            "weight": row.weight,
            "order": row.order,
        }
        for row in rows.order_by("period_position__position", "order", "pk")
    ]


def _load_tests(period: Period) -> Rows:
    rows = list(period.test_rules.select_related("position"))
    loaded = _load(rows, forms.TestRuleRow)
    for shown, row in zip(loaded, rows, strict=True):
        shown["title"] = f"{row.position or 'Semua jabatan'}, {row.words}"
    return loaded


def _load_levels(period: Period) -> Rows:
    opened = {
        row.level_id: sorted(row.ranks.all(), key=lambda rank: rank.order)
        for row in period.period_levels.prefetch_related("ranks")
    }
    levels = PositionLevel.objects.filter(position__periods=period).prefetch_related("ranks")
    rows = []
    for level in levels:
        ranks = opened.get(level.pk) or sorted(level.ranks.all(), key=lambda rank: rank.order)
        rows.append(
            {
                "key": str(level.pk),
                "title": level.name,
                "is_open": level.pk in opened,
                "from_rank": ranks[0].pk if ranks else "",
                "to_rank": ranks[-1].pk if ranks else "",
            }
        )
    return rows


# Saving. Each gets the rows that were changed, added or ticked for removal, under the lock.


def _save_rows(
    rows: Iterable[forms.RuleRow],
    existing: models.QuerySet[Any],
    refuse: Callable[[Any, forms.RuleRow], None],
    **fixed: Any,
) -> None:
    """Remove, change and add rows of one table; `refuse` raises where one must stay as it is."""
    model = existing.model
    known = {str(row.pk): row for row in existing}
    keep = []
    for form in rows:
        if form.is_new:
            row = model(**fixed)
        else:
            row = known[form.initial["key"]]
            refuse(row, form)
        if form.cleaned_data.get("remove"):
            row.delete()
        else:
            keep.append((row, form.cleaned_data))
    for row, data in keep:
        for name, value in data.items():
            if name not in {"key", "remove"}:
                setattr(row, name, value)
        row.save()


def _save_documents(period: Period, rows: Iterable[forms.RuleRow]) -> None:
    def refuse(row: RequiredDocument, form: forms.RuleRow) -> None:
        is_removed = form.cleaned_data.get("remove")
        if not is_removed and not {"code", "certified_copy"} & set(form.changed_data):
            return
        slots = ProposalDocument.objects.filter(requirement=row).count()
        if slots:
            act = "dihapus" if is_removed else "diganti kode atau legalisirnya"
            raise TransitionError(
                f"{row.name} tidak dapat {act}: sudah diminta dari {slots} peserta. Hilangkan "
                "centang “diminta” pada baris ini, lalu tambahkan baris baru bila perlu."
            )

    _save_rows(rows, period.required_documents.all(), refuse, period=period)


def _save_items(period: Period, rows: Iterable[forms.RuleRow]) -> None:
    fixed_by_answers = {"position", "code", "question", "required"}

    def refuse(row: PortfolioItem, form: forms.RuleRow) -> None:
        is_removed = form.cleaned_data.get("remove")
        if not is_removed and not fixed_by_answers & set(form.changed_data):
            return
        answers = PortfolioAnswer.objects.filter(item=row).count()
        if answers:
            act = "dihapus" if is_removed else "diganti"
            raise TransitionError(
                f"Butir {row.code} tidak dapat {act}: sudah dijawab pada {answers} penilaian. "
                "Hilangkan centang “ditanyakan” pada baris ini, lalu tambahkan butir baru."
            )

    _save_rows(rows, period.portfolio_items.all(), refuse, period=period)


def _save_columns(period: Period, rows: Iterable[forms.RuleRow]) -> None:
    def refuse(row: FormationColumn, form: forms.RuleRow) -> None:
        if not form.cleaned_data.get("remove") and "kind" not in form.changed_data:
            return
        used = FormationLine.objects.filter(
            formation__period=period, extra__has_key=str(row.pk)
        ).count()
        if used:
            raise TransitionError(
                f"Kolom {row.label} tidak dapat dihapus atau diganti isinya: sudah terisi pada "
                f"{used} baris formasi."
            )

    _save_rows(rows, period.formation_columns.all(), refuse, period=period)


def _save_plain(name: str) -> Callable[[Period, Iterable[forms.RuleRow]], None]:
    """Rows that nothing else refers to."""

    def save(period: Period, rows: Iterable[forms.RuleRow]) -> None:
        _save_rows(rows, getattr(period, name).all(), lambda row, form: None, period=period)

    return save


def _save_components(period: Period, rows: Iterable[forms.RuleRow]) -> None:
    entries = {entry.position_id: entry for entry in period.period_positions.all()}
    rows = list(rows)
    for row in rows:
        if row.changed_data == ["order"]:
            continue
        touched = {row.cleaned_data["position"].pk, row.initial.get("position")}
        _refuse_after_results(period, touched - {None})
    for row in rows:
        position = row.cleaned_data.pop("position")
        row.cleaned_data["period_position"] = entries[position.pk]
    _save_rows(
        rows,
        TestComponent.objects.filter(period_position__period=period),
        lambda row, form: None,
    )


def _refuse_after_results(period: Period, positions: Iterable[Any]) -> None:
    for position in Position.objects.filter(pk__in=positions):
        results = TestResult.objects.filter(
            seat__proposal__period=period, seat__proposal__position=position
        ).count()
        if results:
            raise TransitionError(
                f"Nilai {position} tidak dapat diubah lagi: sudah ada {results} hasil uji yang "
                "dihitung dengannya."
            )


def _save_positions(period: Period, rows: Iterable[forms.RuleRow]) -> None:
    for row in rows:
        position = Position.objects.get(pk=row.initial["key"])
        entry = PeriodPosition.objects.filter(period=period, position=position).first()
        grade = row.cleaned_data["passing_grade"]
        if not row.cleaned_data["is_open"]:
            if entry is not None:
                _refuse_used(period, f"{position} tidak dapat ditutup", position=position)
                entry.delete()
                period.period_levels.filter(level__position=position).delete()
                period.portfolio_items.filter(position=position).delete()
        elif entry is None:
            entry = fill_position_rules(period, position)
            entry.passing_grade = grade
            entry.save(update_fields=["passing_grade"])
        elif entry.passing_grade != grade:
            _refuse_after_results(period, [position.pk])
            entry.passing_grade = grade
            entry.save(update_fields=["passing_grade"])


def _save_levels(period: Period, rows: Iterable[forms.RuleRow]) -> None:
    for row in rows:
        level = PositionLevel.objects.select_related("position").get(pk=row.initial["key"])
        entry = PeriodLevel.objects.filter(period=period, level=level).first()
        if row.cleaned_data["is_open"]:
            entry = entry or PeriodLevel.objects.create(period=period, level=level)
            first, last = row.cleaned_data["from_rank"], row.cleaned_data["to_rank"]
            entry.ranks.set(Rank.objects.filter(order__gte=first.order, order__lte=last.order))
        elif entry is not None:
            _refuse_used(period, f"{level.name} tidak dapat ditutup", level=level)
            entry.delete()


def _refuse_used(period: Period, what: str, **of: Any) -> None:
    proposals = Proposal.objects.filter(period=period, **of).count()
    if "level" in of:
        formations = FormationLine.objects.filter(formation__period=period, **of).count()
    else:
        formations = Formation.objects.filter(period=period, **of).count()
    if proposals or formations:
        raise TransitionError(
            f"{what}: sudah dipakai {proposals} usulan dan {formations} "
            f"{'baris formasi' if 'level' in of else 'formasi'} pada periode ini."
        )


SECTIONS = [
    Section(
        slug="jabatan",
        title="Jabatan dan nilai lulus",
        lead="Jabatan yang dibuka pada periode ini, dengan nilai lulus uji kompetensinya.",
        row=forms.PositionRow,
        rows=forms.PositionRows,
        load=_load_positions,
        save=_save_positions,
        tells=True,
    ),
    Section(
        slug="komponen",
        title="Komponen uji",
        lead="Bagian uji kompetensi dan bobotnya; bobot setiap jabatan berjumlah 100 %.",
        row=forms.ComponentRow,
        rows=forms.ComponentRows,
        load=_load_components,
        save=_save_components,
        extra=2,
        new="Tambah komponen",
    ),
    Section(
        slug="jenjang",
        title="Jenjang dan pangkat",
        lead="Jenjang yang dapat diusulkan dan pangkat yang sesuai (aturan E9).",
        row=forms.LevelRow,
        rows=forms.LevelRows,
        load=_load_levels,
        save=_save_levels,
        tells=True,
    ),
    Section(
        slug="dokumen",
        title="Dokumen yang diminta",
        lead="Daftar ini berlaku bagi peserta yang disetujui sesudahnya. Siapa yang sudah mengisi "
        "tetap memegang daftar lamanya.",
        row=forms.DocumentRow,
        rows=forms.DocumentRows,
        load=lambda period: _load(period.required_documents.all(), forms.DocumentRow),
        save=_save_documents,
        tells=True,
        extra=2,
        new="Tambah dokumen",
    ),
    Section(
        slug="aturan-uji",
        title="Aturan wajib uji",
        lead="Baris pertama yang cocok, menurut urutan, menentukan siapa yang wajib uji.",
        row=forms.TestRuleRow,
        rows=forms.TestRuleRows,
        load=_load_tests,
        save=_save_plain("test_rules"),
        extra=2,
        new="Tambah aturan",
    ),
    Section(
        slug="usia",
        title="Batas usia",
        lead="Usia yang belum boleh dicapai pada tanggal acuan, menurut pangkat (aturan E11). "
        "Pelanggaran menjadi tanda bagi verifikator.",
        row=forms.AgeRow,
        rows=forms.AgeRows,
        load=lambda period: _load(period.age_limits.all(), forms.AgeRow),
        save=_save_plain("age_limits"),
        extra=2,
        new="Tambah batas usia",
    ),
    Section(
        slug="portofolio",
        title="Butir portofolio",
        lead="Pertanyaan uji portofolio. Lulus bila semua butir wajib terpenuhi.",
        row=forms.PortfolioRow,
        rows=forms.PortfolioRows,
        load=lambda period: _load(
            period.portfolio_items.select_related("position"), forms.PortfolioRow
        ),
        save=_save_items,
        extra=2,
        new="Tambah butir",
    ),
    Section(
        slug="kolom-formasi",
        title="Kolom tambahan formasi",
        lead="Kolom yang diisi operator di samping kebutuhan dan terisi.",
        row=forms.ColumnRow,
        rows=forms.ColumnRows,
        load=lambda period: _load(period.formation_columns.all(), forms.ColumnRow),
        save=_save_columns,
        tells=True,
        extra=2,
        new="Tambah kolom",
    ),
]
BY_SLUG = {section.slug: section for section in SECTIONS}
