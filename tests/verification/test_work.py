"""Whose work it is: the own work, everybody's load, handing over."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import RoleGrant, VerifierScope
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.models import Position, Region
from inpassing.timeline.events import story_of
from inpassing.timeline.models import TimelineEvent
from proposals.models import Proposal
from tests import factories
from verification.claims import take
from verification.models import Assignment, Claim, Decision
from verification.workflow import declare_eligible, return_nomination
from verification.workload import receivers_for, workload

from .conftest import accept_all
from .test_desk import names

pytestmark = pytest.mark.django_db
Status = Proposal.Status
MY_WORK, WORKLOAD = "/verifikasi/pekerjaan/", "/verifikasi/beban/"


def one(proposal: Proposal) -> str:
    return reverse("verification:hand_over", args=[proposal.pk])


def everything(user) -> str:
    return reverse("verification:hand_over_all", args=[user.pk])


def assign(proposal: Proposal, to) -> None:
    Assignment.objects.create(
        proposal=proposal, verifier=to, assigned_by=to, assigned_at=timezone.now()
    )


def sentences(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


# Handing over one


def test_hand_over(as_user, verifier, colleague, stranger, refuses_everybody_else):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    data = {"to": colleague.pk, "reason": "Cuti sampai Senin"}
    refuses_everybody_else(
        one(proposal), data=data, onlooker=proposal.participant, stranger=stranger
    )
    take(proposal, by=verifier)
    client = as_user(verifier)
    page = client.get(one(proposal))
    assert list(page.context["form"].fields["to"].queryset) == [colleague]
    response = client.post(one(proposal), data)
    assert response["Location"] == MY_WORK
    assert Assignment.objects.get().verifier == colleague
    assert not Claim.objects.exists()
    event = TimelineEvent.objects.get(kind="claim.handed_over")
    assert (event.actor, event.data) == (verifier, {"from": verifier.pk, "to": colleague.pk})
    assert event.detail.text == "Cuti sampai Senin"
    mail = OutboxMessage.objects.get()
    assert (mail.user, mail.template, mail.fields["jumlah"]) == (
        colleague,
        "work_handed_over",
        "1",
    )
    again = client.post(one(proposal), data)
    assert again.status_code == 409
    assert again.context["refusal"].startswith("Usulan ini pekerjaan Teguh Prasojo.")
    assert OutboxMessage.objects.count() == 1
    next_one = as_user(colleague).post(reverse("verification:next"), {"antrean": "berkas"})
    assert next_one["Location"] == reverse("verification:review", args=[proposal.pk])


def test_hand_over_needs_a_receiver_and_a_reason(as_user, verifier, colleague, stranger):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    client = as_user(verifier)
    for data, wrong in [
        ({}, ["to", "reason"]),
        ({"to": colleague.pk, "reason": " "}, ["reason"]),
        ({"to": stranger.pk, "reason": "x"}, ["to"]),
        ({"to": proposal.participant_id, "reason": "x"}, ["to"]),
    ]:
        response = client.post(one(proposal), data)
        assert (response.status_code, list(response.context["form"].errors)) == (422, wrong)
    assert not Assignment.objects.exists()


def test_nobody_gives_away_what_another_holds_but_an_administrator(as_user, verifier, colleague):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    take(proposal, by=colleague)
    third = factories.make_verifier()
    refused = as_user(verifier).post(one(proposal), {"to": third.pk, "reason": "Sakit"})
    assert refused.status_code == 409
    assert refused.context["refusal"].startswith("Dipegang Teguh Prasojo sampai")
    admin, data = as_user(factories.make_admin()), {"to": verifier.pk, "reason": "Sakit"}
    assert admin.post(one(proposal), data)["Location"] == WORKLOAD
    assert (Assignment.objects.get().verifier, Claim.objects.count()) == (verifier, 0)
    assert admin.post(one(proposal), data).status_code == 409


def test_what_left_the_desk_is_not_handed_over(as_user, verifier, colleague):
    proposal = factories.make_proposal(status=Status.READY)
    response = as_user(verifier).post(one(proposal), {"to": colleague.pk, "reason": "x"})
    assert response.status_code == 409
    assert not Assignment.objects.exists()


def test_only_verifiers_of_the_scope_receive(verifier, colleague):
    baubau = factories.make_agency(region="74.72")
    proposal = factories.make_proposal(baubau, status=Status.SUBMITTED)
    here = [
        factories.make_verifier(province=Region.objects.get(pk="74"), name="A"),
        factories.make_verifier(position=Position.objects.get(pk="PRAKOM"), name="B"),
    ]
    factories.make_verifier(province=Region.objects.get(pk="32"))
    factories.make_verifier(position=Position.objects.get(pk="STATISTISI"))
    factories.make_verifier(employer=baubau)
    factories.make_verifier(is_active=False)
    former = factories.make_verifier()
    RoleGrant.objects.filter(user=former).update(revoked_at=timezone.now())
    assert list(receivers_for(proposal)) == [*here, verifier, colleague]
    for person in here:
        assert Proposal.objects.on_desk_of(person).filter(pk=proposal.pk).exists()


# Handing over everything


def test_hand_over_everything(as_user, verifier, colleague, refuses_everybody_else):
    period, now = factories.make_period(), timezone.now()
    statuses = [Status.SUBMITTED, Status.RETURNED, Status.NOMINATED, Status.ELIGIBLE]
    moved = [factories.make_proposal(period=period, status=status) for status in statuses]
    for proposal in moved[1:]:
        assign(proposal, verifier)
    take(moved[0], by=verifier)
    ended = factories.make_proposal(period=period, status=Status.NOT_ELIGIBLE)
    assign(ended, verifier)
    stays = factories.make_proposal(
        factories.make_agency(region="32.73"), period, status=Status.SUBMITTED, name="Luar"
    )
    assign(stays, verifier)
    colleague.employer = stays.agency
    colleague.save()
    path, data = everything(verifier), {"to": colleague.pk, "reason": "Cuti melahirkan"}
    refuses_everybody_else(path, data=data, onlooker=colleague)
    refuses_everybody_else(path, data=data, onlooker=factories.make_operator())
    client = as_user(verifier)
    assert "5 usulan" in client.get(path).context["text"]
    response = client.post(path, data, follow=True)
    assert sentences(response) == [
        "4 usulan diserahkan kepada Teguh Prasojo.",
        (
            "Teguh Prasojo tidak dapat menerima usulan Luar: di luar cakupannya, atau dari "
            "instansinya sendiri."
        ),
    ]
    owners = dict(Assignment.objects.values_list("proposal", "verifier"))
    assert owners == {
        **{proposal.pk: colleague.pk for proposal in moved},
        ended.pk: verifier.pk,
        stays.pk: verifier.pk,
    }
    assert not Claim.objects.exists()
    assert TimelineEvent.objects.filter(kind="claim.handed_over").count() == 4
    mail = OutboxMessage.objects.get()
    assert (mail.user, mail.fields["jumlah"]) == (colleague, "4")
    assert mail.fields["daftar"].count("\n") == 3
    again = client.post(path, data, follow=True)
    assert len(sentences(again)) == 1
    assert OutboxMessage.objects.count() == 1
    assert names(as_user(colleague).get(MY_WORK)) == [
        p.full_name for p in sorted(moved, key=lambda p: (p.status_since, p.pk))
    ]
    assert now <= Assignment.objects.get(proposal=moved[0]).assigned_at


def test_much_work_goes_over_in_as_many_queries_as_little(as_user, verifier, colleague):
    period = factories.make_period()
    client, counted = as_user(verifier), []
    for many in (2, 20):
        for _ in range(many):
            assign(factories.make_proposal(period=period, status=Status.SUBMITTED), verifier)
        take(Proposal.objects.latest("pk"), by=verifier)
        with CaptureQueriesContext(connection) as queries:
            client.post(everything(verifier), {"to": colleague.pk, "reason": "Cuti"})
        counted.append(len(queries))
        assert not Assignment.objects.filter(verifier=verifier).exists()
        assert not Claim.objects.exists()
    assert counted[0] == counted[1] <= 40
    assert Assignment.objects.filter(verifier=colleague, assigned_by=verifier).count() == 22
    assert TimelineEvent.objects.filter(kind="claim.handed_over").count() == 22
    for proposal in Proposal.objects.all():
        assert story_of(proposal).filter(kind="claim.handed_over").get().detail.text == "Cuti"
    assert OutboxMessage.objects.filter(template="work_handed_over").count() == 2


def test_an_administrator_hands_over_for_somebody_away(as_user, verifier, colleague):
    proposal = factories.make_proposal(status=Status.RETURNED)
    assign(proposal, verifier)
    RoleGrant.objects.filter(user=verifier).update(revoked_at=timezone.now())
    admin = as_user(factories.make_admin())
    page = admin.get(WORKLOAD)
    row = next(row for row in page.context["rows"] if row["name"] == "Ika Wulandari")
    assert (row["away"], row["hand_over_url"]) == (1, everything(verifier))
    response = admin.post(everything(verifier), {"to": colleague.pk, "reason": "Pindah tugas"})
    assert response["Location"] == WORKLOAD
    assert Assignment.objects.get().verifier == colleague
    assert admin.get(everything(factories.make_user())).status_code == 404


def test_nothing_to_hand_over(as_user, verifier, colleague):
    response = as_user(verifier).post(
        everything(verifier), {"to": colleague.pk, "reason": "x"}, follow=True
    )
    assert sentences(response) == ["Tidak ada pekerjaan yang dapat diserahkan."]
    empty = as_user(verifier).post(everything(verifier), {})
    assert empty.status_code == 422


# What makes work one's own, and what ends it


def test_a_decision_ends_it_and_a_return_keeps_it(verifier):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    assign(proposal, verifier)
    accept_all(proposal, verifier)
    declare_eligible(proposal, by=verifier)
    nominated = factories.make_proposal(status=Status.NOMINATED)
    return_nomination(nominated, by=verifier, note="Jenjang keliru")
    assert list(Assignment.objects.values_list("proposal", "verifier")) == [
        (nominated.pk, verifier.pk)
    ]
    decisions = Decision.objects.order_by("pk").values_list("proposal", "status", "verifier")
    assert list(decisions) == [
        (proposal.pk, "submitted", verifier.pk),
        (nominated.pk, "nominated", verifier.pk),
    ]


def test_claims_stay_out_of_the_participants_story(as_user, verifier, colleague):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    take(proposal, by=verifier)
    as_user(verifier).post(one(proposal), {"to": colleague.pk, "reason": "Rahasia dapur"})
    assert story_of(proposal).count() == 2
    path = reverse("proposals:detail", args=[proposal.pk])
    operator = factories.make_operator(proposal.agency)
    for person, sees in [(proposal.participant, False), (operator, False), (verifier, True)]:
        html = as_user(person).get(path, follow=True).content.decode()
        assert ("Diambil verifikator" in html) is sees
        assert ("Rahasia dapur" in html) is sees


# The pages


def test_my_work(as_user, verifier, colleague):
    period, now = factories.make_period(), timezone.now()
    mine = [
        factories.make_proposal(
            period=period, status=status, status_since=now - dt.timedelta(days=days)
        )
        for status, days in [(Status.SUBMITTED, 1), (Status.RETURNED, 9), (Status.ELIGIBLE, 2)]
    ]
    take(mine[0], by=verifier)
    assign(mine[1], verifier)
    assign(mine[2], verifier)
    assign(factories.make_proposal(period=period, status=Status.SUBMITTED), colleague)
    page = as_user(verifier).get(MY_WORK)
    assert names(page) == [p.full_name for p in (mine[1], mine[2], mine[0])]
    away = page.context["rows"][0]
    assert away["tag"] == ("fix", "Dikembalikan, di tangan peserta")
    assert (away["take_url"], away["is_turn"]) == ("", False)
    assert as_user(factories.make_admin()).get(MY_WORK).status_code == 403
    assert as_user(factories.make_operator()).get(MY_WORK).status_code == 403


def test_my_work_has_fixed_queries_and_pages(as_user, verifier):
    agency, period = factories.make_agency(), factories.make_period()

    def add() -> None:
        assign(factories.make_proposal(agency, period, status=Status.NOMINATED), verifier)

    client = as_user(verifier)
    add()
    client.get(MY_WORK)
    with CaptureQueriesContext(connection) as few:
        client.get(MY_WORK)
    for _ in range(59):
        add()
    with CaptureQueriesContext(connection) as many:
        first = client.get(MY_WORK)
    assert len(many) == len(few) <= 10, [q["sql"] for q in many]
    second = client.get(first.context["next_url"])
    third = client.get(second.context["next_url"])
    assert [len(page.context["rows"]) for page in (first, second, third)] == [25, 25, 10]
    assert names(client.get(second.context["prev_url"])) == names(first)


def test_workload(as_user, verifier, colleague):
    period, now = factories.make_period(), timezone.now()
    VerifierScope.objects.filter(user=colleague).update(province="74")
    for days, waited in [(1, 2), (3, 4), (20, 9), (40, 99)]:
        Decision.objects.create(
            proposal=factories.make_proposal(period=period, status=Status.READY),
            verifier=verifier,
            status=Status.SUBMITTED,
            decided_at=now - dt.timedelta(days=days),
            waited=dt.timedelta(days=waited),
        )
    formation = factories.make_formation(factories.make_agency(), period)
    formation.submitted_at = now - dt.timedelta(days=6)
    formation.decided_at, formation.decided_by = now, verifier
    formation.save()
    take(factories.make_proposal(period=period, status=Status.SUBMITTED), by=verifier)
    since = now - dt.timedelta(days=5)
    assign(
        factories.make_proposal(period=period, status=Status.SUBMITTED, status_since=since),
        colleague,
    )
    assign(factories.make_proposal(period=period, status=Status.RETURNED), colleague)
    ika, teguh = workload(verifier)
    assert (ika.person, ika.held, ika.waiting, ika.away) == (verifier, 1, 0, 0)
    assert (ika.week, ika.month, ika.median) == (3, 4, dt.timedelta(days=5))
    assert (teguh.held, teguh.waiting, teguh.away, teguh.oldest) == (0, 1, 1, since)
    assert (teguh.week, teguh.month, teguh.median) == (0, 0, None)
    rows = as_user(verifier).get(WORKLOAD).context["rows"]
    assert [(row["scope"], row["median"], row["oldest"]) for row in rows] == [
        ("semua jabatan, semua provinsi", "5 hari", "–"),
        ("semua jabatan, Sulawesi Tenggara", "–", "5 hari"),
    ]
    assert [bool(row["hand_over_url"]) for row in rows] == [True, False]
    assert as_user(factories.make_operator()).get(WORKLOAD).status_code == 403


def test_workload_has_fixed_queries(as_user, verifier):
    client = as_user(verifier)
    client.get(WORKLOAD)
    with CaptureQueriesContext(connection) as few:
        client.get(WORKLOAD)
    for _ in range(59):
        factories.make_verifier()
    with CaptureQueriesContext(connection) as many:
        response = client.get(WORKLOAD)
    assert len(response.context["rows"]) == 60
    # the position and the province of a scope are asked for only where there is one
    assert len(many) == len(few), [q["sql"] for q in many]
