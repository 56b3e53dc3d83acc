import datetime as dt

import pytest
from django.utils import timezone

from inpassing.timeline.models import TimelineEvent
from proposals.models import Proposal
from tests import factories
from verification.models import Claim
from verification.tasks import release_expired_claims

pytestmark = pytest.mark.django_db


def test_release_expired_claims(verifier):
    period, now = factories.make_period(), timezone.now()
    dead, live = [
        factories.make_proposal(period=period, status=Proposal.Status.SUBMITTED) for _ in range(2)
    ]
    for proposal, minutes in ((dead, -1), (live, 1)):
        Claim.objects.create(
            proposal=proposal,
            holder=verifier,
            claimed_at=now - dt.timedelta(minutes=31),
            expires_at=now + dt.timedelta(minutes=minutes),
        )
    release_expired_claims()
    release_expired_claims()
    assert list(Claim.objects.values_list("proposal", flat=True)) == [live.pk]
    event = TimelineEvent.objects.get()
    assert (event.kind, event.subject_id, event.actor, event.data) == (
        "claim.expired",
        dead.pk,
        None,
        {"holder": verifier.pk},
    )
