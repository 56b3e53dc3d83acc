"""The administrator's pages of a run, through whole requests."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.timeline.events import events_of
from proposals.models import Proposal
from recommendations import issuing, records
from recommendations.letter_texts import save_texts
from recommendations.models import Letter, Run
from recommendations.tasks import check_due, issue_due
from recommendations.workflow import set_reference
from tests.factories import make_admin, make_agency, make_operator, make_proposal, make_user
from tests.recommendations.factories import (
    make_awaiting,
    make_draft,
    make_due_period,
    make_issuing,
    make_ready,
    make_run,
    make_signing_officer,
)

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return response.content.decode()


# recommendations:runs, recommendations:start


def test_runs_lists_periods_for_admin_and_signer_only(as_user) -> None:
    people = make_ready(3)
    url = reverse("recommendations:runs")
    page = as_user(make_admin()).get(url)
    assert page.status_code == 200
    assert people[0].period.name in text_of(page)
    assert as_user(make_signing_officer()).get(url).status_code == 200
    assert as_user(make_operator()).get(url).status_code == 403
    assert as_user(None).get(url).status_code == 302


def test_start_makes_the_run_and_gathers(as_user, refuses_everybody_else) -> None:
    people = make_ready(2)
    url = reverse("recommendations:start", args=[people[0].period_id])
    admin = make_admin()
    refuses_everybody_else(url, onlooker=make_signing_officer(), allowed=admin)
    client = as_user(admin)
    response = client.post(url, follow=True)
    assert "2 orang masuk surat rekomendasi" in text_of(response)
    again = client.post(url, follow=True)
    assert "Tidak ada yang baru" in text_of(again)
    assert Run.objects.count() == 1
    assert Letter.objects.count() == 1


def test_a_period_that_is_not_open_cannot_be_started(as_user) -> None:
    period = make_due_period(status="draft")
    url = reverse("recommendations:start", args=[period.pk])
    assert as_user(make_admin()).post(url).status_code == 404


# recommendations:run


def test_run_shows_letters_and_what_is_held_with_reasons(as_user) -> None:
    period = make_due_period()
    over = make_ready(3, period=period, posts=2)
    bare = make_ready(1, period=period, agency=make_agency(addressee=""))
    back = make_ready(1, period=period, validated=False)
    run = make_run(over)
    page = text_of(as_user(make_admin()).get(reverse("recommendations:run", args=[run.pk])))
    assert "Ahli Pertama: 3 direkomendasikan, sisa 2." in page
    assert "Alamat surat kosong" in page
    assert back[0].full_name in page
    assert "belum divalidasi BPS" in page
    assert reverse("recommendations:addressee", args=[run.pk, bare[0].agency_id]) in page
    assert "Kirim ke penanda tangan" not in page.split("Apa selanjutnya")[1].split("</ol>")[1]


def test_run_names_what_is_blank_or_cannot_be_printed(as_user) -> None:
    period = make_due_period()
    strange, fine = make_ready(1, period=period)[0], make_ready(1, period=period)[0]
    Proposal.objects.filter(pk=strange.pk).update(name="Sri 漢")
    run = make_run([strange])
    client, url = as_user(make_admin()), reverse("recommendations:run", args=[run.pk])

    def held() -> list[tuple[int, str]]:
        check_due()
        return [(letter.agency_id, hold.label) for letter, hold in client.get(url).context["held"]]

    before = client.get(url)
    assert before.context["held_total"] == 0
    assert "Isi 2 konsep masih diperiksa" in text_of(before)
    assert held() == [(strange.agency_id, "Tidak dapat dicetak")]
    page = client.get(url)
    assert (page.context["held_total"], page.context["sendable"]) == (1, 1)
    assert "U+6F22" in text_of(page)
    assert "masih diperiksa" not in text_of(page)

    texts = {"closing": "Menurut surat {nomor_usulan}."}
    save_texts(period, "recommendation", texts, by=make_admin())
    assert {label for _, label in held()} == {"Isian kosong"}
    assert "Belum terisi: nomor surat usulan" in text_of(client.get(url))

    letter = run.letters.get(agency=fine.agency)
    set_reference(letter, by=make_admin(), number="800/1", date=period.ends_on)
    assert held() == [(strange.agency_id, "Isian kosong")]


def test_what_changed_without_a_word_is_found_an_hour_later(as_user) -> None:
    letter = make_draft(1)
    check_due()
    Proposal.objects.filter(letter_lines__letter=letter).update(name="Sri 漢")
    check_due()
    letter.refresh_from_db()
    assert letter.hold_code == ""
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=61), tick=True):
        check_due()
    letter.refresh_from_db()
    assert letter.hold_code == "unprintable"


def test_a_letter_with_a_signer_is_not_looked_at() -> None:
    letter = make_awaiting(1)
    check_due()
    letter.refresh_from_db()
    assert letter.checked_at is None


def test_run_tells_of_people_who_are_not_gathered_yet(as_user) -> None:
    people = make_ready(1)
    run = make_run(people)
    make_ready(2, period=run.period, agency=people[0].agency)
    page = text_of(as_user(make_admin()).get(reverse("recommendations:run", args=[run.pk])))
    assert "2 orang siap direkomendasikan dan belum masuk surat" in page


def test_a_signer_looks_at_a_run_but_does_not_act(as_user) -> None:
    run = make_run(make_ready(1))
    page = as_user(make_signing_officer()).get(reverse("recommendations:run", args=[run.pk]))
    assert page.status_code == 200
    assert "Himpun usulan siap" not in text_of(page)


@pytest.mark.parametrize("number", [1, 60])
def test_run_costs_the_same_number_of_queries(as_user, number: int) -> None:
    period = make_due_period()
    first = make_ready(1, period=period)
    for _ in range(number - 1):
        make_ready(1, period=period, posts=1)
    run = make_run(first)
    client = as_user(make_admin())
    url = reverse("recommendations:run", args=[run.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url)
    assert page.status_code == 200
    assert len(queries) <= 16


def test_a_long_run_is_paged(as_user) -> None:
    period = make_due_period()
    people = [make_ready(1, period=period)[0] for _ in range(52)]
    run = make_run(people)
    client = as_user(make_admin())
    url = reverse("recommendations:run", args=[run.pk])
    page = client.get(url).context["page"]
    assert (len(page.rows), bool(page.after), bool(page.before)) == (50, True, False)
    second = client.get(url, {"sesudah": page.after}).context["page"]
    assert len(second.rows) == 2
    assert not {row.pk for row in page.rows} & {row.pk for row in second.rows}


# recommendations:gather


def test_gather(as_user, refuses_everybody_else) -> None:
    people = make_ready(1)
    run = make_run(people)
    make_ready(1, period=run.period, agency=people[0].agency)
    admin = make_admin()
    url = reverse("recommendations:gather", args=[run.pk])
    refuses_everybody_else(
        url, onlooker=make_signing_officer(), stranger=make_operator(), allowed=admin
    )
    as_user(admin).post(url)
    assert run.letters.get().lines.count() == 2


# recommendations:retry_all


def test_retry_all(as_user, refuses_everybody_else) -> None:
    letter = make_issuing(2)
    issue_due()
    stuck = letter.extracts.first()
    Letter.objects.filter(pk=stuck.pk).update(
        status="issuing", failure="Gangguan.", sha256="", file=None, issued_at=None
    )
    run_url = reverse("recommendations:run", args=[letter.run_id])
    url = reverse("recommendations:retry_all", args=[letter.run_id])
    refuses_everybody_else(url, onlooker=make_signing_officer(), stranger=make_operator())
    client = as_user(make_admin())
    page = text_of(client.get(run_url))
    assert "1 surat dan petikan gagal dibuat" in page
    assert stuck.lines.get().proposal.full_name in page
    assert "Gangguan." in page
    answer = text_of(client.post(url, follow=True))
    assert "1 surat dan petikan dibuat ulang" in answer
    assert not Letter.objects.stuck().exists()
    assert "Tidak ada surat yang tertahan" in text_of(client.post(url, follow=True))


# recommendations:put_up


def test_put_up(as_user, refuses_everybody_else) -> None:
    letter = make_draft(2)
    admin = make_admin()
    client = as_user(admin)
    url = reverse("recommendations:put_up", args=[letter.run_id])
    refuses_everybody_else(url, onlooker=make_signing_officer(), stranger=make_operator())
    assert "Kirim 1 konsep ke penanda tangan?" in text_of(client.get(url))
    response = client.post(url, follow=True)
    assert "1 surat dikirim ke penanda tangan." in text_of(response)
    letter.refresh_from_db()
    assert letter.is_awaiting_signature
    again = client.post(url, follow=True)
    assert "Tidak ada surat yang dapat dikirim." in text_of(again)


def test_put_up_early_asks_for_a_reason_and_keeps_it(as_user) -> None:
    tomorrow = records.today() + dt.timedelta(days=1)
    letter = make_draft(1, period=make_due_period(recommendation_on=tomorrow))
    client = as_user(make_admin())
    url = reverse("recommendations:put_up", args=[letter.run_id])
    refused = client.post(url)
    assert refused.status_code == 422
    assert "Tulis alasan terbit sebelum tanggal rekomendasi." in text_of(refused)
    client.post(url, {"early_reason": "Diminta Menteri"})
    letter.refresh_from_db()
    assert (letter.status, letter.early_reason) == ("awaiting", "Diminta Menteri")


def test_what_a_signer_refused_is_sent_again_only_by_name(as_user) -> None:
    letter = make_awaiting(1)
    make_run(make_ready(1, period=letter.period))
    issuing.refuse(letter, by=make_signing_officer(), reason="Gelar nomor 1 keliru")
    client = as_user(make_admin())
    url = reverse("recommendations:put_up", args=[letter.run_id])
    page = text_of(client.get(reverse("recommendations:run", args=[letter.run_id])))
    assert "Ditolak penanda tangan" in page
    assert "Gelar nomor 1 keliru" in page
    assert "Kirim 1 konsep ke penanda tangan?" in text_of(client.get(url))
    answer = text_of(client.post(url, follow=True))
    assert "1 surat dikirim ke penanda tangan." in answer
    assert f"1 surat tertahan dan tetap konsep. {letter.agency.name}: Gelar nomor 1" in answer
    letter.refresh_from_db()
    assert letter.is_draft
    client.post(f"{url}?letter={letter.pk}")
    letter.refresh_from_db()
    assert letter.is_awaiting_signature


def test_put_up_of_one_letter_leaves_the_others(as_user) -> None:
    period = make_due_period()
    people = [make_ready(1, period=period)[0] for _ in range(2)]
    run = make_run(people)
    chosen = run.letters.first()
    url = reverse("recommendations:put_up", args=[run.pk])
    as_user(make_admin()).post(f"{url}?letter={chosen.pk}")
    assert list(run.letters.awaiting_signature()) == [chosen]


# recommendations:addressee


def test_addressee_completes_the_agency(as_user, refuses_everybody_else) -> None:
    letter = make_draft(1, agency=make_agency(addressee=""))
    admin = make_admin()
    url = reverse("recommendations:addressee", args=[letter.run_id, letter.agency_id])
    refuses_everybody_else(url, onlooker=make_signing_officer(), stranger=make_operator())
    client = as_user(admin)
    empty = client.post(url, {"addressee": " ", "addressee_via": ""})
    assert empty.status_code == 422
    assert "Isi jabatan penerima surat." in text_of(empty)
    client.post(url, {"addressee": "Bupati Contoh", "addressee_via": "Kepala BKPSDM"})
    letter.agency.refresh_from_db()
    assert (letter.agency.addressee, letter.agency.addressee_via) == (
        "Bupati Contoh",
        "Kepala BKPSDM",
    )
    assert events_of(letter.agency).get().actor == admin


def test_addressee_of_an_agency_outside_the_run_is_not_found(as_user) -> None:
    letter = make_draft(1)
    url = reverse("recommendations:addressee", args=[letter.run_id, make_agency().pk])
    assert as_user(make_admin()).get(url).status_code == 404


# recommendations:not_recommend


def test_not_recommend(as_user, refuses_everybody_else) -> None:
    letter = make_draft(2, posts=1)
    proposal = letter.lines.first().proposal
    url = reverse("recommendations:not_recommend", args=[letter.run_id, proposal.pk])
    refuses_everybody_else(url, onlooker=make_signing_officer(), stranger=make_operator())
    client = as_user(make_admin())
    assert proposal.full_name in text_of(client.get(url))
    assert client.post(url, {"reason": ""}).status_code == 422
    client.post(url, {"reason": "Formasi habis"})
    proposal.refresh_from_db()
    assert (proposal.status, proposal.end_note) == ("not_recommended", "Formasi habis")
    again = client.post(url, {"reason": "Formasi habis"}, follow=True)
    assert "Formasi jenjang ini masih cukup" in text_of(again)


def test_an_administrator_does_not_decide_their_own(as_user) -> None:
    admin = make_admin()
    letter = make_draft(2, posts=1)
    proposal = make_proposal(
        letter.agency, letter.period, status="ready", participant=admin, complete=False
    )
    url = reverse("recommendations:not_recommend", args=[letter.run_id, proposal.pk])
    assert as_user(admin).post(url, {"reason": "Coba"}).status_code == 403


def test_strangers_do_not_learn_of_a_run(as_user) -> None:
    run = make_run(make_ready(1))
    url = reverse("recommendations:run", args=[run.pk])
    assert as_user(make_user()).get(url).status_code == 404
