import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inpassing.notifications.models import OutboxMessage
from proposals.models import Formation, FormationLine
from tests import factories

pytestmark = pytest.mark.django_db
QUEUE = "/verifikasi/antrean/formasi/"


@pytest.fixture
def formation(db) -> Formation:
    return factories.make_formation(
        factories.make_agency(), factories.make_period(), lines={"pertama": (8, 3), "muda": (2, 4)}
    )


def at(name: str, formation: Formation) -> str:
    return reverse(f"verification:{name}", args=[formation.pk])


def figures(formation: Formation, *, reason: str = "", **validated: int) -> dict[str, object]:
    data: dict[str, object] = {"version": formation.version}
    for line in formation.lines.select_related("level"):
        data[f"baris{line.pk}-validated"] = validated.get(line.level.code, line.vacancy)
        data[f"baris{line.pk}-reason"] = reason
    return data


def test_formation(as_user, verifier, formation, stranger):
    operator = factories.make_operator(formation.agency)
    path = at("formation", formation)
    assert as_user(stranger).get(path).status_code == 404
    assert as_user(operator).get(path).status_code == 403
    assert as_user(None).get(path).status_code == 302
    own = factories.make_verifier(employer=formation.agency)
    assert as_user(own).get(path).status_code == 404
    html = as_user(verifier).get(path).content.decode()
    assert reverse("proposals:formation_table", args=[formation.pk]) in html
    assert "kelebihan 2" in html


def test_formation_has_a_fixed_number_of_queries(as_user, verifier, formation):
    client, path = as_user(verifier), at("formation", formation)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    for _ in range(20):
        FormationLine.objects.create(
            formation=formation,
            level=factories.make_level(),
            work_unit=factories.make_work_unit(formation.agency),
            needed=3,
            filled=1,
        )
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) == len(few)


def test_validate(as_user, verifier, colleague, formation, stranger, refuses_everybody_else):
    operator = factories.make_operator(formation.agency)
    path = at("validate_formation", formation)
    refuses_everybody_else(path, onlooker=operator, stranger=stranger, allowed=verifier)
    client = as_user(verifier)
    wrong = client.post(path, figures(formation, pertama=3))
    assert wrong.status_code == 422
    assert "Berbeda dari usulan (5). Tulis alasannya." in wrong.content.decode()
    assert client.post(path, figures(formation, pertama=-1)).status_code == 422
    data = figures(formation, pertama=3, reason="Dua pegawai pindah.")
    assert client.post(path, data)["Location"] == QUEUE
    formation.refresh_from_db()
    assert (formation.status, formation.decided_by) == (Formation.Status.VALIDATED, verifier)
    assert list(formation.lines.values_list("level__code", "validated", "validation_note")) == [
        ("pertama", 3, "Dua pegawai pindah."),
        ("muda", 0, "Dua pegawai pindah."),
    ]
    assert OutboxMessage.objects.get().user == operator
    late = as_user(colleague).post(path, data)
    assert late.status_code == 409
    assert "divalidasi oleh Ika Wulandari" in late.content.decode()
    assert OutboxMessage.objects.count() == 1
    assert (
        "Divalidasi oleh Ika Wulandari, pukul"
        in client.get(at("formation", formation)).content.decode()
    )


def test_return(as_user, verifier, formation, stranger, refuses_everybody_else):
    operator = factories.make_operator(formation.agency)
    path = at("return_formation", formation)
    refuses_everybody_else(path, onlooker=operator, stranger=stranger)
    client = as_user(verifier)
    assert client.get(path).status_code == 200
    assert client.post(path, {"version": formation.version, "text": ""}).status_code == 422
    assert client.post(path, {"version": 99, "text": "Usang"}).status_code == 409
    data = {"version": formation.version, "text": "Tabel belum ditandatangani."}
    assert client.post(path, data)["Location"] == QUEUE
    formation.refresh_from_db()
    assert (formation.status, formation.note) == (Formation.Status.RETURNED, data["text"])
    assert OutboxMessage.objects.get().fields["alasan"] == data["text"]
    assert client.post(path, data).status_code == 409
    assert OutboxMessage.objects.count() == 1
