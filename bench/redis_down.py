"""The site with Redis there, stopped, and silent: how much longer each request takes, what is lost.

Three gunicorn servers on one database, which differ in REDIS_URL only: the real one, a port on
which nobody listens, and a socket that takes connections and never answers. Afterwards a real
worker on the real Redis is given the two hints that beat gives, and the work must be done.
Goal: no request more than 2 s longer; nothing lost.
"""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit, urlunsplit

from django.urls import reverse

from bench import Result, rig
from inpassing.files.models import StoredFile
from inpassing.notifications.models import OutboxMessage
from proposals.models import Proposal
from tests.factories import PASSWORD, make_agency, make_period, make_proposal, make_verifier
from tests.pdf_factory import scan_of_size

ROUNDS = 5
PAUSE = 5.5  # after a failed hint a web process gives none for five seconds
LONGER = 2.0
REDIS_DATABASE = 9  # of our own, so that nobody else's worker takes the hints
FINISHED_WITHIN = 90.0
KINDS = ("up", "stopped", "silent")


class Person:
    """A participant who uploads and sends, and a verifier who looks at a list."""

    def __init__(self, server: rig.Server) -> None:
        agency, period = make_agency(), make_period(year=2100)
        self.server = server
        self.proposals = [
            make_proposal(agency, period, status=Proposal.Status.FILLING) for _ in range(ROUNDS)
        ]
        participants = [p.participant for p in self.proposals]
        self.cookies = [rig.session_of(user) for user in participants if user]
        self.verifier = make_verifier()
        self.at_desk = rig.session_of(self.verifier)

    def sign_in(self, number: int) -> float:
        """The form and the password."""
        fields = {"login": self.verifier.username, "password": PASSWORD}
        path = reverse("account_login")
        return self.server.post(path, fields).expect(302).seconds

    def list(self, number: int) -> float:
        """The list of proposals."""
        return self.server.get(reverse("proposals:list"), self.at_desk).expect(200).seconds

    def upload(self, number: int) -> float:
        """A document, whose inspection is hinted at."""
        document = self.proposals[number].documents.order_by("order").first()
        assert document is not None
        path = reverse("proposals:document_upload", args=[document.pk])
        data = scan_of_size(50) + b"\n%%%d" % document.pk
        return self.server.upload(path, data, self.cookies[number]).expect(302).seconds

    def submit(self, number: int) -> float:
        """Sending the proposal, with mails that are hinted at."""
        path = reverse("proposals:submit", args=[self.proposals[number].pk])
        fields = {"is_true": "on"}
        return self.server.post(path, fields, self.cookies[number]).expect(302).seconds


ACTS = {
    "sign-in": Person.sign_in,
    "list": Person.list,
    "upload": Person.upload,
    "submit": Person.submit,
}


def main() -> list[Result]:
    """Measure and return the figures."""
    with contextlib.ExitStack() as stack:
        environment = stack.enter_context(rig.own_database())
        urls = {"up": _redis_of_ours(), "stopped": _nobody(), "silent": stack.enter_context(mute())}
        people = {
            kind: Person(
                stack.enter_context(rig.web_server({**environment, "REDIS_URL": urls[kind]}))
            )
            for kind in KINDS
        }
        seconds = measure(people)
        results = [result for act in ACTS for result in compare(act, seconds)]
        sent = Proposal.objects.filter(status=Proposal.Status.SUBMITTED).count()
        expected = ROUNDS * len(KINDS)
        results += [
            Result("proposals sent", sent, "", str(expected), sent == expected),
            Result("rows left for the worker", sum(work_left().values()), ""),
        ]
        results += catch_up({**environment, "REDIS_URL": urls["up"]})
        return results


def measure(people: Mapping[str, Person]) -> dict[tuple[str, str], list[float]]:
    """Seconds of each act by kind of Redis, the servers taking turns.

    Each hinting act begins when its process gives hints again, so that every time is the worst.
    """
    for person in people.values():
        person.list(0)
    seconds: dict[tuple[str, str], list[float]] = {}
    for act, perform in ACTS.items():
        for number in range(ROUNDS):
            if act in {"upload", "submit"}:
                time.sleep(PAUSE)
            for kind, person in people.items():
                seconds.setdefault((act, kind), []).append(perform(person, number))
    return seconds


def compare(act: str, seconds: Mapping[tuple[str, str], list[float]]) -> list[Result]:
    """The medians, and how much longer it takes without Redis; the slowest says what the machine
    did besides."""
    usual = statistics.median(seconds[act, "up"])
    results = [Result(f"{act}, Redis up", round(usual, 3), "s")]
    for kind in KINDS[1:]:
        extra = statistics.median(seconds[act, kind]) - usual
        slowest = max(seconds[act, kind])
        results += [
            Result(
                f"{act}, Redis {kind}: longer by", round(extra, 3), "s",
                f"≤ {LONGER:g}", extra <= LONGER,
            ),
            Result(f"{act}, Redis {kind}: slowest", round(slowest, 3), "s"),
        ]  # fmt: skip
    return results


def work_left() -> dict[str, int]:
    """Rows that a worker still has to do."""
    return {
        "files": StoredFile.objects.waiting().count(),
        "mails": OutboxMessage.objects.filter(
            state__in=[OutboxMessage.State.QUEUED, OutboxMessage.State.SENDING]
        ).count(),
    }


def catch_up(environment: Mapping[str, str]) -> list[Result]:
    """Redis is back: a worker gets what beat sends, and every row is done once."""
    from celery import Celery

    files = StoredFile.objects.waiting().count()
    queue = Celery(broker=environment["REDIS_URL"])
    worker = [
        *("celery", "-A", "inpassing", "worker", "--loglevel", "WARNING", "--pool", "solo"),
        *("--queues", "inspect,mail", "--without-gossip", "--without-mingle"),
    ]
    began = time.monotonic()
    with rig.process(worker, environment) as running:
        while sum(work_left().values()) and running.poll() is None:
            if time.monotonic() - began > FINISHED_WITHIN:
                break
            for task, name in (
                ("inpassing.files.tasks.inspect_due", "inspect"),
                ("inpassing.notifications.tasks.deliver_due", "mail"),
            ):
                queue.send_task(task, queue=name)
            time.sleep(3)
        left = work_left()
    queue.close()
    accepted = StoredFile.objects.filter(state=StoredFile.State.ACCEPTED).count()
    sent = OutboxMessage.objects.filter(state=OutboxMessage.State.SENT).count()
    others = OutboxMessage.objects.exclude(state=OutboxMessage.State.SENT).count()
    return [
        Result("Redis back: rows left", sum(left.values()), "", "0", not sum(left.values())),
        Result("Redis back: files that were inspected", files - left["files"], ""),
        Result("Redis back: files accepted in all", accepted, ""),
        Result("Redis back: mails sent", sent, ""),
        Result("Redis back: mails in doubt or failed", others, "", "0", not others),
    ]


def _redis_of_ours() -> str:
    parts = urlsplit(os.environ["REDIS_URL"])
    return urlunsplit(parts._replace(path=f"/{REDIS_DATABASE}"))


def _nobody() -> str:
    return f"redis://{rig.HOST}:{rig.free_port()}/0"


@contextlib.contextmanager
def mute() -> Iterator[str]:
    """A socket that lets everybody connect and never says a word."""
    with socket.socket() as listening:
        listening.bind((rig.HOST, 0))
        listening.listen(128)
        yield f"redis://{rig.HOST}:{listening.getsockname()[1]}/0"
