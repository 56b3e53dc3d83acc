"""Inbox and delivery page."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inpassing.notifications.models import InboxMessage, OutboxMessage
from tests.factories import make_admin, make_user

pytestmark = pytest.mark.django_db


def make_messages(user, count):
    for n in range(count):
        InboxMessage.objects.create(
            key=f"k{user.pk}-{n}", user=user, subject=f"Pesan {n}", body="Isi"
        )


def make_mail(**fields):
    n = OutboxMessage.objects.count()
    return OutboxMessage.objects.create(
        **{"key": f"m{n}", "to_email": "a@contoh.go.id", "template": "role_granted", **fields}
    )


def test_inbox_shows_own_messages_only(as_user):
    mine, other = make_user(), make_user()
    make_messages(mine, 2)
    make_messages(other, 1)
    page = as_user(mine).get("/pesan/").content.decode()
    assert page.count("Pesan 0") == 1
    assert "Pesan 1" in page


def test_opening_a_message_marks_it_read_and_strangers_get_404(as_user):
    user = make_user()
    make_messages(user, 1)
    row = InboxMessage.objects.get()
    assert as_user(make_user()).get(f"/pesan/{row.pk}/").status_code == 404
    assert as_user(user).get(f"/pesan/{row.pk}/").status_code == 200
    row.refresh_from_db()
    assert row.read_at is not None


def test_inbox_pages_without_losing_or_repeating(as_user):
    user = make_user()
    make_messages(user, 65)
    client, url, before, seen = as_user(user), "/pesan/", "", []
    while url:
        response = client.get(url)
        seen += [row.subject for row in response.context["rows"]]
        following, before = response.context["next_url"], response.context["prev_url"]
        url = f"/pesan/{following}" if following else ""
    assert seen == [f"Pesan {n}" for n in reversed(range(65))]
    back = client.get(f"/pesan/{before}")
    assert [row.subject for row in back.context["rows"]] == seen[30:60]


def test_inbox_stands_in_the_order_of_dates(as_user):
    user = make_user()
    make_messages(user, 3)
    late = InboxMessage.objects.filter(subject="Pesan 2")
    late.update(created_at=timezone.now() - dt.timedelta(days=2))
    rows = as_user(user).get("/pesan/").context["rows"]
    assert [row.subject for row in rows] == ["Pesan 1", "Pesan 0", "Pesan 2"]


@pytest.mark.parametrize("path", ["/pesan/", "/pesan/terkirim/"])
def test_same_number_of_queries_with_1_and_60_rows(as_user, path):
    user = make_admin()
    client = as_user(user)
    make_messages(user, 1)
    make_mail()
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    InboxMessage.objects.all().delete()
    make_messages(user, 60)
    for _ in range(59):
        make_mail()
    with CaptureQueriesContext(connection) as sixty:
        client.get(path)
    assert len(sixty) == len(one) <= 10


class TestResend:
    def test_failed_mail_is_queued_again(self, as_user):
        row = make_mail(state="failed")
        response = as_user(make_admin()).post(f"/pesan/terkirim/{row.pk}/kirim-ulang/")
        assert response.status_code == 302
        assert OutboxMessage.objects.filter(state="queued").count() == 1

    def test_sent_mail_is_not(self, as_user):
        row = make_mail(state="sent")
        as_user(make_admin()).post(f"/pesan/terkirim/{row.pk}/kirim-ulang/")
        assert OutboxMessage.objects.count() == 1

    def test_refusals(self, refuses_everybody_else):
        row = make_mail(state="failed")
        refuses_everybody_else(
            f"/pesan/terkirim/{row.pk}/kirim-ulang/", onlooker=make_user(), allowed=make_admin()
        )
        assert OutboxMessage.objects.count() == 1


def test_outbox_names_mails_by_their_subject(as_user):
    make_mail(template="proposal_submitted", fields={"peserta": "Wa Ode Sri Ramlah, S.Kom."})
    page = as_user(make_admin()).get("/pesan/terkirim/").content.decode()
    assert "Tanda terima berkas Wa Ode Sri Ramlah, S.Kom." in page
    assert "proposal_submitted" not in page
