"""Re-sit: proposed again in a later period, filled from the last one, straight to the test."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from inpassing.files.tasks import inspect_due
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import Period
from inpassing.timeline.models import TimelineEvent
from proposals.models import Proposal, ProposalDocument
from tests.factories import (
    make_agency,
    make_formation,
    make_level,
    make_operator,
    make_period,
    make_proposal,
    make_user,
    make_verifier,
    make_work_unit,
)
from tests.proposals.filing import pdf, put, slot, upload_of
from verification.models import Claim, PortfolioAssessment

pytestmark = pytest.mark.django_db
Status = Proposal.Status


@pytest.fixture
def agency(db):
    return make_agency(region="74.72")


@pytest.fixture
def operator(agency):
    return make_operator(agency)


@pytest.fixture
def verifier(db):
    return make_verifier(name="Ika Wulandari")


@pytest.fixture
def later(agency) -> Period:
    """An open period for which the agency has posts."""
    period = make_period()
    make_formation(agency, period, lines={"pertama": (5, 0), "muda": (5, 0)})
    return period


def failed_in_last_period(agency, **fields) -> Proposal:
    """Somebody whose documents were accepted, who passed the portfolio and failed the test."""
    last = make_period(status="closed", opens_at=timezone.now() - dt.timedelta(days=200), year=2020)
    fields = {"name": "Maria Bere", "education_field": "lainnya"} | fields
    earlier = make_proposal(
        agency, last, status=Status.TEST_FAILED, end_note="Nilai 55,50, batas 60.", **fields
    )
    for document in earlier.documents.all():
        put(document, pdf(f"lama {document.pk}"))
    earlier.documents.update(review="accepted")
    PortfolioAssessment.objects.create(
        proposal=earlier,
        verdict="passed",
        test_required=True,
        rule_required=True,
        rule_sentence="Wajib uji",
        rule_source="Aturan",
        assessed_by=make_verifier(name="Teguh Prasojo"),
        assessed_at=timezone.now(),
    )
    return earlier


def at(name, obj, *more):
    return reverse(name, args=[obj.pk, *more])


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def again(client, earlier, later) -> Proposal:
    """The operator's new draft."""
    answer = client.post(at("proposals:propose_again", earlier), {"period": later.pk})
    draft = Proposal.objects.get(period=later, nip=earlier.nip)
    assert answer.headers["Location"] == at("proposals:edit", draft)
    return draft


def approved(as_user, operator, verifier, draft) -> Proposal:
    """Nominated by the operator and approved by a verifier, by their own pages."""
    as_user(operator).post(at("proposals:nominate", draft))
    draft.refresh_from_db()
    as_user(verifier).post(at("verification:approve_nomination", draft), {"version": draft.version})
    draft.refresh_from_db()
    assert draft.status == Status.FILLING
    return draft


def sent(as_user, proposal) -> Proposal:
    """The participant uploads what is asked anew and sends."""
    client = as_user(proposal.participant)
    for document in proposal.documents.filter(current=None):
        file = upload_of(pdf(f"baru {document.pk}"))
        client.post(at("proposals:document_upload", document), {"file": file})
    inspect_due()
    client.post(at("proposals:submit", proposal))
    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED
    return proposal


def accept(client, document):
    data = {"version": document.current_id, "before": "", "verdict": "accept"}
    if document.requirement.certified_copy:
        data |= {
            "certified_ok": "on",
            "certifier": "Sekretaris Daerah",
            "certified_on": "2026-01-05",
        }
    assert client.post(at("verification:check_document", document), data).status_code == 302


def straight(client, proposal, reason="Dokumen bawaan tetap berlaku.", **more):
    proposal.refresh_from_db()
    return client.post(
        at("verification:send_to_test", proposal),
        {
            "version": proposal.version,
            "seen": f"{timezone.now():%Y-%m-%dT%H:%M:%S.%f%z}",
            "text": reason,
        }
        | more,
    )


def test_the_whole_way_from_a_failed_test_to_the_next(as_user, agency, operator, verifier, later):
    earlier = failed_in_last_period(agency)
    page = text_of(as_user(operator).get(at("proposals:detail", earlier)))
    assert "Usulkan lagi" in page
    draft = again(as_user(operator), earlier, later)
    assert (draft.status, draft.previous, draft.name) == (Status.DRAFT, earlier, "Maria Bere")
    detail = text_of(as_user(operator).get(at("proposals:detail", draft)))
    assert (
        f"Pernah tidak lulus uji kompetensi pada {earlier.period.name}. Boleh diusulkan lagi."
        in (detail)
    )
    proposal = approved(as_user, operator, verifier, draft)
    assert (proposal.participant, proposal.previous) == (earlier.participant, earlier)
    assert (proposal.duties, proposal.education_field) == ("Mengelola basis data.", "lainnya")

    # The participant finds everything but the last rank's decree, and the earlier result.
    tasks = text_of(as_user(proposal.participant).get(at("proposals:tasks", proposal)))
    assert "Data dan dokumen dari periode lalu sudah terisi." in tasks
    assert tasks.count("Dibawa dari periode lalu. Ganti bila isinya sudah berubah.") == 7
    assert "Tidak lulus uji kompetensi" in tasks
    assert "Nilai 55,50, batas 60." in tasks
    empty = proposal.documents.filter(current=None)
    assert [document.requirement.code for document in empty] == ["sk_pangkat"]
    own = as_user(proposal.participant).get(at("proposals:detail", earlier), follow=True)
    assert "Nilai 55,50, batas 60." in text_of(own)
    proposal = sent(as_user, proposal)

    # The verifier judges the one new document, then the short road is open.
    client = as_user(verifier)
    page = text_of(client.get(at("verification:review", proposal)))
    assert "Perubahan sejak periode lalu" in page
    assert "Data usulan sama dengan periode lalu." in page
    assert "7 dokumen dibawa dari periode lalu. Baru: Fotokopi SK Pangkat terakhir." in page
    assert "dinilai Teguh Prasojo; jabatan dan jenjang sama." in page
    assert at("verification:send_to_test", proposal) not in page
    accept(client, slot(proposal, "sk_pangkat"))
    page = text_of(client.get(at("verification:review", proposal)))
    assert at("verification:send_to_test", proposal) in page
    answer = straight(client, proposal)
    assert answer.headers["Location"] == reverse("verification:queue", args=["berkas"])
    proposal.refresh_from_db()
    assert proposal.status == Status.TEST_REQUIRED
    assert set(proposal.documents.values_list("review", flat=True)) == {"accepted"}
    assessment = PortfolioAssessment.objects.get(proposal=proposal)
    assert (assessment.verdict, assessment.assessed_by) == ("passed", verifier)
    assert assessment.carried_from.proposal == earlier
    event = TimelineEvent.objects.get(kind="proposal.test_required", proposal_id=proposal.pk)
    assert earlier.period.name in event.label
    assert event.detail.text == "Dokumen bawaan tetap berlaku."
    told = OutboxMessage.objects.filter(template="test_required", proposal_id=proposal.pk)
    assert {mail.user for mail in told} == {operator, proposal.participant}
    assert not Claim.objects.filter(proposal=proposal).exists()

    given = text_of(client.get(at("verification:portfolio", proposal)))
    assert f"Portofolio lulus pada {earlier.period.name} dan tidak dinilai lagi." in given

    # A second click changes nothing and says who decided.
    second = straight(client, proposal)
    assert second.status_code == 409
    assert "Sudah diputus Anda" in text_of(second)
    kinds = TimelineEvent.objects.filter(proposal_id=proposal.pk, kind="proposal.test_required")
    assert kinds.count() == 1


def test_carried_files_are_copies_with_rights_of_their_own(
    as_user, agency, operator, verifier, later
):
    earlier = failed_in_last_period(agency)
    proposal = approved(as_user, operator, verifier, again(as_user(operator), earlier, later))
    old, new = slot(earlier).current, slot(proposal).current
    assert new.carried_from == old
    assert new.file.sha256 == old.file.sha256
    assert new.file.path != old.file.path
    assert (new.file.owner_id, new.file.state) == (slot(proposal).pk, "accepted")
    default_storage.delete(old.file.path)  # retention of the earlier period
    response = as_user(proposal.participant).get(reverse("proposals:document_file", args=[new.pk]))
    assert b"".join(response.streaming_content) == pdf(f"lama {slot(earlier).pk}")
    # The same person's same document in two periods is meant: nobody is asked about it.
    tasks = as_user(proposal.participant).get(at("proposals:tasks", proposal))
    assert "Berkas yang sama" not in text_of(tasks)


def test_what_changed_is_asked_anew(as_user, agency, operator, verifier, later):
    earlier = failed_in_last_period(agency)
    draft = again(as_user(operator), earlier, later)
    draft.work_unit, draft.rank_id = make_work_unit(agency), "III/b"
    draft.save()
    proposal = approved(as_user, operator, verifier, draft)
    empty = {d.requirement.code for d in proposal.documents.filter(current=None)}
    assert empty == {"sk_pangkat", "sp_pengalaman", "sp_kompeten", "sp_hukdis"}
    proposal = sent(as_user, proposal)
    page = text_of(as_user(verifier).get(at("verification:review", proposal)))
    assert "Unit kerja</dt>" in page
    assert "semula –" in page
    assert "Pangkat dan golongan ruang</dt>" in page


@pytest.mark.parametrize("state", ["refused", "returned", "gone"])
def test_a_file_that_was_refused_or_is_gone_stays_behind(
    as_user, agency, operator, verifier, later, state
):
    earlier = failed_in_last_period(agency)
    document = slot(earlier)
    if state == "refused":
        document.current.file.state = "refused"
        document.current.file.save()
    elif state == "returned":
        ProposalDocument.objects.filter(pk=document.pk).update(review="returned")
    else:
        default_storage.delete(document.current.file.path)
    proposal = approved(as_user, operator, verifier, again(as_user(operator), earlier, later))
    assert slot(proposal).current is None


def test_who_is_typed_anew_is_found_by_the_nip(as_user, agency, operator, verifier, later):
    """The operator needs not start from the earlier proposal; another agency may propose too."""
    earlier = failed_in_last_period(make_agency())
    draft = make_proposal(
        agency,
        later,
        nip=earlier.nip,
        email="baru@contoh.go.id",
        complete=False,
        name="Maria Bere",
    )
    proposal = approved(as_user, operator, verifier, draft)
    assert proposal.previous == earlier
    assert proposal.programme == "Teknik Informatika"
    missing = {d.requirement.code for d in proposal.documents.filter(current=None)}
    assert missing == {"sk_pangkat", "sp_pengalaman", "sp_kompeten", "sp_hukdis"}


def test_nothing_comes_along_for_who_comes_for_the_first_time(
    as_user, agency, operator, verifier, later
):
    stranger = failed_in_last_period(agency)
    draft = make_proposal(agency, later, complete=False)
    proposal = approved(as_user, operator, verifier, draft)
    assert proposal.previous is None
    assert not proposal.documents.exclude(current=None).exists()
    page = text_of(as_user(proposal.participant).get(at("proposals:tasks", proposal)))
    assert "periode lalu" not in page
    assert "Usulan sebelumnya" not in page
    assert stranger.documents.count() == 8


# The operator's act


def test_propose_again_refuses(as_user, agency, operator, later, refuses_everybody_else):
    earlier = failed_in_last_period(agency)
    path = at("proposals:propose_again", earlier)
    assert as_user(operator).get(path).status_code == 200
    refuses_everybody_else(
        path,
        data={"period": later.pk},
        onlooker=earlier.participant,
        stranger=make_user(),
        allowed=operator,
        get_allowed=True,
    )
    assert as_user(operator).post(path, {"period": earlier.period_id}).status_code == 422
    assert as_user(operator).post(path, {}).status_code == 422
    client = as_user(operator)
    again(client, earlier, later)
    second = client.post(path, {"period": later.pk}, follow=True)
    assert "NIP ini sudah mempunyai usulan yang masih berjalan" in text_of(second)
    assert Proposal.objects.filter(nip=earlier.nip, period=later).count() == 1


@pytest.mark.parametrize("problem", ["running", "no period"])
def test_propose_again_says_why_not(as_user, agency, operator, later, problem):
    earlier = failed_in_last_period(agency)
    if problem == "running":
        Proposal.objects.filter(pk=earlier.pk).update(status=Status.READY)
    else:
        Period.objects.filter(pk=later.pk).update(status="closed")
    page = as_user(operator).post(
        at("proposals:propose_again", earlier), {"period": later.pk}, follow=True
    )
    sentence = {
        "running": "Usulan ini belum berakhir",
        "no period": "Belum ada periode lain yang menerima pengusulan.",
    }[problem]
    assert sentence in text_of(page)
    assert not Proposal.objects.filter(period=later).exists()


# The verifier's act


@pytest.fixture
def waiting(as_user, agency, operator, verifier, later) -> Proposal:
    """A re-sit whose only new document is accepted."""
    earlier = failed_in_last_period(agency)
    proposal = approved(as_user, operator, verifier, again(as_user(operator), earlier, later))
    proposal = sent(as_user, proposal)
    accept(as_user(verifier), slot(proposal, "sk_pangkat"))
    return proposal


def test_send_to_test_is_the_verifiers_alone(waiting, operator, verifier, refuses_everybody_else):
    refuses_everybody_else(
        at("verification:send_to_test", waiting),
        onlooker=operator,
        stranger=make_user(),
        allowed=verifier,
    )


def test_send_to_test_needs_a_reason(as_user, waiting, verifier):
    response = straight(as_user(verifier), waiting, reason="")
    assert response.status_code == 422
    assert 'aria-invalid="true"' in text_of(response)
    waiting.refresh_from_db()
    assert waiting.status == Status.SUBMITTED


def test_send_to_test_on_a_stale_page(as_user, waiting, verifier):
    response = straight(as_user(verifier), waiting, version=waiting.version - 1)
    assert response.status_code == 409
    assert "berubah sejak halaman Anda buka" in text_of(response)


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        ("level", "Belum ada portofolio yang lulus pada periode lalu"),
        ("portfolio", "Belum ada portofolio yang lulus pada periode lalu"),
        ("returned", "Belum semua dokumen diterima: Fotokopi Ijazah"),
        ("replaced", "Belum semua dokumen diterima: Fotokopi Ijazah"),
        ("field", "Tetapkan bidang pendidikan menurut ijazah dahulu."),
        ("exempt", "Menurut aturan, uji tidak wajib"),
    ],
)
def test_the_short_road_is_closed(as_user, waiting, verifier, problem, sentence):
    document = slot(waiting)
    if problem == "level":
        Proposal.objects.filter(pk=waiting.pk).update(level=make_level(code="muda"))
    elif problem == "portfolio":
        PortfolioAssessment.objects.all().delete()
    elif problem == "returned":  # it was never accepted in the last period
        document.current.carried_from.document.review = ""
        document.current.carried_from.document.save()
    elif problem == "replaced":
        put(document, pdf("ijazah lain"))
    else:
        field = "" if problem == "field" else "teknologi_informasi"
        Proposal.objects.filter(pk=waiting.pk).update(education_field=field)
    response = straight(as_user(verifier), waiting)
    assert response.status_code == 409
    assert sentence in text_of(response)
    waiting.refresh_from_db()
    assert waiting.status == Status.SUBMITTED


def test_the_ordinary_road_stays_open(as_user, waiting, verifier):
    """The verifier may judge every document and the portfolio as for anybody else."""
    client = as_user(verifier)
    for document in waiting.documents.select_related("requirement").exclude(
        requirement__code="sk_pangkat"
    ):
        accept(client, document)
    waiting.refresh_from_db()
    client.post(at("verification:eligible", waiting), {"version": waiting.version})
    waiting.refresh_from_db()
    assert waiting.status == Status.ELIGIBLE


def test_the_short_road_shows_its_message_first(as_user, waiting, verifier):
    client = as_user(verifier)
    page = text_of(client.get(at("verification:review", waiting)))
    assert "Lanjut, lihat pesan" in page
    mails = OutboxMessage.objects.count()
    answer = straight(client, waiting, pratinjau="1")
    assert answer.status_code == 200
    page = text_of(answer)
    assert "Pesan yang akan dikirim" in page
    assert "wajib mengikuti uji kompetensi" in page
    assert "Dokumen bawaan tetap berlaku." in page
    waiting.refresh_from_db()
    assert waiting.status == Status.SUBMITTED
    assert OutboxMessage.objects.count() == mails
