"""The wording of messages: message_texts, message_text, message_text_reset; what is then sent."""

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inpassing.accounts.models import OneTimeLink
from inpassing.notifications.models import InboxMessage, MessageText, OutboxMessage
from inpassing.notifications.outbox import enqueue
from inpassing.notifications.tasks import deliver_due
from inpassing.notifications.texts import (
    ESSENTIAL,
    FIELDS,
    WITH_LINK,
    codes,
    complaints,
    fields_of,
    render_text,
    shipped,
)
from inpassing.timeline.events import events_of
from tests.factories import make_admin, make_user, make_verifier

pytestmark = pytest.mark.django_db
LIST = "/kelola/pesan/"
CODE = "invitation"
PAGE = f"{LIST}{CODE}/"
BODY = "Yth. {nama},\n\nAkun Anda: {username}."


@pytest.fixture
def admin(db):
    return make_admin(name="Ika Wulandari")


@pytest.fixture
def client(as_user, admin):
    return as_user(admin)


def typed(**changes):
    return {"version": "0", "subject": "Selamat datang", "body": BODY, **changes}


def invite(user, key="undangan"):
    enqueue(
        key,
        to=user,
        template=CODE,
        fields={"peran": "peserta", "username": user.username},
        link=(OneTimeLink.Kind.INVITATION, user.pk),
    )


class TestPages:
    def test_the_list_has_every_message(self, client):
        html = client.get(LIST).content.decode()
        assert len(codes()) > 40
        for code in codes():
            assert f'href="{LIST}{code}/"' in html
        assert "Diubah" not in html
        client.post(PAGE, typed())
        html = client.get(LIST).content.decode()
        assert "Selamat datang" in html
        assert "Diubah" in html
        assert "Ika Wulandari" in html

    def test_the_list_costs_the_same_with_one_and_with_all_edited(self, client, admin):
        costs = []
        for some in (codes()[:1], codes()):
            for code in some:
                MessageText.objects.get_or_create(
                    code=code, defaults={"subject": "S", "body": "B", "updated_by": admin}
                )
            with CaptureQueriesContext(connection) as queries:
                client.get(LIST)
            costs.append(len(queries))
        assert costs[0] == costs[1]

    def test_the_page_shows_the_text_its_fields_and_a_sample(self, client):
        page = client.get(PAGE)
        html = page.content.decode()
        assert page.context["form"]["subject"].value() == "Akun Inpassing Anda"
        assert {m: r for m, _, r in page.context["fields"]} == {
            "{username}": True,
            "{nama}": False,
            "{peran}": False,
        }
        assert "Tautan satu kali ditambahkan sistem" in html
        assert "Dengan data contoh" in html
        assert client.get(f"{LIST}tidak_ada/").status_code == 404
        assert client.get(f"{LIST}_base/").status_code == 404

    def test_the_preview_takes_the_data_of_a_recent_message_and_saves_nothing(self, client):
        user = make_user(name="Budi Santoso")
        invite(user)
        page = client.post(PAGE, typed(pratinjau="1"))
        html = page.content.decode()
        assert f"Dengan data pesan kepada {user.email}" in html
        assert f"Akun Anda: {user.username}." in html
        assert not MessageText.objects.exists()

    def test_markup_stays_text(self, client):
        page = client.post(PAGE, typed(pratinjau="1", body=f"{BODY}\n\n<script>x</script>"))
        html = page.content.decode()
        assert "&lt;script&gt;x&lt;/script&gt;" in html
        assert "<script>x" not in html

    @pytest.mark.parametrize("page", [LIST, PAGE])
    def test_administrators_only(self, as_user, page):
        assert as_user(make_verifier()).get(page).status_code == 403
        assert as_user(None).get(page).status_code == 302


class TestSave:
    def test_saving_keeps_text_version_and_who(self, client, admin):
        answer = client.post(PAGE, typed(body=BODY.replace("\n", "\r\n")))
        assert answer.url == PAGE
        row = MessageText.objects.get()
        assert (row.code, row.subject, row.body) == (CODE, "Selamat datang", BODY)
        assert (row.version, row.updated_by) == (1, admin)
        (event,) = events_of(row)
        assert (event.kind, event.actor, event.data) == (
            "message_text.changed",
            admin,
            {"code": CODE, "version": 1},
        )
        assert BODY in event.detail.text
        assert "Teks pesan diubah" in client.get(PAGE).content.decode()

    def test_the_second_click_changes_nothing(self, client):
        client.post(PAGE, typed())
        assert client.post(PAGE, typed()).status_code == 302
        row = MessageText.objects.get()
        assert (row.version, events_of(row).count()) == (1, 1)

    def test_who_was_slower_sees_the_present_text_and_keeps_the_own(self, client, as_user):
        other = make_admin(name="Teguh Prasojo")
        as_user(other).post(PAGE, typed(subject="Dari Teguh"))
        answer = client.post(PAGE, typed(subject="Dari Ika"))
        html = answer.content.decode()
        assert answer.status_code == 409
        assert "Teks ini diubah Teguh Prasojo" in html
        assert "Dari Teguh" in html
        assert 'value="Dari Ika"' in html
        again = {"version": answer.context["form"]["version"].value(), "subject": "Dari Ika"}
        assert client.post(PAGE, typed(**again)).status_code == 302
        assert MessageText.objects.get().subject == "Dari Ika"

    def test_an_unknown_field_is_refused_with_those_that_there_are(self, client):
        for mark in ("{batas}", "{Nama}", "{nama", "{link}", "{nama.password}", "{}"):
            answer = client.post(PAGE, typed(body=f"{BODY} {mark}"))
            assert answer.status_code == 422, mark
            html = answer.content.decode()
            assert "Yang dapat dipakai: {nama}, {peran}, {username}." in html
        assert client.post(PAGE, typed(subject="{sandi}")).status_code == 422
        assert not MessageText.objects.exists()

    def test_what_must_stay_is_named(self, client):
        answer = client.post(PAGE, typed(body="Yth. {nama}, akun Anda sudah dibuat."))
        assert answer.status_code == 422
        assert "Harus tetap ada: {username}." in answer.content.decode()
        assert not MessageText.objects.exists()

    def test_the_shipped_text_is_not_kept_as_an_edit(self, client):
        subject, body = shipped(CODE)
        client.post(PAGE, typed(subject=subject, body=body))
        assert not MessageText.objects.exclude(body="").exists()

    def test_others_cannot(self, client, admin, refuses_everybody_else):
        refuses_everybody_else(PAGE, data=typed(), onlooker=make_verifier(), get_allowed=True)
        assert client.post(f"{LIST}tidak_ada/", typed()).status_code == 404
        assert not MessageText.objects.exists()


class TestReset:
    PATH = f"{PAGE}bawaan/"

    def test_the_shipped_text_comes_back_and_the_version_goes_on(self, client, admin):
        client.post(PAGE, typed())
        assert client.post(self.PATH, {"version": "1"}).url == PAGE
        row = MessageText.objects.get()
        assert (row.body, row.version) == ("", 2)
        assert [event.kind for event in events_of(row)] == [
            "message_text.reset",
            "message_text.changed",
        ]
        assert render_text(CODE, dict.fromkeys(fields_of(CODE), "x"))[0] == "Akun Inpassing Anda"
        # A page from before the reset must not bring its text back unseen.
        assert client.post(PAGE, typed(version="1")).status_code == 409

    def test_nothing_to_take_back_or_a_page_from_before(self, client):
        none = client.post(self.PATH, {"version": "0"}, follow=True)
        assert "sudah memakai teks bawaan" in none.content.decode()
        client.post(PAGE, typed())
        stale = client.post(self.PATH, {"version": "0"}, follow=True)
        assert "Tulisan Anda tidak disimpan" in stale.content.decode()
        assert MessageText.objects.get().is_edited

    def test_others_cannot(self, admin, refuses_everybody_else):
        refuses_everybody_else(self.PATH, onlooker=make_verifier(), allowed=admin)


class TestSending:
    def test_mail_and_inbox_say_what_was_saved(self, client):
        client.post(
            f"{LIST}role_granted/",
            typed(subject="Peran: {peran}", body="Halo {nama} <b>, {peran} & kawan."),
        )
        user = make_user(name="Budi")
        enqueue("k", to=user, template="role_granted", fields={"peran": "{nama} <i>"})
        deliver_due()
        inbox = InboxMessage.objects.get()
        assert inbox.subject == "Peran: {nama} <i>"
        assert inbox.body == "Halo Budi <b>, {nama} <i> & kawan."
        (sent,) = mail.outbox
        assert sent.subject == "Peran: {nama} <i>"
        assert isinstance(sent, EmailMultiAlternatives)
        html = str(sent.alternatives[0][0])
        assert "Halo Budi &lt;b&gt;, {nama} &lt;i&gt; &amp; kawan." in html
        listed = client.get(reverse("notifications:outbox")).content.decode()
        assert "Peran: {nama} &lt;i&gt;" in listed

    def test_the_one_time_link_is_there_whatever_the_text_says(self, client):
        client.post(PAGE, typed(body="Akun {username}."))
        invite(make_user())
        deliver_due()
        assert "/undangan/" in str(mail.outbox[0].body)
        assert "/undangan/" in str(mail.outbox[0].alternatives[0][0])

    def test_a_text_that_names_what_is_not_given_stops_nobody(self, admin):
        MessageText.objects.create(
            code="role_granted", subject="S", body="{dahulu_ada}", updated_by=admin
        )
        enqueue("k", to=make_user(), template="role_granted", fields={"peran": "operator"})
        assert InboxMessage.objects.get().subject == shipped("role_granted")[0]

    def test_a_text_costs_one_query(self, admin):
        for edited in (False, True):
            if edited:
                MessageText.objects.create(
                    code="role_granted", subject="S", body="{nama}", updated_by=admin
                )
            with CaptureQueriesContext(connection) as queries:
                render_text("role_granted", {"nama": "x", "peran": "y"})
            assert len(queries) == 1

    def test_the_list_of_mails_costs_the_same_for_one_and_sixty(self, client, admin):
        MessageText.objects.create(code="role_granted", subject="S", body="B", updated_by=admin)
        costs = []
        for count in (1, 59):
            for _ in range(count):
                number = OutboxMessage.objects.count()
                OutboxMessage.objects.create(
                    key=f"m{number}",
                    to_email="a@contoh.example",
                    template=codes()[number % len(codes())],
                )
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("notifications:outbox"))
            costs.append(len(queries))
        assert costs[0] == costs[1]


def test_every_field_has_a_meaning_and_none_is_a_secret():
    named = set().union(*(fields_of(code) for code in codes()))
    assert named == set(FIELDS)
    assert set(FIELDS) >= ESSENTIAL
    assert not named & {"tautan", "link", "token", "sandi", "password"}
    assert set(codes()) >= WITH_LINK


def test_every_shipped_text_may_be_saved():
    assert {code: complaints(code, *shipped(code)) for code in codes()} == {
        key: [] for key in codes()
    }
