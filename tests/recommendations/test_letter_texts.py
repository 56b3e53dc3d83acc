"""The texts of letters: named fields only, a preview with real data, never a hole in a letter."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from inpassing.administration.workflow import clone_last_period
from inpassing.errors import StaleError, TransitionError
from inpassing.timeline.events import events_of
from recommendations import gathering, issuing, letter_texts, workflow
from recommendations.composing import compose
from recommendations.models import Letter, LetterText, NumberRegister
from tests.factories import make_admin, make_period, make_signer
from tests.recommendations.factories import (
    make_awaiting,
    make_draft,
    make_issuing,
    make_run,
    make_signing_officer,
)

pytestmark = pytest.mark.django_db
KIND = "recommendation"


def text_of(response) -> str:
    return response.content.decode()


def url_of(period, slug: str = "rekomendasi") -> str:
    return reverse("recommendations:letter_text", args=[period.pk, slug])


def typed(kind: str = KIND, period_id: int = 0, **changes: str) -> dict[str, str]:
    """Every block as the form shows it, some of them changed."""
    texts = letter_texts.texts_of(period_id, kind)
    return {block: letter_texts.typed(text) for block, text in texts.items()} | changes


def save(period, kind: str = KIND, **changes: str) -> list[str]:
    return letter_texts.save_texts(period, kind, typed(kind, **changes), by=make_admin())


# recommendations:letter_texts, recommendations:letter_text


def test_saving_changes_what_the_letters_of_this_period_say(
    as_user, refuses_everybody_else
) -> None:
    letter, other = make_draft(1), make_draft(1)
    url = url_of(letter.period)
    data = typed(closing="Demikian, {instansi}.")
    refuses_everybody_else(url, data=data, onlooker=make_signer())
    client = as_user(make_admin())
    assert "Demikian kami sampaikan" in text_of(client.get(url))
    response = client.post(url, data, follow=True)
    assert "1 bagian berubah" in text_of(response)
    assert "1 dari 9 bagian" in text_of(response)
    assert compose(letter).closing == f"Demikian, {letter.agency.name}."
    assert compose(other).closing.startswith("Demikian kami sampaikan.")
    again = client.post(url, data, follow=True)
    assert "Tidak ada yang berubah" in text_of(again)
    events = [event for event in events_of(letter.period) if "letter_texts" in event.kind]
    assert [event.data for event in events] == [{"kind": KIND, "blocks": ["closing"]}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Salam {presiden}", "Tidak dikenal: {presiden}. Yang dapat dipakai: {jabatan}, {periode}"),
        ("{{ instansi }}", "Tidak dikenal: "),
        ("{% load x %}", "Tidak dikenal: {% load x %}"),
        ("lupa {menutup", "Tidak dikenal: “{”"),
        ("{instansi.__class__}", "Tidak dikenal: {instansi.__class__}"),
        ("Hore \N{PARTY POPPER}", "Tidak dapat dicetak pada surat: “\N{PARTY POPPER}” (U+1F389)"),
    ],
)
def test_what_nothing_fills_is_refused(as_user, text: str, says: str) -> None:
    period = make_period()
    response = as_user(make_admin()).post(url_of(period), typed(opening=text))
    assert response.status_code == 422
    assert says in text_of(response)
    assert text.replace("<", "&lt;") in text_of(response)
    assert not LetterText.objects.exists()


def test_the_preview_shows_real_data_and_saves_nothing(as_user) -> None:
    letter = make_draft(1)
    client = as_user(make_admin())
    data = typed(opening="Untuk {instansi}.", subject="Hal {nomor_usulan}") | {"pratinjau": "1"}
    page = text_of(client.post(url_of(letter.period), data))
    assert f"<p>Untuk {letter.agency.name}.</p>" in page
    assert "Belum ada isinya pada surat ini: nomor surat usulan instansi." in page
    part = text_of(client.post(url_of(letter.period), data, headers={"HX-Request": "true"}))
    assert f"<p>Untuk {letter.agency.name}.</p>" in part
    assert "<html" not in part
    assert not LetterText.objects.exists()


@pytest.mark.parametrize("slug", letter_texts.KINDS)
def test_every_kind_can_be_looked_at_with_and_without_letters(as_user, slug: str) -> None:
    client = as_user(make_admin())
    empty = make_period()
    assert "Belum ada surat pada periode ini" in text_of(client.get(url_of(empty, slug)))
    letter = make_draft(1)
    proposal = letter.lines.get().proposal
    page = text_of(client.get(url_of(letter.period, slug)))
    if slug == "rekomendasi":
        assert f"Dengan data nyata: {letter.agency.name}." in page
    if slug == "petikan":
        assert f"Dengan data nyata: {proposal.full_name}." in page


def test_an_unknown_kind_is_404(as_user) -> None:
    assert as_user(make_admin()).get(url_of(make_period(), "lain")).status_code == 404


# What letters say


def test_a_blank_block_is_the_default_again_and_points_are_paragraphs() -> None:
    letter = make_draft(1)
    save(letter.period, points="Satu.\r\n\r\n\r\nDua,\r\nlanjutan.")
    points = compose(letter).points
    assert points[1:] == ("Satu.", "Dua, lanjutan.")
    assert save(letter.period, points="  ") == ["points"]
    assert not LetterText.objects.exists()
    assert len(compose(letter).points) == 3


def test_a_named_field_without_a_value_holds_the_letter_and_no_number_is_used() -> None:
    letter = make_draft(1)
    save(letter.period, closing="Menurut surat {nomor_usulan}.")
    with pytest.raises(TransitionError, match="nomor surat usulan instansi"):
        gathering.put_up(letter.run, by=make_admin())
    letter.refresh_from_db()
    assert letter.is_draft
    workflow.set_reference(letter, by=make_admin(), number="800/1", date=dt.date(2026, 8, 1))
    gathering.put_up(letter.run, by=make_admin())
    # The value goes missing while the letter waits: the signer is told, no number is used.
    Letter.objects.filter(pk=letter.pk).update(reference_number="")
    with pytest.raises(TransitionError, match="nomor_usulan"):
        issuing.issue(letter, by=make_signing_officer())
    assert not NumberRegister.objects.exists()


@pytest.mark.parametrize("kind", [KIND, "extract"])
def test_a_letter_that_waits_has_to_be_sent_again_when_its_text_changed(kind: str) -> None:
    letter = make_awaiting(1)
    save(letter.period, kind, closing="Lain.")
    with pytest.raises(StaleError):
        issuing.issue(letter, by=make_signing_officer())
    assert not NumberRegister.objects.exists()


def test_a_numbered_letter_keeps_what_it_says() -> None:
    letter = make_issuing(1)
    before = letter.content
    save(letter.period, closing="Lain.")
    letter.refresh_from_db()
    assert letter.content == before


def test_extracts_and_notices_take_their_texts_too() -> None:
    letter = make_draft(1)
    save(letter.period, kind="extract", closing="Untuk {instansi}.")
    gathering.put_up(letter.run, by=make_admin())
    issuing.issue(letter, by=make_signing_officer())
    extract = Letter.objects.get(parent=letter)
    assert extract.content["closing"] == f"Untuk {letter.agency.name}."
    refused = make_draft(1).lines.get().proposal
    type(refused).objects.filter(pk=refused.pk).update(status="test_failed")
    run = make_run([refused])
    save(refused.period, kind="verification_notice", subject="Kabar {periode}")
    notice = run.letters.get(kind="notice")
    assert compose(notice).subject == f"Kabar {refused.period.name}"


def test_a_period_made_from_the_last_has_its_texts_in_rows_of_its_own() -> None:
    last = make_period()
    save(last, closing="Demikian, {instansi}.")
    save(last, "extract", opening="Petikan untuk {jabatan}.")
    period = clone_last_period(by=make_admin())
    assert letter_texts.texts_of(period.pk, KIND)["closing"] == "Demikian, {instansi}."
    assert letter_texts.texts_of(period.pk, "extract")["opening"] == "Petikan untuk {jabatan}."
    save(period, closing="Lain.")
    assert letter_texts.texts_of(last.pk, KIND)["closing"] == "Demikian, {instansi}."
