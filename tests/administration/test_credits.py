"""Credit points come whole from a file, or nothing of it comes."""

import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from inpassing.reference.models import InpassingCredit, Period
from inpassing.timeline.events import events_of
from tests.factories import make_admin, make_period, make_verifier

pytestmark = pytest.mark.django_db
HEAD = "Golongan ruang,Pendidikan,Kurang dari 1 tahun,1 tahun,2 tahun,3 tahun,4 tahun atau lebih\n"


def send(client, period, rows, **fields):
    file = SimpleUploadedFile("kredit.csv", (HEAD + rows).encode())
    data = {"file": file, "reason": "Tabel resmi terbit", **fields}
    return client.post(f"/kelola/periode/{period.pk}/angka-kredit/", data)


def test_a_file_replaces_the_table_and_the_download_gives_it_back(as_user):
    period, client = make_period(), as_user(make_admin())
    assert (
        send(client, period, 'III/a,S1,100,"104,5",,110.25,\nIII/b,S1,,150,,,\n').status_code == 302
    )
    assert send(client, period, 'iii/a,s1,"101,125",,,,\n').status_code == 302
    cell = InpassingCredit.objects.get()
    assert (cell.rank_id, cell.education_id, cell.years_in_rank) == ("III/a", "S1", 0)
    assert cell.credit == Decimal("101.125")
    page = client.get(f"/kelola/periode/{period.pk}/angka-kredit/").content.decode()
    assert "101,125" in page
    answer = client.get(f"/kelola/periode/{period.pk}/angka-kredit.xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert [cell.value for cell in sheet[2]][:3] == ["III/a", "S1", "101,125"]
    again = SimpleUploadedFile("kredit.xlsx", answer.content)
    assert send(client, period, "", file=again).status_code == 302
    assert InpassingCredit.objects.get().credit == Decimal("101.125")
    kinds = [event.kind for event in events_of(period)]
    assert kinds.count("period.rules_changed") == 3


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("V/a,S1,100,,,,\n", "golongan “V/a” tidak dikenal"),
        ("III/a,S9,100,,,,\n", "pendidikan “S9” tidak dikenal"),
        ("III/a,S1,seratus,,,,\n", "“seratus” bukan angka kredit"),
        ("III/a,S1,NaN,,,,\n", "“NaN” bukan angka kredit"),
        ('III/a,S1,"1,2345",,,,\n', "bukan angka kredit"),
        ("III/a,S1,-1,,,,\n", "bukan angka kredit"),
        ("III/a,S1,1,,,,\nIII/a,S1,2,,,,\n", "Baris 3: III/a dengan S1 sudah ada di atas"),
        ("", "tidak berisi satu baris pun"),
    ],
)
def test_one_error_and_nothing_is_replaced(as_user, rows, sentence):
    period, client = make_period(), as_user(make_admin())
    send(client, period, "III/a,S1,100,,,,\n")
    answer = send(client, period, rows)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert InpassingCredit.objects.get().credit == Decimal(100)


def test_without_a_reason_or_after_closing_nothing_changes(as_user):
    period, client = make_period(), as_user(make_admin())
    assert send(client, period, "III/a,S1,100,,,,\n", reason="").status_code == 422
    Period.objects.update(status=Period.Status.CLOSED)
    assert send(client, period, "III/a,S1,100,,,,\n").status_code == 409
    assert not InpassingCredit.objects.exists()


def test_refusals(refuses_everybody_else):
    url = f"/kelola/periode/{make_period().pk}/angka-kredit/"
    refuses_everybody_else(url, onlooker=make_verifier())
