"""Periods, offices, accounts: administrators only, each act with its event."""

import datetime as dt

import pytest
from django.utils import timezone

from inpassing.accounts.models import RoleGrant, User, VerifierScope
from inpassing.accounts.roles import roles_of
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import BpsOffice, Period, RequiredDocument
from inpassing.timeline.events import events_of
from tests.factories import make_admin, make_period, make_user, make_verifier

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
CLONE = "/kelola/periode/baru/dari-yang-terakhir/"


def period_data(**changes):
    start = timezone.now().replace(hour=9, minute=0, second=0, microsecond=0)

    def moment(days):
        return f"{timezone.localtime(start) + dt.timedelta(days=days):%Y-%m-%dT%H:%M}"

    def day(days):
        return f"{timezone.localdate() + dt.timedelta(days=days):%Y-%m-%d}"

    data = {
        "name": "Periode II Tahun 2027",
        "number": "2",
        "year": "2027",
        "opens_at": moment(1),
        "nomination_deadline": moment(20),
        "filing_deadline": moment(30),
        "verification_until": day(50),
        "test_from": day(60),
        "test_until": day(70),
        "results_at": moment(75),
        "ends_on": day(80),
        "recommendation_on": day(110),
        "min_filling_days": "5",
        "repair_days": "7",
        "grace_minutes": "10",
        "open_positions": ["PRAKOM", "STATISTISI"],
    }
    return {**data, **changes}


class TestPeriod:
    def test_a_new_period_has_the_shipped_rules(self, as_user):
        response = as_user(make_admin()).post("/kelola/periode/baru/", period_data())
        period = Period.objects.get()
        assert response.headers["Location"] == f"/kelola/periode/{period.pk}/"
        assert period.status == Period.Status.DRAFT
        assert RequiredDocument.objects.filter(period=period).count() == 10
        assert period.test_rules.count() == 5

    def test_dates_must_rise_and_what_was_typed_stays(self, as_user):
        wrong = period_data()
        wrong["filing_deadline"], wrong["name"] = wrong["opens_at"], "Periode yang keliru"
        page = as_user(make_admin()).post("/kelola/periode/baru/", wrong)
        assert not Period.objects.exists()
        assert "harus sesudah" in page.content.decode()
        assert "Periode yang keliru" in page.content.decode()

    def test_opening_makes_it_public_once(self, as_user):
        client = as_user(make_admin())
        period = make_period(status=Period.Status.DRAFT, name="Periode Uji Coba")
        assert "Periode Uji Coba" not in as_user(None).get("/").content.decode()
        client.post(f"/kelola/periode/{period.pk}/buka/")
        client.post(f"/kelola/periode/{period.pk}/buka/")
        assert "Periode Uji Coba" in as_user(None).get("/").content.decode()
        assert [event.kind for event in events_of(period)] == ["period.opened"]

    @pytest.mark.parametrize(
        ("past", "levels", "words"),
        [
            (True, True, "Batas pengusulan periode ini sudah lewat"),
            (False, False, "Belum ada jenj"),
        ],
    )
    def test_what_nobody_could_use_is_not_opened(self, as_user, past, levels, words):
        now = timezone.now()
        dates = {"opens_at": now - 9 * DAY, "nomination_deadline": now - DAY} if past else {}
        period = make_period(status="draft", **dates)
        if not levels:
            period.period_levels.all().delete()
        page = as_user(make_admin()).post(f"/kelola/periode/{period.pk}/buka/", follow=True)
        period.refresh_from_db()
        assert period.status == "draft"
        assert words in page.content.decode()

    def test_closing_needs_a_reason_and_happens_once(self, as_user):
        period = make_period()
        client, url = as_user(make_admin()), f"/kelola/periode/{period.pk}/tutup/"
        page = client.post(url, {"reason": " "}, follow=True)
        assert "Tulis alasan penutupan." in page.content.decode()
        assert Period.objects.get().status == "open"
        client.post(url, {"reason": "Semua surat sudah terbit"})
        client.post(url, {"reason": "Sekali lagi"})
        assert Period.objects.get().status == "closed"
        assert [(e.kind, e.detail.text) for e in events_of(period)] == [
            ("period.closed", "Semua surat sudah terbit")
        ]

    def test_a_new_one_from_the_last_is_a_draft_with_its_rules(self, as_user):
        client = as_user(make_admin())
        make_period(year=2019, name="Lama")
        last = make_period(year=2031, name="Terakhir", contact_name="Sekretariat")
        last.required_documents.filter(code="ijazah").delete()
        assert CLONE in client.get("/kelola/periode/").content.decode()
        answer = client.post(CLONE)
        copy = Period.objects.get(status=Period.Status.DRAFT)
        assert answer.url == f"/kelola/periode/{copy.pk}/"
        assert copy.contact_name == "Sekretariat"
        assert copy.required_documents.count() == 9
        assert [(e.kind, e.data) for e in events_of(copy)] == [
            ("period.cloned", {"source": last.pk})
        ]

    def test_the_second_click_makes_no_second_period(self, as_user):
        client = as_user(make_admin())
        make_period()
        client.post(CLONE)
        page = client.post(CLONE, follow=True).content.decode()
        assert "masih konsep. Ubah konsep itu" in page
        assert CLONE not in page
        assert Period.objects.count() == 2

    def test_there_must_be_a_period_to_clone(self, as_user):
        page = as_user(make_admin()).post(CLONE, follow=True).content.decode()
        assert "Buat periode pertama" in page
        assert not Period.objects.exists()

    def test_refusals_of_cloning(self, refuses_everybody_else):
        make_period()
        refuses_everybody_else(CLONE, onlooker=make_verifier(), allowed=make_admin())
        assert Period.objects.count() == 1

    @pytest.mark.parametrize("act", ["buka", "tutup"])
    def test_refusals(self, refuses_everybody_else, act):
        period = make_period()
        refuses_everybody_else(
            f"/kelola/periode/{period.pk}/{act}/", onlooker=make_verifier(), allowed=make_admin()
        )
        period.refresh_from_db()
        assert period.status == Period.Status.OPEN


def test_offices_are_found_and_changed(as_user):
    client = as_user(make_admin())
    assert "BPS Kota Bau Bau" in client.get("/kelola/kantor/?q=bau+bau").content.decode()
    office = BpsOffice.objects.get(name="BPS Kota Bau Bau")
    client.post(
        f"/kelola/kantor/{office.pk}/",
        {"name": office.name, "tz": office.tz, "capacity": "25", "is_active": "on"},
    )
    office.refresh_from_db()
    assert office.capacity == 25
    assert [event.kind for event in events_of(office)] == ["office.changed"]


@pytest.mark.parametrize(
    "path",
    [
        "/kelola/kantor/?sesudah=",
        "/kelola/pengguna/?sebelum=",
        "/pesan/?sebelum=",
        "/pesan/terkirim/?sebelum=",
    ],
)
def test_a_page_that_does_not_exist_is_no_error(as_user, path):
    client = as_user(make_admin())
    for odd in ("²", "٣", "9" * 30, "-1", "x"):
        assert client.get(path + odd).status_code == 200


def test_what_was_searched_goes_along_to_the_next_page(as_user):
    for _ in range(51):
        make_user(name="Rasa & Cita")
    page = as_user(make_admin()).get("/kelola/pengguna/", {"q": "Rasa & Cita"})
    page = as_user(make_admin()).get("/kelola/pengguna/" + page.context["next_url"])
    assert (page.context["q"], len(page.context["users"])) == ("Rasa & Cita", 1)


class TestUsers:
    def test_a_staff_account_gets_a_link_and_no_password(self, as_user):
        as_user(make_admin()).post(
            "/kelola/pengguna/baru/",
            {"username": "teguh", "name": "Teguh Prasojo", "email": "teguh@contoh.go.id"},
        )
        user = User.objects.get(username="teguh")
        assert not user.has_usable_password()
        assert OutboxMessage.objects.get().template == "invitation"

    def test_roles_are_given_and_taken(self, as_user):
        client, person = as_user(make_admin()), make_user()
        client.post(f"/kelola/pengguna/{person.pk}/peran/", {"role": "verifier"})
        client.post(f"/kelola/pengguna/{person.pk}/cakupan/", {"position": "PRAKOM"})
        grant = RoleGrant.objects.get(user=person)
        assert roles_of(User.objects.get(pk=person.pk)).is_verifier
        assert VerifierScope.objects.get(user=person).position_id == "PRAKOM"
        client.post(f"/kelola/peran/{grant.pk}/cabut/")
        assert not roles_of(User.objects.get(pk=person.pk)).is_verifier
        assert [event.kind for event in events_of(person)] == [
            "role.revoked",
            "scope.added",
            "role.granted",
        ]

    def test_an_operator_needs_an_agency(self, as_user):
        person = make_user()
        page = as_user(make_admin()).post(
            f"/kelola/pengguna/{person.pk}/peran/", {"role": "operator"}
        )
        assert page.status_code == 422
        assert "Pilih instansi" in page.content.decode()
        assert not RoleGrant.objects.filter(user=person).exists()

    def test_nobody_raises_themself_and_the_last_administrator_stays(self, as_user):
        admin = make_admin()
        client = as_user(admin)
        client.post(f"/kelola/pengguna/{admin.pk}/peran/", {"role": "signer", "post": "X"})
        client.post(f"/kelola/peran/{RoleGrant.objects.get(user=admin).pk}/cabut/")
        assert list(RoleGrant.objects.filter(revoked_at=None).values_list("role", flat=True)) == [
            "admin"
        ]

    @pytest.mark.parametrize("act", ["peran", "cakupan"])
    def test_refusals(self, refuses_everybody_else, act):
        person = make_user()
        refuses_everybody_else(
            f"/kelola/pengguna/{person.pk}/{act}/",
            data={"role": "admin"},
            onlooker=make_verifier(),
            allowed=make_admin(),
        )
        assert not RoleGrant.objects.filter(user=person).exists()
