"""administration:period_section: each section of a period, saved one at a time."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from competency.models import TestResult
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import (
    BpsOffice,
    FormationColumn,
    Period,
    RequiredDocument,
    one_month_after,
)
from inpassing.timeline.events import events_of
from proposals.models import AgencyDeadline
from tests.administration.sections import address, form_of, row_of
from tests.competency.factories import make_seat, make_session
from tests.factories import (
    make_admin,
    make_agency,
    make_formation,
    make_level,
    make_operator,
    make_period,
    make_proposal,
    make_verifier,
)
from verification.models import PortfolioAnswer, PortfolioAssessment

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
FIELDS = ["umum", "tanggal", "syarat"]
LISTS = [
    "jabatan",
    "komponen",
    "jenjang",
    "dokumen",
    "aturan-uji",
    "usia",
    "portofolio",
    "kolom-formasi",
]
REASON = "Permintaan beberapa daerah"


@pytest.fixture
def client(as_user):
    return as_user(make_admin())


@pytest.fixture
def draft():
    period = make_period(status="draft")
    for name in ("opens_at", "nomination_deadline", "filing_deadline", "results_at"):
        setattr(period, name, whole(getattr(period, name)))
    period.save()
    return period


@pytest.fixture
def period():
    return make_period()


def typed(moment):
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def whole(moment):
    return moment.replace(second=0, microsecond=0)


@pytest.mark.parametrize("slug", FIELDS + LISTS)
class TestEverySection:
    def test_an_untouched_page_changes_nothing(self, client, draft, slug):
        answer = client.post(address(draft, slug), form_of(client, draft, slug), follow=True)
        assert "Tidak ada yang diubah." in answer.content.decode()
        assert not events_of(draft).exists()

    def test_an_open_period_asks_for_a_reason(self, client, period, slug):
        data = form_of(client, period, slug)
        page = client.post(address(period, slug), data)
        assert page.status_code == 422
        assert "Alasan perubahan: belum diisi." in page.content.decode()

    def test_refusals(self, refuses_everybody_else, draft, slug):
        refuses_everybody_else(address(draft, slug), onlooker=make_verifier())
        refuses_everybody_else(address(draft, slug), onlooker=make_operator())

    def test_the_period_leads_here(self, client, draft, slug):
        assert address(draft, slug) in client.get(f"/kelola/periode/{draft.pk}/").content.decode()


def test_a_section_that_does_not_exist(client, draft):
    assert client.get(address(draft, "surat")).status_code == 404
    assert client.post(address(draft, "surat")).status_code == 404


@pytest.mark.parametrize("slug", LISTS)
def test_the_number_of_queries_does_not_grow_with_the_rows(client, draft, slug):
    def queries():
        client.get(address(draft, slug))
        with CaptureQueriesContext(connection) as caught:
            client.get(address(draft, slug))
        return len(caught)

    few = queries()
    ijazah = RequiredDocument.objects.filter(period=draft).first()
    for number in range(60):
        ijazah.pk, ijazah.code = None, f"dokumen-{number}"
        ijazah.save()
        draft.test_rules.create(order=number, position_id="PRAKOM", level_code="muda")
        draft.age_limits.create(from_rank_id="I/a", to_rank_id="I/b", under_years=50)
        draft.portfolio_items.create(position_id="PRAKOM", code=f"X{number}", question="?")
        draft.period_positions.first().components.create(name=f"K{number}", weight=1)
        FormationColumn.objects.create(period=draft, label=f"Kolom {number}")
    assert queries() == few <= 14


class TestFields:
    def test_name_basis_waves_and_contact(self, client, draft):
        data = form_of(client, draft, "umum") | {
            "name": "Periode Percobaan",
            "legal_basis": "PermenPANRB 42/2018",
            "waves": "Gelombang 1, Gelombang 2",
            "contact_name": "Sekretariat",
            "contact_phone": "021 1",
            "contact_email": "tanya@contoh.go.id",
        }
        answer = client.post(address(draft, "umum"), data)
        assert answer.url == f"/kelola/periode/{draft.pk}/"
        draft.refresh_from_db()
        assert (draft.name, draft.legal_basis) == ("Periode Percobaan", "PermenPANRB 42/2018")
        assert draft.waves == ["Gelombang 1", "Gelombang 2"]
        assert draft.contact_email == "tanya@contoh.go.id"
        event = events_of(draft).get()
        assert event.kind == "period.changed"
        assert set(event.data["fields"]) == {
            "name",
            "legal_basis",
            "waves",
            "contact_name",
            "contact_phone",
            "contact_email",
        }
        assert "tanya@contoh.go.id" in client.get(answer.url).content.decode()

    def test_limits(self, client, draft):
        data = form_of(client, draft, "syarat")
        data |= {"rank_mismatch_is_warning": "on", "skill_education": "D3"}
        client.post(address(draft, "syarat"), data)
        draft.refresh_from_db()
        assert draft.rank_mismatch_is_warning
        assert draft.skill_education_id == "D3"

    def test_after_opening_operators_are_told_what_and_why(self, client, period):
        operator = make_operator()
        later = whole(period.filing_deadline + 5 * DAY)
        data = form_of(client, period, "tanggal")
        data |= {"filing_deadline": typed(later), "reason": REASON}
        client.post(address(period, "tanggal"), data)
        period.refresh_from_db()
        assert period.filing_deadline == later
        message = OutboxMessage.objects.get(template="period_changed")
        assert message.user == operator
        assert message.fields["alasan"] == REASON
        assert "batas pengiriman berkas menjadi" in message.fields["perubahan"]
        changed = events_of(period).get(kind="period.changed")
        assert changed.detail.text == REASON

    def test_many_operators_cost_as_many_queries_as_one(self, client, period):
        numbers = []
        for name, more in (("Periode A", 1), ("Periode B", 0), ("Periode C", 40)):
            for _ in range(more):
                make_operator()
            data = form_of(client, period, "umum") | {"name": name, "reason": REASON}
            with CaptureQueriesContext(connection) as queries:
                client.post(address(period, "umum"), data)
            numbers.append(len(queries))
        assert numbers[1] == numbers[2]  # the first also reads what is kept from then on
        assert OutboxMessage.objects.count() == 1 + 1 + 41

    def test_the_second_click_is_stale_and_tells_nobody_twice(self, client, period):
        make_operator()
        data = form_of(client, period, "umum") | {"name": "Periode Baru", "reason": REASON}
        client.post(address(period, "umum"), data)
        page = client.post(address(period, "umum"), data)
        assert page.status_code == 409
        assert OutboxMessage.objects.count() == 1

    def test_a_stale_page_is_refused_and_keeps_what_was_typed(self, client, draft):
        data = form_of(client, draft, "umum")
        Period.objects.filter(pk=draft.pk).update(contact_name="Dari orang lain")
        page = client.post(address(draft, "umum"), data | {"legal_basis": "Yang saya ketik"})
        assert page.status_code == 409
        assert "sudah diubah orang lain" in page.content.decode()
        assert "Yang saya ketik" in page.content.decode()
        draft.refresh_from_db()
        assert (draft.contact_name, draft.legal_basis) == ("Dari orang lain", "")

    def test_a_colleague_in_another_section_does_no_harm(self, client, draft):
        data = form_of(client, draft, "umum") | {"legal_basis": "Baru"}
        Period.objects.filter(pk=draft.pk).update(repair_days=9)
        assert client.post(address(draft, "umum"), data).status_code == 302
        draft.refresh_from_db()
        assert (draft.legal_basis, draft.repair_days) == ("Baru", 9)

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("nomination_deadline", lambda p: p.opens_at, "sesudah pengusulan dibuka"),
            ("filing_deadline", lambda p: p.nomination_deadline, "sesudah batas pengusulan"),
            (
                "filing_deadline",
                lambda p: p.nomination_deadline + 4 * DAY,
                "paling sedikit 5 hari kerja",
            ),
            ("verification_until", lambda p: p.filing_deadline - DAY, "sesudah batas pengiriman"),
            ("test_from", lambda p: p.filing_deadline + DAY, "sesudah verifikasi sampai"),
            ("test_until", lambda p: p.filing_deadline + DAY, "sesudah uji kompetensi mulai"),
            ("results_at", lambda p: p.filing_deadline + DAY, "sesudah uji kompetensi sampai"),
            ("ends_on", lambda p: p.filing_deadline + DAY, "sesudah pengumuman hasil"),
            ("recommendation_on", lambda p: p.filing_deadline + DAY, "sesudah periode berakhir"),
            ("appointment_by", lambda p: p.filing_deadline + DAY, "sesudah tanggal rekomendasi"),
        ],
    )
    def test_dates_rise(self, client, draft, field, value, words):
        data = form_of(client, draft, "tanggal")
        moment = value(draft)
        is_day = "T" not in data[field] and not field.endswith(("_at", "_deadline"))
        data[field] = f"{timezone.localtime(moment):%Y-%m-%d}" if is_day else typed(moment)
        page = client.post(address(draft, "tanggal"), data)
        assert page.status_code == 422
        assert words in page.content.decode()
        assert data[field] in page.content.decode()

    def test_without_a_date_the_recommendation_is_one_month_after_the_end(self, client, draft):
        data = form_of(client, draft, "tanggal") | {"recommendation_on": ""}
        client.post(address(draft, "tanggal"), data)
        draft.refresh_from_db()
        assert draft.recommendation_on == one_month_after(draft.ends_on)

    @pytest.mark.parametrize(("minutes", "status"), [(-1, 422), (0, 302)])
    def test_the_filling_time_is_counted_in_working_days(self, client, draft, minutes, status):
        friday = timezone.localtime().replace(
            year=2030, month=3, day=1, hour=17, minute=0, second=0, microsecond=0
        )
        data = form_of(client, draft, "tanggal")
        for name in ("verification_until", "test_from", "test_until", "ends_on"):
            data[name] = "2030-06-01"
        data |= {"results_at": "2030-06-01T09:00", "recommendation_on": "2030-07-01"}
        data |= {
            "nomination_deadline": typed(friday),
            "filing_deadline": typed(friday + 7 * DAY + minutes * dt.timedelta(minutes=1)),
        }
        assert client.post(address(draft, "tanggal"), data).status_code == status

    def test_a_deadline_of_an_open_period_is_never_moved_into_the_past(self, client, period):
        data = form_of(client, period, "tanggal")
        data |= {"nomination_deadline": typed(timezone.now() - DAY), "reason": REASON}
        page = client.post(address(period, "tanggal"), data)
        assert page.status_code == 422
        assert "usulan akan langsung" in page.content.decode()

    def test_the_periods_extension_overtakes_that_of_one_agency_but_no_own_wish(
        self, client, period
    ):
        early, extended, far = (make_agency() for _ in range(3))
        for agency, days in ((early, -2), (extended, 2), (far, 30)):
            AgencyDeadline.objects.create(
                period=period, agency=agency, filing_deadline=period.filing_deadline + days * DAY
            )
        data = form_of(client, period, "tanggal")
        data |= {"filing_deadline": typed(period.filing_deadline + 5 * DAY), "reason": REASON}
        client.post(address(period, "tanggal"), data)
        assert set(AgencyDeadline.objects.values_list("agency", flat=True)) == {early.pk, far.pk}
        lifted = events_of(period).get(kind="period.agency_deadlines_lifted")
        assert lifted.data == {"agencies": [extended.pk]}


class TestDocuments:
    def test_one_is_added_changed_ordered_switched_off_and_removed(self, client, draft):
        data = form_of(client, draft, "dokumen")
        ijazah = row_of(data, code="ijazah")
        transcript = row_of(data, code="transkrip")
        gone = row_of(data, code="sp_hukdis")
        data[f"{ijazah}name"], data[f"{ijazah}order"] = "Ijazah terakhir", "40"
        del data[f"{transcript}is_active"]
        data[f"{gone}remove"] = "on"
        new = row_of(data, code="")
        data |= {
            f"{new}name": "Surat keterangan sehat",
            f"{new}code": "sehat",
            f"{new}condition": "structural",
        }
        answer = client.post(address(draft, "dokumen"), data)
        assert answer.status_code == 302
        rows = {row.code: row for row in draft.required_documents.all()}
        assert len(rows) == 10
        assert "sp_hukdis" not in rows
        assert (rows["ijazah"].name, rows["ijazah"].order) == ("Ijazah terakhir", 40)
        assert not rows["transkrip"].is_active
        assert (rows["sehat"].condition, rows["sehat"].is_active) == ("structural", True)
        assert list(rows)[-1] == "ijazah"
        assert events_of(draft).get().data == {
            "section": "dokumen",
            "added": 1,
            "changed": 2,
            "removed": 1,
        }

    def test_what_is_switched_off_is_asked_of_nobody_new(self, client, period):
        held = make_proposal(period=period, status="filling")
        RequiredDocument.objects.filter(period=period, code="transkrip").update(is_active=False)
        new = make_proposal(period=period, status="filling")
        codes = "requirement__code"
        assert held.documents.filter(requirement__code="transkrip").exists()
        assert "transkrip" not in set(new.documents.values_list(codes, flat=True))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"remove": "on"}, "tidak dapat dihapus: sudah diminta dari 1 peserta"),
            ({"code": "lain"}, "tidak dapat diganti kode atau legalisirnya"),
        ],
    )
    def test_what_was_asked_of_somebody_stays(self, client, period, change, words):
        make_proposal(period=period, status="filling")
        data = form_of(client, period, "dokumen") | {"reason": REASON}
        ijazah = row_of(data, code="ijazah")
        data |= {ijazah + name: value for name, value in change.items()}
        page = client.post(address(period, "dokumen"), data)
        assert page.status_code == 409
        assert words in page.content.decode()
        assert REASON in page.content.decode()
        assert period.required_documents.filter(code="ijazah").exists()
        assert not events_of(period).exists()

    def test_after_opening_operators_are_told(self, client, period):
        make_operator()
        data = form_of(client, period, "dokumen") | {"reason": REASON}
        data[row_of(data, code="ijazah") + "name"] = "Ijazah"
        client.post(address(period, "dokumen"), data)
        assert OutboxMessage.objects.get().fields["perubahan"] == "dokumen yang diminta"
        assert events_of(period).get(kind="period.rules_changed").detail.text == REASON

    def test_a_code_stands_once(self, client, draft):
        data = form_of(client, draft, "dokumen")
        data[row_of(data, code="ijazah") + "code"] = "transkrip"
        page = client.post(address(draft, "dokumen"), data)
        assert page.status_code == 422
        assert "Kode transkrip ada pada 2 baris" in page.content.decode()

    def test_two_codes_that_change_places_are_explained(self, client, draft):
        data = form_of(client, draft, "dokumen")
        one, other = row_of(data, code="ijazah"), row_of(data, code="transkrip")
        data[f"{one}code"], data[f"{other}code"] = "transkrip", "ijazah"
        page = client.post(address(draft, "dokumen"), data)
        assert page.status_code == 409
        assert "bertukar kode" in page.content.decode()

    def test_a_stale_page_is_refused_and_keeps_what_was_typed(self, client, draft):
        data = form_of(client, draft, "dokumen")
        data[row_of(data, code="transkrip") + "name"] = "Yang saya ketik"
        draft.required_documents.get(code="ijazah").delete()
        page = client.post(address(draft, "dokumen"), data)
        assert page.status_code == 409
        assert "sudah diubah orang lain" in page.content.decode()
        assert "Yang saya ketik" in page.content.decode()
        assert not draft.required_documents.filter(name="Yang saya ketik").exists()
        assert client.post(address(draft, "dokumen"), data).status_code == 409

    def test_a_closed_period_keeps_its_rules(self, client):
        period = make_period(status="closed")
        data = form_of(client, period, "dokumen") | {"reason": REASON}
        data[row_of(data, code="ijazah") + "name"] = "Ijazah"
        page = client.post(address(period, "dokumen"), data)
        assert page.status_code == 409
        assert "Periode sudah ditutup" in page.content.decode()


class TestPositions:
    def test_one_is_closed_and_opened_again_with_its_rules(self, client, draft):
        data = form_of(client, draft, "jabatan")
        row = row_of(data, key="STATISTISI")
        del data[f"{row}is_open"]
        client.post(address(draft, "jabatan"), data)
        assert [p.pk for p in draft.positions.all()] == ["PRAKOM"]
        assert not draft.period_levels.filter(level__position="STATISTISI").exists()
        assert not draft.portfolio_items.filter(position="STATISTISI").exists()
        data = form_of(client, draft, "jabatan")
        data |= {f"{row}is_open": "on", f"{row}passing_grade": "65.50"}
        client.post(address(draft, "jabatan"), data)
        entry = draft.period_positions.get(position="STATISTISI")
        assert (str(entry.passing_grade), entry.components.count()) == ("65.50", 2)
        assert draft.period_levels.filter(level__position="STATISTISI").count() == 7

    def test_one_stays_open(self, client, draft):
        data = form_of(client, draft, "jabatan")
        for key in ("STATISTISI", "PRAKOM"):
            del data[row_of(data, key=key) + "is_open"]
        page = client.post(address(draft, "jabatan"), data)
        assert page.status_code == 422
        assert "Buka paling sedikit satu jabatan" in page.content.decode()

    def test_a_position_in_use_stays(self, client, period):
        make_proposal(period=period)
        data = form_of(client, period, "jabatan") | {"reason": REASON}
        del data[row_of(data, key="PRAKOM") + "is_open"]
        page = client.post(address(period, "jabatan"), data)
        assert page.status_code == 409
        assert "sudah dipakai 1 usulan dan 1 formasi" in page.content.decode()
        assert period.positions.count() == 2


class TestComponents:
    def test_weights_are_changed_and_one_is_added(self, client, draft):
        data = form_of(client, draft, "komponen")
        first = row_of(data, position="PRAKOM", name="Kompetensi teknis")
        new = row_of(data, key="")
        data[f"{first}weight"] = "60"
        data |= {f"{new}position": "PRAKOM", f"{new}name": "Makalah", f"{new}weight": "10"}
        client.post(address(draft, "komponen"), data)
        entry = draft.period_positions.get(position="PRAKOM")
        assert list(entry.components.values_list("name", "weight")) == [
            ("Kompetensi teknis", 60),
            ("Wawancara", 30),
            ("Makalah", 10),
        ]

    def test_weights_make_a_hundred(self, client, draft):
        data = form_of(client, draft, "komponen")
        data[row_of(data, position="PRAKOM", name="Wawancara") + "weight"] = "20"
        page = client.post(address(draft, "komponen"), data)
        assert page.status_code == 422
        assert "berjumlah 90 %" in page.content.decode()

    @pytest.mark.parametrize("slug", ["komponen", "jabatan"])
    def test_results_freeze_what_they_were_computed_with(self, client, period, slug):
        seat_with_result(period)
        data = form_of(client, period, slug) | {"reason": REASON}
        if slug == "jabatan":
            data[row_of(data, key="PRAKOM") + "passing_grade"] = "50"
        else:
            data[row_of(data, position="PRAKOM", name="Kompetensi teknis") + "weight"] = "60"
            data[row_of(data, position="PRAKOM", name="Wawancara") + "weight"] = "40"
        page = client.post(address(period, slug), data)
        assert page.status_code == 409
        assert "sudah ada 1 hasil uji" in page.content.decode()


class TestLevels:
    def test_ranks_of_a_level_and_a_level_switched_off(self, client, draft):
        data = form_of(client, draft, "jenjang")
        muda = row_of(data, key=str(make_level("PRAKOM", "muda").pk))
        utama = row_of(data, key=str(make_level("PRAKOM", "utama").pk))
        data[f"{muda}to_rank"] = "IV/a"
        del data[f"{utama}is_open"]
        client.post(address(draft, "jenjang"), data)
        ranks = draft.period_levels.get(level__code="muda", level__position="PRAKOM").ranks
        assert [rank.pk for rank in ranks.all()] == ["III/c", "III/d", "IV/a"]
        assert not draft.period_levels.filter(level=make_level("PRAKOM", "utama")).exists()

    def test_a_band_upside_down(self, client, draft):
        data = form_of(client, draft, "jenjang")
        data[row_of(data, key=str(make_level("PRAKOM", "muda").pk)) + "to_rank"] = "III/a"
        page = client.post(address(draft, "jenjang"), data)
        assert page.status_code == 422
        assert "tidak boleh di bawah pangkat awal" in page.content.decode()

    def test_a_level_in_use_stays(self, client, period):
        make_formation(make_agency(), period)
        data = form_of(client, period, "jenjang") | {"reason": REASON}
        del data[row_of(data, key=str(make_level().pk)) + "is_open"]
        page = client.post(address(period, "jenjang"), data)
        assert page.status_code == 409
        assert "0 usulan dan 1 baris formasi" in page.content.decode()


class TestTestRules:
    def test_a_rule_is_added_before_the_last(self, client, draft):
        data = form_of(client, draft, "aturan-uji")
        last = row_of(data, position="", education_field="", level_code="", order="4")
        new = row_of(data, key="", position="")
        data[f"{last}order"] = "9"
        data |= {
            f"{new}order": "5",
            f"{new}position": "PRAKOM",
            f"{new}education_field": "teknologi_informasi",
            f"{new}level_code": "muda",
            f"{new}competency_test": "False",
        }
        client.post(address(draft, "aturan-uji"), data)
        rules = list(draft.test_rules.values_list("level_code", "competency_test"))
        assert rules[-2:] == [("muda", False), ("", True)]
        assert draft.test_rules.filter(portfolio=True).count() == 6

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"position": "PRAKOM"}, "Baris terakhir harus berlaku bagi semua"),
            ({"order": "0"}, "Baris terakhir harus berlaku bagi semua"),
        ],
    )
    def test_everybody_gets_an_answer(self, client, draft, change, words):
        data = form_of(client, draft, "aturan-uji")
        last = row_of(data, position="", education_field="", level_code="", order="4")
        data |= {last + name: value for name, value in change.items()}
        if "order" in change:
            data["baris-0-order"] = "1"
        page = client.post(address(draft, "aturan-uji"), data)
        assert page.status_code == 422
        assert words in page.content.decode()


class TestAges:
    def test_a_limit_is_changed(self, client, draft):
        data = form_of(client, draft, "usia")
        data[row_of(data, from_rank="IV/a") + "under_years"] = "57"
        client.post(address(draft, "usia"), data)
        assert draft.age_limits.get(from_rank="IV/a").under_years == 57

    def test_no_rank_stands_in_two_rows(self, client, draft):
        data = form_of(client, draft, "usia")
        data[row_of(data, from_rank="I/a") + "to_rank"] = "IV/b"
        page = client.post(address(draft, "usia"), data)
        assert page.status_code == 422
        assert "Pangkat IV/a masuk dua baris" in page.content.decode()


class TestPortfolio:
    @pytest.fixture
    def answered(self, period):
        proposal = make_proposal(period=period, status="eligible")
        item = period.portfolio_items.get(position="PRAKOM", code="P1")
        assessment = PortfolioAssessment.objects.create(
            proposal=proposal,
            verdict="failed",
            assessed_by=make_verifier(),
            assessed_at=timezone.now(),
        )
        PortfolioAnswer.objects.create(assessment=assessment, item=item, answer="met")
        return item

    def test_an_item_is_added_and_one_is_not_required_any_more(self, client, draft):
        data = form_of(client, draft, "portofolio")
        del data[row_of(data, position="PRAKOM", code="P2") + "required"]
        new = row_of(data, key="")
        data |= {
            f"{new}position": "PRAKOM",
            f"{new}code": "P9",
            f"{new}question": "Ada karya tulis",
            f"{new}evidence": "Naskah",
        }
        client.post(address(draft, "portofolio"), data)
        items = draft.portfolio_items.filter(position="PRAKOM")
        assert not items.get(code="P2").required
        assert (items.get(code="P9").question, items.last().code) == ("Ada karya tulis", "P9")

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"remove": "on"}, "tidak dapat dihapus"),
            ({"question": "Lain"}, "tidak dapat diganti"),
        ],
    )
    def test_what_was_answered_stays(self, client, period, answered, change, words):
        data = form_of(client, period, "portofolio") | {"reason": REASON}
        row = row_of(data, position="PRAKOM", code="P1")
        data |= {row + name: value for name, value in change.items()}
        page = client.post(address(period, "portofolio"), data)
        assert page.status_code == 409
        assert words in page.content.decode()
        assert "sudah dijawab pada 1 penilaian" in page.content.decode()

    def test_what_was_answered_can_be_switched_off(self, client, period, answered):
        data = form_of(client, period, "portofolio") | {"reason": REASON}
        del data[row_of(data, position="PRAKOM", code="P1") + "is_active"]
        assert client.post(address(period, "portofolio"), data).status_code == 302
        answered.refresh_from_db()
        assert not answered.is_active
        assert not OutboxMessage.objects.exists()  # no agency acts on these

    def test_every_open_position_keeps_a_question(self, client, draft):
        data = form_of(client, draft, "portofolio")
        for index in range(int(data["baris-TOTAL_FORMS"])):
            if data[f"baris-{index}-position"] == "PRAKOM":
                del data[f"baris-{index}-is_active"]
        page = client.post(address(draft, "portofolio"), data)
        assert page.status_code == 422
        assert "tanyakan paling sedikit satu butir" in page.content.decode()


class TestColumns:
    def test_a_column_is_added(self, client, draft):
        data = form_of(client, draft, "kolom-formasi")
        data |= {"baris-0-label": "Beban kerja", "baris-0-kind": "number"}
        client.post(address(draft, "kolom-formasi"), data)
        assert draft.formation_columns.get().label == "Beban kerja"

    def test_a_filled_column_stays(self, client, period):
        column = FormationColumn.objects.create(period=period, label="Beban", kind="number")
        line = make_formation(make_agency(), period).lines.get()
        line.extra = {str(column.pk): 3}
        line.save()
        data = form_of(client, period, "kolom-formasi") | {"reason": REASON}
        data["baris-0-remove"] = "on"
        page = client.post(address(period, "kolom-formasi"), data)
        assert page.status_code == 409
        assert "sudah terisi pada 1 baris formasi" in page.content.decode()


def seat_with_result(period):
    """One typed result of a Pranata Komputer of this period."""
    session = make_session(period, BpsOffice.objects.get(region="74.72"))
    seat = make_seat(session, make_proposal(period=period, status="test_required"))
    TestResult.objects.create(
        seat=seat, total="80.00", passing_grade="70.00", entered_by=make_admin()
    )
