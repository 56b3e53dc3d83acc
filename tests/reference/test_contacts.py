"""reference.contacts: whom to ask, in the footer of every page and in every mail."""

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from inpassing.notifications.outbox import enqueue
from inpassing.notifications.tasks import deliver_due
from inpassing.reference.contacts import contact_lines
from tests.factories import make_operator, make_period

pytestmark = pytest.mark.django_db
FIRST = {"contact_name": "Sekretariat", "contact_phone": "021 1", "contact_email": "a@contoh.go.id"}
SECOND = {"contact_name": "Biro Umum", "contact_phone": "", "contact_email": ""}
LINE = "Sekretariat, telepon 021 1, email a@contoh.go.id"


def test_the_one_contact_stands_without_the_period():
    make_period(**FIRST, name="Periode I")
    assert contact_lines() == [LINE]


def test_open_periods_with_one_contact_share_a_line_and_several_are_named():
    make_period(**FIRST, name="Periode I")
    make_period(**FIRST, name="Periode II")
    make_period(**FIRST, name="Periode nol", status="closed")
    assert contact_lines() == [LINE]
    make_period(**SECOND, name="Periode III")
    lines = contact_lines()
    assert "Periode III: Biro Umum" in lines
    assert {line for line in lines if line.endswith(f": {LINE}")} <= {
        f"Periode I dan Periode II: {LINE}",
        f"Periode II dan Periode I: {LINE}",
    }
    assert len(lines) == 2


def test_a_named_period_answers_for_itself_even_when_others_are_open():
    make_period(**FIRST, name="Periode I")
    make_period(**SECOND, name="Periode II", status="closed")
    assert contact_lines("Periode II") == ["Biro Umum"]


def test_a_period_without_a_contact_leaves_it_to_the_open_ones():
    make_period(**FIRST, name="Periode I")
    make_period(name="Periode II", contact_email="", status="closed")
    assert contact_lines("Periode II") == contact_lines("tidak ada") == [LINE]


def test_a_draft_never_answers_and_the_last_closed_one_does_when_nothing_is_open():
    make_period(**SECOND, status="draft")
    assert contact_lines() == []
    make_period(**FIRST, status="closed")
    assert contact_lines() == [LINE]


@pytest.mark.parametrize("address", ["/", "/pedoman/", "/akun/masuk/", "/beranda/"])
def test_it_stands_in_the_footer_of_every_page(as_user, address):
    make_period(**FIRST)
    client = as_user(make_operator() if address == "/beranda/" else None)
    page = client.get(address).content.decode()
    footer = page[page.index("<footer") :]
    assert "Bertanya: Sekretariat, telepon 021 1" in footer
    assert 'href="mailto:a@contoh.go.id"' in footer


def test_it_stands_in_every_mail_in_both_forms():
    make_period(**FIRST, name="Periode I")
    make_period(**SECOND, name="Periode II")
    operator = make_operator()
    fields = {"periode": "Periode II", "perubahan": "nama", "alasan": "salah ketik"}
    enqueue("a", to=operator, template="period_changed", fields=fields, path="/")
    enqueue("b", to=operator, template="role_granted", fields={"peran": "operator"}, path="/")
    deliver_due()
    of_period, general = mail.outbox
    assert "Bertanya: Biro Umum\n" in of_period.body
    assert "Sekretariat" not in of_period.body
    assert f"Periode I: {LINE}" in general.body
    assert "Periode II: Biro Umum" in general.body
    assert isinstance(general, EmailMultiAlternatives)
    html = str(general.alternatives[0][0])
    assert "Bertanya: Periode I: Sekretariat" in html
    assert "mailto:a@contoh.go.id" in html
