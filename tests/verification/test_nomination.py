import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inpassing.accounts.models import User
from inpassing.notifications.models import OutboxMessage
from proposals.models import Proposal
from tests import factories
from verification.claims import take
from verification.models import Claim

pytestmark = pytest.mark.django_db
Status = Proposal.Status
QUEUE = "/verifikasi/antrean/usulan/"


@pytest.fixture
def proposal(db) -> Proposal:
    return factories.make_proposal(status=Status.NOMINATED, name="Siti Rahma")


def at(name: str, proposal: Proposal) -> str:
    return reverse(f"verification:{name}", args=[proposal.pk])


def test_nomination(as_user, verifier, proposal, stranger):
    operator = factories.make_operator(proposal.agency)
    path = at("nomination", proposal)
    assert as_user(stranger).get(path).status_code == 404
    assert as_user(operator).get(path).status_code == 403
    assert as_user(None).get(path).status_code == 302
    response = as_user(verifier).get(path)
    assert response.status_code == 200
    html = response.content.decode()
    assert "Siti Rahma" in html
    assert f"Operator {proposal.agency.name} menerima email (1 orang)" in html
    assert {rule["source"].split(" ")[0] for rule in response.context["rules"]} >= {"E8", "E9"}
    assert not Claim.objects.exists()


def test_nomination_has_a_fixed_number_of_queries(as_user, verifier, proposal):
    client = as_user(verifier)
    client.get(at("nomination", proposal))
    with CaptureQueriesContext(connection) as one:
        client.get(at("nomination", proposal))
    for _ in range(10):
        factories.make_proposal(proposal.agency, proposal.period, status=Status.NOMINATED)
    with CaptureQueriesContext(connection) as many:
        client.get(at("nomination", proposal))
    assert len(many) == len(one)


def test_approve(as_user, verifier, colleague, proposal, stranger, refuses_everybody_else):
    operator = factories.make_operator(proposal.agency)
    path, data = at("approve_nomination", proposal), {"version": proposal.version}
    refuses_everybody_else(path, onlooker=operator, stranger=stranger, allowed=verifier)
    take(proposal, by=verifier)
    assert as_user(verifier).post(path, data)["Location"] == QUEUE
    proposal.refresh_from_db()
    assert proposal.status == Status.FILLING
    assert proposal.participant == User.objects.get(nip=proposal.nip)
    assert proposal.documents.count() == 8
    assert not Claim.objects.exists()
    assert OutboxMessage.objects.filter(template="invitation").count() == 1
    late = as_user(colleague).post(path, data)
    assert late.status_code == 409
    assert late.context["refusal"].text.startswith("Sudah diputus Ika Wulandari pukul")
    assert OutboxMessage.objects.filter(template="invitation").count() == 1


def test_approve_of_a_stale_or_held_nomination(as_user, verifier, colleague, proposal):
    path = at("approve_nomination", proposal)
    Proposal.objects.update(version=9)
    stale = as_user(verifier).post(path, {"version": 1})
    assert (stale.status_code, "berubah sejak" in stale.context["refusal"].text) == (409, True)
    assert as_user(verifier).post(path, {}).status_code == 422
    take(proposal, by=colleague)
    held = as_user(verifier).post(path, {"version": 9})
    assert "Dipegang Teguh Prasojo" in held.context["refusal"].text
    proposal.refresh_from_db()
    assert proposal.status == Status.NOMINATED


@pytest.mark.parametrize(
    ("name", "status", "template"),
    [
        ("return_nomination", Status.DRAFT, "nomination_returned"),
        ("reject_nomination", Status.NOMINATION_REJECTED, "nomination_rejected"),
    ],
)
def test_return_and_reject(
    as_user,
    verifier,
    colleague,
    proposal,
    stranger,
    refuses_everybody_else,
    name,
    status,
    template,
):
    operator = factories.make_operator(proposal.agency)
    path = at(name, proposal)
    refuses_everybody_else(path, onlooker=operator, stranger=stranger)
    client = as_user(verifier)
    assert client.get(path).status_code == 200
    empty = client.post(path, {"version": proposal.version, "text": ""})
    assert (empty.status_code, list(empty.context["form"].errors)) == (422, ["text"])
    stale = client.post(path, {"version": 99, "text": "Alasan saya"})
    assert stale.status_code == 409
    assert "Alasan saya" in stale.content.decode()
    assert stale.context["form"]["version"].value() == str(proposal.version)
    data = {"version": proposal.version, "text": "SK pangkat bukan yang terbaru."}
    assert client.post(path, data)["Location"] == QUEUE
    proposal.refresh_from_db()
    assert proposal.status == status
    mail = OutboxMessage.objects.get(template=template)
    assert mail.user == operator
    assert data["text"] in mail.fields.values()
    late = as_user(colleague).post(path, data, follow=True)
    assert "Sudah diputus Ika Wulandari pukul" in late.content.decode()
    assert OutboxMessage.objects.filter(template=template).count() == 1


def test_a_returned_nomination_is_gone_for_who_never_could_decide(as_user, proposal, stranger):
    Proposal.objects.update(status=Status.DRAFT)
    for name in ("approve_nomination", "return_nomination"):
        assert as_user(stranger).post(at(name, proposal), {}).status_code == 404
        assert as_user(factories.make_operator()).post(at(name, proposal)).status_code == 404
