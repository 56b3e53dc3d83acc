"""The signer's pages, through whole requests."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inpassing.timeline.events import record
from recommendations import gathering, issuing
from recommendations.models import Letter, NumberRegister
from tests.factories import PDF, make_admin, make_operator
from tests.recommendations.factories import (
    make_awaiting,
    make_due_period,
    make_ready,
    make_run,
    make_signing_officer,
)

pytestmark = pytest.mark.django_db
ISSUE = "/surat/terbitkan/"


def text_of(response) -> str:
    return response.content.decode()


# recommendations:signing


def test_signing_lists_what_waits(as_user) -> None:
    letter = make_awaiting(2)
    page = as_user(make_signing_officer()).get(reverse("recommendations:signing"))
    assert page.status_code == 200
    assert letter.agency.name in text_of(page)


def test_signing_is_for_signers(as_user) -> None:
    url = reverse("recommendations:signing")
    assert as_user(make_admin()).get(url).status_code == 403
    assert as_user(make_operator()).get(url).status_code == 403
    assert as_user(None).get(url).status_code == 302


def test_all_of_a_page_can_be_issued_at_once_but_barred_ones(as_user) -> None:
    signer = make_signing_officer()
    letters = [make_awaiting(1) for _ in range(3)]
    record(letters[0].lines.get().proposal, "proposal.ready", "Siap", by=signer)
    page = text_of(as_user(signer).get("/surat/tanda-tangan/"))
    assert "Terbitkan semua di halaman ini… (2)" in page
    hidden = re.findall(r'type="hidden" name="letter" value="(\d+)"', page)
    assert sorted(map(int, hidden)) == [letter.pk for letter in letters[1:]]


def test_a_barred_letter_cannot_be_ticked(as_user) -> None:
    letter = make_awaiting(1)
    signer = make_signing_officer()
    record(letter.lines.get().proposal, "proposal.eligible", "Memenuhi syarat", by=signer)
    page = text_of(as_user(signer).get(reverse("recommendations:signing")))
    assert "Anda ikut memverifikasi" in page
    assert 'name="letter"' not in page


@pytest.mark.parametrize("number", [1, 60])
def test_signing_costs_the_same_number_of_queries(as_user, number: int) -> None:
    period = make_due_period()
    people = [make_ready(1, period=period)[0] for _ in range(number)]
    gathering.put_up(make_run(people), by=make_admin())
    client = as_user(make_signing_officer())
    client.get(reverse("recommendations:signing"))
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("recommendations:signing"))
    assert len(queries) <= 11


def test_signing_shows_how_far_the_making_has_come(as_user) -> None:
    signer = make_signing_officer()
    letter = issuing.issue(make_awaiting(2), by=signer)
    issuing.conclude(letter, PDF)
    client = as_user(signer)
    page = text_of(client.get(reverse("recommendations:signing")))
    assert "1 dari 3 surat dan petikan selesai" in page
    assert '<progress max="3" value="1"' in page
    for extract in letter.extracts.all():
        issuing.conclude(extract, PDF)
    assert "<progress" not in text_of(client.get(reverse("recommendations:signing")))


# recommendations:issue


def test_issue_shows_what_follows_then_issues(as_user, refuses_everybody_else) -> None:
    letter = make_awaiting(2)
    signer = make_signing_officer()
    data = {"letter": [letter.pk]}
    refuses_everybody_else(ISSUE, data=data, onlooker=make_admin(), stranger=make_operator())
    client = as_user(signer)
    assert "Terbitkan 1 surat?" in text_of(client.get(ISSUE, data))
    letter.refresh_from_db()
    assert letter.is_awaiting_signature
    response = client.post(ISSUE, data)
    letter.refresh_from_db()
    assert response.headers["Location"] == reverse("recommendations:letter", args=[letter.pk])
    assert letter.is_issuing
    again = client.post(ISSUE, data, follow=True)
    assert "sudah diterbitkan" in text_of(again)
    assert NumberRegister.objects.get().last == 1


def test_issue_many_at_once(as_user) -> None:
    period = make_due_period()
    people = [make_ready(1, period=period)[0] for _ in range(3)]
    run = make_run(people)
    gathering.put_up(run, by=make_admin())
    response = as_user(make_signing_officer()).post(
        ISSUE, {"letter": list(run.letters.values_list("pk", flat=True))}, follow=True
    )
    assert "3 surat diterbitkan" in text_of(response)
    numbers = run.letters.main().order_by("sequence").values_list("sequence", flat=True)
    assert list(numbers) == [1, 2, 3]


def test_issue_of_many_issues_what_it_can(as_user) -> None:
    good, changed = make_awaiting(1), make_awaiting(1)
    changed.lines.get().proposal.__class__.objects.filter(letter_lines__letter=changed).update(
        name="Nama Lain"
    )
    response = as_user(make_signing_officer()).post(
        ISSUE, {"letter": [good.pk, changed.pk]}, follow=True
    )
    assert "Isi surat berubah" in text_of(response)
    good.refresh_from_db()
    changed.refresh_from_db()
    assert (good.status, changed.status) == ("issuing", "awaiting")


def test_issue_is_forbidden_to_who_verified(as_user) -> None:
    letter = make_awaiting(1)
    signer = make_signing_officer()
    record(letter.lines.get().proposal, "proposal.ready", "Siap", by=signer)
    assert as_user(signer).post(ISSUE, {"letter": [letter.pk]}).status_code == 403
    letter.refresh_from_db()
    assert letter.is_awaiting_signature


@pytest.mark.parametrize("chosen", [[], ["bukan"]])
def test_issue_without_a_choice_says_so(as_user, chosen: list[str]) -> None:
    response = as_user(make_signing_officer()).post(ISSUE, {"letter": chosen}, follow=True)
    assert "Belum ada surat yang dipilih." in text_of(response)


def test_issue_of_an_unknown_letter_is_not_found(as_user) -> None:
    assert as_user(make_signing_officer()).post(ISSUE, {"letter": ["999999"]}).status_code == 404


# recommendations:refuse


def test_refuse(as_user, refuses_everybody_else) -> None:
    letter = make_awaiting(1)
    url = reverse("recommendations:refuse", args=[letter.pk])
    refuses_everybody_else(url, onlooker=make_admin(), stranger=make_operator())
    client = as_user(make_signing_officer())
    assert client.post(url, {"reason": ""}).status_code == 422
    client.post(url, {"reason": "Nama keliru"})
    letter.refresh_from_db()
    assert (letter.status, letter.refusal_reason) == ("draft", "Nama keliru")
    again = client.post(url, {"reason": "Nama keliru"}, follow=True)
    assert "Keadaan surat sekarang: konsep." in text_of(again)
    assert Letter.objects.get().number == ""
