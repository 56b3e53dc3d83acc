"""Loads the shipped CSV tables, and gives a new period its first rules."""

from __future__ import annotations

import csv
from pathlib import Path

from django.db import transaction

from .models import (
    AgeLimit,
    BpsOffice,
    EducationLevel,
    Period,
    PeriodLevel,
    PeriodPosition,
    PortfolioItem,
    Position,
    PositionLevel,
    Rank,
    Region,
    RequiredDocument,
    ReturnReason,
    TestComponent,
    TestRule,
)

DATA = Path(__file__).parent / "data"

POSITIONS = [
    # code, name, education field that exempts from the test (data/test_requirement_2020.csv)
    ("PRAKOM", "Pranata Komputer", "teknologi_informasi"),
    ("STATISTISI", "Statistisi", "statistik"),
]

# Source: domain.md section 8, what documents are usually returned for.
RETURN_REASONS = [
    ("bukan_terbaru", "Bukan keputusan terbaru"),
    ("belum_legalisir", "Belum dilegalisasi"),
    ("tidak_terbaca", "Nomor atau tanggal tidak terbaca"),
    ("halaman_kurang", "Halaman tidak lengkap"),
    ("belum_ttd", "Belum ditandatangani Pimpinan Perangkat Daerah"),
    ("bukan_dokumen_ini", "Isi berkas bukan dokumen yang diminta"),
    ("data_berbeda", "Data pada dokumen berbeda dengan isian"),
    ("lainnya", "Lainnya, lihat catatan"),
]

# A first checklist that an administrator edits per period; no source states one.
PORTFOLIO_ITEMS = [
    (
        "P1",
        "Tugas yang diuraikan termasuk tugas {position}",
        "Uraian tugas, surat pernyataan pengalaman",
        True,
    ),
    (
        "P2",
        "Masa tugas di bidang ini paling sedikit dua tahun",
        "Surat pernyataan pengalaman",
        True,
    ),
    ("P3", "Kompetensi sesuai jenjang yang diusulkan", "Surat pernyataan kompeten", True),
    (
        "P4",
        "Ada hasil kerja atau pelatihan yang mendukung",
        "Sertifikat atau contoh hasil kerja",
        False,
    ),
]


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a shipped table as dictionaries."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@transaction.atomic
def load_reference() -> None:
    """Insert the shipped rows that are missing; rows that exist are never changed."""
    if PositionLevel.objects.exists() and BpsOffice.objects.exists():
        return
    zones = {row["province_code"]: row["tz"] for row in rows("time_zones.csv")}
    regions = [
        Region(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            province_id=None if row["kind"] == "province" else row["province_code"],
            tz=zones[row["province_code"]],
        )
        for row in rows("regions.csv")
    ]
    regions.sort(key=lambda region: (region.kind != Region.Kind.PROVINCE, region.code))
    Region.objects.bulk_create(regions, ignore_conflicts=True)
    BpsOffice.objects.bulk_create(
        [BpsOffice(name="BPS Pusat", tz="Asia/Jakarta")]
        + [
            BpsOffice(
                region=region,
                name=f"BPS Provinsi {region.name}"
                if region.kind == Region.Kind.PROVINCE
                else f"BPS {region.name}",
                tz=region.tz,
            )
            for region in regions
        ],
        ignore_conflicts=True,
    )
    Rank.objects.bulk_create(
        [Rank(code=r["code"], order=int(r["order"]), name=r["name"]) for r in rows("ranks.csv")],
        ignore_conflicts=True,
    )
    EducationLevel.objects.bulk_create(
        [
            EducationLevel(code=r["code"], order=int(r["order"]), name=r["name"])
            for r in rows("education_levels.csv")
        ],
        ignore_conflicts=True,
    )
    Position.objects.bulk_create(
        [Position(code=c, name=n, education_field=f) for c, n, f in POSITIONS],
        ignore_conflicts=True,
    )
    for order, row in enumerate(rows("position_levels.csv")):
        level, created = PositionLevel.objects.get_or_create(
            position_id=row["position"],
            code=row["code"],
            defaults={
                "category": row["category"],
                "name": row["name"],
                "name_2004": row["name_2004"],
                "order": order,
                "in_inpassing_2020": row["in_inpassing_2020"] == "yes",
                "confidence": row["confidence"],
            },
        )
        if created:
            level.ranks.set(Rank.objects.filter(code__in=row["ranks"].split()))
    ReturnReason.objects.bulk_create(
        [
            ReturnReason(code=code, text=text, order=order)
            for order, (code, text) in enumerate(RETURN_REASONS)
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def fill_period_rules(period: Period, positions: list[Position]) -> None:
    """Give a new period the shipped documents, test rules, levels, age limits and checklist.

    Source: required_documents_2020.csv, test_requirement_2020.csv, position_levels.csv; age
    limits from domain.md E11. All of it is data that an administrator edits afterwards.
    """
    for position in positions:
        fill_position_rules(period, position)
    RequiredDocument.objects.bulk_create(
        [
            RequiredDocument(
                period=period,
                order=order,
                code=row["code"],
                name=row["name"],
                certified_copy=row["certified_copy"] == "yes",
                condition="always" if row["condition"] == "always" else "structural",
                signer=row["signer"],
            )
            for order, row in enumerate(rows("required_documents_2020.csv"))
        ]
    )
    TestRule.objects.bulk_create(
        [
            TestRule(
                period=period,
                order=order,
                position_id=_any(row["position"]) or None,
                education_field=_any(row["education_field"]),
                level_code=_any(row["target_level"]),
                portfolio=row["portfolio"] == "yes",
                competency_test=row["competency_test"] == "yes",
            )
            for order, row in enumerate(rows("test_requirement_2020.csv"))
        ]
    )
    AgeLimit.objects.bulk_create(
        [
            AgeLimit(period=period, from_rank_id="I/a", to_rank_id="III/d", under_years=56),
            AgeLimit(period=period, from_rank_id="IV/a", to_rank_id="IV/e", under_years=58),
        ]
    )


@transaction.atomic
def fill_position_rules(period: Period, position: Position) -> PeriodPosition:
    """Open a position in a period with the shipped components, checklist and levels."""
    entry = PeriodPosition.objects.create(period=period, position=position)
    TestComponent.objects.bulk_create(
        [
            TestComponent(period_position=entry, order=1, name="Kompetensi teknis", weight=70),
            TestComponent(period_position=entry, order=2, name="Wawancara", weight=30),
        ]
    )
    PortfolioItem.objects.bulk_create(
        [
            PortfolioItem(
                period=period,
                position=position,
                order=order,
                code=code,
                question=question.format(position=position.name),
                evidence=evidence,
                required=is_required,
            )
            for order, (code, question, evidence, is_required) in enumerate(PORTFOLIO_ITEMS)
        ]
    )
    levels = PositionLevel.objects.filter(position=position, in_inpassing_2020=True)
    for level in levels.prefetch_related("ranks"):
        PeriodLevel.objects.create(period=period, level=level).ranks.set(level.ranks.all())
    return entry


def _any(value: str) -> str:
    return "" if value == "*" else value
