"""Papers on demand: one row per paper, printed by a worker, whatever happens to it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from django.utils import timezone

from inpassing.letters import tasks
from inpassing.letters.documents import (
    Letterhead,
    Person,
    SignerBlock,
    StatementCompetence,
)
from inpassing.letters.errors import LetterError
from inpassing.letters.models import PrintJob
from inpassing.letters.printing import request_print
from tests.factories import make_agency, make_user

pytestmark = [
    pytest.mark.django_db,
    # WeasyPrint 70 leaves its colour profile open.
    pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning"),
]


def statement(**fields) -> StatementCompetence:
    return StatementCompetence(
        **{
            "letterhead": Letterhead(name="DINAS CONTOH"),
            "place": "Baubau",
            "person": Person(name="Andi Contoh", nip="198904142014032901"),
            "signer": SignerBlock(post="Kepala Dinas", name="Budi", nip="197001011995031902"),
            "unit": "Dinas Contoh",
            "level": "Statistisi Ahli Pertama",
            "field_of_work": "statistik",
            **fields,
        }
    )


def ask(owner, **fields) -> PrintJob:
    return request_print(owner, statement(**fields), filename="surat.pdf", by=None)


def test_the_worker_prints_what_was_asked_for():
    job = ask(make_agency())
    assert job.state == "waiting"
    tasks.print_due()
    job.refresh_from_db()
    assert (job.state, job.file.name, job.file.state) == ("done", "surat.pdf", "accepted")
    assert (job.file.owner_kind, job.file.owner_id) == ("letters.printjob", job.pk)


def test_the_same_paper_is_one_job():
    owner = make_agency()
    first, again = ask(owner), ask(owner, made_at="2026-08-28T10:00:00+07:00")
    assert again.pk == first.pk
    assert ask(owner, level="Statistisi Ahli Muda").pk != first.pk
    assert ask(make_agency()).pk != first.pk
    tasks.print_due()
    assert ask(owner).is_done


def test_what_is_missing_is_said_before_a_row_is_made():
    with pytest.raises(LetterError, match="unit kerja"):
        ask(make_agency(), unit="")
    assert PrintJob.objects.count() == 0


def test_what_the_font_lacks_is_said_before_a_row_is_made():
    with pytest.raises(LetterError, match=r"“統” \(U\+7D71\), “計” \(U\+8A08\) pada "):
        ask(make_agency(), level="Statistisi 統計")
    assert PrintJob.objects.count() == 0


def test_a_letter_that_cannot_be_printed_fails_with_its_reason_and_can_be_tried_again(monkeypatch):
    def unprintable(document):
        raise LetterError("Surat menunjuk ke luar sistem.")

    owner = make_agency()
    job = ask(owner)
    monkeypatch.setattr(tasks, "render_document", unprintable)
    tasks.print_due()
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", "Surat menunjuk ke luar sistem.")
    assert ask(owner).is_waiting


def test_a_job_that_broke_three_times_is_given_up(monkeypatch, caplog):
    def broken(document):
        raise RuntimeError("broken")

    job = ask(make_agency())
    monkeypatch.setattr(tasks, "render_document", broken)
    for _ in range(4):
        tasks.print_due()
        PrintJob.objects.filter(state="waiting").update(
            claimed_at=timezone.now() - dt.timedelta(minutes=3)
        )
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", 4)
    assert job.message == tasks.BROKEN
    assert caplog.text.count("print.failed") == 3


def test_a_job_that_another_worker_holds_is_left_alone():
    job = ask(make_agency())
    assert tasks.claim_next().pk == job.pk
    assert tasks.claim_next() is None


def test_printing_twice_stores_one_file():
    job = ask(make_agency())
    tasks.print_one(job)
    tasks.print_one(job)
    from inpassing.files.models import StoredFile

    assert StoredFile.objects.filter(owner_kind="letters.printjob").count() == 1


def test_asking_does_not_load_weasyprint():
    code = (
        "import django, sys; django.setup();"
        "import inpassing.urls, inpassing.letters.printing, inpassing.letters.views;"
        "sys.exit('weasyprint' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or "WeasyPrint was loaded"


def test_requested_by_is_kept():
    user = make_user()
    job = request_print(make_agency(), statement(), filename="surat.pdf", by=user)
    assert job.requested_by == user
