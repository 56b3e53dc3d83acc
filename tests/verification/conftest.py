"""Data that the tests of the desk share."""

from __future__ import annotations

import datetime as dt

import pytest

from inpassing.accounts.models import User
from proposals.models import Proposal
from tests import factories
from verification.models import DocumentCheck
from verification.workflow import check_document


@pytest.fixture
def verifier(db: None) -> User:
    return factories.make_verifier(name="Ika Wulandari")


@pytest.fixture
def colleague(db: None) -> User:
    return factories.make_verifier(name="Teguh Prasojo")


@pytest.fixture
def stranger(db: None) -> User:
    """A verifier without any scope: sees nothing."""
    user = factories.make_verifier()
    user.scopes.all().delete()
    return user


def accept_all(proposal: Proposal, by: User) -> None:
    """Accept every document that is still open."""
    for document in proposal.documents.exclude(review="accepted").select_related("requirement"):
        accept(document, by)


def accept(document, by: User) -> None:
    certified = document.requirement.certified_copy
    check_document(
        document,
        by=by,
        version_id=document.current_id,
        verdict=DocumentCheck.Verdict.ACCEPT,
        certifier="Sekretaris Daerah" if certified else "",
        certified_on=dt.date(2026, 1, 5) if certified else None,
    )
