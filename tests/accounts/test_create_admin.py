"""The first administrator."""

import io

import pytest
from django.core.management import CommandError, call_command

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of

pytestmark = pytest.mark.django_db


def test_prints_a_link_that_sets_the_password(client):
    out = io.StringIO()
    call_command("create_admin", "kepala", "kepala@contoh.go.id", stdout=out)
    path = out.getvalue().strip().split("8000", 1)[1]
    client.post(path, {"password": "kata-sandi-panjang-9", "repeat": "kata-sandi-panjang-9"})
    user = User.objects.get(username="kepala")
    assert roles_of(user).is_admin
    assert user.check_password("kata-sandi-panjang-9")


@pytest.mark.parametrize("taken", [{"username": "kepala"}, {"email": "Kepala@contoh.go.id"}])
def test_refuses_what_is_taken(taken):
    User.objects.create(**{"username": "x", "email": "x@contoh.go.id", "name": "X", **taken})
    with pytest.raises(CommandError):
        call_command("create_admin", "kepala", "kepala@contoh.go.id")
    assert User.objects.count() == 1
