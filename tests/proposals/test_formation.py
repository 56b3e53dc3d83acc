"""The agency's formation: list, rows, signed table, submission."""

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.reference.models import FormationColumn
from inpassing.timeline.events import events_of
from proposals.ledger import ledger, ledgers
from proposals.models import Formation, FormationLine, Proposal
from tests.factories import (
    PDF,
    make_admin,
    make_file,
    make_formation,
    make_level,
    make_operator,
    make_period,
    make_proposal,
    make_user,
    make_verifier,
    make_work_unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def period():
    return make_period()


@pytest.fixture
def operator():
    return make_operator()


@pytest.fixture
def agency(operator):
    return operator.employer


@pytest.fixture
def draft(agency, period):
    return make_formation(agency, period, status="draft")


def url(name, formation, *more):
    return reverse(f"proposals:{name}", args=[formation.pk, *more])


def pdf(data=PDF):
    return SimpleUploadedFile("tabel.pdf", data, "application/pdf")


def row(level="pertama", needed=8, filled=3, **more):
    return {"level": make_level(code=level).pk, "needed": needed, "filled": filled, **more}


# List and creation


def test_the_list_offers_what_is_not_made_yet(as_user, operator, draft, period):
    page = as_user(operator).get(reverse("proposals:formation_list"))
    assert [r["formation"] for r in page.context["rows"]] == [draft]
    assert [(m["period"], m["position"].code) for m in page.context["missing"]] == [
        (period, "STATISTISI")
    ]


def test_the_list_costs_the_same_with_one_and_with_sixty_rows(as_user, operator, agency):
    client = as_user(operator)
    make_formation(agency, make_period())
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(reverse("proposals:formation_list"))
    for _ in range(30):
        period = make_period(status="closed")
        make_formation(agency, period)
        make_formation(agency, period, position="STATISTISI")
    with CaptureQueriesContext(connection) as many:
        page = client.get(reverse("proposals:formation_list"))
    assert len(page.context["rows"]) == 50
    assert page.context["next_url"]
    assert len(many) == len(few) <= 10
    after = client.get(page.context["next_url"])
    assert len(after.context["rows"]) == 11
    assert after.context["prev_url"]


def test_what_can_still_be_made_is_of_periods_that_take_nominations(as_user, operator, period):
    newer, over = make_period(), make_period()
    period.opens_at -= dt.timedelta(days=30)
    period.save()
    over.nomination_deadline = timezone.now() - dt.timedelta(minutes=1)
    over.save()
    page = as_user(operator).get(reverse("proposals:formation_list"))
    assert [(m["period"], m["position"].name) for m in page.context["missing"]] == [
        (newer, "Pranata Komputer"),
        (newer, "Statistisi"),
        (period, "Pranata Komputer"),
        (period, "Statistisi"),
    ]


def test_what_a_saved_row_changes_beside_the_table_is_swapped_with_it(
    as_user, operator, agency, period
):
    """The print link, the button that sends, the story and the over-run stand outside the part
    that is swapped."""
    page = as_user(operator).get(url("formation", make_formation(agency, period))).content.decode()
    named = re.search(r'hx-select-oob="([^"]+)"', page)[1].split(",")
    assert named == ["#messages", "#terlampaui", "#cetak", "#sisi"]
    assert all(f'id="{name[1:]}"' in page for name in named)


def test_the_list_is_not_for_participants(as_user):
    assert as_user(make_user()).get(reverse("proposals:formation_list")).status_code == 403


def test_creation_makes_one_formation_however_often(as_user, operator, agency, period):
    data = {"agency": agency.pk, "period": period.pk, "position": "PRAKOM"}
    answers = [
        as_user(operator).post(reverse("proposals:formation_create"), data) for _ in range(2)
    ]
    formation = Formation.objects.get()
    assert {a.url for a in answers} == {url("formation", formation)}
    assert (formation.agency, formation.period, formation.position_id) == (agency, period, "PRAKOM")
    assert [e.kind for e in events_of(formation)] == ["formation.created"]


def test_creation_refuses_what_is_not_open_or_not_the_own(
    as_user, operator, agency, period, refuses_everybody_else
):
    create = reverse("proposals:formation_create")
    data = {"agency": agency.pk, "period": period.pk, "position": "PRAKOM"}
    refuses_everybody_else(create, data=data, stranger=make_operator(), allowed=operator)
    closed = make_period(status="closed")
    assert as_user(operator).post(create, {**data, "period": closed.pk}).status_code == 404
    period.period_positions.filter(position="PRAKOM").delete()
    assert as_user(operator).post(create, data).url == reverse("proposals:formation_list")
    assert not Formation.objects.exists()


# The page


def test_the_page_shows_the_ledger(as_user, operator, agency, period):
    formation = make_formation(agency, period, lines={"pertama": (8, 3), "muda": (2, 3)})
    make_proposal(agency, period, status="filling")
    make_proposal(agency, period, status="recommended")
    page = as_user(operator).get(url("formation", formation))
    entries = {r["entry"].level.code: r["entry"] for r in page.context["ledger"]}
    first = entries["pertama"]
    assert (first.needed, first.filled, first.vacancy, first.reserved, first.used, first.left) == (
        8, 3, 5, 1, 1, 3,
    )  # fmt: skip
    assert entries["muda"].vacancy == 0
    assert "kelebihan 1" in page.content.decode()


def test_the_page_costs_the_same_for_one_row_and_for_many(as_user, operator, agency, period):
    client = as_user(operator)
    small = make_formation(agency, period, lines={"pertama": (8, 3)}, status="draft")
    small.lines.update(work_unit=make_work_unit(agency))
    with CaptureQueriesContext(connection) as few:
        client.get(url("formation", small))
    for number in range(20):
        unit = make_work_unit(agency, f"Unit {number}")
        FormationLine.objects.create(
            formation=small, level=make_level(code="muda"), work_unit=unit, needed=1, filled=0
        )
    with CaptureQueriesContext(connection) as many:
        client.get(url("formation", small))
    assert len(many) == len(few)


def test_a_returned_formation_shows_the_note(as_user, operator, draft):
    draft.status, draft.note = "returned", "Tabel tidak terbaca di halaman 2."
    draft.save()
    page = as_user(operator).get(url("formation", draft)).content.decode()
    assert "Tabel tidak terbaca di halaman 2." in page
    assert "Tambah baris" in page


def test_who_may_see_it(as_user, operator, agency, period, draft):
    page = url("formation", draft)
    assert as_user(operator).get(page).context["editable"] is True
    assert as_user(make_verifier()).get(page).context["editable"] is False
    assert as_user(make_admin()).get(page).context["editable"] is False
    assert as_user(make_operator()).get(page).status_code == 404
    assert as_user(None).get(page).status_code == 302


# Rows


def test_a_row_is_added_changed_and_removed(as_user, operator, agency, draft):
    client, unit = as_user(operator), make_work_unit(agency)
    client.post(url("formation_line_create", draft), row("muda", 4, 1, work_unit=unit.pk))
    line = draft.lines.get(level__code="muda")
    assert (line.needed, line.filled, line.work_unit) == (4, 1, unit)
    client.post(url("formation_line_edit", draft, line.pk), row("muda", 5, 2))
    line.refresh_from_db()
    assert (line.needed, line.filled, line.work_unit) == (5, 2, None)
    assert client.post(url("formation_line_remove", draft, line.pk)).url == url("formation", draft)
    assert not draft.lines.filter(level__code="muda").exists()
    second = client.post(url("formation_line_remove", draft, line.pk), follow=True)
    assert "Baris itu sudah dihapus." in second.content.decode()
    assert [e.kind for e in events_of(draft)] == [
        "formation.line_removed",
        "formation.line_changed",
        "formation.line_added",
    ]


@pytest.mark.parametrize(
    ("changed", "words", "status"),
    [
        ({"needed": -1}, "Angka tidak boleh kurang dari 0.", 422),
        ({"needed": "x"}, "Tulis angka bulat", 422),
        ({"level": ""}, "Jenjang: belum dipilih.", 422),
        ({}, "Jenjang Ahli Pertama sudah ada. Ubah baris itu.", 409),
    ],
)
def test_bad_rows_keep_what_was_typed(as_user, operator, draft, changed, words, status):
    answer = as_user(operator).post(
        url("formation_line_create", draft), {**row(filled=77), **changed}
    )
    page = answer.content.decode()
    assert answer.status_code == status
    assert words in page
    assert 'value="77"' in page
    assert draft.lines.count() == 1


def test_a_row_never_falls_below_what_is_used(as_user, operator, agency, period):
    formation = make_formation(agency, period, lines={"pertama": (3, 0)})
    for status in ("recommended", "appointed"):
        make_proposal(agency, period, status=status)
    formation.status = "returned"
    formation.save()
    line, client = formation.lines.get(), as_user(operator)
    answer = client.post(url("formation_line_edit", formation, line.pk), row(needed=1, filled=0))
    assert answer.status_code == 409
    assert "2 formasi sudah dipakai rekomendasi" in answer.content.decode()
    moved = client.post(url("formation_line_edit", formation, line.pk), row("muda", 3, 0))
    assert moved.status_code == 409
    client.post(url("formation_line_remove", formation, line.pk))
    line.refresh_from_db()
    assert (line.needed, line.level.code) == (3, "pertama")
    assert client.post(
        url("formation_line_edit", formation, line.pk), row(needed=2, filled=0)
    ).url == url("formation", formation)


def test_a_row_below_what_is_reserved_shows_the_overrun(as_user, operator, agency, period):
    formation = make_formation(agency, period, lines={"pertama": (3, 0)})
    for _ in range(2):
        make_proposal(agency, period, status="filling")
    formation.status = "returned"
    formation.save()
    client, line = as_user(operator), formation.lines.get()
    client.post(url("formation_line_edit", formation, line.pk), row(needed=1, filled=0))
    page = client.get(url("formation", formation))
    assert [entry.left for entry in page.context["overrun"]] == [-1]
    assert "Ahli Pertama terlampaui." in page.content.decode()


def test_a_changed_row_loses_the_figure_that_bps_validated(as_user, operator, agency, period):
    formation = make_formation(agency, period, status="validated")
    formation.status = "returned"
    formation.save()
    line = formation.lines.get()
    as_user(operator).post(url("formation_line_edit", formation, line.pk), row(needed=9))
    line.refresh_from_db()
    assert (line.validated, line.vacancy) == (None, 6)


@pytest.mark.parametrize("name", ["formation_line_create", "formation_line_edit"])
def test_row_pages_refuse_others(draft, operator, refuses_everybody_else, name):
    more = [draft.lines.get().pk] if name == "formation_line_edit" else []
    refuses_everybody_else(
        url(name, draft, *more),
        data=row("muda"),
        onlooker=make_verifier(),
        stranger=make_operator(),
        get_allowed=True,
    )


def test_removing_refuses_others(draft, operator, refuses_everybody_else):
    refuses_everybody_else(
        url("formation_line_remove", draft, draft.lines.get().pk),
        onlooker=make_verifier(),
        stranger=make_operator(),
        allowed=operator,
    )


@pytest.mark.parametrize("status", ["submitted", "validated"])
def test_a_formation_that_bps_holds_is_locked(as_user, operator, agency, period, status):
    formation = make_formation(agency, period, status=status)
    client, line = as_user(operator), formation.lines.get()
    answer = client.post(url("formation_line_edit", formation, line.pk), row(needed=1))
    assert answer.status_code == 409
    assert "Formasi terkunci" in answer.content.decode()
    client.post(url("formation_line_remove", formation, line.pk))
    client.post(url("formation_table_upload", formation), {"table": pdf()})
    line.refresh_from_db()
    assert line.needed == 8
    assert formation.table_id == Formation.objects.get().table_id


def test_a_row_of_another_formation_is_not_found(as_user, operator, draft, agency):
    other = make_formation(agency, make_period(), status="draft")
    answer = as_user(operator).get(url("formation_line_edit", draft, other.lines.get().pk))
    assert answer.status_code == 404


# The signed table


def test_the_table_is_kept_and_waits_for_the_inspector(as_user, operator, draft):
    client = as_user(operator)
    assert client.post(url("formation_table_upload", draft), {"table": pdf()}).url == url(
        "formation", draft
    )
    draft.refresh_from_db()
    assert (draft.table.name, draft.table.is_waiting) == ("tabel.pdf", True)
    assert "Sedang diperiksa" in client.get(url("formation", draft)).content.decode()
    assert client.get(url("formation_table", draft)).status_code == 404


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"\x89PNG", 422, "Berkas ini bukan PDF"),
        (PDF + b"0" * (2 * 1024 * 1024), 413, "Berkas lebih besar dari 2 MB"),
        (PDF + b"0" * (3 * 1024 * 1024), 413, "Berkas lebih besar dari 2 MB"),
    ],
)
def test_a_table_that_cannot_be_is_refused_at_the_field(
    as_user, operator, draft, data, status, words
):
    answer = as_user(operator).post(url("formation_table_upload", draft), {"table": pdf(data)})
    assert answer.status_code == status
    assert words in answer.content.decode()
    draft.refresh_from_db()
    assert draft.table is None


def test_an_accepted_table_opens_for_those_who_see_the_formation(as_user, operator, draft):
    draft.table = make_file(draft)
    draft.save()
    page = url("formation_table", draft)
    answer = as_user(operator).get(page)
    assert b"".join(answer.streaming_content) == PDF
    seen = as_user(make_verifier()).get(page)
    assert (seen.status_code, b"".join(seen.streaming_content)) == (200, PDF)
    assert as_user(make_operator()).get(page).status_code == 404


def test_uploading_refuses_others(draft, operator, refuses_everybody_else):
    refuses_everybody_else(
        url("formation_table_upload", draft),
        onlooker=make_verifier(),
        stranger=make_operator(),
        allowed=operator,
    )


# The calculation


def test_a_calculation_may_be_there_and_is_taken_out_again(as_user, operator, draft):
    client, page = as_user(operator), url("formation", draft)
    upload = url("formation_calculation_upload", draft)
    assert client.post(upload, {"calculation": pdf()}).url == page
    draft.refresh_from_db()
    assert (draft.calculation.name, draft.calculation.is_waiting) == ("tabel.pdf", True)
    assert client.get(url("formation_calculation", draft)).status_code == 404
    draft.calculation.state = "accepted"
    draft.calculation.save()
    for reader in (operator, make_verifier()):
        assert as_user(reader).get(url("formation_calculation", draft)).getvalue() == PDF
    for _ in range(2):
        assert client.post(url("formation_calculation_remove", draft)).url == page
    draft.refresh_from_db()
    assert draft.calculation is None
    assert [e.kind for e in events_of(draft)] == [
        "formation.calculation_removed",
        "formation.calculation_uploaded",
    ]


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"\x89PNG", 422, "Berkas ini bukan PDF"),
        (PDF + b"0" * (3 * 1024 * 1024), 413, "Berkas lebih besar dari 2 MB"),
    ],
)
def test_a_calculation_that_cannot_be_is_refused_at_its_field(
    as_user, operator, draft, data, status, words
):
    answer = as_user(operator).post(
        url("formation_calculation_upload", draft), {"calculation": pdf(data)}
    )
    assert answer.status_code == status
    assert words in answer.content.decode().split("Perhitungan kebutuhan")[1]


def test_a_refused_calculation_keeps_the_formation_back(as_user, operator, draft):
    draft.table, draft.calculation = make_file(draft), make_file(draft, state="refused")
    draft.save()
    answer = as_user(operator).post(url("formation_submit", draft), follow=True)
    assert "Ganti atau lepaskan berkas itu." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.status == "draft"


@pytest.mark.parametrize("name", ["formation_calculation_upload", "formation_calculation_remove"])
def test_the_calculation_of_a_locked_formation_stays(as_user, operator, agency, period, name):
    formation = make_formation(agency, period)
    formation.calculation = make_file(formation)
    formation.save()
    answer = as_user(operator).post(url(name, formation), {"calculation": pdf()}, follow=True)
    assert "Formasi terkunci" in answer.content.decode()
    assert Formation.objects.get().calculation_id == formation.calculation_id


@pytest.mark.parametrize("name", ["formation_calculation_upload", "formation_calculation_remove"])
def test_the_calculation_refuses_others(draft, operator, refuses_everybody_else, name):
    refuses_everybody_else(
        url(name, draft), onlooker=make_verifier(), stranger=make_operator(), allowed=operator
    )


# Rows in their place, and the period's own columns


def test_a_row_opens_in_its_place_in_the_table(as_user, operator, draft):
    client, line = as_user(operator), draft.lines.get()
    page = client.get(url("formation_line_edit", draft, line.pk)).content.decode()
    inside = page.split("<tbody>")[-1].split("</tbody>")[0]
    assert 'name="needed" value="8"' in inside
    assert "Hapus baris ini" in inside
    fresh = client.get(url("formation_line_create", draft)).content.decode()
    assert "Baris baru" in fresh.split("<tbody>")[-1]
    assert "Ahli Pertama" in fresh
    assert "Tambah baris" not in fresh
    locked = make_formation(draft.agency, make_period())
    page = client.get(url("formation_line_create", locked)).content.decode()
    assert "Baris baru" not in page
    refused = client.post(url("formation_line_create", locked), row("muda"))
    assert "Formasi terkunci" in refused.content.decode()


def test_the_periods_own_columns_are_filled_in(as_user, operator, draft, period):
    text = FormationColumn.objects.create(period=period, order=1, label="Dasar hitungan")
    amount = FormationColumn.objects.create(period=period, order=2, label="Beban", kind="number")
    client, line = as_user(operator), draft.lines.get()
    edit = url("formation_line_edit", draft, line.pk)
    filled = {f"extra_{text.pk}": "ABK 2026", f"extra_{amount.pk}": "1.250,5"}
    client.post(edit, row(**filled))
    line.refresh_from_db()
    assert line.extra == {str(text.pk): "ABK 2026", str(amount.pk): "1250.5"}
    for page in (url("formation", draft), url("formation_print", draft)):
        html = client.get(page).content.decode()
        assert "Dasar hitungan" in html
        assert "1.250,5" in html
    assert 'value="1250,5"' in client.get(edit).content.decode()
    client.post(edit, row(**{f"extra_{text.pk}": "", f"extra_{amount.pk}": ""}))
    line.refresh_from_db()
    assert line.extra == {}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("banyak", "Tulis angka, misalnya 12 atau 12,5."),
        ("-1", "Angka tidak boleh kurang dari 0."),
        ("1,23456", "Paling banyak 3 angka di belakang koma."),
        ("NaN", "Tulis angka, misalnya 12 atau 12,5."),
    ],
)
def test_a_number_column_takes_numbers_only(as_user, operator, draft, period, typed, words):
    column = FormationColumn.objects.create(period=period, label="Beban", kind="number")
    answer = as_user(operator).post(
        url("formation_line_create", draft), row("muda", **{f"extra_{column.pk}": typed})
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert draft.lines.count() == 1


def test_the_page_to_sign_has_all_figures(as_user, operator, agency, period):
    formation = make_formation(agency, period, lines={"pertama": (8, 3), "muda": (2, 3)})
    make_proposal(agency, period, status="filling")
    make_proposal(agency, period, status="recommended")
    page = as_user(operator).get(url("formation_print", formation))
    assert page.context["totals"] == {"needed": 10, "filled": 6, "vacancy": 5, "validated": 0}
    assert [(e.reserved, e.used, e.left) for e in page.context["ledger"]] == [
        (1, 1, 3),
        (0, 0, 0),
    ]
    html = page.content.decode()
    assert "kelebihan 1" in html
    assert "Pejabat yang berwenang" in html
    assert as_user(make_verifier()).get(url("formation_print", formation)).status_code == 200
    assert as_user(make_operator()).get(url("formation_print", formation)).status_code == 404


# Submission


def test_a_complete_formation_is_sent_once(as_user, operator, draft):
    draft.table = make_file(draft, state="waiting")
    draft.save()
    client = as_user(operator)
    assert client.get(url("formation_submit", draft)).status_code == 200
    client.post(url("formation_submit", draft))
    draft.refresh_from_db()
    assert (draft.status, draft.submitted_by) == ("submitted", operator)
    second = client.post(url("formation_submit", draft), follow=True)
    assert "Formasi sudah menunggu validasi." in second.content.decode()
    assert [e.kind for e in events_of(draft)] == ["formation.submitted"]


@pytest.mark.parametrize(
    ("table", "lines", "words"),
    [
        (None, True, "Tabel bertanda tangan belum diunggah"),
        ("refused", True, "Tabel bertanda tangan ditolak"),
        ("accepted", False, "Formasi belum berisi jenjang"),
    ],
)
def test_an_incomplete_formation_is_not_sent(as_user, operator, draft, table, lines, words):
    if table:
        draft.table = make_file(draft, state=table)
        draft.save()
    if not lines:
        draft.lines.all().delete()
    answer = as_user(operator).post(url("formation_submit", draft), follow=True)
    assert words in answer.content.decode()
    assert answer.context["can_submit"] is False
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_sending_refuses_others(draft, refuses_everybody_else):
    refuses_everybody_else(
        url("formation_submit", draft),
        onlooker=make_verifier(),
        stranger=make_operator(),
        get_allowed=True,
    )


def test_candidates_are_added_from_here_by_those_who_may(as_user, operator, agency, period):
    formation = make_formation(agency, period)
    wanted = f"{reverse('proposals:create')}?instansi={agency.pk}&periode={period.pk}"
    for user, expected in [(operator, wanted), (make_admin(), wanted), (make_verifier(), "")]:
        assert as_user(user).get(url("formation", formation)).context["create_url"] == expected
    assert Proposal.objects.count() == 0


def test_many_ledgers_cost_two_queries_and_say_what_each_alone_says(agency, period):
    found = [
        make_formation(agency, period, lines={"pertama": (8, 3), "muda": (2, 3)}),
        make_formation(agency, period, position="STATISTISI"),
        make_formation(agency, make_period(), lines={"pertama": (4, 0)}),
        make_formation(make_operator().employer, period, lines={"pertama": (9, 0)}),
    ]
    for status in ("nominated", "recommended", "appointed", "withdrawn", "draft"):
        make_proposal(agency, period, status=status)
    make_proposal(found[3].agency, period, status="submitted")
    with CaptureQueriesContext(connection) as caught:
        together = ledgers(found)
    assert len(caught) == 2
    assert together == {formation.pk: ledger(formation) for formation in found}
    first = {line.level.code: line for line in together[found[0].pk]}
    assert (first["pertama"].reserved, first["pertama"].used) == (1, 2)
    assert [line.reserved for line in together[found[2].pk]] == [0]
    assert [line.reserved for line in together[found[3].pk]] == [1]
