"""The real thing for the browser tests: live server, a Celery worker of its own, mail in files."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from inpassing.accounts.models import RoleGrant, User, VerifierScope
from inpassing.accounts.roles import grant
from inpassing.reference.models import BpsOffice, Period
from tests import factories

from .actor import Actor

PASSWORD = "kata-sandi-panjang-1"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    assert chromium, "Chromium is missing: run scripts/install-system"
    # Playwright's loop runs in this thread, where the tests also use the database.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update"),
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass(frozen=True)
class Mail:
    """A mail as it was handed to the mail server."""

    to: str
    subject: str
    text: str

    @property
    def link(self) -> str:
        """The address that the mail asks to open."""
        return re.findall(r"^https?://\S+$", self.text, re.MULTILINE)[0]


class Mailbox:
    """What the worker has sent: one file each in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Mail]:
        return [
            _read_mail(part)
            for path in sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
            for part in path.read_bytes().split(b"-" * 79 + b"\n")
            if part.strip()
        ]

    def wait_for(self, to: str, subject: str, *, seconds: int = 60) -> Mail:
        """The newest mail to an address whose subject contains these words."""
        for _ in range(seconds * 4):
            found = [mail for mail in self.all() if mail.to == to and subject in mail.subject]
            if found:
                return found[-1]
            time.sleep(0.25)
        there = [(mail.to, mail.subject) for mail in self.all()]
        raise AssertionError(f"no mail “{subject}” to {to} among {there}")


def _read_mail(data: bytes) -> Mail:
    message = email.message_from_bytes(data, policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return Mail(str(message["To"]), str(message["Subject"]), body.get_content())


class Worker:
    """A Celery worker on the test's database, files and mail, as a process of its own."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.environment, self.log = environment, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it takes tasks."""
        begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "-A", "inpassing", "worker"),
                    *("--loglevel", "INFO", "--concurrency", "1"),
                    *("--queues", "inspect,mail,letters,bulk", "--without-gossip"),
                ],
                cwd=django_settings.BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + 120
        while b" ready." not in self.log.read_bytes()[begins:]:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        """End it, after the task that it is at."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=60)
            self.process = None


@dataclass
class Stage:
    """Everything that a browser test acts upon."""

    site: str
    browser: Browser
    worker: Worker
    mail: Mailbox
    period: Period
    actors: list[Actor]
    seen: set[str]

    def actor(self, *, script: bool = True) -> Actor:
        """A person nobody knows yet, at a browser of their own."""
        actor = Actor(self.browser, self.site, self.seen, script=script)
        self.actors.append(actor)
        return actor

    def signed_in(self, user: User, *, script: bool = True) -> Actor:
        """A person with an account made by `staff` or `factories`."""
        actor = self.actor(script=script)
        actor.signs_in(user.username, factories.PASSWORD)
        return actor


@pytest.fixture(scope="package")
def seen() -> set[str]:
    """Which kinds of pages were checked in this process."""
    return set()


@pytest.fixture
def stage(
    transactional_db: None,
    live_server: object,
    browser: Browser,
    settings: object,
    seen: set[str],
    tmp_path: Path,
) -> Iterator[Stage]:
    """The scene, with the worker not started yet."""
    site = str(live_server.url)  # type: ignore[attr-defined]
    settings.SITE_URL = site  # type: ignore[attr-defined]
    mail = tmp_path / "mail"
    mail.mkdir()
    worker = Worker(
        {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "inpassing.settings",
            "DEBUG": "1",
            "DATABASE_URL": _test_database(),
            "FILES_DIR": str(django_settings.STORAGES["default"]["OPTIONS"]["location"]),
            "EMAIL_URL": f"file:{mail}",
            "SITE_URL": site,
        },
        tmp_path / "worker.log",
    )
    stage = Stage(site, browser, worker, Mailbox(mail), make_period(), [], seen)
    yield stage
    worker.stop()
    troubles = [trouble for actor in stage.actors for trouble in actor.trouble]
    for actor in stage.actors:
        actor.context.close()
    assert troubles == []
    assert not worker.log.exists() or "Traceback" not in worker.log.read_text()


@pytest.fixture
def worker(stage: Stage) -> Worker:
    """The scene's worker, running."""
    stage.worker.start()
    return stage.worker


def _test_database() -> str:
    """The address of the database that pytest-django has made."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path="/" + quote(connection.settings_dict["NAME"])))


def make_period() -> Period:
    """A period in which everything may happen today, letters too."""
    today = timezone.localdate()
    return factories.make_period(
        verification_until=today,
        test_from=today - dt.timedelta(days=1),
        test_until=today + dt.timedelta(days=2),
        ends_on=today - dt.timedelta(days=1),
        recommendation_on=today,
    )


@dataclass(frozen=True)
class Staff:
    """The people of BPS."""

    admin: User
    verifier: User
    proctor: User
    signer: User


@pytest.fixture
def staff(stage: Stage) -> Staff:
    office = BpsOffice.objects.get(region="74.72")
    verifier = factories.make_user(name="Ika Wulandari")
    grant(verifier, RoleGrant.Role.VERIFIER, by=None)
    VerifierScope.objects.create(user=verifier)
    return Staff(
        admin=factories.make_admin(name="Danu Wicaksono"),
        verifier=verifier,
        proctor=factories.make_proctor(office, name="Irwansyah Buton"),
        signer=factories.make_signer(
            name="Hartawan Prameswara", nip=factories.make_nip(dt.date(1969, 3, 17), sex=1)
        ),
    )


@pytest.fixture
def pdf() -> Callable[[], bytes]:
    """Another scan on every call."""
    from tests.pdf_factory import scan

    return lambda: scan(dpi=75, seed=factories.number())
