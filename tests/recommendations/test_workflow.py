"""The transitions of runs and letters."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from inpassing.accounts.models import Agency, WorkUnit
from inpassing.errors import StaleError, TransitionError
from inpassing.files.models import StoredFile
from inpassing.notifications.models import InboxMessage, OutboxMessage
from inpassing.timeline.events import broken_links, record
from proposals.models import Formation, FormationLine, Proposal
from proposals.workflow import mark_not_recommended, reopen
from recommendations import gathering, issuing, records, workflow
from recommendations.gate import Gate
from recommendations.gathering import Gathered
from recommendations.models import Delivery, Letter, LetterLine, NumberRegister
from tests.factories import (
    PDF,
    fill_slots,
    make_admin,
    make_agency,
    make_level,
    make_operator,
    make_proposal,
)
from tests.recommendations.factories import (
    finish,
    make_awaiting,
    make_draft,
    make_due_period,
    make_issued,
    make_issuing,
    make_ready,
    make_run,
    make_signing_officer,
)
from verification.models import DocumentCheck, PortfolioAssessment

pytestmark = pytest.mark.django_db
Kind, Status = Letter.Kind, Letter.Status


def statuses(letter: Letter) -> set[str]:
    return set(
        Proposal.objects.filter(letter_lines__letter=letter).values_list("status", flat=True)
    )


# Gathering


def test_gather_makes_one_letter_per_agency_and_position() -> None:
    period = make_due_period()
    first = make_ready(3, period=period)
    second = make_ready(1, period=period)
    statistisi = make_level("STATISTISI")
    other = make_proposal(first[0].agency, period, status="ready", level=statistisi, complete=False)
    Formation.objects.filter(agency=first[0].agency, position=statistisi.position).update(
        status=Formation.Status.VALIDATED
    )
    run = make_run(first)
    letters = {
        (letter.agency_id, letter.position_id): letter.lines.count() for letter in run.letters.all()
    }
    assert letters == {
        (first[0].agency_id, "PRAKOM"): 3,
        (second[0].agency_id, "PRAKOM"): 1,
        (other.agency_id, "STATISTISI"): 1,
    }


def test_gather_again_changes_nothing_and_later_adds_what_is_new() -> None:
    people = make_ready(2)
    admin = make_admin()
    run = make_run(people, by=admin)
    assert gathering.gather(run, by=admin) == Gathered(0, 0, 0)
    make_ready(1, period=people[0].period, agency=people[0].agency)
    assert gathering.gather(run, by=admin) == Gathered(1, 0, 0)
    assert run.letters.count() == 1
    assert list(run.letters.get().lines.values_list("order", flat=True)) == [1, 2, 3]


def test_who_becomes_ready_after_sending_gets_a_letter_of_their_own() -> None:
    letter = make_awaiting(1)
    make_ready(1, period=letter.period, agency=letter.agency)
    gathering.gather(letter.run, by=make_admin())
    assert sorted(letter.run.letters.values_list("status", flat=True)) == ["awaiting", "draft"]


def test_people_of_an_unvalidated_formation_stay_out() -> None:
    run = make_run(make_ready(2, validated=False))
    assert run.letters.count() == 0


def test_gather_takes_out_who_does_not_belong_any_more() -> None:
    people = make_ready(1)
    admin = make_admin()
    run = make_run(people, by=admin)
    Formation.objects.update(status=Formation.Status.RETURNED)
    assert gathering.gather(run, by=admin) == Gathered(0, 0, 1)
    assert run.letters.count() == 0


def test_those_not_recommended_go_into_a_notice_per_agency() -> None:
    people = make_ready(1)
    agency, period = people[0].agency, people[0].period
    for status in ["not_eligible", "test_failed", "withdrawn", "not_proposed"]:
        make_proposal(agency, period, status=status, complete=False, end_note="Sebab")
    notice = make_run(people).letters.get(kind=Kind.NOTICE)
    assert notice.position is None
    assert set(notice.lines.values_list("proposal__status", flat=True)) == {
        "not_eligible",
        "test_failed",
    }


def test_reopened_after_a_notice_and_a_revoked_letter_it_gets_a_letter_again() -> None:
    letter = make_issued(1)
    admin = make_admin()
    workflow.revoke(letter, by=admin, reason="Keliru", replace=False)
    proposal = Proposal.objects.get(letter_lines__letter=letter)
    gathering.gather(letter.run, by=admin)
    notice = letter.run.letters.get(kind=Kind.NOTICE)
    gathering.put_up(letter.run, by=admin)
    finish(issuing.issue(notice, by=make_signing_officer()))
    reopen(proposal, by=admin, reason="Penarikan keliru")
    assert gathering.gather(letter.run, by=admin).recommended == 1
    draft = letter.run.letters.get(kind=Kind.RECOMMENDATION, status=Status.DRAFT)
    assert draft.lines.get().proposal == proposal


def test_reopened_after_a_notice_and_ended_again_it_stands_in_another_notice() -> None:
    people = make_ready(1)
    mark_not_recommended(people[0], by=make_admin(), reason="Tidak ada formasi")
    run, admin = make_run(people), make_admin()
    first = run.letters.get(kind=Kind.NOTICE)
    gathering.put_up(run, by=admin)
    finish(issuing.issue(first, by=make_signing_officer()))
    assert not first.lines.reopened_since().exists()
    reopen(people[0], by=admin, reason="Formasi ditambah")
    mark_not_recommended(people[0], by=admin, reason="Formasi dibatalkan")
    assert gathering.gather(run, by=admin).noticed == 1
    second = run.letters.get(kind=Kind.NOTICE, status=Status.DRAFT)
    assert second.lines.get().proposal == people[0]
    assert first.lines.reopened_since().count() == 1
    assert gathering.gather(run, by=admin).noticed == 0


def test_a_proposal_stands_in_one_current_letter_only() -> None:
    letter = make_draft(1)
    other = Letter.objects.create(
        run=letter.run,
        kind=Kind.RECOMMENDATION,
        agency=letter.agency,
        position=letter.position,
        period=letter.period,
    )
    proposal = letter.lines.get().proposal
    with pytest.raises(IntegrityError), transaction.atomic():
        LetterLine.objects.create(letter=other, kind=Kind.RECOMMENDATION, proposal=proposal)


# The gate


def test_gate_counts_posts_of_validated_formation() -> None:
    letter = make_draft(3, posts=2)
    gate = Gate(letter.period)
    assert gate.over(letter.agency_id, "PRAKOM") == 1
    hold = gate.hold_of(letter)
    assert hold is not None
    assert (hold.code, hold.text) == ("overrun", "Ahli Pertama: 3 direkomendasikan, sisa 2.")


def test_gate_holds_a_letter_without_addressee() -> None:
    letter = make_draft(1, agency=make_agency(addressee=""))
    hold = Gate(letter.period).hold_of(letter)
    assert hold is not None
    assert hold.code == "address"


def test_over_run_goes_out_only_with_a_reason_that_covers_it() -> None:
    letter = make_draft(3, posts=2)
    admin = make_admin()
    with pytest.raises(TransitionError, match="sisa 2"):
        gathering.put_up(letter.run, by=admin)
    workflow.allow_overrun(letter, by=admin, reason="Tambahan formasi menyusul")
    make_ready(1, period=letter.period, agency=letter.agency)
    gathering.gather(letter.run, by=admin)
    with pytest.raises(TransitionError, match="4 direkomendasikan, sisa 2"):
        gathering.put_up(letter.run, by=admin)
    workflow.allow_overrun(letter, by=admin, reason="Tambahan formasi menyusul")
    assert gathering.put_up(letter.run, by=admin).sent == 1


def test_an_over_run_reason_is_refused_where_posts_are_left() -> None:
    with pytest.raises(TransitionError, match="tidak melebihi formasi"):
        workflow.allow_overrun(make_draft(1), by=make_admin(), reason="Tanpa sebab")


def test_not_recommended_only_when_held() -> None:
    letter = make_draft(2, posts=1)
    admin = make_admin()
    first, second = (line.proposal for line in letter.lines.select_related("proposal"))
    gathering.not_recommend(letter.run, first, by=admin, reason="Formasi habis")
    first.refresh_from_db()
    assert first.status == "not_recommended"
    assert letter.lines.count() == 1
    with pytest.raises(TransitionError, match="masih cukup"):
        gathering.not_recommend(letter.run, second, by=admin, reason="Formasi habis")


def test_not_recommended_where_the_formation_was_never_validated() -> None:
    people = make_ready(1, validated=False)
    admin = make_admin()
    run = make_run(people, by=admin)
    gathering.not_recommend(run, people[0], by=admin, reason="Formasi tidak divalidasi")
    gathering.gather(run, by=admin)
    assert run.letters.get().kind == Kind.NOTICE


# To the signer


def test_put_up_before_the_recommendation_date_needs_a_reason() -> None:
    tomorrow = records.today() + dt.timedelta(days=1)
    letter = make_draft(1, period=make_due_period(recommendation_on=tomorrow))
    admin = make_admin()
    with pytest.raises(TransitionError, match="lebih awal"):
        gathering.put_up(letter.run, by=admin)
    gathering.put_up(letter.run, by=admin, early_reason="Diminta Menteri")
    letter.refresh_from_db()
    assert (letter.status, letter.early_reason) == (Status.AWAITING_SIGNATURE, "Diminta Menteri")


def test_what_the_font_lacks_holds_the_letter_before_a_number_is_taken() -> None:
    letter, admin = make_draft(2), make_admin()
    second = letter.lines.last().proposal
    Proposal.objects.filter(pk=second.pk).update(name="Sri 漢")
    with pytest.raises(
        TransitionError, match=r"U\+6F22\) pada daftar nama baris 2 \(Sri 漢.*: nama"
    ):
        gathering.put_up(letter.run, by=admin)
    Proposal.objects.filter(pk=second.pk).update(name="Sri Rahayu")
    gathering.put_up(letter.run, by=admin)
    signer = make_signing_officer(name="Hartawan 漢")
    with pytest.raises(TransitionError, match="pada penanda tangan: nama"):
        issuing.issue(letter, by=signer)
    assert not NumberRegister.objects.exists()


def test_a_unit_that_only_the_extract_prints_holds_the_letter_too() -> None:
    letter, admin = make_draft(1), make_admin()
    Agency.objects.filter(pk=letter.agency_id).update(name="Kota 漢")
    unit = WorkUnit.objects.create(agency=letter.agency, name="Dinas")
    Proposal.objects.update(work_unit=unit)
    workflow.set_reference(letter, by=admin, number="800/1", date=letter.created_at.date())
    letter.refresh_from_db()
    with pytest.raises(TransitionError, match=r"U\+6F22\) pada .*instansi"):
        gathering.put_up(letter.run, by=admin)


def test_put_up_tells_the_signers_and_takes_no_number() -> None:
    signer = make_signing_officer()
    letter = make_awaiting(2)
    assert letter.number == ""
    assert InboxMessage.objects.get(user=signer).subject == "1 surat menunggu tanda tangan Anda"


def test_refusal_returns_the_letter_without_a_number() -> None:
    letter = make_awaiting(1)
    sender = letter.sent_by
    issuing.refuse(letter, by=make_signing_officer(), reason="Nama keliru")
    letter.refresh_from_db()
    assert (letter.status, letter.refusal_reason) == (Status.DRAFT, "Nama keliru")
    assert not NumberRegister.objects.exists()
    assert InboxMessage.objects.filter(user=sender, subject__contains="ditolak").count() == 1


def test_recall_makes_a_draft_again() -> None:
    letter = make_awaiting(1)
    workflow.recall(letter, by=make_admin())
    letter.refresh_from_db()
    assert letter.is_draft


# The signer's act


def test_issue_fixes_number_date_code_and_content() -> None:
    signer = make_signing_officer()
    letter = make_issuing(2, signer=signer)
    letter.refresh_from_db()
    day = records.today()
    assert letter.status == Status.ISSUING
    assert letter.number == f"B-0001/BPS/2340/{day:%m}/{day:%Y}"
    assert (letter.year, letter.sequence, letter.letter_date) == (day.year, 1, day)
    assert letter.signer == signer
    assert letter.content["number"] == letter.number
    assert letter.content["check_code"] == letter.code
    extracts = list(letter.extracts.all())
    assert {extract.number for extract in extracts} == {letter.number}
    assert len({letter.code, *(extract.code for extract in extracts)}) == 3
    assert statuses(letter) == {"ready"}


def test_issue_twice_is_refused_and_names_who_did() -> None:
    signer = make_signing_officer()
    letter = make_issuing(1, signer=signer)
    with pytest.raises(TransitionError, match="sudah diterbitkan"):
        issuing.issue(letter, by=make_signing_officer())
    assert NumberRegister.objects.get().last == 1


def test_a_signer_who_verified_does_not_sign() -> None:
    letter = make_awaiting(2)
    signer = make_signing_officer()
    record(letter.lines.first().proposal, "proposal.eligible", "Memenuhi syarat", by=signer)
    with pytest.raises(TransitionError, match="ikut memverifikasi"):
        issuing.issue(letter, by=signer)
    assert not NumberRegister.objects.exists()


def test_a_signer_does_not_sign_a_letter_about_themself() -> None:
    letter = make_awaiting(1)
    signer = make_signing_officer()
    Proposal.objects.filter(letter_lines__letter=letter).update(participant=signer)
    assert Letter.objects.filter(pk=letter.pk).barred_for(signer) == {letter.pk}


def test_a_signer_without_a_post_cannot_sign() -> None:
    signer = make_signing_officer()
    signer.signer_profile.delete()
    with pytest.raises(TransitionError, match="belum diisi"):
        issuing.issue(make_awaiting(1), by=signer)


def test_a_signer_without_nip_cannot_sign() -> None:
    signer = make_signing_officer()
    signer.nip = None
    signer.save()
    with pytest.raises(TransitionError, match="NIP penanda tangan"):
        issuing.issue(make_awaiting(1), by=signer)
    assert not NumberRegister.objects.exists()


def test_a_letter_that_changed_since_it_was_sent_is_not_signed() -> None:
    letter = make_awaiting(1)
    Proposal.objects.filter(letter_lines__letter=letter).update(name="Nama Lain")
    with pytest.raises(StaleError, match="berubah"):
        issuing.issue(letter, by=make_signing_officer())
    assert not NumberRegister.objects.exists()


def test_a_formation_lowered_after_sending_stops_the_act() -> None:
    letter = make_awaiting(2)
    FormationLine.objects.update(validated=1)
    with pytest.raises(TransitionError, match="Melebihi formasi"):
        issuing.issue(letter, by=make_signing_officer())
    assert not NumberRegister.objects.exists()


def test_a_proposal_that_is_not_ready_stops_the_act() -> None:
    letter = make_awaiting(2)
    mark_not_recommended(letter.lines.first().proposal, by=None, reason="Uji")
    with pytest.raises(TransitionError, match="Keadaan usulan sudah berubah"):
        issuing.issue(letter, by=make_signing_officer())


def test_a_date_moved_after_sending_stops_the_act() -> None:
    letter = make_draft(1)
    gathering.put_up(letter.run, by=make_admin())
    letter.period.recommendation_on = records.today() + dt.timedelta(days=5)
    letter.period.save()
    with pytest.raises(TransitionError, match="Lebih awal hanya dengan alasan"):
        issuing.issue(letter, by=make_signing_officer())


# The worker's conclusion


def test_conclude_stores_delivers_and_recommends_once() -> None:
    letter = make_issuing(2)
    operator = make_operator(letter.agency)
    assert issuing.conclude(letter, PDF)
    assert not issuing.conclude(letter, PDF)
    letter.refresh_from_db()
    assert letter.status == Status.ISSUED
    assert letter.sha256 == letter.file.sha256
    assert statuses(letter) == {"recommended"}
    assert StoredFile.objects.filter(owner_kind="recommendations.letter").count() == 1
    assert Delivery.objects.filter(letter=letter).values_list("user", flat=True).get() == (
        operator.pk
    )
    about = OutboxMessage.objects.filter(template="letter_recommendation_issued")
    assert about.count() == 1
    assert list(broken_links()) == []


def test_an_extract_goes_to_its_participant_only() -> None:
    letter = make_issuing(2)
    finish(letter)
    for extract in letter.extracts.all():
        participant = extract.lines.get().proposal.participant
        assert extract.deliveries.get().user == participant


# Endings


def test_void_keeps_the_number_and_leaves_people_ready() -> None:
    letter = make_issuing(2)
    workflow.void(letter, by=make_admin(), reason="Salah tanggal")
    letter.refresh_from_db()
    assert (letter.status, letter.sequence) == (Status.VOID, 1)
    assert set(letter.extracts.values_list("status", flat=True)) == {Status.VOID}
    assert statuses(letter) == {"ready"}
    assert not issuing.conclude(letter, PDF)
    gathering.gather(letter.run, by=make_admin())
    assert letter.run.letters.drafts().get().lines.count() == 2
    again = letter.run.letters.drafts().get()
    gathering.put_up(letter.run, by=make_admin())
    assert issuing.issue(again, by=make_signing_officer()).sequence == 2


def test_only_what_is_being_issued_becomes_void() -> None:
    with pytest.raises(TransitionError, match="terbit"):
        workflow.void(make_issued(1), by=make_admin(), reason="Terlambat")


def test_revoke_to_replace_makes_ready_and_links_the_successor() -> None:
    letter = make_issued(2)
    admin = make_admin()
    workflow.revoke(letter, by=admin, reason="Unit kerja keliru", replace=True)
    assert statuses(letter) == {"ready"}
    gathering.gather(letter.run, by=admin)
    gathering.put_up(letter.run, by=admin)
    successor = letter.run.letters.awaiting_signature().get()
    issuing.issue(successor, by=make_signing_officer())
    letter.refresh_from_db()
    assert (letter.status, letter.replaced_by) == (Status.REVOKED, successor)
    for extract in letter.extracts.all():
        assert extract.replaced_by.parent == successor
        assert extract.replaced_by.lines.get().proposal == extract.lines.get().proposal


def test_voiding_the_successor_unlinks_it() -> None:
    letter = make_issued(1)
    admin = make_admin()
    workflow.revoke(letter, by=admin, reason="Keliru", replace=True)
    gathering.gather(letter.run, by=admin)
    gathering.put_up(letter.run, by=admin)
    successor = issuing.issue(
        letter.run.letters.awaiting_signature().get(), by=make_signing_officer()
    )
    workflow.void(successor, by=admin, reason="Keliru lagi")
    letter.refresh_from_db()
    assert letter.replaced_by is None


def test_revoke_to_withdraw_ends_the_recommendation_and_tells() -> None:
    letter = make_issued(1)
    participant = letter.lines.get().proposal.participant
    workflow.revoke(letter, by=make_admin(), reason="Syarat tidak benar", replace=False)
    assert statuses(letter) == {"not_recommended"}
    assert set(letter.extracts.values_list("status", flat=True)) == {Status.REVOKED}
    subjects = InboxMessage.objects.filter(user=participant).values_list("subject", flat=True)
    assert f"Petikan rekomendasi {letter.number} dicabut" in subjects


def test_revoke_is_refused_after_an_appointment() -> None:
    letter = make_issued(1)
    Proposal.objects.filter(letter_lines__letter=letter).update(status="appointed")
    with pytest.raises(TransitionError, match="Sudah diangkat"):
        workflow.revoke(letter, by=make_admin(), reason="Terlambat", replace=True)


def test_a_notice_is_issued_and_revoked_without_touching_proposals() -> None:
    people = make_ready(1, period=make_due_period(legal_basis="PermenPANRB 42/2018"))
    make_proposal(
        people[0].agency,
        people[0].period,
        status="test_failed",
        complete=False,
        end_note="Nilai 60",
    )
    notice = make_run(people).letters.get(kind=Kind.NOTICE)
    admin = make_admin()
    gathering.put_up(notice.run, by=admin, letters=[notice.pk])
    issuing.issue(notice, by=make_signing_officer())
    assert issuing.conclude(notice, PDF)
    notice.refresh_from_db()
    assert notice.content["people"][0]["reasons"] == [
        {"text": "Nilai 60", "source": "Aturan E17 · PermenPANRB 42/2018"}
    ]
    workflow.revoke(notice, by=admin, reason="Keliru", replace=True)
    assert statuses(notice) == {"test_failed"}
    gathering.gather(notice.run, by=admin)
    assert notice.run.letters.drafts().filter(kind=Kind.NOTICE).count() == 1


def test_who_assessed_or_checked_does_not_sign() -> None:
    letter = make_awaiting(1)
    proposal = letter.lines.get().proposal
    assessor, checker = make_signing_officer(), make_signing_officer()
    PortfolioAssessment.objects.create(
        proposal=proposal,
        verdict="passed",
        test_required=False,
        rule_required=False,
        assessed_by=assessor,
        assessed_at=timezone.now(),
    )
    fill_slots(proposal)
    document = proposal.documents.select_related("current").first()
    assert document is not None
    assert document.current is not None
    DocumentCheck.objects.create(
        version=document.current,
        verdict="accept",
        checked_by=checker,
        checked_at=timezone.now(),
    )
    letters = Letter.objects.filter(pk=letter.pk)
    assert letters.barred_for(assessor) == {letter.pk}
    assert letters.barred_for(checker) == {letter.pk}
    assert letters.barred_for(make_signing_officer()) == set()


# What the database itself refuses


@pytest.mark.parametrize(
    "change",
    [
        {"status": "issuing"},
        {"status": "issued"},
        {"status": "void"},
        {"number": "B-0001/BPS/2340/11/2026"},
        {"kind": "extract"},
        {"position": None},
        {"sha256": "0" * 64},
    ],
)
def test_a_draft_cannot_pass_for_more_than_it_is(change: dict[str, object]) -> None:
    letter = make_draft(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(**change)


@pytest.mark.parametrize(
    "change",
    [{"number": ""}, {"code": None}, {"content": None}, {"signer": None}, {"sequence": None}],
)
def test_a_numbered_letter_keeps_what_the_signer_fixed(change: dict[str, object]) -> None:
    letter = make_issuing(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(**change)


def test_two_letters_never_share_a_number() -> None:
    first, second = make_issuing(1), make_issuing(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Letter.objects.filter(pk=second.pk).update(sequence=first.sequence)
