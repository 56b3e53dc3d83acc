"""Plain functions that make records for tests. Every NIP has a sequence number 9xx: invented."""

from __future__ import annotations

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from inpassing.accounts.models import (
    Agency,
    RoleGrant,
    SignerProfile,
    User,
    VerifierScope,
    WorkUnit,
)
from inpassing.accounts.roles import grant
from inpassing.files.models import StoredFile
from inpassing.files.storage import store_upload
from inpassing.reference.loaders import fill_period_rules
from inpassing.reference.models import BpsOffice, Period, Position, PositionLevel, Region
from proposals.models import DocumentVersion, Formation, FormationLine, Proposal
from proposals.workflow import open_slots

JAKARTA = ZoneInfo("Asia/Jakarta")
PASSWORD = "rahasia-untuk-tes-1"
_numbers = itertools.count(1)

# A minimal file that any viewer opens; the inspector accepts it.
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000053 00000 n \n"
    b"0000000103 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n166\n%%EOF\n"
)


def number() -> int:
    """A number that no other call has had."""
    return next(_numbers)


def make_nip(born: dt.date = dt.date(1989, 4, 14), *, sex: int = 2) -> str:
    """An invented NIP: CPNS month varies with the call, sequence 900 to 999."""
    n = number()
    year, month = 2010 + (n // 1200) % 8, (n // 100) % 12 + 1
    return f"{born:%Y%m%d}{year}{month:02d}{sex}{900 + n % 100}"


def make_user(name: str = "", **fields: object) -> User:
    """An account with a password."""
    n = number()
    fields.setdefault("username", f"pengguna{n}")
    fields.setdefault("email", f"pengguna{n}@contoh.go.id")
    user = User(name=name or f"Pengguna {n}", **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


def make_agency(name: str = "", *, region: str | None = None, **fields: object) -> Agency:
    """A regional agency; by default the next regency that has none yet."""
    place = (
        Region.objects.get(code=region)
        if region
        else Region.objects.filter(kind="regency", agency=None).order_by("code").first()
    )
    assert place is not None
    fields.setdefault("addressee", f"Bupati {place.name.removeprefix('Kabupaten ')}")
    return Agency.objects.create(
        kind=place.kind, name=name or f"Pemerintah {place.name}", region=place, **fields
    )


def make_operator(agency: Agency | None = None, **fields: object) -> User:
    agency = agency or make_agency()
    user = make_user(employer=agency, **fields)
    grant(user, RoleGrant.Role.OPERATOR, by=None, agency=agency)
    return user


def make_verifier(
    position: Position | None = None, province: Region | None = None, **fields: object
) -> User:
    """A verifier; without arguments the scope is everything."""
    user = make_user(**fields)
    grant(user, RoleGrant.Role.VERIFIER, by=None)
    VerifierScope.objects.create(user=user, position=position, province=province)
    return user


def make_admin(**fields: object) -> User:
    user = make_user(**fields)
    grant(user, RoleGrant.Role.ADMIN, by=None)
    return user


def make_signer(**fields: object) -> User:
    user = make_user(**fields)
    grant(user, RoleGrant.Role.SIGNER, by=None)
    SignerProfile.objects.create(
        user=user, capacity="a.n. Kepala Badan Pusat Statistik", post="Sekretaris Utama"
    )
    return user


def make_proctor(office: BpsOffice | None = None, **fields: object) -> User:
    office = office or BpsOffice.objects.first()
    user = make_user(**fields)
    grant(user, RoleGrant.Role.PROCTOR, by=None, office=office)
    return user


def make_period(**fields: object) -> Period:
    """An open period whose nomination window holds now, with both positions and all rules."""
    n = number()
    now = timezone.now()
    today = timezone.localdate()
    defaults: dict[str, object] = {
        "name": f"Periode {n} Tahun {today.year}",
        "number": n,
        "year": today.year,
        "status": Period.Status.OPEN,
        "opens_at": now - dt.timedelta(days=10),
        "nomination_deadline": now + dt.timedelta(days=10),
        "filing_deadline": now + dt.timedelta(days=20),
        "verification_until": today + dt.timedelta(days=40),
        "test_from": today + dt.timedelta(days=50),
        "test_until": today + dt.timedelta(days=60),
        "results_at": now + dt.timedelta(days=65),
        "ends_on": today + dt.timedelta(days=70),
        "recommendation_on": today + dt.timedelta(days=100),
        "contact_email": "inpassing@contoh.go.id",
    }
    period = Period.objects.create(**{**defaults, **fields})
    fill_period_rules(period, list(Position.objects.all()))
    return period


def make_level(position: str = "PRAKOM", code: str = "pertama") -> PositionLevel:
    return PositionLevel.objects.select_related("position").get(position=position, code=code)


def make_formation(
    agency: Agency,
    period: Period,
    *,
    position: str = "PRAKOM",
    lines: dict[str, tuple[int, int]] | None = None,
    status: str = Formation.Status.SUBMITTED,
) -> Formation:
    """A formation; `lines` maps a level code to (needed, filled)."""
    formation = Formation.objects.create(
        agency=agency,
        period=period,
        position_id=position,
        status=status,
        submitted_at=None if status == Formation.Status.DRAFT else timezone.now(),
    )
    for code, (needed, filled) in (lines or {"pertama": (8, 3)}).items():
        line = FormationLine.objects.create(
            formation=formation, level=make_level(position, code), needed=needed, filled=filled
        )
        if status == Formation.Status.VALIDATED:
            line.validated = line.vacancy
            line.save()
    if status != Formation.Status.DRAFT:
        formation.table = make_file(formation)
        formation.save()
    return formation


def make_work_unit(agency: Agency, name: str = "", **fields: object) -> WorkUnit:
    return WorkUnit.objects.create(agency=agency, name=name or f"Dinas {number()}", **fields)


def make_file(
    owner: object, data: bytes = PDF, *, state: str = "accepted", **fields: object
) -> StoredFile:
    """A stored PDF; judged accepted unless `state` says otherwise."""
    row = store_upload(
        SimpleUploadedFile("berkas.pdf", data, "application/pdf"),
        owner=owner,
        by=None,
    )
    for name, value in {"state": state, "pages": 1, **fields}.items():
        setattr(row, name, value)
    row.save()
    return row


def make_proposal(
    agency: Agency | None = None,
    period: Period | None = None,
    *,
    status: str = Proposal.Status.DRAFT,
    level: PositionLevel | None = None,
    participant: User | None = None,
    complete: bool = True,
    **fields: object,
) -> Proposal:
    """A proposal in any status, with an account and slots where the status implies them.

    `complete` fills the participant's data and puts an accepted file into every slot. The
    formation is made when the agency has none for the position.
    """
    agency = agency or make_agency()
    period = period or make_period()
    level = level or make_level()
    statuses = Proposal.Status
    if not Formation.objects.filter(agency=agency, period=period, position=level.position).exists():
        make_formation(agency, period, position=level.position_id, lines={level.code: (20, 0)})
    now = timezone.now()
    nip = str(fields.pop("nip", None) or make_nip())
    rank = (
        fields.pop("rank_id", None) or level.ranks.order_by("order").values_list("pk", flat=True)[0]
    )
    in_hands = status not in {
        statuses.DRAFT,
        statuses.NOMINATED,
        statuses.NOMINATION_REJECTED,
        statuses.NOT_PROPOSED,
    }
    if in_hands and participant is None:
        participant = make_user(username=nip, nip=nip, employer=agency)
    defaults: dict[str, object] = {
        "name": f"Calon {number()}",
        "birth_date": dt.date(1989, 4, 14),
        "sex": 2,
        "email": f"calon{number()}@contoh.go.id",
        "position": level.position,
        "level": level,
        "rank_id": rank,
        "rank_effective_on": dt.date(2020, 4, 1),
        "education_id": "S1",
        "status_since": now,
        "nominated_at": None if status == statuses.DRAFT else now,
        "approved_at": now if in_hands else None,
        "filing_deadline": period.filing_deadline if in_hands else None,
    }
    if complete:
        defaults |= {
            "phone": "0812",
            "address": "Jalan Contoh 1",
            "current_post": "Pengelola data",
            "work_field": "Sistem informasi",
            "work_since": dt.date(2018, 1, 1),
            "duties": "Mengelola basis data.",
            "programme": "Teknik Informatika",
            "institution": "Universitas Contoh",
            "graduation_year": 2012,
        }
    proposal = Proposal.objects.create(
        agency=agency,
        period=period,
        status=status,
        nip=nip,
        participant=participant,
        **{**defaults, **fields},
    )
    if in_hands:
        open_slots(proposal)
        if complete:
            fill_slots(proposal)
    return proposal


def fill_slots(proposal: Proposal, *, state: str = "accepted") -> None:
    """Put a file into every slot that has none."""
    for document in proposal.documents.filter(current=None):
        file = make_file(document, state=state)
        document.current = DocumentVersion.objects.create(document=document, number=1, file=file)
        document.save()
