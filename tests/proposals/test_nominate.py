"""Acts of the agency on one proposal: nominate, withdraw, invite again, correct the address."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import OneTimeLink
from inpassing.notifications.links import make_link
from inpassing.notifications.models import OutboxMessage
from inpassing.timeline.events import events_of
from proposals import workflow
from proposals.models import Proposal
from tests.factories import (
    make_admin,
    make_formation,
    make_nip,
    make_operator,
    make_period,
    make_proposal,
    make_user,
    make_verifier,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def period():
    return make_period()


@pytest.fixture
def operator():
    return make_operator(nip=make_nip())


@pytest.fixture
def agency(operator):
    return operator.employer


@pytest.fixture
def draft(agency, period):
    make_formation(agency, period, lines={"pertama": (3, 0)})
    return make_proposal(agency, period, complete=False)


def url(name, proposal):
    return reverse(f"proposals:{name}", args=[proposal.pk])


# Nominate


def test_a_candidate_is_nominated_once(as_user, operator, draft):
    client = as_user(operator)
    page = client.get(url("nominate", draft)).content.decode()
    assert "Satu formasi Ahli Pertama dipesan." in page
    assert client.post(url("nominate", draft)).url == url("detail", draft)
    draft.refresh_from_db()
    assert draft.status == "nominated"
    second = client.post(url("nominate", draft), follow=True)
    assert "Keadaan usulan sekarang: menunggu verifikasi usulan." in second.content.decode()
    assert [e.kind for e in events_of(draft)] == ["proposal.nominated"]
    assert client.get(url("nominate", draft)).url == url("detail", draft)


def test_a_refused_candidate_stays_a_draft_with_the_reasons(as_user, operator, draft):
    draft.rank_id = "IV/a"
    draft.save()
    client = as_user(operator)
    page = client.get(url("nominate", draft))
    assert [v["source"][:9] for v in page.context["refused"]] == ["Aturan E9"]
    assert "<button" not in page.content.decode().split("Belum dapat diusulkan")[1]
    answer = client.post(url("nominate", draft), follow=True)
    assert "Pangkat IV/a belum sesuai untuk Ahli Pertama" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_the_last_post_is_the_last(as_user, operator, agency, period, draft):
    for _ in range(3):
        make_proposal(agency, period, status="filling", complete=False)
    answer = as_user(operator).post(url("nominate", draft), follow=True)
    assert (
        "Formasi jenjang Ahli Pertama sudah habis: 3 dari 3 dipakai. "
        "Ubah formasi atau pilih jenjang lain." in answer.content.decode()
    )


def test_a_closed_period_takes_no_nomination(as_user, operator, draft, period):
    period.status = "closed"
    period.save()
    client = as_user(operator)
    assert "Pengusulan sudah ditutup." in client.get(url("nominate", draft)).content.decode()
    answer = client.post(url("nominate", draft), follow=True)
    assert "sudah ditutup. Usulkan lagi pada periode berikutnya." in answer.content.decode()


@pytest.mark.parametrize(("minutes", "status"), [(9, "nominated"), (10, "draft")])
def test_what_arrives_in_the_grace_is_taken(as_user, operator, draft, period, minutes, status):
    period.nomination_deadline = timezone.now() - minutes * MINUTE
    period.save()
    client = as_user(operator)
    page = client.get(url("nominate", draft)).content.decode()
    assert ("Pengusulan sudah ditutup." in page) == (status == "draft")
    client.post(url("nominate", draft))
    draft.refresh_from_db()
    assert draft.status == status
    listed = client.get(reverse("proposals:list")).context["can_create"]
    assert listed == (status == "nominated")


def test_nobody_nominates_themselves(as_user, operator, agency, period):
    own = make_proposal(agency, period, nip=operator.nip)
    for method in ("get", "post"):
        answer = getattr(as_user(operator), method)(url("nominate", own))
        assert answer.status_code == 403
        assert "operator lain di instansi Anda, atau administrator BPS" in answer.content.decode()
    assert as_user(operator).get(url("edit", own)).status_code == 403
    own.refresh_from_db()
    assert own.status == "draft"
    as_user(make_admin()).post(url("nominate", own))
    own.refresh_from_db()
    assert own.status == "nominated"


def test_nominating_refuses_others(as_user, draft, refuses_everybody_else, agency, period):
    refuses_everybody_else(url("nominate", draft), stranger=make_operator(), get_allowed=True)
    sent = make_proposal(agency, period, status="nominated")
    assert as_user(make_verifier()).post(url("nominate", sent)).status_code == 403


# Withdraw


@pytest.mark.parametrize("status", ["draft", "nominated", "filling", "submitted", "test_required"])
def test_a_proposal_is_withdrawn_with_a_reason(as_user, operator, agency, period, status):
    proposal = make_proposal(agency, period, status=status)
    client = as_user(operator)
    assert "Alasan penarikan" in client.get(url("withdraw", proposal)).content.decode()
    empty = client.post(url("withdraw", proposal), {"reason": " "})
    assert empty.status_code == 422
    client.post(url("withdraw", proposal), {"reason": "Pindah instansi."})
    proposal.refresh_from_db()
    assert (proposal.status, proposal.end_note) == ("withdrawn", "Pindah instansi.")
    second = client.post(url("withdraw", proposal), {"reason": "Lagi."}, follow=True)
    assert "Tindakan ini tidak dapat dilakukan lagi." in second.content.decode()
    assert [e.kind for e in events_of(proposal)] == ["proposal.withdrawn"]


@pytest.mark.parametrize("status", ["ready", "recommended", "not_eligible"])
def test_it_is_too_late_to_withdraw(as_user, operator, agency, period, status):
    proposal = make_proposal(agency, period, status=status)
    page = as_user(operator).get(url("withdraw", proposal), follow=True)
    assert "tidak dapat ditarik lagi" in page.content.decode()


def test_withdrawing_refuses_others(agency, period, refuses_everybody_else):
    sent = make_proposal(agency, period, status="nominated")
    refuses_everybody_else(
        url("withdraw", sent),
        data={"reason": "x"},
        onlooker=make_verifier(),
        stranger=make_operator(),
        get_allowed=True,
    )


# Invitation


@pytest.fixture
def invited(agency, period, draft):
    """A proposal whose participant was invited and has not set a password."""
    workflow.nominate(draft, by=make_user())
    proposal = workflow.approve_nomination(draft, by=make_verifier())
    OutboxMessage.objects.filter(template="invitation").update(
        state="failed", response="550 tidak ada"
    )
    return proposal


def test_the_answer_of_the_mail_server_is_shown(as_user, operator, invited):
    page = as_user(operator).get(url("detail", invited)).content.decode()
    assert "Ditolak server email" in page
    assert "550 tidak ada" in page
    assert "Kirim undangan lagi" in page


def test_the_invitation_is_sent_again_and_the_old_link_dies(as_user, operator, invited):
    make_link(OneTimeLink.Kind.INVITATION, invited.participant_id)
    client = as_user(operator)
    client.post(url("invitation_resend", invited))
    mails = OutboxMessage.objects.filter(template="invitation").order_by("pk")
    assert [m.state for m in mails] == ["failed", "queued"]
    assert mails[1].proposal_id == invited.pk
    assert not OneTimeLink.objects.exists()
    second = client.post(url("invitation_resend", invited), follow=True)
    assert "Undangan sedang dikirim." in second.content.decode()
    assert mails.count() == 2


def test_a_used_account_needs_no_invitation(as_user, operator, agency, period):
    filling = make_proposal(agency, period, status="filling")
    answer = as_user(operator).post(url("invitation_resend", filling), follow=True)
    assert "Akun peserta sudah dipakai." in answer.content.decode()
    assert not OutboxMessage.objects.exists()


def test_before_the_approval_there_is_nothing_to_send(as_user, operator, draft):
    answer = as_user(operator).post(url("invitation_resend", draft), follow=True)
    assert "Undangan dikirim setelah BPS menyetujui" in answer.content.decode()


def test_resending_refuses_others(invited, operator, refuses_everybody_else):
    refuses_everybody_else(
        url("invitation_resend", invited),
        onlooker=make_verifier(),
        stranger=make_operator(),
        allowed=operator,
    )


def test_the_address_is_corrected_and_the_invitation_goes_there(as_user, operator, invited):
    make_link(OneTimeLink.Kind.INVITATION, invited.participant_id)
    client = as_user(operator)
    assert client.get(url("participant_email", invited)).status_code == 200
    client.post(url("participant_email", invited), {"email": "Benar@contoh.go.id"})
    invited.refresh_from_db()
    assert invited.email == invited.participant.email == "benar@contoh.go.id"
    newest = OutboxMessage.objects.filter(template="invitation").order_by("pk").last()
    assert (newest.to_email, newest.state) == ("benar@contoh.go.id", "queued")
    assert not OneTimeLink.objects.exists()
    assert "proposal.email_corrected" in [e.kind for e in events_of(invited)]


@pytest.mark.parametrize(("email", "status"), [("bukan", 422), ("milik@contoh.go.id", 409)])
def test_a_bad_or_foreign_address_changes_nothing(as_user, operator, invited, email, status):
    make_user(email="milik@contoh.go.id")
    before = invited.email
    answer = as_user(operator).post(url("participant_email", invited), {"email": email})
    assert answer.status_code == status
    assert f'value="{email}"' in answer.content.decode()
    invited.refresh_from_db()
    assert invited.email == invited.participant.email == before


def test_a_used_account_keeps_its_address(as_user, operator, agency, period):
    filling = make_proposal(agency, period, status="filling")
    answer = as_user(operator).post(
        url("participant_email", filling), {"email": "baru@contoh.go.id"}, follow=True
    )
    assert "Peserta sendiri yang mengubah alamatnya" in answer.content.decode()
    assert Proposal.objects.get().email == filling.email


def test_correcting_refuses_others(invited, refuses_everybody_else):
    refuses_everybody_else(
        url("participant_email", invited),
        data={"email": "a@contoh.go.id"},
        onlooker=make_verifier(),
        stranger=make_operator(),
        get_allowed=True,
    )
