"""The reusable reasons of a return: reason_list, reason_create, reason_edit."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inpassing.notifications.models import InboxMessage
from inpassing.reference.models import ReturnReason
from inpassing.timeline.models import TimelineEvent
from tests.factories import make_admin, make_proposal, make_verifier
from tests.verification.conftest import accept
from verification.workflow import check_document, return_proposal

pytestmark = pytest.mark.django_db
LIST, NEW = "/kelola/alasan/", "/kelola/alasan/baru/"
PAGE = "/kelola/alasan/belum_legalisir/"


@pytest.fixture
def admin(db):
    return make_admin()


@pytest.fixture
def client(as_user, admin):
    return as_user(admin)


def data(**changes):
    return {
        "code": "salah_nama",
        "text": "Nama berbeda.",
        "action": "Lampirkan surat keterangan dari instansi.",
        "order": "3",
        "is_active": "on",
        **changes,
    }


def edited(client, **changes):
    """The form of a reason as the page gives it, changed."""
    form = client.get(PAGE).context["form"]
    return {name: form[name].value() for name in form.fields} | changes


def test_the_list_shows_all_in_order(client):
    ReturnReason.objects.filter(pk="lainnya").update(is_active=False, action="Baca catatan")
    html = client.get(LIST).content.decode()
    assert html.index("Bukan keputusan terbaru") < html.index("Belum dilegalisasi")
    assert "Tidak dipakai lagi" in html
    assert "Baca catatan" in html


def test_the_list_costs_the_same_with_one_and_sixty(client):
    ReturnReason.objects.exclude(pk="lainnya").delete()
    costs = []
    for count in (0, 59):
        ReturnReason.objects.bulk_create(
            ReturnReason(code=f"a{number}", text="x") for number in range(count)
        )
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_a_new_reason_is_there_to_pick(client, admin):
    assert client.post(NEW, data()).url == LIST
    reason = ReturnReason.objects.get(pk="salah_nama")
    assert reason.sentence == "Nama berbeda. Lampirkan surat keterangan dari instansi"
    event = TimelineEvent.objects.get(kind="return_reason.created")
    assert (event.actor, event.data["code"]) == (admin, "salah_nama")
    second = client.post(NEW, data(text="Lain"))
    assert second.status_code == 422
    reason.refresh_from_db()
    assert reason.text == "Nama berbeda"


def test_what_is_too_long_or_missing_is_named(client):
    for wrong in (
        data(text=""),
        data(code="dua kata"),
        data(order="-1"),
        data(text="x" * 120, action="y" * 120),
    ):
        assert client.post(NEW, wrong).status_code == 422
    assert not ReturnReason.objects.filter(pk="salah_nama").exists()


def test_a_change_keeps_the_code_and_is_refused_to_the_slower(client):
    first = edited(client, text="Legalisir belum ada", code="lain")
    assert client.post(PAGE, first).url == LIST
    slower = client.post(PAGE, first | {"text": "Lain"}, follow=True)
    assert "diubah orang lain" in slower.content.decode()
    reason = ReturnReason.objects.get(pk="belum_legalisir")
    assert reason.text == "Legalisir belum ada"
    assert TimelineEvent.objects.filter(kind="return_reason.changed").count() == 1


def test_a_reason_out_of_use_is_not_offered_any_more(client, as_user):
    proposal = make_proposal(status="submitted")
    path = f"/verifikasi/berkas/{proposal.pk}/"
    verifier = as_user(make_verifier())
    verifier.post(f"/verifikasi/usulan/{proposal.pk}/ambil/")
    assert "Belum dilegalisasi" in verifier.get(path).content.decode()
    changed = edited(client)
    del changed["is_active"]
    client.post(PAGE, changed)
    assert "Belum dilegalisasi" not in verifier.get(path).content.decode()


def test_the_participant_reads_reason_what_to_do_and_the_note():
    ReturnReason.objects.filter(pk="belum_legalisir").update(action="Mintakan legalisir lagi")
    verifier, proposal = make_verifier(), make_proposal(status="submitted")
    first, *others = proposal.documents.select_related("requirement")
    for document in others:
        accept(document, verifier)
    check_document(
        first,
        by=verifier,
        version_id=first.current_id,
        verdict="return",
        reason=ReturnReason.objects.get(pk="belum_legalisir"),
        note="Halaman 2",
    )
    return_proposal(proposal, by=verifier, deadline=timezone.now() + dt.timedelta(days=7))
    first.refresh_from_db()
    assert (first.reason, first.note) == (
        "Belum dilegalisasi. Mintakan legalisir lagi",
        "Halaman 2",
    )
    body = InboxMessage.objects.get(user=proposal.participant).body
    assert "Belum dilegalisasi. Mintakan legalisir lagi. Halaman 2" in body


def test_others_cannot(as_user, client, refuses_everybody_else):
    for path in (NEW, PAGE):
        refuses_everybody_else(path, data=data(), onlooker=make_verifier(), get_allowed=True)
    assert as_user(make_verifier()).get(LIST).status_code == 403
    assert client.get("/kelola/alasan/tidak_ada/").status_code == 404
    assert not ReturnReason.objects.filter(pk="salah_nama").exists()
