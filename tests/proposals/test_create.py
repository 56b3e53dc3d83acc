"""The candidate form: drafts, the reading of the NIP, warnings, eligibility beside it."""

import datetime as dt

import pytest
from django.urls import reverse

from inpassing.timeline.events import events_of
from proposals.models import Proposal
from tests.factories import (
    make_admin,
    make_formation,
    make_level,
    make_nip,
    make_operator,
    make_period,
    make_proposal,
    make_user,
    make_verifier,
    make_work_unit,
)

pytestmark = pytest.mark.django_db

CREATE = "/usulan/baru/"


@pytest.fixture
def period():
    return make_period()


@pytest.fixture
def operator():
    return make_operator(nip=make_nip())


@pytest.fixture
def agency(operator):
    return operator.employer


def typed(**changed):
    return {
        "nip": "19890414 201403 2 901",
        "title_before": "",
        "name": "Wa Ode Sri Ramlah",
        "title_after": "S.Kom.",
        "birth_date": "",
        "sex": "",
        "rank": "III/a",
        "rank_effective_on": "01-04-2023",
        "level": make_level().pk,
        "education": "S1",
        "is_structural": "tidak",
        "dismissed_before": "tidak",
        "email": "Sri.Ramlah@contoh.go.id",
        **changed,
    }


def test_a_candidate_is_kept_as_a_draft(as_user, operator, agency, period):
    answer = as_user(operator).post(CREATE, typed())
    draft = Proposal.objects.get()
    assert answer.url == reverse("proposals:edit", args=[draft.pk])
    assert (draft.status, draft.agency, draft.period) == ("draft", agency, period)
    assert (draft.nip, draft.full_name) == ("198904142014032901", "Wa Ode Sri Ramlah, S.Kom.")
    assert (draft.birth_date, draft.sex) == (dt.date(1989, 4, 14), 2)
    assert (draft.position_id, draft.level.code, draft.rank_id) == ("PRAKOM", "pertama", "III/a")
    assert (draft.email, draft.is_structural) == ("sri.ramlah@contoh.go.id", False)
    assert [e.kind for e in events_of(draft)] == ["proposal.created"]


def test_eligibility_stands_beside_the_saved_draft(as_user, operator, agency, period):
    make_formation(agency, period, lines={"pertama": (8, 3)})
    page = as_user(operator).post(CREATE, typed(rank="IV/a"), follow=True)
    first = page.context["verdicts"][0]
    assert (first["kind"], first["word"]) == ("bad", "Tidak sesuai")
    assert first["source"].startswith("Aturan E9 · tabel jenjang dan pangkat")
    html = page.content.decode()
    assert "Konsep belum dikirim ke BPS" in html
    assert "Ahli Pertama, sisa formasi 5" in html
    assert "14 April 1989" in html


def test_a_name_with_titles_in_one_field_is_taken_apart(as_user, operator, period):
    as_user(operator).post(CREATE, typed(name="Wa Ode Sri Ramlah, S.Kom.", title_after=""))
    draft = Proposal.objects.get()
    assert (draft.name, draft.title_after) == ("Wa Ode Sri Ramlah", "S.Kom.")


def test_what_differs_from_the_nip_is_a_warning(as_user, operator, period):
    page = as_user(operator).post(CREATE, typed(birth_date="14-05-1989", sex="1"), follow=True)
    assert page.context["warnings"][0].startswith("Tanggal lahir berbeda dari NIP (14 April 1989)")
    assert page.context["warnings"][1].startswith("Jenis kelamin berbeda dari NIP")
    draft = Proposal.objects.get()
    assert (draft.birth_date, draft.sex) == (dt.date(1989, 5, 14), 1)


@pytest.mark.parametrize(("name", "warned"), [("WA ODE  SRI RAMLAH", False), ("Orang Lain", True)])
def test_a_known_nip_under_another_name_is_a_warning(as_user, operator, period, name, warned):
    make_user(nip="198904142014032901", username="198904142014032901", name=name)
    page = as_user(operator).post(CREATE, typed(), follow=True)
    assert bool(page.context["warnings"]) is warned
    assert Proposal.objects.count() == 1
    assert "Orang Lain" not in page.content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"nip": "1989041 201403 2 901"}, "NIP 17 angka, seharusnya 18"),
        ({"nip": "19890414 201421 2 901"}, "Inpassing hanya untuk PNS"),
        ({"name": ""}, "Nama lengkap: belum diisi."),
        ({"name": "..."}, "Nama tidak berisi huruf"),
        ({"birth_date": "31-02-1989"}, "Tanggal tidak terbaca"),
        ({"birth_date": "14-04-2015"}, "Tanggal lahir setelah bulan CPNS"),
        ({"rank_effective_on": "01-04-2099"}, "masih akan datang"),
        ({"rank_effective_on": "01-04-2010"}, "TMT pangkat lebih awal daripada CPNS (Maret 2014)"),
        ({"rank": "X/z"}, "Pangkat dan golongan ruang"),
        ({"level": ""}, "Jabatan dan jenjang tujuan: belum dipilih."),
        ({"level": "999999"}, "Jabatan dan jenjang tujuan"),
        ({"is_structural": ""}, "Sedang memegang jabatan struktural?: belum dipilih."),
        ({"email": "sriramlah@instansi"}, "Alamat email belum lengkap"),
    ],
)
def test_bad_input_saves_nothing_and_keeps_what_was_typed(
    as_user, operator, period, changed, words
):
    answer = as_user(operator).post(CREATE, typed(**changed))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'value="S.Kom."' in page
    assert not Proposal.objects.exists()


def test_a_second_active_proposal_of_a_nip_is_refused_at_the_field(as_user, operator, period):
    make_proposal(period=period, nip="198904142014032901")
    answer = as_user(operator).post(CREATE, typed())
    assert answer.status_code == 409
    assert "sudah mempunyai usulan yang masih berjalan" in answer.content.decode()
    assert Proposal.objects.count() == 1


def test_a_second_click_makes_no_second_draft(as_user, operator, period):
    client = as_user(operator)
    assert client.post(CREATE, typed()).status_code == 302
    assert client.post(CREATE, typed()).status_code == 409
    assert Proposal.objects.count() == 1


@pytest.mark.parametrize("holder", ["account", "candidate"])
def test_somebody_elses_address_is_refused(as_user, operator, period, holder):
    if holder == "account":
        make_user(email="sri.ramlah@contoh.go.id")
    else:
        make_proposal(period=period, email="sri.ramlah@contoh.go.id")
    answer = as_user(operator).post(CREATE, typed())
    assert answer.status_code == 422
    assert "sudah dipakai orang lain" in answer.content.decode()


def test_the_own_account_may_keep_its_address(as_user, operator, period):
    make_user(nip="198904142014032901", username="x", email="sri.ramlah@contoh.go.id")
    assert as_user(operator).post(CREATE, typed()).status_code == 302


def test_nobody_enters_themselves(as_user, operator, period):
    answer = as_user(operator).post(CREATE, typed(nip=operator.nip))
    assert answer.status_code == 422
    assert "Calon ini Anda sendiri." in answer.content.decode()
    assert not Proposal.objects.exists()


def test_save_and_add_another(as_user, operator, agency, period):
    answer = as_user(operator).post(CREATE, typed(next="1"))
    assert answer.url == f"/usulan/baru/?instansi={agency.pk}&periode={period.pk}"
    assert as_user(operator).get(answer.url).status_code == 200


def test_where_there_are_two_periods_the_page_asks(as_user, operator, agency, period):
    second = make_period()
    page = as_user(operator).get(CREATE)
    assert {p.pk for p in page.context["periods"]} == {period.pk, second.pk}
    chosen = f"{CREATE}?instansi={agency.pk}&periode={second.pk}"
    as_user(operator).post(chosen, typed())
    assert Proposal.objects.get().period == second


def test_without_an_open_period_there_is_nothing_to_add(as_user, operator):
    make_period(status="closed")
    assert "Pengusulan belum dibuka" in as_user(operator).get(CREATE).content.decode()


def test_units_of_the_own_agency_only(as_user, operator, agency, period):
    unit, foreign = make_work_unit(agency), make_work_unit(make_operator().employer)
    assert as_user(operator).post(CREATE, typed(work_unit=foreign.pk)).status_code == 422
    as_user(operator).post(CREATE, typed(work_unit=unit.pk))
    assert Proposal.objects.get().work_unit == unit


def test_who_may_create(as_user, operator, agency, period):
    assert as_user(None).post(CREATE, typed()).status_code == 302
    assert as_user(make_verifier()).get(CREATE).status_code == 403
    assert as_user(make_user()).get(CREATE).status_code == 403
    foreign = f"{CREATE}?instansi={make_operator().employer.pk}&periode={period.pk}"
    assert as_user(operator).get(foreign).context["agency"] == agency


def test_an_administrator_creates_for_a_named_agency(as_user, agency, period):
    admin = make_admin()
    assert "Pilih instansi dahulu" in as_user(admin).get(CREATE).content.decode()
    as_user(admin).post(f"{CREATE}?instansi={agency.pk}", typed())
    assert Proposal.objects.get().agency == agency


# Editing


@pytest.fixture
def draft(agency, period):
    return make_proposal(agency, period, nip="198904142014032901", complete=False)


def edit_url(proposal):
    return reverse("proposals:edit", args=[proposal.pk])


def test_a_draft_is_changed_and_the_event_names_the_fields(as_user, operator, draft):
    as_user(operator).post(edit_url(draft), typed(rank="III/b"))
    draft.refresh_from_db()
    assert (draft.rank_id, draft.name, draft.version) == ("III/b", "Wa Ode Sri Ramlah", 2)
    event = events_of(draft).get()
    assert event.kind == "proposal.changed"
    assert "rank" in event.data["fields"]
    assert "education" not in event.data["fields"]


def test_saving_the_same_again_changes_nothing(as_user, operator, draft):
    client = as_user(operator)
    client.post(edit_url(draft), typed())
    version = Proposal.objects.get().version
    client.post(edit_url(draft), typed())
    assert Proposal.objects.get().version == version
    assert events_of(draft).count() == 1


def test_the_form_shows_what_is_stored(as_user, operator, draft):
    draft.birth_date, draft.is_structural = dt.date(1989, 5, 14), True
    draft.save()
    page = as_user(operator).get(edit_url(draft)).content.decode()
    assert 'value="19890414 201403 2 901"' in page
    assert 'value="14-05-1989"' in page
    assert page.count("checked") == 2


def test_a_sent_proposal_is_not_edited(as_user, operator, agency, period):
    sent = make_proposal(agency, period, status="nominated")
    answer = as_user(operator).post(edit_url(sent), typed(), follow=True)
    assert "Data calon sudah terkunci." in answer.content.decode()
    assert Proposal.objects.get().name == sent.name


def test_editing_refuses_others(draft, refuses_everybody_else):
    refuses_everybody_else(
        edit_url(draft), data=typed(), stranger=make_operator(), get_allowed=True
    )


def test_an_onlooker_may_not_edit(as_user, agency, period):
    sent = make_proposal(agency, period, status="nominated")
    assert as_user(make_verifier()).get(edit_url(sent)).status_code == 403


# The reading while typing


def test_the_reading_of_a_nip_is_a_part_of_the_page(as_user, operator):
    url = reverse("proposals:nip_reading")
    good = as_user(operator).get(url, {"nip": "198904142014032901"}).content.decode()
    assert "14 April 1989" in good
    assert "Perempuan" in good
    bad = as_user(operator).get(url, {"nip": "19890414201421"}).content.decode()
    assert "NIP 14 angka, seharusnya 18" in bad
    assert "<html" not in good
    assert as_user(None).get(url).status_code == 302


def test_what_differs_from_the_number_is_said_while_one_types(as_user, operator):
    url = reverse("proposals:nip_reading")
    typed_beside = {"nip": "198904142014032901", "birth_date": "14-05-1989", "sex": "1"}
    page = as_user(operator).get(url, typed_beside).content.decode()
    assert "Tanggal lahir berbeda dari NIP (14 April 1989)" in page
    assert "Jenis kelamin berbeda dari NIP (perempuan)" in page
    same = {**typed_beside, "birth_date": "14-04-1989", "sex": "2"}
    assert "berbeda" not in as_user(operator).get(url, same).content.decode()
    half = {**typed_beside, "birth_date": "14-0", "sex": "9"}
    assert "berbeda" not in as_user(operator).get(url, half).content.decode()


def test_a_form_with_errors_keeps_the_verdicts_beside_it(as_user, operator, agency, period):
    """Without JavaScript too: what the rules say needs no saved draft."""
    make_formation(agency, period, lines={"pertama": (1, 1)})
    answer = as_user(operator).post(CREATE, typed(email=""))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Dihitung dari isian ini, yang belum disimpan." in page
    assert "Aturan E8" in page
    assert not Proposal.objects.exists()


# The verdicts about what is typed

VERDICTS = "/usulan/syarat/"


def asked(agency, period, **changed):
    return {**typed(name="", email=""), "instansi": agency.pk, "periode": period.pk, **changed}


def test_the_rules_speak_while_one_types(as_user, operator, agency, period):
    make_formation(agency, period, lines={"pertama": (1, 0)})
    make_proposal(agency, period, status="nominated")
    answer = as_user(operator).post(VERDICTS, asked(agency, period, rank="IV/a"))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in html
    assert "yang belum disimpan" in html
    refused = [v["source"][:9] for v in answer.context["verdicts"] if v["kind"] == "bad"]
    assert refused == ["Aturan E8", "Aturan E9"]
    assert Proposal.objects.count() == 1


def test_half_a_form_says_what_the_rules_still_need(as_user, operator, agency, period):
    half = asked(agency, period, nip="12", rank="", level="999999")
    html = as_user(operator).post(VERDICTS, half).content.decode()
    assert "Isi dahulu: NIP, pangkat dan golongan ruang, jabatan dan jenjang tujuan." in html
    assert "Aturan" not in html


def test_a_stored_draft_is_not_its_own_rival(as_user, operator, agency, period):
    draft = make_proposal(agency, period, nip="198904142014032901", complete=False)
    answer = as_user(operator).post(VERDICTS, asked(agency, period, usulan=draft.pk))
    assert [v for v in answer.context["verdicts"] if v["kind"] == "bad"] == []
    other = as_user(operator).post(VERDICTS, asked(agency, period))
    assert [v["source"][:10] for v in other.context["verdicts"] if v["kind"] == "bad"] == [
        "Aturan E16"
    ]


def test_the_own_nip_gets_the_sentence_instead(as_user, operator, agency, period):
    html = as_user(operator).post(VERDICTS, asked(agency, period, nip=operator.nip))
    assert "Calon ini Anda sendiri." in html.content.decode()


def test_verdicts_are_for_the_own_agency_in_an_open_period(
    as_user, operator, agency, period, refuses_everybody_else
):
    data = asked(agency, period)
    refuses_everybody_else(
        VERDICTS,
        data=data,
        onlooker=make_verifier(),
        stranger=make_operator(),
        allowed=operator,
    )
    assert as_user(make_admin()).post(VERDICTS, data).status_code == 200
    theirs = make_proposal(period=period)
    assert as_user(operator).post(VERDICTS, data | {"usulan": theirs.pk}).status_code == 404
    period.status = "closed"
    period.save()
    assert as_user(operator).post(VERDICTS, data).status_code == 404
