"""The list of proposals: who sees what, filters, paging, cost."""

import base64
import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inpassing.notifications.models import OutboxMessage
from proposals.models import Proposal
from tests.factories import (
    make_admin,
    make_agency,
    make_formation,
    make_operator,
    make_period,
    make_proposal,
    make_user,
    make_verifier,
)

pytestmark = pytest.mark.django_db

LIST = "/usulan/"


@pytest.fixture
def period():
    return make_period()


@pytest.fixture
def operator():
    return make_operator()


@pytest.fixture
def agency(operator):
    return operator.employer


def names(client, **query):
    return [row.name for row in client.get(LIST, query).context["rows"]]


def test_everybody_sees_the_own_rows_only(as_user, operator, agency, period):
    ours = make_proposal(agency, period, name="Milik Kami")
    theirs = make_proposal(make_agency(), period, name="Milik Lain", status="nominated")
    assert names(as_user(operator)) == ["Milik Kami"]
    assert set(names(as_user(make_admin()))) == {"Milik Kami", "Milik Lain"}
    assert names(as_user(make_verifier())) == ["Milik Lain"]
    assert names(as_user(make_user())) == []
    filling = make_proposal(status="filling", name="Saya Sendiri")
    assert names(as_user(filling.participant)) == ["Saya Sendiri"]
    assert as_user(None).get(LIST).status_code == 302
    assert {ours.status, theirs.status} == {"draft", "nominated"}


def test_the_last_change_stands_on_top(as_user, operator, agency, period):
    for name, days in [("Lama", 3), ("Baru", 1), ("Tengah", 2)]:
        make_proposal(
            agency, period, name=name, status_since=timezone.now() - dt.timedelta(days=days)
        )
    assert names(as_user(operator)) == ["Baru", "Tengah", "Lama"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ramlah", ["Wa Ode Sri Ramlah"]),
        ("SRI wa", ["Wa Ode Sri Ramlah"]),
        ("198904", ["Wa Ode Sri Ramlah"]),
        ("19890414 201403 2 901", ["Wa Ode Sri Ramlah"]),
        ("1990", []),
        ("ram & lah | !x:*", []),
        ("'", []),
        ("tidakada", []),
    ],
)
def test_search_by_name_and_nip(as_user, operator, agency, period, query, found):
    make_proposal(agency, period, name="Wa Ode Sri Ramlah", nip="198904142014032901")
    make_proposal(agency, period, name="Andi Firmansyah", nip="199202272019031904")
    assert names(as_user(operator), q=query) == found


def test_filters_stand_in_the_address_and_can_be_taken_off(as_user, operator, agency, period):
    other = make_period()
    make_proposal(agency, period, name="Konsep Satu")
    make_proposal(agency, period, name="Kirim Satu", status="nominated")
    make_proposal(agency, other, name="Konsep Dua")
    client = as_user(operator)
    assert names(client, status="draft", periode=period.pk) == ["Konsep Satu"]
    chips = client.get(LIST, {"status": "draft", "periode": period.pk}).context["chips"]
    assert [(c["label"], c["url"]) for c in chips] == [
        ("Konsep operator", f"{LIST}?periode={period.pk}"),
        (period.name, f"{LIST}?status=draft"),
    ]
    assert len(names(client, status="bukan-status", periode="x")) == 3


def test_paging_by_key_shows_every_row_once(as_user, operator, agency, period):
    make_formation(agency, period, lines={"pertama": (500, 0)})
    moment = timezone.now()
    made = [make_proposal(agency, period, complete=False, status_since=moment) for _ in range(120)]
    client, seen, url, back = as_user(operator), [], LIST, ""
    pages = []
    while url:
        page = client.get(url)
        pages.append([row.url for row in page.context["rows"]])
        seen += pages[-1]
        url, back = page.context["next_url"], page.context["prev_url"]
    assert [len(p) for p in pages] == [50, 50, 20]
    assert seen == [f"/usulan/{p.pk}/" for p in sorted(made, key=lambda p: -p.pk)]
    assert [row.url for row in client.get(back).context["rows"]] == pages[1]


BROKEN = [
    "x",
    "[]",
    "[1, 2]",
    '{"a": 1}',
    '["2026-08-18", 1]',
    '["2026-08-18T00:00:00", 1]',
    '["2026-08-18T00:00:00+00:00", "\\u0000"]',
    '["2026-08-18T00:00:00+00:00", null]',
    '["2026-08-18T00:00:00+00:00", [1]]',
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_cursor_gives_the_first_page(as_user, operator, agency, period, text):
    make_proposal(agency, period, name="Satu")
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    assert names(as_user(operator), setelah=cursor) == ["Satu"]
    assert names(as_user(operator), setelah=text, sebelum="%") == ["Satu"]


def test_a_cursor_beyond_any_number_gives_no_error(as_user, operator, agency, period):
    make_proposal(agency, period, name="Satu")
    text = '["2026-08-18T00:00:00+00:00", 99999999999999999999999999]'
    cursor = base64.urlsafe_b64encode(text.encode()).decode()
    assert as_user(operator).get(LIST, {"setelah": cursor}).status_code == 200


def test_the_cost_is_the_same_with_one_and_with_sixty_rows(as_user, operator, agency, period):
    client = as_user(operator)
    make_proposal(agency, period, status="filling")
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for number in range(60):
        status = ["draft", "filling", "nominated", "submitted"][number % 4]
        make_proposal(agency, period, status=status, complete=False)
    with CaptureQueriesContext(connection) as many:
        page = client.get(LIST)
    assert len(page.context["rows"]) == 50
    assert len(many) == len(few) <= 10
    assert len(page.content) <= 50_000


def test_a_failed_invitation_is_the_operators_turn(as_user, operator, agency, period):
    filling = make_proposal(agency, period, status="filling")
    OutboxMessage.objects.create(
        key="a", user=filling.participant, template="invitation", to_email="a@b.id", state="failed"
    )
    (row,) = as_user(operator).get(LIST).context["rows"]
    assert (row.kind, row.word, row.holder, row.holds) == ("fix", "Undangan gagal", "Anda", True)
    OutboxMessage.objects.create(
        key="b", user=filling.participant, template="invitation", to_email="b@b.id", state="sent"
    )
    (row,) = as_user(operator).get(LIST).context["rows"]
    assert (row.word, row.holder, row.holds) == ("Melengkapi berkas", "Peserta", False)


def test_an_empty_list_says_what_to_do(as_user, operator, period):
    assert "Belum ada calon" in as_user(operator).get(LIST).content.decode()
    found = as_user(operator).get(LIST, {"q": "x"}).content.decode()
    assert "Tidak ada yang cocok" in found
    assert Proposal.objects.count() == 0
