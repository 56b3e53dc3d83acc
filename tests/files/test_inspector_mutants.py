"""Broken copies of accepted files: every one ends with a verdict within the bounds."""

import io
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pypdf
import pytest
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from inpassing.files.inspector import client
from tests import pdf_factory, pdf_hostile

LIMITS = client.Limits(max_pages=300, cpu_seconds=2, wall_seconds=10, memory_mb=512, preview=False)
FILES = 50
LARGEST = 150_000


def originals() -> list[tuple[str, bytes]]:
    """Fifty accepted files of all kinds, small enough to be judged often."""
    small = [(name, data) for name, data in pdf_factory.harmless() if len(data) <= LARGEST]
    step = len(small) / FILES
    return [small[int(at * step)] for at in range(FILES)]


def mutant(data: bytes, other: bytes, rnd: random.Random) -> bytes:
    """The file with flipped bits, a missing or doubled block, or the half of another."""
    kind = rnd.randrange(6)
    at = rnd.randrange(len(data))
    if kind == 0:
        broken = bytearray(data)
        for _ in range(rnd.choice((1, 4, 40))):
            broken[rnd.randrange(len(broken))] ^= 1 << rnd.randrange(8)
        return bytes(broken)
    if kind == 1:
        return data[:at] + data[at + rnd.choice((1, 20, 500, 5_000)) :]
    if kind == 2:
        length = rnd.choice((1, 20, 500, 5_000))
        return data[: at + length] + data[at:]
    if kind == 3:
        return data[:at] + other[rnd.randrange(len(other)) :]
    if kind == 4:
        return data[:at] + bytes(min(len(data) - at, 600)) + data[at + 600 :]
    numbers = [place for place in range(len(data)) if data[place : place + 1].isdigit()]
    broken = bytearray(data)
    for _ in range(3):
        broken[rnd.choice(numbers)] = rnd.choice(b"0123456789")
    return bytes(broken)


def mutants(each: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """So many broken copies of each original."""
    files = originals()
    assert len(files) == FILES
    rnd = random.Random(seed)
    for name, data in files:
        for number in range(each):
            yield f"{name} {number}", mutant(data, rnd.choice(files)[1], rnd)


def judge_all(each: int, seed: int) -> Counter[str | None]:
    """How often each code was the answer; every answer within the bounds."""
    codes: Counter[str | None] = Counter()
    for name, data in mutants(each, seed):
        answer = client.ask(data, LIMITS)
        assert answer.code is None or answer.code in client.CODES, name
        assert answer.cpu_seconds <= 2.05, name
        assert answer.seconds <= 12, name
        assert answer.peak_mb < 512, name
        codes[answer.code] += 1
    return codes


def test_five_mutants_of_each_file_end_with_a_verdict():
    codes = judge_all(5, seed=1)
    assert sum(codes.values()) == 250
    # Neither may be all: then the mutants were too weak, or the reader too strict, to tell.
    assert codes[None] >= 25
    assert codes["damaged"] >= 25


@pytest.mark.soak
def test_a_hundred_mutants_of_each_file_end_with_a_verdict():
    codes = judge_all(100, seed=2)
    assert sum(codes.values()) == 5_000
    assert codes[None] >= 500
    assert codes["damaged"] >= 500


def hidden_script_mutants(each: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Broken copies of files with a script, in which the script is still to be read as it was."""
    rnd = random.Random(seed)
    marks = (b"/S /JavaScript", b"/JS (app.alert(1))")
    for name, _, data in pdf_hostile.scripts():
        if not all(mark in data for mark in marks):
            continue
        for number in range(each):
            broken = mutant(data, data, rnd)
            if all(mark in broken for mark in marks):
                yield f"{name} {number}", broken


@pytest.mark.parametrize("each", [20, pytest.param(1_000, marks=pytest.mark.soak)])
def test_damage_never_lets_a_script_through(each):
    """Where the script survives in plain sight, no mutant is accepted with it within reach."""
    accepted = []
    judged = 0
    for name, data in hidden_script_mutants(each, seed=3):
        judged += 1
        if client.ask(data, LIMITS).code is None:
            accepted.append((name, data))
    assert judged > each * 5
    for name, data in accepted:
        # Only a reference to the script may have been damaged: then nothing leads to it.
        assert is_out_of_reach(data), name


def is_out_of_reach(data: bytes) -> bool:
    """True when pypdf, following every reference from the catalog, meets no script."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    seen: set[int] = set()
    waiting: list[Any] = [reader.trailer.raw_get("/Root")]
    while waiting:
        item = waiting.pop()
        if isinstance(item, IndirectObject):
            if item.idnum in seen:
                continue
            seen.add(item.idnum)
            item = item.get_object()
        if isinstance(item, DictionaryObject):
            if "/JS" in item:
                return False
            waiting.extend(dict.values(item))
        elif isinstance(item, ArrayObject):
            waiting.extend(list.__iter__(item))
    return True
