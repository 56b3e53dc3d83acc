"""Who plays in the demo: three agencies, their units, and one account per role."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password

from inpassing.accounts.models import (
    Agency,
    RoleGrant,
    SignerProfile,
    User,
    VerifierScope,
    WorkUnit,
)
from inpassing.accounts.roles import grant
from inpassing.administration.workflow import create_period, open_period
from inpassing.reference.models import BpsOffice, Guideline, Period, Position, Region

from .clock import at
from .people import person

PASSWORD = "demo-inpassing"
CITY, PROVINCE, MINISTRY = "kota", "provinsi", "kementerian"
WITA = ZoneInfo("Asia/Makassar")
Role = RoleGrant.Role

# name, region code, kind, personnel office, addressee, via, city
AGENCIES = {
    CITY: (
        "Pemerintah Kota Bau Bau",
        "74.72",
        Agency.Kind.CITY,
        "BKPSDM Kota Bau Bau",
        "Wali Kota Bau Bau",
        "Kepala BKPSDM",
        "Bau Bau",
    ),
    PROVINCE: (
        "Pemerintah Provinsi Sulawesi Tenggara",
        "74",
        Agency.Kind.PROVINCE,
        "BKD Provinsi Sulawesi Tenggara",
        "Gubernur Sulawesi Tenggara",
        "Kepala BKD",
        "Kendari",
    ),
    MINISTRY: (
        "Kementerian Perdagangan",
        None,
        Agency.Kind.MINISTRY,
        "Biro Organisasi dan Sumber Daya Manusia",
        "Sekretaris Jenderal Kementerian Perdagangan",
        "Kepala Biro Organisasi dan Sumber Daya Manusia",
        "Jakarta",
    ),
}
UNITS = {
    CITY: (
        "Dinas Komunikasi dan Informatika",
        "Badan Perencanaan Pembangunan Daerah",
        "Dinas Kesehatan",
        "Badan Pengelola Keuangan dan Aset Daerah",
    ),
    PROVINCE: ("Badan Perencanaan Pembangunan Daerah", "Dinas Komunikasi dan Informatika"),
    MINISTRY: ("Pusat Data dan Sistem Informasi", "Sekretariat Jenderal"),
}
GUIDELINES = (
    (
        "Panduan operator instansi",
        "Dari permohonan akun sampai surat rekomendasi: formasi, calon, dan SK pengangkatan.",
    ),
    (
        "Panduan peserta",
        "Melengkapi data, memindai dan mengunggah dokumen, mengirim, dan memperbaiki.",
    ),
    (
        "Cara memindai dokumen",
        "Pindai hitam putih atau abu-abu 150 dpi, simpan sebagai PDF, paling besar 2 MB.",
    ),
)


@dataclass
class Cast:
    """Everybody and everything that the stories need."""

    now: dt.datetime
    agencies: dict[str, Agency]
    operators: dict[str, User]
    admin: User
    verifier: User
    colleague: User
    proctor: User
    signer: User
    participant: User
    returned_participant: User
    office: BpsOffice
    password: str

    def moment(self, days: int, hour: int = 10, minute: int = 0) -> dt.datetime:
        """`days` days from today (negative: before) at a time of day in Bau Bau."""
        day = self.now.astimezone(WITA).date() + dt.timedelta(days=days)
        return dt.datetime.combine(day, dt.time(hour, minute), WITA)


def engage(now: dt.datetime) -> Cast:
    """Create agencies, accounts and office of the demo. The six passwords share one hash."""
    password = make_password(PASSWORD)
    agencies = {key: _agency(key) for key in AGENCIES}
    office = BpsOffice.objects.get(region="74.72")
    office.address, office.contact, office.capacity = "Jalan Contoh Nomor 17", "(0402) 000", 12
    office.save()

    def account(username: str, number: int, name: str = "", **fields: object) -> User:
        who = person(number)
        return User.objects.create(
            username=username,
            nip=who.nip,
            name=name or who.name,
            email=f"{username}@contoh.example",
            password=password,
            **fields,
        )

    admin = account("admin", 901, "Dewi Kusumadewi", title_after="M.Kom.")
    verifier = account("verifikator", 900, "Teguh Wibisono", title_after="S.ST., M.Stat.")
    colleague = account("verifikator2", 903, "Kartika Simbolon", title_after="S.Si.")
    proctor = account("pengawas", 902, "La Ode Syarif Buton", title_after="S.ST.")
    signer = account("penandatangan", 904, "Agung Prameswara", title_after="M.Sc., Ph.D.")
    grant(admin, Role.ADMIN, by=None)
    for user in (verifier, colleague):
        grant(user, Role.VERIFIER, by=admin)
        VerifierScope.objects.create(user=user)
    grant(proctor, Role.PROCTOR, by=admin, office=office)
    grant(signer, Role.SIGNER, by=admin)
    SignerProfile.objects.create(
        user=signer,
        capacity="a.n. Kepala Badan Pusat Statistik",
        post="Sekretaris Utama",
        rank_id="IV/d",
        unit_code="2340",
    )
    operators = {
        CITY: account("operator", 905, "Asriani Wahid", title_after="S.Kom."),
        PROVINCE: account("operator2", 906, "Rahmat Lakilaponto", title_after="S.Sos."),
        MINISTRY: account("operator3", 908, "Zulkifli Rantetasik", title_after="S.E."),
    }
    for key, user in operators.items():
        user.employer = agencies[key]
        user.save(update_fields=["employer"])
        grant(user, Role.OPERATOR, by=verifier, agency=agencies[key])
    _write_guidelines()
    return Cast(
        now=now,
        agencies=agencies,
        operators=operators,
        admin=admin,
        verifier=verifier,
        colleague=colleague,
        proctor=proctor,
        signer=signer,
        participant=account("peserta", 909, "Maria Goreti Bria", employer=agencies[CITY]),
        returned_participant=account("peserta2", 911, "Hasnawati Uba", employer=agencies[CITY]),
        office=office,
        password=password,
    )


def _agency(key: str) -> Agency:
    name, region, kind, personnel_office, addressee, via, city = AGENCIES[key]
    fields = {
        "personnel_office": personnel_office,
        "addressee": addressee,
        "addressee_via": via,
        "address": "Kompleks Perkantoran Pemerintah, Jalan Contoh Nomor 1",
        "city": city,
        "phone": "(0402) 000000",
    }
    if region:
        place = Region.objects.get(code=region)
        agency, _ = Agency.objects.update_or_create(
            region=place,
            defaults={"kind": kind, **fields},
            create_defaults={"kind": kind, "name": name, **fields},
        )
    else:
        agency, _ = Agency.objects.update_or_create(
            name=name, defaults=fields, create_defaults={"kind": kind, **fields}
        )
    for number, unit in enumerate(UNITS[key]):
        head = person(940 + 10 * number + len(key))
        WorkUnit.objects.get_or_create(
            agency=agency,
            name=unit,
            defaults={
                "address": f"Jalan Contoh Nomor {number + 2}",
                "head_name": f"Drs. {head.name}, M.Si.",
                "head_nip": head.nip,
                "head_rank_id": "IV/b",
                "head_post": f"Kepala {unit}",
                "head_capacity": WorkUnit.Capacity.PLT if number == 2 else "",
            },
        )
    return agency


def _write_guidelines() -> None:
    for order, (title, summary) in enumerate(GUIDELINES, start=1):
        Guideline.objects.get_or_create(title=title, defaults={"order": order, "summary": summary})


def make_period(cast: Cast, number: int, days: dict[str, int]) -> Period:
    """An open period of this year; `days` says for each date how many days from today it lies."""
    year = cast.now.year
    taken = set(Period.objects.filter(year=year).values_list("number", flat=True))
    number = next(n for n in range(number, 100) if n not in taken)
    numeral = ("I", "II", "III", "IV", "V", "VI", "VII")[number - 1] if number < 8 else str(number)
    period = Period(
        name=f"Periode {numeral} Tahun {year}",
        number=number,
        year=year,
        legal_basis="PermenPANRB 42/2018; Peraturan BPS 6/2019 dan 7/2019",
        opens_at=cast.moment(days["opens_at"], 8),
        nomination_deadline=cast.moment(days["nomination_deadline"], 17),
        filing_deadline=cast.moment(days["filing_deadline"], 17),
        results_at=cast.moment(days["results_at"], 9),
        waves=["Gelombang 1", "Gelombang 2"],
        contact_name="Sekretariat Inpassing BPS",
        contact_phone="(021) 000000",
        contact_email="inpassing@contoh.example",
        **{
            name: cast.moment(days[name]).date()
            for name in (
                "verification_until",
                "test_from",
                "test_until",
                "ends_on",
                "recommendation_on",
                "appointment_by",
            )
        },
    )
    with at(cast.moment(days["opens_at"] - 20, 10)):
        create_period(period, list(Position.objects.all()), by=cast.admin)
    with at(period.opens_at):
        return open_period(period, by=cast.admin)


def forget_old_mail(now: dt.datetime) -> None:
    """What the stories sent long ago counts as delivered and read; only the newest goes out."""
    from django.db.models import F

    from inpassing.notifications.models import InboxMessage, OutboxMessage

    OutboxMessage.objects.filter(
        state=OutboxMessage.State.QUEUED, created_at__lt=now - dt.timedelta(hours=2)
    ).update(
        state=OutboxMessage.State.SENT,
        sent_at=F("created_at"),
        attempts=1,
        response="250 diterima",
    )
    InboxMessage.objects.filter(read_at=None, created_at__lt=now - dt.timedelta(days=4)).update(
        read_at=F("created_at")
    )
