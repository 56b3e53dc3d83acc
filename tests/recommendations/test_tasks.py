"""The letter worker: prints, survives crashes, gives up in words."""

from __future__ import annotations

import datetime as dt
import io

import pypdf
import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from inpassing.files.models import StoredFile
from inpassing.formats import format_nip, long_date
from inpassing.notifications.models import OutboxMessage
from recommendations import gathering, issuing, tasks, workflow
from recommendations.models import Letter
from recommendations.tasks import claim_next, issue_due, make
from tests.factories import PDF, make_admin, make_operator
from tests.recommendations.factories import make_draft, make_issuing, make_printed

pytestmark = pytest.mark.django_db


def words_of(letter: Letter) -> str:
    assert letter.file is not None
    with default_storage.open(letter.file.path) as file:
        reader = pypdf.PdfReader(io.BytesIO(file.read()))
    return " ".join(" ".join(page.extract_text().split()) for page in reader.pages)


def test_a_whole_letter_from_run_to_pdf() -> None:
    letter = make_draft(3)
    workflow.set_reference(letter, by=make_admin(), number="800/1243", date=dt.date(2026, 8, 10))
    gathering.put_up(letter.run, by=make_admin())
    from tests.recommendations.factories import make_signing_officer

    signer = make_signing_officer(name="Hartawan Prameswara")
    issuing.issue(letter, by=signer)
    issue_due()
    letter.refresh_from_db()
    assert letter.is_issued
    words = words_of(letter)
    assert letter.number in words
    assert letter.code in words
    assert long_date(letter.letter_date) in words
    assert "Hartawan Prameswara" in words
    assert "800/1243" in words
    for line in letter.lines.select_related("proposal"):
        assert line.proposal.full_name in words
        assert format_nip(line.proposal.nip) in words
        assert line.proposal.status == "recommended"
    for extract in letter.extracts.all():
        own = words_of(extract)
        assert extract.is_issued
        assert letter.number in own
        assert extract.code in own
        assert extract.lines.get().proposal.full_name in own


def test_the_stored_bytes_are_what_the_hash_says() -> None:
    letter = make_printed(1)
    import hashlib

    with default_storage.open(letter.file.path) as file:
        assert hashlib.sha256(file.read()).hexdigest() == letter.sha256


def test_the_task_run_twice_changes_nothing() -> None:
    make_printed(1)
    before = list(Letter.objects.order_by("pk").values_list("sha256", "issued_at"))
    mails = OutboxMessage.objects.count()
    issue_due()
    assert list(Letter.objects.order_by("pk").values_list("sha256", "issued_at")) == before
    assert OutboxMessage.objects.count() == mails


def test_killed_after_the_claim_it_is_made_when_the_claim_is_old() -> None:
    letter = make_issuing(1)
    assert claim_next() == letter
    assert claim_next() is None
    Letter.objects.filter(pk=letter.pk).update(claimed_at=timezone.now() - dt.timedelta(minutes=3))
    again = claim_next()
    assert again is not None
    make(again)
    letter.refresh_from_db()
    assert (letter.status, letter.attempts, letter.sequence) == ("issued", 2, 1)


def test_killed_while_concluding_nothing_is_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    letter = make_issuing(2)
    make_operator(letter.agency)

    def break_down(*args: object, **kwargs: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(issuing.proposals, "mark_recommended", break_down)
        claimed = claim_next()
        assert claimed is not None
        make(claimed)
    letter.refresh_from_db()
    assert (letter.status, letter.file) == ("issuing", None)
    assert StoredFile.objects.filter(owner_kind="recommendations.letter").count() == 0
    assert not OutboxMessage.objects.filter(template="letter_recommendation_issued").exists()
    Letter.objects.update(claimed_at=None)
    issue_due()
    letter.refresh_from_db()
    assert (letter.status, letter.sequence) == ("issued", 1)
    assert StoredFile.objects.filter(owner_kind="recommendations.letter").count() == 3
    assert OutboxMessage.objects.filter(template="letter_recommendation_issued").count() == 1


def test_two_workers_print_the_same_letter_but_one_stores_it() -> None:
    letter = make_issuing(1)
    assert issuing.conclude(letter, PDF)
    claimed = Letter.objects.get(pk=letter.pk)
    make(claimed)
    assert (
        StoredFile.objects.filter(owner_kind="recommendations.letter", owner_id=letter.pk).count()
        == 1
    )


def test_extracts_wait_for_their_letter() -> None:
    letter = make_issuing(2)
    assert set(Letter.objects.to_be_made()) == {letter}


def test_after_three_attempts_it_gives_up_in_words() -> None:
    letter = make_issuing(1)
    Letter.objects.filter(pk=letter.pk).update(attempts=tasks.MAX_ATTEMPTS)
    issue_due()
    letter.refresh_from_db()
    assert (letter.status, letter.failure) == ("issuing", tasks.GAVE_UP)
    assert claim_next() is None


def test_a_letter_that_cannot_be_printed_says_why() -> None:
    letter = make_issuing(1)
    assert letter.content is not None
    content = {**letter.content, "subject": "Emoji \N{GRINNING FACE}"}
    Letter.objects.filter(pk=letter.pk).update(content=content)
    issue_due()
    letter.refresh_from_db()
    assert letter.is_stuck
    assert "Tidak dapat dicetak" in letter.failure


def test_a_proposal_that_moved_on_stops_the_letter_in_words() -> None:
    letter = make_issuing(1)
    proposal = letter.lines.get().proposal
    type(proposal).objects.filter(pk=proposal.pk).update(status="withdrawn")
    issue_due()
    letter.refresh_from_db()
    assert letter.is_stuck
    assert "Keadaan usulan sekarang: ditarik." in letter.failure
    assert letter.file is None


def test_the_same_content_makes_the_same_bytes() -> None:
    letter = make_printed(1)
    from inpassing.letters.documents import document_from_json
    from inpassing.letters.render import render_document

    with default_storage.open(letter.file.path) as file:
        assert render_document(document_from_json(letter.content)) == file.read()
