"""What dates demand of stage 4: a run put up on its day, reminders to signers and operators.

Each function may run as often as beat likes, and after a pause: what was done stands in the records
(`Run.put_up_at`, `Run.reminded_on`, `Letter.reminded_on`), and only the latest reminder is sent.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import RoleGrant
from inpassing.errors import TransitionError
from inpassing.formats import format_number, long_date
from inpassing.notifications.outbox import enqueue
from inpassing.reference.models import Period
from inpassing.timeline.events import record
from proposals.models import Proposal

from . import gathering
from .composing import NOT_RECOMMENDED
from .models import Letter, LetterLine, LetterQuerySet, Run, RunQuerySet
from .records import people_with, tell_operators, today

logger = logging.getLogger(__name__)

# A date that is missed by more than this is for an administrator to see to.
MISSED_AT_MOST = dt.timedelta(days=30)
SIGNER_DAYS = (3, 7)  # after the recommendation date, then every week
DECREE_EVERY = 30  # days after the letter's date
DECREE_BEFORE = (14, 3)  # days before the period's date for appointments
NAMES_SHOWN = 5
NO_LIMIT = "BPS memerlukan salinan itu untuk mencatat pengangkatan."


def put_up_due() -> int:
    """Put up the runs whose recommendation date has come, once each; returns how many.

    Nothing is signed. What is held stays a draft, and the administrators are told.
    """
    day = today()
    to_write = Proposal.objects.filter(
        period=OuterRef("pk"), status__in=[Proposal.Status.READY, *NOT_RECOMMENDED]
    )
    periods = (
        Period.objects.exclude(status=Period.Status.DRAFT)
        .filter(recommendation_on__range=(day - MISSED_AT_MOST, day))
        .filter(Q(run=None) & Exists(to_write) | Q(run__isnull=False, run__put_up_at=None))
        .order_by("recommendation_on", "pk")
    )
    done = 0
    for period in periods:
        try:
            done += _put_up(period)
        except Exception:
            # One period must not hold up the others; the next round tries it again.
            logger.exception("run.put_up_failed", extra={"period": period.pk})
    return done


@transaction.atomic
def _put_up(period: Period) -> bool:
    run, is_new = Run.objects.get_or_create(period=period)
    if is_new:
        record(run, "run.created", "Penerbitan dibuat", by=None)
    run = Run.objects.select_for_update(of=("self",)).select_related("period").get(pk=run.pk)
    if run.put_up_at:
        return False
    gathering.gather(run, by=None)
    try:
        sent = gathering.put_up(run, by=None).sent
    except TransitionError:
        sent = 0  # nothing that could be sent: the message says so
    run.put_up_at, run.reminded_on = timezone.now(), today()
    run.save(update_fields=["put_up_at", "reminded_on"])
    for admin in people_with(RoleGrant.Role.ADMIN):
        enqueue(
            f"run_put_up:{run.pk}:{admin.pk}",
            to=admin,
            template="run_put_up",
            fields={
                "periode": period.name,
                "jumlah": format_number(sent),
                "tertahan": format_number(run.letters.main().drafts().count()),
            },
            path=reverse("recommendations:run", args=[run.pk]),
        )
    return True


def remind_signers_due() -> int:
    """Remind the signers of letters that have waited for some days; returns of how many runs."""
    day = today()
    waiting = Letter.objects.awaiting_signature().filter(run=OuterRef("pk"))
    runs = Run.objects.filter(Exists(waiting), put_up_at__isnull=False).select_related("period")
    reminded = 0
    for run in runs:
        since = timezone.localdate(run.put_up_at)
        marks = [since + dt.timedelta(days=days) for days in SIGNER_DAYS]
        while marks[-1] + dt.timedelta(days=7) <= day:
            marks.append(marks[-1] + dt.timedelta(days=7))
        reminded += _remind_signers(run, marks, day)
    return reminded


@transaction.atomic
def _remind_signers(run: Run, marks: list[dt.date], day: dt.date) -> bool:
    mark = _latest(marks, day)
    if mark is None or not _claim(Run.objects.filter(pk=run.pk), mark, day):
        return False
    number = run.letters.awaiting_signature().count()
    for signer in people_with(RoleGrant.Role.SIGNER):
        enqueue(
            f"letters_reminder:{run.pk}:{day}:{signer.pk}",
            to=signer,
            template="letters_reminder",
            fields={
                "jumlah": format_number(number),
                "periode": run.period.name,
                "tanggal": long_date(run.period.recommendation_on),
            },
            path=reverse("recommendations:signing"),
        )
    return True


def remind_decrees_due() -> int:
    """Remind agencies of the appointment decrees that are still missing; returns of how many
    letters."""
    day = today()
    missing = LetterLine.objects.filter(
        letter=OuterRef("pk"), proposal__status=Proposal.Status.RECOMMENDED
    )
    near = day + dt.timedelta(days=max(DECREE_BEFORE))
    letters = (
        Letter.objects.issued()
        .filter(Exists(missing), kind=Letter.Kind.RECOMMENDATION)
        .filter(
            Q(letter_date__lte=day - dt.timedelta(days=DECREE_EVERY))
            | Q(period__appointment_by__lte=near)
        )
        .exclude(reminded_on=day)
        .select_related("agency", "position", "period")
        .defer("content")
        .order_by("pk")
    )
    return sum(_remind_of_decrees(letter, day) for letter in letters.iterator(chunk_size=500))


@transaction.atomic
def _remind_of_decrees(letter: Letter, day: dt.date) -> bool:
    assert letter.letter_date is not None  # it is issued
    months = (day - letter.letter_date).days // DECREE_EVERY
    marks = [letter.letter_date + dt.timedelta(days=DECREE_EVERY * months)] if months else []
    by = letter.period.appointment_by
    if by:
        marks += [by - dt.timedelta(days=days) for days in DECREE_BEFORE]
    # What lies before the letter was nobody's to know.
    mark = _latest([mark for mark in marks if mark > letter.letter_date], day)
    if mark is None or not _claim(Letter.objects.filter(pk=letter.pk), mark, day):
        return False
    lines = letter.lines.filter(proposal__status=Proposal.Status.RECOMMENDED)
    names = [line.proposal.full_name for line in lines.select_related("proposal")]
    more = len(names) - NAMES_SHOWN
    tell_operators(
        letter,
        f"decree_reminder:{letter.pk}:{day}",
        "decree_reminder",
        nama_peserta=", ".join(names[:NAMES_SHOWN])
        + (f", dan {format_number(more)} orang lagi" if more > 0 else ""),
        jumlah=format_number(len(names)),
        batas=f"Batas pengangkatan periode ini {long_date(by)}." if by else NO_LIMIT,
    )
    return True


def _latest(marks: list[dt.date], day: dt.date) -> dt.date | None:
    """The last of these days that has come."""
    return max((mark for mark in marks if mark <= day), default=None)


def _claim(row: LetterQuerySet | RunQuerySet, mark: dt.date, day: dt.date) -> bool:
    """Whether the reminder of `mark` is this caller's to send."""
    due = Q(reminded_on=None) | Q(reminded_on__lt=mark)
    return bool(row.filter(due).update(reminded_on=day))
