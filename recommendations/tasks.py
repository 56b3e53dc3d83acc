"""The letter worker: claims letters that a signer has numbered, prints, signs, concludes.

Everything that decides what a letter says was fixed at the signer's act, so a run after a crash
makes the same letter, and `conclude` stores it once.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from celery import shared_task

from inpassing.errors import TransitionError
from inpassing.letters.documents import document_from_json
from inpassing.letters.errors import LetterError, ServiceError
from inpassing.letters.render import render_document
from inpassing.letters.signing import sign_pdf
from inpassing.queue import claim_oldest, hint

from . import calendar, exports, gathering
from .issuing import conclude
from .models import Letter

logger = logging.getLogger(__name__)

CLAIM = timedelta(minutes=2)
MAX_ATTEMPTS = 3
CHUNK_SECONDS = 45.0
GAVE_UP = "Surat tidak dapat dibuat karena gangguan sistem."


@shared_task
def export_due() -> None:
    """Make the files that were asked for, remove those whose week is over; harmless when run
    twice."""
    exports.expire_due()
    if exports.work_due():
        hint("recommendations.tasks.export_due")


@shared_task
def run_due() -> None:
    """Do what dates demand: put up runs, remind signers and agencies; harmless when run twice."""
    calendar.put_up_due()
    calendar.remind_signers_due()
    calendar.remind_decrees_due()


@shared_task
def check_due() -> None:
    """Look at what drafts say, so that a run names all that is held; harmless when run twice."""
    started = time.monotonic()
    while time.monotonic() - started < CHUNK_SECONDS:
        if not gathering.check_next():
            return
    hint("recommendations.tasks.check_due")


@shared_task
def issue_due() -> None:
    """Make the PDFs of all letters that are being issued; harmless when run twice.

    Stops after a while and asks for another round, so that a lost worker costs little.
    """
    started = time.monotonic()
    while time.monotonic() - started < CHUNK_SECONDS:
        letter = claim_next()
        if letter is None:
            return
        make(letter)
    hint("recommendations.tasks.issue_due")


def claim_next() -> Letter | None:
    """The oldest letter to be made that nobody holds, now held by the caller."""
    waiting = Letter.objects.to_be_made().filter(failure="")
    return claim_oldest(waiting, "signed_at", "pk", lease=CLAIM)


def make(letter: Letter) -> None:
    """Print, sign and conclude one claimed letter, or note why that is not possible."""
    if letter.attempts > MAX_ATTEMPTS:
        _give_up(letter, GAVE_UP)
        return
    assert letter.content is not None  # a constraint of the database
    assert letter.signed_at is not None
    try:
        pdf = sign_pdf(
            render_document(document_from_json(letter.content)), signed_at=letter.signed_at
        )
        done = conclude(letter, pdf)
    except ServiceError as error:
        # The row stays claimed for a while: the service may be back by then.
        if letter.attempts >= MAX_ATTEMPTS:
            _give_up(letter, str(error))
        logger.warning("letter.no_service", extra={"letter": letter.pk})
    except (LetterError, TransitionError) as error:
        _give_up(letter, str(error))
    except Exception:
        # The row stays claimed for a while and is tried again, at most MAX_ATTEMPTS times.
        logger.exception("letter.failed", extra={"letter": letter.pk, "attempt": letter.attempts})
    else:
        logger.info("letter.made", extra={"letter": letter.pk, "stored": done})


def _give_up(letter: Letter, why: str) -> None:
    Letter.objects.filter(pk=letter.pk, status=Letter.Status.ISSUING).update(
        failure=why[:500], claimed_at=None
    )
    logger.warning("letter.given_up", extra={"letter": letter.pk})
