"""The outbox: once per key, no secret in a row, an outcome for every mail."""

import re
import smtplib

import pytest
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.utils import timezone

from inpassing.accounts.models import OneTimeLink
from inpassing.notifications import delivery
from inpassing.notifications.models import InboxMessage, OutboxMessage
from inpassing.notifications.outbox import Message, enqueue, enqueue_many, resend
from inpassing.notifications.tasks import deliver_due
from inpassing.notifications.texts import fields_of, render_text
from tests.factories import make_user

State = OutboxMessage.State
pytestmark = pytest.mark.django_db


def queue_one(**changes):
    user = make_user()
    options = {"to": user, "template": "role_granted", "fields": {"peran": "operator"}}
    enqueue("kunci-1", **{**options, **changes})
    return user


class TestEnqueue:
    def test_a_key_makes_one_mail_and_one_inbox_entry(self):
        user = queue_one()
        enqueue("kunci-1", to=user, template="role_granted", fields={"peran": "operator"})
        assert OutboxMessage.objects.count() == 1
        assert InboxMessage.objects.filter(user=user).count() == 1

    def test_a_missing_field_is_refused_before_anything_is_kept(self):
        with pytest.raises(KeyError):
            queue_one(fields={})
        assert not OutboxMessage.objects.exists()

    def test_braces_in_a_value_stay_text(self):
        queue_one(fields={"peran": "{rahasia} {nama}"})
        assert "{rahasia} {nama}" in InboxMessage.objects.get().body


class TestEnqueueMany:
    @staticmethod
    def rows_of(queue, messages):
        """What is in both boxes after `queue`, but for what is each row's own; then undone."""
        with transaction.atomic():
            queue(messages)
            rows = [
                {**row, "id": None, "created_at": None, "message_id": None}
                for model in (OutboxMessage, InboxMessage)
                for row in model.objects.order_by("pk").values()
            ]
            transaction.set_rollback(True)
        return rows

    def test_makes_the_same_rows_as_one_by_one(self):
        messages = [
            Message(
                f"kunci:{person.pk}",
                to=person,
                template="role_granted",
                fields=fields,
                path="/usulan/7/",
                proposal_id=7,
            )
            for person, fields in (
                (make_user(), {"peran": "operator", "nama": "Ibu"}),
                (make_user(email=""), {"peran": "operator"}),
                (make_user(), {"peran": 7}),
            )
        ]

        def one_by_one(messages):
            for each in messages:
                enqueue(
                    each.key,
                    to=each.to,
                    template=each.template,
                    fields=each.fields,
                    path=each.path,
                    proposal_id=each.proposal_id,
                )

        expected = self.rows_of(one_by_one, [*messages, messages[0]])
        assert len(expected) == 5  # two mails, three inbox entries
        assert self.rows_of(enqueue_many, [*messages, messages[0]]) == expected

    def test_a_missing_field_is_refused_before_anything_is_kept(self):
        with pytest.raises(KeyError):
            enqueue_many([Message("kunci", make_user(), "role_granted", {})])
        assert not OutboxMessage.objects.exists()


class TestDelivery:
    def test_sends_once_and_notes_the_answer(self):
        user = queue_one()
        deliver_due()
        deliver_due()
        row = OutboxMessage.objects.get()
        assert (row.state, row.attempts) == (State.SENT, 1)
        assert [message.to for message in mail.outbox] == [[user.email]]
        assert mail.outbox[0].extra_headers["Message-ID"] == f"<{row.message_id}@inpassing>"

    def test_the_link_is_made_at_sending_and_only_its_hash_is_kept(self):
        user = make_user()
        enqueue(
            "undangan",
            to=user,
            template="invitation",
            fields={"peran": "peserta", "username": "x"},
            link=(OneTimeLink.Kind.INVITATION, user.pk),
        )
        assert not OneTimeLink.objects.exists()
        deliver_due()
        token = re.search(r"/undangan/([\w-]+)/", str(mail.outbox[0].body)).group(1)
        link = OneTimeLink.objects.get()
        assert OneTimeLink.find(OneTimeLink.Kind.INVITATION, token) == link
        row = OutboxMessage.objects.get()
        assert token not in str(row.__dict__)
        assert not InboxMessage.objects.exists()

    def test_refused_address_is_final_and_says_what_the_server_said(self, monkeypatch):
        queue_one()
        self.fail_with(monkeypatch, smtplib.SMTPRecipientsRefused({"x": (550, b"no mailbox")}))
        deliver_due()
        row = OutboxMessage.objects.get()
        assert (row.state, row.response) == (State.FAILED, "550 no mailbox")

    def test_busy_server_is_tried_again_later(self, monkeypatch):
        queue_one()
        self.fail_with(monkeypatch, smtplib.SMTPResponseException(451, b"try later"))
        deliver_due()
        row = OutboxMessage.objects.get()
        assert row.state == State.QUEUED
        assert row.not_before > timezone.now()

    def test_broken_connection_is_uncertain_and_never_repeated_by_itself(self, monkeypatch):
        queue_one()
        self.fail_with(monkeypatch, TimeoutError("timed out"))
        deliver_due()
        assert OutboxMessage.objects.get().state == State.UNCERTAIN
        monkeypatch.undo()
        deliver_due()
        assert mail.outbox == []

    def test_claim_of_a_killed_worker_becomes_uncertain(self):
        queue_one()
        claimed = delivery.claim_next()
        OutboxMessage.objects.filter(pk=claimed.pk).update(
            claimed_at=timezone.now() - 2 * delivery.SILENT_AFTER
        )
        deliver_due()
        assert OutboxMessage.objects.get().state == State.UNCERTAIN
        assert mail.outbox == []

    def test_resend_is_a_row_of_its_own(self):
        queue_one()
        first = OutboxMessage.objects.get()
        resend(first, key="kunci-2")
        resend(first, key="kunci-2")
        assert OutboxMessage.objects.count() == 2

    def fail_with(self, monkeypatch, error):
        def send(self, messages):
            raise error

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", send)


def test_every_text_has_a_subject_and_a_salutation():
    folder = settings.BASE_DIR / "templates" / "emails"
    codes = [path.stem for path in folder.glob("*.txt") if not path.stem.startswith("_")]
    assert "proposal_returned" in codes
    for code in codes:
        subject, body = render_text(code, dict.fromkeys(fields_of(code), "x"))
        assert subject
        assert body.startswith("Yth. "), code
