"""The one-time link that sets the first password."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inpassing.accounts.models import OneTimeLink, User

pytestmark = pytest.mark.django_db
NEW = "kata-sandi-panjang-9"


@pytest.fixture
def invited():
    return User.objects.create_user("198904142014032901", "a@contoh.go.id", name="Sri Ramlah")


def link_for(user):
    token = OneTimeLink.issue(OneTimeLink.Kind.INVITATION, user.pk, valid_for=timedelta(days=1))
    return f"/akun/undangan/{token}/"


def test_sets_the_password_and_signs_in(client, invited):
    response = client.post(link_for(invited), {"password": NEW, "repeat": NEW})
    assert response.headers["Location"] == "/beranda/"
    invited.refresh_from_db()
    assert invited.check_password(NEW)
    assert client.session["_auth_user_id"] == str(invited.pk)


def test_works_once(client, invited):
    url = link_for(invited)
    client.post(url, {"password": NEW, "repeat": NEW})
    second = client.post(url, {"password": "yang-lain-sekali-8", "repeat": "yang-lain-sekali-8"})
    assert second.status_code == 410
    invited.refresh_from_db()
    assert invited.check_password(NEW)


def test_looking_does_not_use_it_up(client, invited):
    url = link_for(invited)
    for _ in range(2):
        page = client.get(url)
        assert "198904142014032901" in page.content.decode()
    assert not OneTimeLink.objects.get().used_at


def test_a_newer_link_ends_the_older(client, invited):
    old = link_for(invited)
    link_for(invited)
    assert client.get(old).status_code == 410


def test_expired_link_says_what_to_do(client, invited):
    url = link_for(invited)
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    page = client.get(url)
    assert page.status_code == 410
    assert "Minta tautan baru" in page.content.decode()


@pytest.mark.parametrize(
    ("password", "repeat", "sentence"),
    [
        ("pendek", "pendek", "10"),
        ("1234567890123", "1234567890123", "angka"),
        (NEW, NEW + "x", "tidak sama"),
    ],
)
def test_weak_or_unequal_passwords_are_refused_at_the_field(
    client, invited, password, repeat, sentence
):
    page = client.post(link_for(invited), {"password": password, "repeat": repeat})
    assert page.status_code == 200
    assert sentence in page.content.decode()
    invited.refresh_from_db()
    assert not invited.has_usable_password()
