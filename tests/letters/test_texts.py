"""Text blocks that an administrator edits."""

from __future__ import annotations

import pytest

from inpassing.letters.errors import LetterError
from inpassing.letters.texts import DEFAULT_TEXTS, default_fields, fill, unknown_fields

from .samples import FIELDS


def test_fields_are_replaced_once_and_literally():
    values = {"nama": "{instansi} & <b>", "instansi": "BKD"}
    assert fill("Yth. {nama} di {instansi}", values) == "Yth. {instansi} & <b> di BKD"


def test_fields_without_a_value_are_named():
    with pytest.raises(LetterError) as caught:
        fill("{a} {b} {a} {c}", {"a": " ", "b": "x"})
    assert caught.value.missing == ("a", "c")
    assert str(caught.value) == "Isian surat belum lengkap: a, c."


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Periode {periode}", []),
        ("{periode} {nama.__class__} {}", ["nama.__class__", ""]),
        ("{{ periode }}", ["periode ", "{", "}"]),
        ("{% load x %}", ["% load x %"]),
        ("lupa menutup {periode", ["{"]),
    ],
)
def test_what_an_administrator_may_not_write(text, unknown):
    assert [name.strip() for name in unknown_fields(text, frozenset({"periode"}))] == [
        name.strip() for name in unknown
    ]


@pytest.mark.parametrize("kind", DEFAULT_TEXTS)
def test_default_texts_use_only_fields_that_are_known(kind):
    assert default_fields(kind) <= FIELDS.keys()
