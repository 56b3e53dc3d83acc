"""Signing in: by username, by NIP with spaces, by e-mail; and what has no address."""

import pytest
from django.core import mail
from django.urls import NoReverseMatch, reverse

from inpassing.notifications.models import OutboxMessage
from inpassing.notifications.tasks import deliver_due
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("login", ["198904142014032901", "19890414 201403 2 901", "a@contoh.go.id"])
def test_signs_in_by_nip_with_or_without_spaces_and_by_email(client, login):
    user = make_user(
        username="198904142014032901", nip="198904142014032901", email="a@contoh.go.id"
    )
    response = client.post("/akun/masuk/", {"login": login, "password": PASSWORD})
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_wrong_password_says_so_and_keeps_the_name(client):
    make_user(username="ani")
    page = client.post("/akun/masuk/", {"login": "ani", "password": "salah-sekali"})
    assert page.status_code == 200
    assert 'value="ani"' in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_inactive_account_does_not_get_in(client):
    make_user(username="ani", is_active=False)
    client.post("/akun/masuk/", {"login": "ani", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_sixth_failure_locks_out_for_a_while(client):
    make_user(username="ani")
    for _ in range(6):
        client.post("/akun/masuk/", {"login": "ani", "password": "salah"})
    client.post("/akun/masuk/", {"login": "ani", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("name", ["account_signup", "account_email", "socialaccount_connections"])
def test_sign_up_and_email_management_have_no_address(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_reset_goes_through_the_outbox_and_says_nothing_about_unknown_addresses(client):
    user = make_user(email="ani@contoh.go.id")
    known = client.post("/akun/sandi/lupa/", {"email": "ani@contoh.go.id"})
    unknown = client.post("/akun/sandi/lupa/", {"email": "siapa@contoh.go.id"})
    assert (known.status_code, known.headers["Location"]) == (
        unknown.status_code,
        unknown.headers["Location"],
    )
    row = OutboxMessage.objects.get()
    assert (row.user, row.template) == (user, "password_reset")
    deliver_due()
    link = next(word for word in str(mail.outbox[0].body).split() if "/sandi/lupa/" in word)
    page = client.get(link.split("8000", 1)[1], follow=True)
    new = {"password1": "kata-sandi-panjang-9", "password2": "kata-sandi-panjang-9"}
    client.post(page.redirect_chain[-1][0], new)
    user.refresh_from_db()
    assert user.check_password("kata-sandi-panjang-9")


def test_reset_also_reaches_somebody_who_never_set_a_password(client):
    user = make_user(email="ani@contoh.go.id")
    user.set_unusable_password()
    user.save()
    client.post("/akun/sandi/lupa/", {"email": "ani@contoh.go.id"})
    assert OutboxMessage.objects.filter(user=user).count() == 1


def test_an_htmx_request_without_session_goes_to_sign_in(client):
    response = client.get("/pesan/", headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert response.headers["HX-Redirect"].startswith("/akun/masuk/")
