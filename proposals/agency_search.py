"""Finding an agency by what people type: regions' governments and known central agencies.

All 552 names are compared in memory: two queries, and the spelling may be off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inpassing.accounts.models import Agency, sort_name
from inpassing.reference.models import Region

from .operator_requests import government_name

MOST = 20
MOST_NEAR = 8
# Two spellings of one name: "wakatobi" and "wakatoby" 0.88; two names: "sukabumi", "sukamara" 0.5.
NEAR = 0.74

KIND_WORDS = {
    "provinsi": Region.Kind.PROVINCE,
    "propinsi": Region.Kind.PROVINCE,
    "prov": Region.Kind.PROVINCE,
    "prop": Region.Kind.PROVINCE,
    "pemprov": Region.Kind.PROVINCE,
    "kabupaten": Region.Kind.REGENCY,
    "kab": Region.Kind.REGENCY,
    "pemkab": Region.Kind.REGENCY,
    "kota": Region.Kind.CITY,
    "kotamadya": Region.Kind.CITY,
    "pemkot": Region.Kind.CITY,
}
# What stands before a name and says nothing about which.
EMPTY_WORDS = {"pemerintah", "daerah", "pemda", "bkd", "bkpsdm", "bkpp", "bkppd", "bkn"}
SHORT_NAMES = {
    "nad": "aceh",
    "sumut": "sumatera utara",
    "sumbar": "sumatera barat",
    "sumsel": "sumatera selatan",
    "babel": "bangka belitung",
    "kepri": "kepulauan riau",
    "kep": "kepulauan",
    "dki": "jakarta",
    "dkj": "jakarta",
    "jabar": "jawa barat",
    "jateng": "jawa tengah",
    "jatim": "jawa timur",
    "diy": "yogyakarta",
    "jogja": "yogyakarta",
    "jogjakarta": "yogyakarta",
    "ntb": "nusa tenggara barat",
    "ntt": "nusa tenggara timur",
    "kalbar": "kalimantan barat",
    "kalteng": "kalimantan tengah",
    "kalsel": "kalimantan selatan",
    "kaltim": "kalimantan timur",
    "kaltara": "kalimantan utara",
    "sulut": "sulawesi utara",
    "sulteng": "sulawesi tengah",
    "sulsel": "sulawesi selatan",
    "sultra": "sulawesi tenggara",
    "sulbar": "sulawesi barat",
    "malut": "maluku utara",
}
# What many central agencies' names share, so that it does not make two of them alike.
SHARED_WORDS = {
    "kementerian",
    "kementrian",
    "badan",
    "lembaga",
    "sekretariat",
    "jenderal",
    "republik",
    "indonesia",
    "ri",
    "dan",
}


@dataclass(frozen=True)
class Match:
    """One agency that can be chosen: a region's government (by its code), or a central agency."""

    name: str
    where: str
    region: str = ""
    agency: int = 0


@dataclass(frozen=True)
class Found:
    """What a search has found: at most so many as are shown."""

    matches: list[Match]
    is_near: bool = False
    has_more: bool = False


def find_agencies(query: str) -> Found:
    """Agencies whose name holds every word; when there is none, those whose name is nearly so."""
    words = _words(query)
    kinds = {KIND_WORDS[word] for word in words if word in KIND_WORDS}
    names = [word for word in words if word not in KIND_WORDS]
    if not words:
        return Found([])
    regions = list(
        Region.objects.select_related("province")
        .only("code", "name", "kind", "province__name")
        .order_by("name")
    )
    regions.sort(key=lambda region: len(region.code))  # provinces first
    bare = {region.code: _bare(region.name) for region in regions}
    whole = "".join(words)
    fitting = [
        region
        for region in regions
        if whole in bare[region.code]
        or ((not kinds or region.kind in kinds) and all(n in bare[region.code] for n in names))
    ]
    central = list(Agency.objects.active().filter(region=None).only("pk", "name", "kind"))
    named = [
        agency
        for agency in central
        if not kinds and all(name in _bare(agency.name) for name in names)
    ]
    if fitting or named:
        found = [_central(agency) for agency in named] + [_regional(region) for region in fitting]
        return Found(found[:MOST], has_more=len(found) > MOST)
    # "kab baubau" is a city; "wakatoby" is misspelt.
    other_kind = [
        region for region in regions if names and all(n in bare[region.code] for n in names)
    ]
    if other_kind:
        return Found([_regional(region) for region in other_kind[:MOST_NEAR]], is_near=True)
    wanted = "".join(names)
    scored = [(_likeness(wanted, _proper(region.name)), _regional(region)) for region in regions]
    scored += [(likeness(query, agency.name), _central(agency)) for agency in central]
    near = sorted((s for s in scored if s[0] >= NEAR), key=lambda s: (-s[0], s[1].name))
    return Found([match for _, match in near[:MOST_NEAR]], is_near=True)


def likeness(one: str, other: str) -> float:
    """How alike two central agencies' names are, from 0 to 1; what all share does not count."""
    return _likeness(_telling(one), _telling(other))


def alike(name: str, agencies: Iterable[Agency]) -> list[Agency]:
    """Those of the agencies whose name may mean the same, the most alike first."""
    scored = [(likeness(name, agency.name), agency) for agency in agencies]
    near = sorted((s for s in scored if s[0] >= NEAR), key=lambda s: (-s[0], s[1].name))
    return [agency for _, agency in near[:MOST_NEAR]]


def _words(query: str) -> list[str]:
    found = []
    for word in sort_name(query).split():
        if word not in EMPTY_WORDS:
            found += SHORT_NAMES.get(word, word).split()
    return found


def _bare(name: str) -> str:
    return sort_name(name).replace(" ", "")


def _proper(name: str) -> str:
    """A region's name without its kind: "Kota Bau Bau" is "baubau"."""
    return "".join(word for word in sort_name(name).split() if word not in KIND_WORDS)


def _telling(name: str) -> str:
    words = sort_name(name).split()
    return "".join(word for word in words if word not in SHARED_WORDS) or "".join(words)


def _likeness(one: str, other: str) -> float:
    """1 less the share of letters that must be changed, added or taken away; 0 where far off."""
    longest = max(len(one), len(other))
    if not one or not other or abs(len(one) - len(other)) > (1 - NEAR) * longest:
        return 0.0
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        now = [row]
        for column, known in enumerate(other, start=1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != known)))
        before = now
    return 1 - before[-1] / longest


def _regional(region: Region) -> Match:
    where = f"Provinsi {region.province.name}" if region.province else "Provinsi"
    return Match(government_name(region), where, region=region.pk)


def _central(agency: Agency) -> Match:
    return Match(agency.name, agency.get_kind_display(), agency=agency.pk)
