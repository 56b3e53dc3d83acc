"""proposals.closing: what the dates do, exactly once, also after a day without beat."""

from __future__ import annotations

import datetime as dt
import threading
from itertools import product

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inpassing.accounts.models import OneTimeLink
from inpassing.notifications.models import InboxMessage, OutboxMessage
from inpassing.notifications.tasks import deliver_due
from inpassing.timeline.events import broken_links
from inpassing.timeline.models import TimelineEvent
from proposals import closing, tasks
from proposals.closing import Outcome, close_due, count_closing, plan_closing, remind_due
from proposals.deadlines import deadline_of
from proposals.models import AgencyDeadline, LargeScan, Proposal, ProposalDocument
from tests.factories import make_agency, make_period
from tests.proposals.filing import DATA, filing, operator_of, pdf, put, shrunk, slot

pytestmark = pytest.mark.django_db
Status = Proposal.Status
NOW = timezone.now()
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def period_until(deadline: dt.datetime, **fields):
    """A period whose filing deadline is `deadline`; nominations ended five days before."""
    return make_period(
        opens_at=deadline - 30 * DAY,
        nomination_deadline=deadline - 5 * DAY,
        filing_deadline=deadline,
        **fields,
    )


def status_of(proposal: Proposal) -> str:
    return Proposal.objects.values_list("status", flat=True).get(pk=proposal.pk)


@pytest.mark.parametrize(("minutes", "expected"), [(9, Status.DRAFT), (10, Status.NOT_PROPOSED)])
def test_unsent_drafts_end_after_the_nomination_deadline_and_its_grace(minutes, expected):
    period = make_period(nomination_deadline=NOW, filing_deadline=NOW + 10 * DAY)
    draft = filing(Status.DRAFT, period=period, complete=False)
    nominated = filing(Status.NOMINATED, period=period, complete=False)
    close_due(NOW + minutes * MINUTE)
    assert status_of(draft) == expected
    assert status_of(nominated) == Status.NOMINATED


@pytest.mark.parametrize(("minutes", "expected"), [(9, Status.FILLING), (10, Status.SUBMITTED)])
def test_a_complete_proposal_is_sent_by_the_system(minutes, expected):
    proposal = filing(period=period_until(NOW))
    put(slot(proposal), pdf("n"), state="waiting")
    close_due(NOW + minutes * MINUTE)
    assert status_of(proposal) == expected
    sent = TimelineEvent.objects.filter(kind="proposal.submitted")
    assert [(e.label, e.actor) for e in sent] == (
        []
        if expected == Status.FILLING
        else [("Berkas dikirim oleh sistem pada batas waktu", None)]
    )


def test_an_incomplete_proposal_ends_with_the_list_of_what_is_missing():
    proposal = filing(period=period_until(NOW), graduation_year=None)
    put(slot(proposal, "transkrip"), pdf("n"), state="refused")
    operator = operator_of(proposal)
    close_due(NOW + HOUR)
    proposal.refresh_from_db()
    assert proposal.status == Status.NOT_ELIGIBLE
    assert proposal.end_note.endswith(
        "masih kurang: tahun lulus, Fotokopi Transkrip Nilai yang diakui secara kedinasan."
    )
    told = OutboxMessage.objects.filter(template="proposal_ended")
    assert {message.user for message in told} == {proposal.participant, operator}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("ready", " (hasil pengecilan belum dipakai)"),
        ("expired", " (hasil pengecilan belum dipakai)"),
        ("discarded", ""),
    ],
)
def test_a_smaller_scan_that_was_never_accepted_is_named(state, said):
    proposal = filing(period=period_until(NOW), **DATA, complete=False)
    for document in proposal.documents.exclude(requirement__code="transkrip"):
        put(document, pdf(f"slot {document.pk}"))
    scan = shrunk(slot(proposal, "transkrip"), by=proposal.participant)
    LargeScan.objects.filter(pk=scan.pk).update(state=state)
    # A scan that would only have replaced what is there is none that is missing.
    shrunk(slot(proposal), by=proposal.participant)
    close_due(NOW + HOUR)
    proposal.refresh_from_db()
    assert proposal.end_note.endswith(
        f"masih kurang: Fotokopi Transkrip Nilai yang diakui secara kedinasan{said}."
    )


@pytest.mark.parametrize(
    ("repaired", "expected"), [(True, Status.SUBMITTED), (False, Status.NOT_ELIGIBLE)]
)
def test_a_returned_proposal_closes_at_its_repair_date(repaired, expected):
    proposal = filing(Status.RETURNED, period=period_until(NOW), repair_deadline=NOW + 2 * DAY)
    if not repaired:
        ProposalDocument.objects.filter(pk=slot(proposal).pk).update(review="returned")
    close_due(NOW + DAY)
    assert status_of(proposal) == Status.RETURNED
    close_due(NOW + 2 * DAY + HOUR)
    assert status_of(proposal) == expected


def test_a_repair_date_before_the_filing_deadline_does_not_shorten_it():
    proposal = filing(
        Status.RETURNED, period=period_until(NOW + 3 * DAY), repair_deadline=NOW - DAY
    )
    assert close_due(NOW) == 0
    assert status_of(proposal) == Status.RETURNED


def test_who_was_approved_late_keeps_the_own_date():
    proposal = filing(period=period_until(NOW), filing_deadline=NOW + 4 * DAY)
    close_due(NOW + 3 * DAY)
    assert status_of(proposal) == Status.FILLING
    close_due(NOW + 5 * DAY)
    assert status_of(proposal) == Status.SUBMITTED


def test_an_agencys_extension_moves_its_people_only():
    period = period_until(NOW)
    extended, other = filing(period=period), filing(period=period)
    AgencyDeadline.objects.create(
        period=period, agency=extended.agency, filing_deadline=NOW + 2 * DAY
    )
    close_due(NOW + DAY)
    assert (status_of(extended), status_of(other)) == (Status.FILLING, Status.SUBMITTED)
    close_due(NOW + 3 * DAY)
    assert status_of(extended) == Status.SUBMITTED


def test_an_extension_of_the_period_moves_everybody():
    period = period_until(NOW)
    proposal = filing(period=period)
    period.filing_deadline = NOW + 2 * DAY
    period.save()
    close_due(NOW + DAY)
    assert status_of(proposal) == Status.FILLING


def test_after_a_day_without_beat_everything_happens_once():
    period = period_until(NOW - DAY)
    complete, incomplete = filing(period=period), filing(period=period, complete=False)
    draft = filing(Status.DRAFT, period=period, complete=False)
    assert close_due(NOW) == 3
    assert close_due(NOW) == 0
    tasks.close_due()
    assert status_of(complete) == Status.SUBMITTED
    assert status_of(incomplete) == Status.NOT_ELIGIBLE
    assert status_of(draft) == Status.NOT_PROPOSED
    kinds = sorted(TimelineEvent.objects.values_list("kind", flat=True))
    assert kinds == ["proposal.not_eligible", "proposal.not_proposed", "proposal.submitted"]
    assert list(broken_links()) == []


def test_the_plan_says_beforehand_what_closing_does():
    period = period_until(NOW + DAY)
    complete = filing(period=period)
    incomplete = filing(period=period, complete=False)
    draft = filing(Status.DRAFT, period=period, complete=False)
    filing(Status.SUBMITTED, period=period)
    filing(period=make_period())
    assert [c.outcome for c in plan_closing(period, NOW)] == [Outcome.NOT_PROPOSED]
    plan = plan_closing(period, NOW + 2 * DAY)
    assert [(c.proposal, c.outcome, c.due_at) for c in plan] == [
        (draft, Outcome.NOT_PROPOSED, period.nomination_deadline),
        (complete, Outcome.SENT, period.filing_deadline),
        (incomplete, Outcome.NOT_ELIGIBLE, period.filing_deadline),
    ]
    assert "telepon" in plan[2].missing
    assert status_of(complete) == Status.FILLING


def test_the_plan_costs_the_same_for_one_and_for_many():
    period = period_until(NOW)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            plan_closing(period, NOW + DAY)
        counts.append(len(queries))
        for _ in range(6):
            filing(period=period)
    with CaptureQueriesContext(connection) as queries:
        assert len(plan_closing(period, NOW + DAY)) == 12
    assert len(queries) - counts[1] == 0
    assert len(queries) <= 8


def test_the_count_and_the_parts_of_the_plan_are_the_plan():
    period = period_until(NOW)
    for complete in (True, False, False):
        filing(period=period, complete=complete)
    at = NOW + DAY
    whole = [c.proposal.pk for c in plan_closing(period, at)]
    with CaptureQueriesContext(connection) as queries:
        assert count_closing(period, at) == {Outcome.SENT: 1, Outcome.NOT_ELIGIBLE: 2}
    assert len(queries) == 1
    parts = [plan_closing(period, at, start=start, count=1) for start in range(3)]
    assert [c.proposal.pk for part in parts for c in part] == whole
    failed = plan_closing(period, at, outcome=Outcome.NOT_ELIGIBLE)
    assert [c.outcome for c in failed] == [Outcome.NOT_ELIGIBLE] * 2


def planned_for(proposal: Proposal, at: dt.datetime):
    return {c.proposal.pk: c for c in plan_closing(proposal.period, at)}.get(proposal.pk)


def test_each_empty_field_ends_a_proposal_exactly_when_it_is_named():
    period, agency = period_until(NOW), make_agency()
    dates = {"work_since", "graduation_year", "structural_since"}
    for is_structural, field in product([True, False], [*Proposal.DATA, *Proposal.STRUCTURAL_DATA]):
        given = {"structural_decree": "SK 1", "structural_since": "2019-01-01"}
        proposal = filing(
            period=period,
            agency=agency,
            is_structural=is_structural,
            complete=False,
            **(DATA | given | {field: None if field in dates else ""}),
        )
        ProposalDocument.objects.filter(proposal=proposal).delete()
        proposal.refresh_from_db()
        planned = planned_for(proposal, NOW + HOUR)
        assert list(planned.missing) == proposal.missing_data(), (is_structural, field)
        assert (planned.outcome == Outcome.NOT_ELIGIBLE) == bool(planned.missing)


def test_a_document_counts_in_the_plan_exactly_when_it_is_present():
    period, agency = period_until(NOW), make_agency()
    states, reviews = ["accepted", "waiting", "refused", None], ["", "accepted", "returned"]
    for status, state, review in product([Status.FILLING, Status.RETURNED], states, reviews):
        proposal = filing(status, period=period, agency=agency, complete=False, **DATA)
        document = slot(proposal)
        proposal.documents.exclude(pk=document.pk).delete()
        if state:
            put(document, pdf(proposal.pk), state=state)
        document.review = review
        document.save()
        planned = planned_for(proposal, NOW + HOUR)
        is_sent = planned.outcome == Outcome.SENT
        assert is_sent == slot(proposal).is_present, (status, state, review)


def test_the_plan_reckons_with_the_deadline_that_the_participant_sees():
    period, elsewhere = period_until(NOW), make_period()
    agencies = {days: make_agency() for days in (None, -1, 4)}
    for days, agency in agencies.items():
        for where, later in ((period, days), (elsewhere, 9)):
            if later:
                AgencyDeadline.objects.create(
                    period=where, agency=agency, filing_deadline=NOW + later * DAY
                )
    combinations = product(
        [Status.FILLING, Status.RETURNED], [None, -2, 3], agencies.values(), [None, -3, 5]
    )
    for status, own, agency, repair in combinations:
        proposal = filing(
            status,
            complete=False,
            period=period,
            agency=agency,
            filing_deadline=NOW + (own or 0) * DAY,
            repair_deadline=NOW + repair * DAY if repair else None,
        )
        seen = deadline_of(proposal)
        assert planned_for(proposal, seen + period.grace - MINUTE) is None
        planned = planned_for(proposal, seen + period.grace)
        assert planned.due_at == seen, (status, own, repair)


def test_a_proposal_without_a_date_of_its_own_is_left_alone():
    filing(period=period_until(NOW), filing_deadline=None)
    assert plan_closing(Proposal.objects.get().period, NOW + 30 * DAY) == []


def test_an_upload_in_the_last_moment_counts_even_when_the_plan_is_older(monkeypatch):
    proposal = filing(period=period_until(NOW))
    document = slot(proposal)
    current = document.current
    ProposalDocument.objects.filter(pk=document.pk).update(current=None)
    plan = plan_closing(proposal.period, NOW + HOUR)
    assert plan[0].outcome == Outcome.NOT_ELIGIBLE
    ProposalDocument.objects.filter(pk=document.pk).update(current=current)
    assert closing.carry_out(proposal.pk, NOW + HOUR)
    assert status_of(proposal) == Status.SUBMITTED


def test_what_the_inspector_refuses_after_the_sending_is_returned_with_a_repair_date():
    proposal = filing(Status.SUBMITTED, submitted_at=NOW)
    document = slot(proposal)
    put(document, pdf("n"), state="refused", message="Berkas rusak.")
    assert close_due(NOW) == 1
    assert close_due(NOW) == 0
    proposal.refresh_from_db()
    document.refresh_from_db()
    assert proposal.status == Status.RETURNED
    assert proposal.repair_deadline > NOW + 6 * DAY
    assert (document.review, document.note) == ("returned", "Berkas rusak.")
    assert proposal.documents.exclude(pk=document.pk).filter(review="").count() == 7
    message = OutboxMessage.objects.get(template="proposal_returned")
    assert "Berkas rusak." in message.fields["daftar"]


def test_one_proposal_that_cannot_be_closed_does_not_hold_up_the_others(monkeypatch, caplog):
    period = period_until(NOW)
    first, second = filing(period=period), filing(period=period)
    real = closing.carry_out

    def broken(pk, at):
        if pk == first.pk:
            raise RuntimeError("broken")
        return real(pk, at)

    monkeypatch.setattr(closing, "carry_out", broken)
    assert close_due(NOW + HOUR) == 1
    assert "closing.failed" in caplog.text
    assert (status_of(first), status_of(second)) == (Status.FILLING, Status.SUBMITTED)


@pytest.mark.django_db(transaction=True)
def test_two_closers_at_once_close_once():
    proposal = filing(period=period_until(NOW))
    start = threading.Barrier(2)

    def run() -> None:
        start.wait()
        close_due(NOW + HOUR)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert status_of(proposal) == Status.SUBMITTED
    assert TimelineEvent.objects.filter(kind="proposal.submitted").count() == 1
    assert OutboxMessage.objects.filter(template="proposal_submitted").count() == 1


# Reminders


def reminded() -> list[str]:
    return list(
        OutboxMessage.objects.filter(template__startswith="reminder").values_list(
            "template", flat=True
        )
    )


def test_reminders_go_seven_three_and_one_day_before_once_each():
    deadline = NOW + 20 * DAY
    proposal = filing(period=period_until(deadline), complete=False)
    counts = []
    for left in (8 * DAY, 7 * DAY, 7 * DAY - MINUTE, 3 * DAY, 2 * DAY, DAY, HOUR):
        for _ in range(2):
            remind_due(deadline - left)
        counts.append(len(reminded()))
    assert counts == [0, 1, 1, 2, 2, 3, 3]
    assert set(reminded()) == {"reminder_filing"}
    message = OutboxMessage.objects.filter(template="reminder_filing").first()
    assert message.user == proposal.participant
    assert "- telepon" in message.fields["keadaan"]
    assert InboxMessage.objects.filter(user=proposal.participant).count() == 3


def test_no_reminder_after_the_date_or_for_what_was_sent():
    deadline = NOW + 20 * DAY
    period = period_until(deadline)
    filing(Status.SUBMITTED, period=period)
    filing(Status.NOMINATED, period=period, complete=False)
    filing(period=period)
    remind_due(deadline + MINUTE)
    assert reminded() == []


def test_after_a_pause_only_the_latest_reminder_is_sent():
    deadline = NOW + 20 * DAY
    filing(period=period_until(deadline), complete=False)
    remind_due(deadline - HOUR)
    assert len(reminded()) == 1


def test_who_was_approved_three_days_before_is_not_reminded_of_seven():
    deadline = NOW + 5 * DAY
    filing(period=period_until(deadline), complete=False, status_since=NOW)
    remind_due(NOW + MINUTE)
    assert reminded() == []
    remind_due(deadline - 3 * DAY)
    assert len(reminded()) == 1


def test_operators_are_reminded_of_their_drafts_before_the_nomination_deadline():
    deadline = NOW + 20 * DAY
    period = make_period(nomination_deadline=deadline, filing_deadline=deadline + 10 * DAY)
    draft = filing(Status.DRAFT, period=period, complete=False)
    filing(Status.DRAFT, period=period, complete=False, agency=draft.agency)
    filing(Status.NOMINATED, period=period, complete=False)
    operator, colleague = operator_of(draft), operator_of(draft)
    counts = []
    for left in (8 * DAY, 7 * DAY, 6 * DAY, 3 * DAY, DAY, HOUR, -MINUTE):
        for _ in range(2):
            remind_due(deadline - left)
        counts.append(len(reminded()))
    assert counts == [0, 2, 2, 4, 6, 6, 6]
    message = OutboxMessage.objects.filter(user=operator).first()
    assert message.template == "reminder_nomination"
    assert message.fields["jumlah"] == "2"
    assert {m.user for m in OutboxMessage.objects.all()} == {operator, colleague}


def test_one_reminder_that_fails_does_not_hold_up_the_others(monkeypatch, caplog):
    deadline = NOW + 20 * DAY
    period = period_until(deadline)
    first, second = filing(period=period), filing(period=period)
    real = closing._remind

    def broken(proposal):
        if proposal.pk == first.pk:
            raise RuntimeError("broken")
        real(proposal)

    monkeypatch.setattr(closing, "_remind", broken)
    assert remind_due(deadline - DAY) == 1
    assert "reminder.failed" in caplog.text
    assert OutboxMessage.objects.get().user == second.participant


def test_what_was_reminded_is_not_even_read_again():
    deadline = NOW + 20 * DAY
    period = period_until(deadline)
    for _ in range(3):
        filing(period=period, complete=False)
    remind_due(deadline - DAY)
    with CaptureQueriesContext(connection) as queries:
        assert remind_due(deadline - HOUR) == 0
    assert len(queries) <= 2


def test_an_unsent_repair_is_reminded_in_its_own_words():
    deadline = NOW + 10 * DAY
    filing(Status.RETURNED, period=period_until(NOW), repair_deadline=deadline)
    remind_due(deadline - DAY)
    message = OutboxMessage.objects.get()
    assert message.template == "reminder_repair"
    assert message.fields["keadaan"].startswith("Semua sudah lengkap, tetapi belum dikirim.")


def test_an_extension_reminds_again():
    deadline = NOW + 10 * DAY
    period = period_until(deadline)
    filing(period=period, complete=False)
    remind_due(deadline - DAY)
    period.filing_deadline = deadline + 7 * DAY
    period.save()
    tasks.remind_due()
    remind_due(deadline + 6 * DAY)
    assert len(reminded()) == 2


def test_who_never_signed_in_gets_a_fresh_link():
    proposal = filing(period=period_until(NOW + 10 * DAY), complete=False, agency=make_agency())
    proposal.participant.set_unusable_password()
    proposal.participant.save()
    remind_due(NOW + 9 * DAY)
    deliver_due()
    assert len(mail.outbox) == 1
    assert OneTimeLink.objects.filter(subject_id=proposal.participant.pk).count() == 1
    assert "Buka tautan ini:" in mail.outbox[0].body
