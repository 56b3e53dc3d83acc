import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.errors import TransitionError
from inpassing.notifications.models import OutboxMessage
from proposals.models import Proposal
from tests import factories
from verification.claims import take
from verification.models import (
    DocumentCheck,
    PortfolioAnswer,
    PortfolioAssessment,
    PortfolioDraft,
)
from verification.workflow import GivenAnswer, assess_portfolio, items_for

pytestmark = pytest.mark.django_db
Status = Proposal.Status
QUEUE = "/verifikasi/antrean/portofolio/"


@pytest.fixture
def proposal(db) -> Proposal:
    return factories.make_proposal(
        status=Status.ELIGIBLE, name="Siti Rahma", education_field="teknologi_informasi"
    )


def at(name: str, proposal: Proposal) -> str:
    return reverse(f"verification:{name}", args=[proposal.pk])


def answers(proposal: Proposal, *, verdict: str = "passed", **values: object) -> dict[str, object]:
    """What the form sends when everything is met."""
    proposal.refresh_from_db()
    data: dict[str, object] = {"version": proposal.version, "verdict": verdict}
    for item in items_for(proposal):
        data[f"butir{item.pk}-answer"] = "met"
    return data | values


def item(proposal: Proposal, code: str):
    return next(item for item in items_for(proposal) if item.code == code)


def test_portfolio(as_user, verifier, proposal, stranger):
    path = at("portfolio", proposal)
    assert as_user(None).get(path).status_code == 302
    assert as_user(stranger).get(path).status_code == 404
    assert as_user(proposal.participant).get(path).status_code == 403
    html = as_user(verifier).get(path).content.decode()
    assert "Tanpa uji kompetensi" in html
    assert "tabel uji" in html
    assert "Menyimpang dari aturan: wajibkan uji kompetensi" in html


def test_portfolio_has_a_fixed_number_of_queries(as_user, verifier, proposal):
    client, path = as_user(verifier), at("portfolio", proposal)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    first = item(proposal, "P1")
    for n in range(6):
        first.pk, first.code = None, f"X{n}"
        first.save()
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) == len(few)


def test_passed_and_exempt(as_user, verifier, proposal, stranger, refuses_everybody_else):
    path = at("assess", proposal)
    refuses_everybody_else(path, onlooker=proposal.participant, stranger=stranger, allowed=verifier)
    data = answers(proposal)
    assert as_user(verifier).post(path, data)["Location"] == QUEUE
    proposal.refresh_from_db()
    assert proposal.status == Status.READY
    assessment = PortfolioAssessment.objects.get()
    assert (assessment.verdict, assessment.test_required, assessment.rule_required) == (
        "passed",
        False,
        False,
    )
    assert assessment.rule_order is not None
    assert "tabel uji" in assessment.rule_source
    assert assessment.answers.count() == 4
    again = as_user(verifier).post(path, data)
    assert again.status_code == 409
    assert again.context["refusal"].text.startswith("Sudah diputus Anda pukul")
    assert OutboxMessage.objects.filter(template="proposal_ready").count() == 1


def test_passed_and_test_required(as_user, verifier, proposal):
    operator = factories.make_operator(proposal.agency)
    Proposal.objects.update(education_field="lainnya")
    assert as_user(verifier).post(at("assess", proposal), answers(proposal)).status_code == 302
    proposal.refresh_from_db()
    assert proposal.status == Status.TEST_REQUIRED
    assert PortfolioAssessment.objects.get().test_required is True
    told = OutboxMessage.objects.filter(template="test_required")
    assert {mail.user for mail in told} == {operator, proposal.participant}


@pytest.mark.parametrize(
    ("field", "status"), [("lainnya", Status.READY), ("teknologi_informasi", Status.TEST_REQUIRED)]
)
def test_override_turns_the_rule_round_with_a_reason(as_user, verifier, proposal, field, status):
    Proposal.objects.update(education_field=field)
    client, path = as_user(verifier), at("assess", proposal)
    without = client.post(path, answers(proposal, override="on"))
    assert (without.status_code, list(without.context["form"].errors)) == (
        422,
        ["override_reason"],
    )
    data = answers(proposal, override="on", override_reason="Ijazah serumpun.")
    assert client.post(path, data).status_code == 302
    proposal.refresh_from_db()
    assert proposal.status == status
    assessment = PortfolioAssessment.objects.get()
    assert assessment.test_required is not assessment.rule_required
    assert assessment.override_reason == "Ijazah serumpun."


def test_failed_tells_the_items(as_user, verifier, proposal):
    bad = item(proposal, "P2")
    client, path = as_user(verifier), at("assess", proposal)
    key = f"butir{bad.pk}"
    silent = client.post(path, answers(proposal, verdict="failed", **{f"{key}-answer": "not_met"}))
    assert silent.status_code == 422
    assert "Tulis apa yang belum terpenuhi" in silent.content.decode()
    data = answers(
        proposal,
        verdict="failed",
        **{f"{key}-answer": "not_met", f"{key}-remark": "Baru 14 bulan."},
    )
    assert client.post(path, data).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.status, proposal.end_note) == (
        Status.PORTFOLIO_FAILED,
        f"- {bad.question}: Baru 14 bulan.",
    )
    assessment = PortfolioAssessment.objects.get()
    assert (assessment.verdict, assessment.test_required) == ("failed", None)


def test_what_passing_needs(as_user, verifier, proposal):
    client, path = as_user(verifier), at("assess", proposal)
    required = item(proposal, "P1")
    unmet = client.post(path, answers(proposal, **{f"butir{required.pk}-answer": "not_relevant"}))
    assert unmet.status_code == 409
    assert required.question in unmet.context["refusal"].text
    optional = item(proposal, "P4")
    Proposal.objects.update(education_field="")
    blank = client.post(path, answers(proposal, **{f"butir{optional.pk}-answer": "not_relevant"}))
    assert "Tetapkan bidang pendidikan" in blank.context["refusal"].text
    nothing = client.post(path, answers(proposal, verdict="failed"))
    assert "paling sedikit satu butir" in nothing.context["refusal"].text
    missing = client.post(path, answers(proposal, **{f"butir{required.pk}-answer": ""}))
    assert missing.status_code == 422
    assert client.post(path, answers(proposal, verdict="")).status_code == 422
    proposal.refresh_from_db()
    assert proposal.status == Status.ELIGIBLE
    assert not PortfolioAssessment.objects.exists()


def test_a_stale_or_held_portfolio_keeps_what_was_typed(as_user, verifier, colleague, proposal):
    optional = item(proposal, "P4")
    data = answers(proposal, **{f"butir{optional.pk}-remark": "Sertifikat 2024"})
    Proposal.objects.update(version=50)
    stale = as_user(verifier).post(at("assess", proposal), data)
    assert stale.status_code == 409
    assert "Sertifikat 2024" in stale.content.decode()
    assert stale.context["form"]["version"].value() == "50"
    take(proposal, by=colleague)
    held = as_user(verifier).post(at("assess", proposal), answers(proposal))
    assert "Dipegang Teguh Prasojo" in held.context["refusal"].text
    assert not PortfolioAssessment.objects.exists()


def test_a_reopened_portfolio_is_assessed_again(verifier, proposal):
    bad = item(proposal, "P1")
    given = {i.pk: GivenAnswer("met") for i in items_for(proposal)}
    assess_portfolio(
        proposal, by=verifier, answers={**given, bad.pk: GivenAnswer("not_met", "x")}, passed=False
    )
    Proposal.objects.update(status=Status.ELIGIBLE)
    with pytest.raises(TransitionError, match="Belum dijawab"):
        assess_portfolio(proposal, by=verifier, answers={}, passed=True)
    assess_portfolio(proposal, by=verifier, answers=given, passed=True)
    assessment = PortfolioAssessment.objects.get()
    assert assessment.verdict == "passed"
    assert set(assessment.answers.values_list("answer", flat=True)) == {"met"}


# The database keeps the rules too


def test_database_constraints(verifier, proposal):
    now = timezone.now()
    version = proposal.documents.first().current
    base = {"assessed_by": verifier, "assessed_at": now, "proposal": proposal}
    check = {"version": version, "checked_by": verifier, "checked_at": now}
    for row in (
        PortfolioAssessment(verdict="passed", **base),
        PortfolioAssessment(verdict="failed", test_required=True, rule_required=True, **base),
        PortfolioAssessment(verdict="passed", test_required=True, rule_required=False, **base),
        PortfolioAssessment(
            verdict="passed", test_required=True, rule_required=True, override_reason="x", **base
        ),
        DocumentCheck(verdict="return", **check),
        DocumentCheck(verdict="accept", reason_id="lainnya", **check),
        DocumentCheck(verdict="accept", certified_ok=True, **check),
        DocumentCheck(verdict="accept", certifier="Sekretaris", **check),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()
    assessment = PortfolioAssessment.objects.create(
        verdict="passed", test_required=True, rule_required=True, **base
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        PortfolioAnswer.objects.create(
            assessment=assessment, item=item(proposal, "P1"), answer="not_met"
        )


def test_the_field_of_education_keeps_the_answers_beside_it(as_user, verifier, proposal):
    path = at("set_education_field", proposal)
    data = answers(proposal) | {"bidang-version": proposal.version, "bidang-field": "statistik"}
    data["bidang-reason"] = "Ijazah statistik."
    response = as_user(verifier).post(path, data)
    assert response["Location"] == f"{at('portfolio', proposal)}#bidang"
    proposal.refresh_from_db()
    assert proposal.education_field == "statistik"
    kept = PortfolioDraft.objects.get(proposal=proposal).answers
    assert set(kept) == {str(entry.pk) for entry in items_for(proposal)}


def test_looking_at_the_message_of_a_new_field_keeps_the_page(as_user, verifier, proposal):
    path = at("set_education_field", proposal)
    first = item(proposal, "P1")
    data = answers(proposal, verdict="failed") | {f"butir{first.pk}-remark": "Lihat lampiran 2"}
    data |= {"bidang-version": proposal.version, "bidang-field": "statistik"}
    data |= {"bidang-reason": "Ijazah statistik.", "pratinjau": "1"}
    response = as_user(verifier).post(path, data)
    assert response.status_code == 200
    assert "Ijazah statistik." in response.context["education_preview"].letters[0].body
    assert response.context["form"]["verdict"].value() == "failed"
    html = response.content.decode()
    assert "Lihat lampiran 2" in html
    assert html.count(" checked") == len(items_for(proposal)) + 2
    assert "perlu dibetulkan" not in html
    assert not PortfolioDraft.objects.exists()
    assert not OutboxMessage.objects.exists()
    proposal.refresh_from_db()
    assert proposal.education_field == "teknologi_informasi"


def test_a_wrong_answer_beside_the_field_of_education_loses_nothing(as_user, verifier, proposal):
    first = item(proposal, "P1")
    data = answers(proposal) | {f"butir{first.pk}-answer": "not_met"}
    data |= {"bidang-version": proposal.version, "bidang-field": "statistik"}
    response = as_user(verifier).post(at("set_education_field", proposal), data)
    assert response.status_code == 422
    html = response.content.decode()
    assert "Tulis apa yang belum terpenuhi" in html
    assert html.count(" checked") >= len(data) - 5
    proposal.refresh_from_db()
    assert proposal.education_field == "teknologi_informasi"


def test_answers_beside_a_field_that_comes_too_late_stay_on_the_page(as_user, verifier, proposal):
    data = answers(proposal) | {"bidang-version": proposal.version, "bidang-field": "statistik"}
    Proposal.objects.update(version=proposal.version + 1)
    response = as_user(verifier).post(at("set_education_field", proposal), data)
    assert response.status_code == 409
    assert "berubah sejak halaman Anda buka" in response.content.decode()
    assert not PortfolioDraft.objects.exists()
