"""Fixtures that every test may use. The data come from tests/factories.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from inpassing.accounts.models import User


@pytest.fixture
def as_user() -> Callable[[User | None], Client]:
    """A client signed in as somebody; as_user(None) is an anonymous visitor."""

    def client_of(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="inpassing.accounts.backends.AccountBackend")
        return client

    return client_of


@pytest.fixture
def refuses_everybody_else(as_user: Callable[[User | None], Client]) -> Callable[..., None]:
    """Check the refusals that each act has: onlooker 403, stranger 404, GET 405, anonymous login.

    refuses_everybody_else(url, data=…, onlooker=user, stranger=user, get_allowed=False)
    """

    def check(
        url: str,
        *,
        data: dict[str, object] | None = None,
        onlooker: User | None = None,
        stranger: User | None = None,
        allowed: User | None = None,
        get_allowed: bool = False,
    ) -> None:
        anonymous = as_user(None).post(url, data or {})
        assert anonymous.status_code == 302
        assert anonymous.headers["Location"].startswith("/akun/masuk/")
        if onlooker is not None:
            assert as_user(onlooker).post(url, data or {}).status_code == 403
        if stranger is not None:
            assert as_user(stranger).post(url, data or {}).status_code == 404
        if allowed is not None and not get_allowed:
            assert as_user(allowed).get(url).status_code == 405

    return check
