"""Fuzzing the inspector from the saved corpus: whatever the edits, a verdict within the bounds.

`python -m tests.files.fuzz` grows the corpus by what reaches new lines.
"""

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from inpassing.files.inspector import client
from tests.files import fuzz

LIMITS = client.Limits(max_pages=300, cpu_seconds=2, wall_seconds=10, memory_mb=512, preview=True)
SAVED = fuzz.corpus()

pieces = st.sampled_from(fuzz.TOKENS) | st.binary(max_size=12)
places = st.floats(min_value=0, max_value=1)
edits = st.lists(
    st.tuples(places, st.integers(0, 400), pieces | st.sampled_from(SAVED)), min_size=1, max_size=5
)
broken_files = st.builds(lambda data, changes: edited(data, changes), st.sampled_from(SAVED), edits)


def edited(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """The file with pieces put in at places, each instead of so many bytes."""
    made = bytearray(data)
    for place, length, piece in changes:
        at = int(place * len(made))
        made[at : at + length] = piece[:600]
    return bytes(made)


def judge(data: bytes) -> client.Answer:
    """The answer, which kept the bounds and did not come from a crash."""
    answer = client.ask(data, LIMITS)
    assert answer.code is None or answer.code in client.CODES
    assert answer.cpu_seconds <= 2.05
    assert answer.seconds <= 12
    assert answer.peak_mb < 512
    assert (answer.code is None) >= (answer.preview is not None)
    return answer


def test_corpus_is_there_and_tells_files_apart():
    codes = {judge(data).code for data in SAVED}
    assert len(SAVED) >= 60
    assert {None, "not_pdf", "encrypted", "damaged", "active_content"} <= codes


@given(broken_files)
@hypothesis_settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
def test_edited_files_end_with_a_verdict(data):
    judge(data)


@given(st.binary(max_size=2_000).map(lambda data: b"%PDF-1.7\n" + data))
@hypothesis_settings(max_examples=50, deadline=None, derandomize=True, database=None)
def test_any_bytes_end_with_a_verdict(data):
    assert judge(data).code is not None


@pytest.mark.soak
@given(broken_files)
@hypothesis_settings(
    max_examples=10_000,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
def test_very_many_edited_files_end_with_a_verdict(data):
    judge(data)
