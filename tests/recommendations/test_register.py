"""The register of letter numbers, through whole requests."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recommendations import exports, gathering, issuing, workflow
from recommendations.models import Export, NumberRegister
from tests.factories import make_admin, make_operator, make_signer
from tests.recommendations.factories import (
    make_awaiting,
    make_due_period,
    make_issued,
    make_issuing,
    make_ready,
    make_run,
    make_signing_officer,
)

pytestmark = pytest.mark.django_db
REGISTER = "/surat/register/"
EXPORT = "/surat/register/ekspor/"


def text_of(response) -> str:
    return response.content.decode()


def test_register_shows_every_number_and_what_became_of_it(as_user) -> None:
    issued = make_issued(1, operator=False)
    void = workflow.void(make_issuing(1), by=make_admin(), reason="Salah tanggal")
    awaiting = make_awaiting(1)
    for user in (make_admin(), make_signer()):
        page = text_of(as_user(user).get(REGISTER))
        assert issued.number in page
        assert void.number in page
        assert "Salah tanggal." in page
        assert awaiting.agency.name not in page
        assert "Nomor terakhir 2, tanpa celah" in page


def test_register_is_for_administrators_and_signers(as_user) -> None:
    assert as_user(make_operator()).get(REGISTER).status_code == 403
    assert as_user(None).get(REGISTER).status_code == 302


def test_register_says_when_a_number_is_missing(as_user) -> None:
    make_issued(1, operator=False)
    NumberRegister.objects.update(last=3)
    page = text_of(as_user(make_admin()).get(REGISTER))
    assert "2 nomor tidak dimiliki surat mana pun" in page
    assert "tanpa celah" not in page


def test_register_finds_by_number_agency_and_year(as_user) -> None:
    first, second = make_issued(1, operator=False), make_issued(1, operator=False)
    client = as_user(make_admin())
    page = text_of(client.get(REGISTER, {"q": first.agency.name}))
    assert first.number in page
    assert second.number not in page
    page = text_of(client.get(REGISTER, {"q": second.number}))
    assert second.number in page
    assert first.number not in page
    assert "Belum ada nomor" in text_of(client.get(REGISTER, {"tahun": "1999"}))
    for year in ("", "x", "99999999999999999999", "²"):
        assert first.number in text_of(client.get(REGISTER, {"tahun": year}))


def make_many(number: int):
    period = make_due_period()
    people = [make_ready(1, period=period)[0] for _ in range(number)]
    run = make_run(people)
    gathering.put_up(run, by=make_admin())
    signer = make_signing_officer()
    for letter in run.letters.main():
        issuing.issue(letter, by=signer)


@pytest.mark.parametrize("number", [1, 60])
def test_register_costs_the_same_number_of_queries(as_user, number: int) -> None:
    make_many(number)
    client = as_user(make_admin())
    client.get(REGISTER)
    with CaptureQueriesContext(connection) as queries:
        page = text_of(client.get(REGISTER))
    assert len(queries) <= 9
    assert ("sesudah=" in page) == (number == 60)


def test_register_export(as_user, refuses_everybody_else) -> None:
    issued = make_issued(1, operator=False)
    void = workflow.void(make_issuing(1), by=make_admin(), reason="Salah tanggal")
    admin = make_admin()
    refuses_everybody_else(EXPORT, onlooker=make_signer(), allowed=admin)
    client = as_user(admin)
    data = {"tahun": issued.year}
    for _ in range(2):
        client.post(EXPORT, data)
    export = Export.objects.get()
    exports.work_due()
    export.refresh_from_db()
    with default_storage.open(export.file.path) as file:
        sheet = openpyxl.load_workbook(io.BytesIO(file.read())).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [(row[0], row[1], row[9], row[10]) for row in rows] == [
        (1, issued.number, "Terbit", None),
        (2, void.number, "Batal", "Salah tanggal."),
    ]


def test_register_export_of_an_empty_year_is_refused(as_user) -> None:
    response = as_user(make_admin()).post(EXPORT, {"tahun": "1999"}, follow=True)
    assert "Tidak ada surat yang cocok" in text_of(response)
