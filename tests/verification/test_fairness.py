"""Nobody meets their own proposal or one of their own agency anywhere on the desk."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import RoleGrant, User
from inpassing.accounts.roles import grant
from proposals.models import Formation, OperatorRequest, Proposal
from tests import factories
from verification import desk
from verification.claims import work_of
from verification.models import Assignment, Claim, Decision
from verification.workload import receivers_for, workload

from .test_desk import make_request, names, url

pytestmark = pytest.mark.django_db
Status = Proposal.Status
STATUSES = {"usulan": Status.NOMINATED, "berkas": Status.SUBMITTED, "portofolio": Status.ELIGIBLE}


def employed(user: User, agency) -> None:
    user.employer = agency


def operates(user: User, agency) -> None:
    grant(user, RoleGrant.Role.OPERATOR, by=None, agency=agency)


@pytest.fixture(params=[employed, operates])
def barred(request, verifier) -> dict:
    """A verifier, and one of everything that they must not meet."""
    home, period = factories.make_agency("Pemerintah Kota Asal"), factories.make_period()
    request.param(verifier, home)
    verifier.nip = factories.make_nip()
    verifier.save()
    proposals = []
    for status in STATUSES.values():
        proposals += [
            factories.make_proposal(home, period, status=status, name="Calon Seinstansi"),
            factories.make_proposal(
                period=factories.make_period(),
                status=status,
                name="Calon Sendiri",
                nip=verifier.nip,
                participant=None if status == Status.NOMINATED else factories.make_user(),
            ),
            factories.make_proposal(
                period=factories.make_period(),
                status=status,
                name="Calon Seakun",
                participant=verifier,
            ),
        ]
    Formation.objects.exclude(agency=home).delete()
    make_request(agency=home, name="Pemohon Seinstansi")
    make_request(nip=verifier.nip, name="Pemohon Sendiri", agency_name="Badan Baru")
    return {
        "verifier": User.objects.get(pk=verifier.pk),
        "proposals": proposals,
        "home": home,
        "period": period,
    }


@pytest.mark.parametrize("slug", list(desk.QUEUES))
def test_no_list_no_count_and_no_search_of_a_queue(as_user, barred, slug):
    client, verifier = as_user(barred["verifier"]), barred["verifier"]
    for query in (
        "",
        "?q=calon",
        "?q=pemohon",
        "?q=kota+asal",
        f"?q={verifier.nip}",
        f"?q={barred['proposals'][0].nip}",
        "?instansi=kota+asal",
        f"?periode={barred['period'].pk}",
        "?pemegang=kosong",
        "?menunggu=baru",
        "?setelah=WzEsMV0",
    ):
        response = client.get(url(slug, query))
        assert names(response) == [], query
        assert response.context["found_text"].startswith("0 "), query
        counts = [tab["count"] for tab in response.context["tabs"] if "count" in tab]
        assert counts == ["0"] * 5, query
    assert {size.count for size in desk.sizes(verifier).values()} == {0}
    home = client.get(reverse("home")).content.decode()
    assert "Calon Se" not in home


@pytest.mark.parametrize("slug", list(STATUSES))
def test_next_and_taking(as_user, barred, slug):
    client = as_user(barred["verifier"])
    response = client.post(reverse("verification:next"), {"antrean": slug})
    assert response["Location"] == url(slug)
    for proposal in barred["proposals"]:
        for name in ("take", "hand_over", "review", "nomination", "portfolio"):
            path = reverse(f"verification:{name}", args=[proposal.pk])
            send = client.post if name in {"take", "hand_over"} else client.get
            assert send(path).status_code in {403, 404}, (name, proposal.name)
    assert not Claim.objects.exists()


def test_not_even_as_work_given_to_them(as_user, barred):
    """A move to another agency after the work was given: it is theirs no longer."""
    verifier, now = barred["verifier"], timezone.now()
    for proposal in barred["proposals"]:
        Assignment.objects.create(
            proposal=proposal, verifier=verifier, assigned_by=verifier, assigned_at=now
        )
    client = as_user(verifier)
    assert names(client.get(reverse("verification:my_work"))) == []
    assert names(client.get(url())) == []
    for slug in STATUSES:
        client.post(reverse("verification:next"), {"antrean": slug})
    assert not Claim.objects.exists()
    assert work_of(verifier).count() == 9  # an administrator hands it over


def test_no_figure_of_the_workload(barred, colleague):
    now = timezone.now()
    for proposal in barred["proposals"]:
        Assignment.objects.create(
            proposal=proposal, verifier=colleague, assigned_by=colleague, assigned_at=now
        )
        Decision.objects.create(
            proposal=proposal,
            verifier=colleague,
            status=proposal.status,
            decided_at=now,
            waited=now - proposal.status_since,
        )
    Formation.objects.update(status="validated", decided_by=colleague, decided_at=now)
    OperatorRequest.objects.update(status="active", decided_by=colleague, decided_at=now)
    seen = {row.person: row for row in workload(barred["verifier"])}
    assert (seen[colleague].waiting, seen[colleague].month) == (0, 0)
    everything = {row.person: row for row in workload(factories.make_admin())}
    assert (everything[colleague].waiting, everything[colleague].month) == (9, 12)


def test_nobody_is_offered_what_they_must_not_have(barred, colleague):
    for proposal in barred["proposals"]:
        assert list(receivers_for(proposal)) == [colleague], proposal.name
