"""What several benchmarks need: a database of their own, a real web server, a plain HTTP client."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test.utils import override_settings
from psycopg import sql

from inpassing.accounts.models import User

ROOT = Path(settings.BASE_DIR)
HOST = "127.0.0.1"
TICKS = os.sysconf("SC_CLK_TCK")
# As in production, but over plain HTTP; `make demo` runs with DEBUG on, which costs CPU.
PRODUCTION = {
    "DEBUG": "0",
    "ALLOWED_HOSTS": HOST,
    "SECURE_SSL_REDIRECT": "0",
    "SECURE_COOKIES": "0",
    "EMAIL_URL": "file:",
}
CSRF = "b" * 32  # any cookie and the same value in the form pass


@contextlib.contextmanager
def own_database(proposals: int | None = None) -> Iterator[dict[str, str]]:
    """A new database, this process joined to it; with `proposals` the demo data and so many more.

    Yields the environment of a server on it, whose files lie in a folder of its own. The database
    and the folder are removed afterwards.
    """
    seed = [] if proposals is None else [["seed_demo", "--proposals", str(proposals)]]
    before = dict(connection.settings_dict)
    name = f"bench_{uuid.uuid4().hex[:8]}"
    parts = urlsplit(os.environ["DATABASE_URL"])
    with tempfile.TemporaryDirectory(prefix="inpassing-bench-") as folder:
        environment = {
            **os.environ,
            "DATABASE_URL": urlunsplit(parts._replace(path=f"/{quote(name)}")),
            "VAR_DIR": folder,
            "FILES_DIR": f"{folder}/files",
            "STATIC_ROOT": f"{folder}/static",
            "LOG_LEVEL": "WARNING",
            **PRODUCTION,
        }
        _administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            for command in (
                ["migrate"],
                ["createcachetable"],
                *seed,
                ["build_fonts"],
                ["collectstatic", "--no-input"],
            ):
                manage({**environment, "DEBUG": "1"}, *command)
            connection.close()
            connection.settings_dict["NAME"] = name
            files = {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": environment["FILES_DIR"]},
            }
            with override_settings(
                DEBUG=False,
                STATIC_ROOT=environment["STATIC_ROOT"],
                STORAGES={**settings.STORAGES, "default": files},
            ):
                yield environment
        finally:
            connection.close()
            connection.settings_dict.update(before)
            _administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def manage(environment: Mapping[str, str], *command: str) -> None:
    """Run a management command; RuntimeError with its output when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {command[0]} failed:\n{done.stdout}{done.stderr}")


def _administer(statement: sql.Composed) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as administrator:
        administrator.execute(statement)


# Servers


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def process(
    command: list[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the application, ended afterwards; RuntimeError with its log when it died."""
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield running
            if running.poll() is not None:
                log.seek(0)
                text = log.read()[-3000:].decode(errors="replace")
                raise RuntimeError(f"{command[0]} ended by itself:\n{text}")
        finally:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


@contextlib.contextmanager
def web_server(
    environment: Mapping[str, str], *, application: str = "inpassing.wsgi", workers: int = 1
) -> Iterator[Server]:
    """gunicorn as `make demo` runs it, with so many worker processes."""
    port = free_port()
    command = [
        *("gunicorn", application, "--bind", f"{HOST}:{port}"),
        *("--worker-class", "gthread", "--workers", str(workers), "--threads", "4"),
        *("--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning"),
    ]
    with process(command, environment) as running:
        server = Server(port, running.pid)
        until = time.monotonic() + 60
        while running.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError):
                server.get("/healthz/")
                break
            time.sleep(0.1)
        yield server


class Server:
    """A web server and how to ask it; every request opens a connection of its own."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pid = pid

    def get(self, path: str, cookies: Mapping[str, str] | None = None) -> Answer:
        """GET a page."""
        return self._ask("GET", path, b"", {}, cookies or {})

    def post(
        self, path: str, fields: Mapping[str, str], cookies: Mapping[str, str] | None = None
    ) -> Answer:
        """POST a form as a browser does, with the CSRF token of the cookie."""
        body = "&".join(f"{quote(k)}={quote(v)}" for k, v in {**TOKEN, **fields}.items()).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, body, kind, {**CSRF_COOKIE, **(cookies or {})})

    def upload(self, path: str, data: bytes, cookies: Mapping[str, str] | None = None) -> Answer:
        """POST one PDF in the field `file`."""
        body = multipart(data)
        return self._ask("POST", path, body, MULTIPART, {**CSRF_COOKIE, **(cookies or {})})

    def declare(self, path: str, length: int, cookies: Mapping[str, str]) -> Answer:
        """Announce a body of `length` bytes, send none of it, and wait for the answer."""
        headers = {**MULTIPART, "Content-Length": str(length)}
        return self._ask("POST", path, None, headers, {**CSRF_COOKIE, **cookies})

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        cookies: Mapping[str, str],
    ) -> Answer:
        asked = http.client.HTTPConnection(HOST, self.port, timeout=60)
        sent = {**headers, "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
        began = time.perf_counter()
        try:
            asked.putrequest(method, path)
            if body:
                asked.putheader("Content-Length", str(len(body)))
            for name, value in sent.items():
                asked.putheader(name, value)
            asked.endheaders(body or None)
            response = asked.getresponse()
            content = response.read()
        finally:
            asked.close()
        seconds = time.perf_counter() - began
        set_cookies = [value for name, value in response.getheaders() if name == "Set-Cookie"]
        return Answer(response.status, content, seconds, set_cookies)

    def cpu_seconds(self) -> float:
        """CPU time of the server with its worker processes so far."""
        return sum(_cpu_seconds(pid) for pid in self.processes())

    def memory_mb(self) -> float:
        """Resident memory of the largest worker process."""
        return max(_resident_mb(pid) for pid in self.processes()[1:])

    def processes(self) -> list[int]:
        """The server and its worker processes."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]


class Answer:
    """A response that was read to its end, and how long that took."""

    def __init__(self, status: int, body: bytes, seconds: float, set_cookies: list[str]) -> None:
        self.status = status
        self.body = body
        self.seconds = seconds
        self.set_cookies = set_cookies

    def expect(self, status: int) -> Answer:
        """This answer; RuntimeError when its status is another."""
        if self.status != status:
            text = self.body[:2000].decode(errors="replace")
            raise RuntimeError(f"status {self.status} instead of {status}:\n{text}")
        return self


BOUNDARY = "inpassing-bench"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
TOKEN = {"csrfmiddlewaretoken": CSRF}
CSRF_COOKIE = {"csrftoken": CSRF}


def multipart(data: bytes) -> bytes:
    """The body of a form with one file."""
    start = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        f'name="csrfmiddlewaretoken"\r\n\r\n{CSRF}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="berkas.pdf"\r\n'
        "Content-Type: application/pdf\r\n\r\n"
    )
    return start.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def session_of(user: User) -> dict[str, str]:
    """The cookie of somebody who is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key
    return {settings.SESSION_COOKIE_NAME: session.session_key}


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2
