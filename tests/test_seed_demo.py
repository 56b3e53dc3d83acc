"""Demo data: what the command makes, that it makes it once, and that it refuses elsewhere."""

from __future__ import annotations

import io

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client

from competency.models import TestSession
from inpassing.accounts.models import User
from inpassing.demo import bulk
from inpassing.demo.cast import PASSWORD
from inpassing.demo.people import person
from inpassing.demo.seeding import seed
from inpassing.files.inspector import inspect
from inpassing.files.models import StoredFile
from inpassing.notifications.models import OutboxMessage
from inpassing.timeline.events import broken_links
from inpassing.timeline.models import TimelineEvent
from proposals.models import Formation, OperatorRequest, Proposal
from recommendations.models import Letter

ACCOUNTS = ["admin", "verifikator", "operator", "peserta", "pengawas", "penandatangan"]


def test_refuses_where_debug_is_off(db, settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG is off"):
        call_command("seed_demo")
    assert not User.objects.exists()


def test_refuses_more_than_a_million(db, settings):
    settings.DEBUG = True
    with pytest.raises(CommandError, match="0 to 1000000"):
        call_command("seed_demo", "--proposals", "1000001")
    assert not User.objects.exists()


def test_standard_set(db, tmp_path):
    assert seed() is True

    # Every status but RECOMMENDED, which comes when the worker has printed the signed letter.
    statuses = set(Proposal.objects.values_list("status", flat=True))
    assert set(Proposal.Status) - statuses == {Proposal.Status.RECOMMENDED}
    assert set(Formation.objects.values_list("status", flat=True)) == set(Formation.Status)
    letters = Letter.objects.main().values_list("status", flat=True)
    assert {"draft", "awaiting", "issuing"} <= set(letters)
    waiting = OperatorRequest.objects.filter(status="requested")
    assert waiting.exclude(email_confirmed_at=None).count() == 2
    assert waiting.filter(email_confirmed_at=None).count() == 1
    session = TestSession.objects.filter(office__grants__user__username="pengawas").latest("pk")
    assert session.takes_attendance()
    assert session.seats.current().count() == 4
    assert not session.seats.exclude(attendance="").exists()

    # The stories hold together and lie in the past; only today's mail goes out.
    assert list(broken_links()) == []
    now = TimelineEvent.objects.latest("at").at
    assert Proposal.objects.filter(status_since__gt=now).count() == 0
    queued = OutboxMessage.objects.filter(state=OutboxMessage.State.QUEUED)
    assert {mail.template for mail in queued} == {
        "operator_request_confirm",
        "invitation",
        "nomination_approved_operator",
    }

    # The participant's slots: brought along from the last period, one of them replaced and locked.
    peserta = User.objects.get(username="peserta")
    proposal = Proposal.objects.get(participant=peserta, status=Proposal.Status.FILLING)
    assert proposal.previous is not None
    assert proposal.previous.status == Proposal.Status.TEST_FAILED
    codes = {}
    for document in proposal.documents.exclude(current=None).select_related("current__file"):
        path = tmp_path / "berkas.pdf"
        with default_storage.open(document.current.file.path) as file:
            path.write_bytes(file.read())
        codes[document.requirement.code] = inspect(str(path)).code
    assert codes == {
        "sk_cpns": None,
        "sk_pns": None,
        "ijazah": None,
        "sp_pengalaman": None,
        "sp_kompeten": None,
        "sp_hukdis": None,
        "transkrip": "encrypted",
    }
    assert StoredFile.objects.filter(size__gt=100_000).count() == 0

    # Invented people only: a sequence 9xx, no number twice in a period.
    nips = list(Proposal.objects.values_list("nip", flat=True))
    nips += User.objects.exclude(nip=None).values_list("nip", flat=True)
    assert {nip[15] for nip in nips} == {"9"}

    # Each account gets in.
    for username in ACCOUNTS:
        assert Client().login(username=username, password=PASSWORD), username

    # A second run changes nothing.
    before = (User.objects.count(), Proposal.objects.count(), TimelineEvent.objects.count())
    assert seed() is False
    after = (User.objects.count(), Proposal.objects.count(), TimelineEvent.objects.count())
    assert after == before


def test_many_proposals(db, settings, monkeypatch):
    settings.DEBUG = True
    monkeypatch.setattr(bulk, "CHUNK", 400)
    out = io.StringIO()
    call_command("seed_demo", "--proposals", "1000", stdout=out)
    standard = Proposal.objects.exclude(email__endswith="@contoh.example", phone="").count()
    bare = Proposal.objects.filter(email__regex=r"^p[0-9]+@contoh\.example$")
    assert bare.count() == 1000
    assert "1000 proposals added in" in out.getvalue()
    assert bare.values("agency").distinct().count() > 100
    assert set(bulk.SHARES) <= set(bare.values_list("status", flat=True))
    somebody = bare.first()
    assert somebody.sort_name == somebody.name.lower()

    call_command("seed_demo", "--proposals", "500", stdout=out)
    assert bare.count() == 1500
    assert standard > 0


def test_nobody_twice():
    people = [person(number, sequence=900, width=90) for number in range(60_000)]
    assert len({somebody.nip for somebody in people}) == 60_000
    assert {len(somebody.nip) for somebody in people} == {18}
