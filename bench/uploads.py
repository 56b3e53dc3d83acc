"""Uploads of 2 MB through gunicorn: rate beside a bare view, fifty at once, memory, refusals.

Both servers run with one worker process of four threads, as in the demo, and take turns. The rate
is by the clock from one sender; CPU is that of the server. Goals: docs/performance.md.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import statistics
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.core.files.storage import default_storage
from django.urls import reverse

from bench import Result, rig
from inpassing.files.models import StoredFile
from proposals.models import Proposal, ProposalDocument
from tests.factories import make_agency, make_period, make_proposal

SIZE = 2 * 1024 * 1024
ROUNDS = int(os.environ.get("BENCH_UPLOADS", "40"))
AT_ONCE = 50
TOO_LARGE = 50 * 1024 * 1024


@dataclass(frozen=True)
class Slot:
    """Where one file goes, and the cookie of whoever may put it there."""

    pk: int
    path: str
    cookies: Mapping[str, str]


def main() -> list[Result]:
    """Measure and return the figures."""
    with rig.own_database() as environment, tempfile.TemporaryDirectory() as folder:
        slots = empty_slots(AT_ONCE)
        bare_environment = {**os.environ, "BENCH_FOLDER": folder}
        bare_environment.pop("DJANGO_SETTINGS_MODULE", None)
        with (
            rig.web_server(environment) as ours,
            rig.web_server(bare_environment, application="bench.bare") as bare,
        ):
            return [
                *side_by_side(ours, bare, slots),
                *refusals(ours, slots[0]),
                *many_at_once(ours, slots),
            ]


def empty_slots(number: int) -> list[Slot]:
    """Slots of participants who are filling, several to a person."""
    agency, period = make_agency(), make_period()
    slots: list[Slot] = []
    while len(slots) < number:
        proposal = make_proposal(agency, period, status=Proposal.Status.FILLING, complete=False)
        assert proposal.participant is not None
        cookies = rig.session_of(proposal.participant)
        for document in proposal.documents.order_by("order"):
            path = reverse("proposals:document_upload", args=[document.pk])
            slots.append(Slot(document.pk, path, cookies))
    return slots[:number]


def pdf(number: int) -> bytes:
    """A file of exactly the largest size that is taken, another one for every number."""
    return b"%PDF-1.7\n" + random.Random(number).randbytes(SIZE - 9)


def side_by_side(ours: rig.Server, bare: rig.Server, slots: list[Slot]) -> list[Result]:
    """The rate of each server and the CPU of each upload, the servers taking turns."""
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    turns = itertools.cycle(slots)

    def into_the_next(data: bytes) -> rig.Answer:
        slot = next(turns)
        return ours.upload(slot.path, data, slot.cookies).expect(302)

    ways: dict[str, tuple[rig.Server, Callable[[bytes], rig.Answer]]] = {
        "ours": (ours, into_the_next),
        "bare": (bare, lambda data: bare.upload("/upload/", data).expect(200)),
    }
    for number in range(4):
        for _, send in ways.values():
            send(pdf(1000 + number))
    memory = ours.memory_mb()
    before = {name: server.cpu_seconds() for name, (server, _) in ways.items()}
    for number in range(ROUNDS):
        data = pdf(2000 + number)
        for name, (_, send) in ways.items():
            seconds[name].append(send(data).seconds)
    rate = {name: 1 / statistics.median(taken) for name, taken in seconds.items()}
    cpu = {
        name: (server.cpu_seconds() - before[name]) / ROUNDS for name, (server, _) in ways.items()
    }
    ratio = rate["ours"] / rate["bare"]
    growth = ours.memory_mb() - memory
    return [
        Result("bare view: uploads of 2 MB", round(rate["bare"], 1), "/s"),
        Result("document upload: uploads of 2 MB", round(rate["ours"], 1), "/s"),
        Result("document upload against bare view", round(ratio, 2), "×", "≥ 0.5", ratio >= 0.5),
        Result("bare view: CPU of the server", round(cpu["bare"] * 1000, 1), "ms"),
        Result("document upload: CPU of the server", round(cpu["ours"] * 1000, 1), "ms"),
        Result("memory of the worker process", round(memory, 1), "MB"),
        Result(
            f"its growth over {ROUNDS} uploads", round(growth, 1), "MB",
            "≤ 2, one file", growth <= 2,
        ),
    ]  # fmt: skip


def refusals(server: rig.Server, slot: Slot) -> list[Result]:
    """A length beyond the limit is refused although not a byte of the body ever comes."""
    before = StoredFile.objects.count()
    answers = [server.declare(slot.path, TOO_LARGE, slot.cookies).expect(413) for _ in range(20)]
    kept = StoredFile.objects.count() - before
    milliseconds = statistics.median(answer.seconds for answer in answers) * 1000
    return [
        Result("50 MB declared: refused, no body read", round(milliseconds, 1), "ms"),
        Result("50 MB declared: files kept", kept, "", "0", kept == 0),
    ]


def many_at_once(server: rig.Server, slots: list[Slot]) -> list[Result]:
    """Fifty different files into fifty slots at the same moment; every one must be there."""
    known = set(StoredFile.objects.values_list("pk", flat=True))
    memory = server.memory_mb()
    files = [pdf(number) for number in range(len(slots))]
    with ThreadPoolExecutor(len(slots)) as pool:
        answers = list(
            pool.map(lambda slot, data: server.upload(slot.path, data, slot.cookies), slots, files)
        )
    growth = server.memory_mb() - memory
    refused = sum(answer.status != 302 for answer in answers)
    new = StoredFile.objects.exclude(pk__in=known)
    wrong = 0
    for slot, data in zip(slots, files, strict=True):
        document = ProposalDocument.objects.select_related("current__file").get(pk=slot.pk)
        file = document.current.file if document.current else None
        digest = hashlib.sha256(data).hexdigest()
        if file is None or file.sha256 != digest or _stored(file) != digest:
            wrong += 1
    return [
        Result("50 at once: not accepted", refused, "", "0", refused == 0),
        Result("50 at once: rows", new.count(), "", str(len(slots)), new.count() == len(slots)),
        Result("50 at once: lost or altered", wrong, "", "0", wrong == 0),
        Result(
            "50 at once: slowest answer", round(max(a.seconds for a in answers), 2), "s"
        ),
        Result(
            "50 at once: growth of the worker process", round(growth, 1), "MB",
            "≤ 16, four threads", growth <= 16,
        ),
    ]  # fmt: skip


def _stored(file: StoredFile) -> str:
    with default_storage.open(file.path) as stored:
        return hashlib.sha256(stored.read()).hexdigest()
