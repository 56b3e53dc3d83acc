"""What `make demo` runs: prepare, then keep web, worker and beat alive until told to stop.

Run by `inpassing.embedded run --profile demo`, which provides the engines and the lock.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var")
LOGS = VAR / "log"
HOST = "127.0.0.1"
ACCOUNTS = ("admin", "verifikator", "operator", "peserta", "pengawas", "penandatangan")
PASSWORD = "demo-inpassing"
# What web needs: two chains that know nothing of each other, run at once.
PREPARATION = (
    (("migrate", "--no-input"), ("createcachetable",)),
    (("build_fonts",), ("collectstatic", "--no-input")),
)
DEMO_DATA = (("seed_demo",),)
STOP_SECONDS = 10
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0


class DemoError(Exception):
    """The demo cannot start; the text says why and what to do."""


@dataclass
class Service:
    """One supervised process, in a session of its own so that only we signal it."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restart_at: float = 0.0
    pause: float = field(default=1.0)

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name}.log"

    def start(self, environment: dict[str, str]) -> None:
        """Start it; its output goes to the end of its log."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started = time.monotonic()

    def send(self, number: signal.Signals) -> None:
        """Signal the main process, which tells its children."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End the whole session at once."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def services(port: int) -> list[Service]:
    """The three processes of the application, as they run in production."""
    python = [sys.executable, "-m"]
    return [
        Service(
            "web",
            [
                *python,
                *("gunicorn", "inpassing.wsgi", "--bind", f"{HOST}:{port}"),
                *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
                *("--graceful-timeout", "5", "--access-logfile", "-", "--no-control-socket"),
            ],
        ),
        Service(
            "worker",
            [
                *python,
                *("celery", "-A", "inpassing", "worker", "--loglevel", "INFO"),
                *("--queues", "inspect,mail,letters,bulk", "--concurrency", "2"),
                *("--max-tasks-per-child", "200"),
            ],
        ),
        Service(
            "beat",
            [
                *python,
                *("celery", "-A", "inpassing", "beat", "--loglevel", "INFO", "--pidfile="),
                *("--schedule", str(VAR / "beat-schedule")),
            ],
        ),
    ]


def say(text: str) -> None:
    """One line for the person at the terminal, who may have closed it."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log, indented."""
    text = log.read_text(errors="replace").splitlines()[-lines:] if log.exists() else []
    return "\n".join(f"    {line}" for line in text)


def wanted_port() -> int:
    """The port from PORT; raises DemoError when it is no port or in use."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise DemoError(f"PORT={text} is not a port number.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            raise DemoError(
                f"Port {text} cannot be used ({error.strerror}). "
                f"Stop the program that holds it, or choose another: make demo PORT={int(text) + 1}"
            ) from None
    return int(text)


def secret() -> str:
    """This demo's SECRET_KEY, made once and kept for the next start."""
    path = VAR / "demo-secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def environment(port: int) -> dict[str, str]:
    """The settings of the demo; what the caller has set wins, except DEBUG."""
    return {
        "SECRET_KEY": secret(),
        "SITE_URL": f"http://{HOST}:{port}",
        "EMAIL_URL": "file:",
        **os.environ,
        "VAR_DIR": str(VAR),
        "DEBUG": "1",
    }


def prepare(settings: dict[str, str], stop: Sequence[int]) -> None:
    """Database beside static files; each step may be repeated.

    A signal ends it after the steps under way, which Ctrl-C does not reach.
    """
    log = LOGS / "prepare.log"
    log.write_bytes(b"")
    with ThreadPoolExecutor() as pool:
        for chain in [pool.submit(manage, steps, settings, log, stop) for steps in PREPARATION]:
            chain.result()


def manage(
    steps: Sequence[Sequence[str]], settings: dict[str, str], log: Path, stop: Sequence[int]
) -> None:
    """Run management commands one after the other; raises DemoError at the first that fails."""
    for step in steps:
        if stop:
            return
        done = subprocess.run(
            [sys.executable, "manage.py", *step],
            cwd=ROOT,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=False,
        )
        with log.open("ab") as output:
            output.write(f"== {step[0]}\n".encode() + done.stdout)
        if done.returncode:
            raise DemoError(f"`manage.py {step[0]}` failed ({log}):\n{tail(log)}")


def wait_for_web(web: Service, port: int, stop: Sequence[int]) -> None:
    """Return when the site answers or a signal came; DemoError when it dies or takes a minute."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + 60
    while not stop and time.monotonic() < until:
        if web.process and web.process.poll() is not None:
            break
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            direct.open(f"http://{HOST}:{port}/healthz/", timeout=5),
        ):
            return
        time.sleep(0.1)
    if stop:
        return
    raise DemoError(f"The web process does not answer ({web.log}):\n{tail(web.log)}")


def greet(port: int, settings: dict[str, str]) -> None:
    """Print the address, the accounts and where things lie."""
    place = parse_qs(urlsplit(settings["DATABASE_URL"]).query).get("host", [""])[0]
    say("")
    say(f"  Inpassing   http://{HOST}:{port}")
    say(f"  Accounts    {', '.join(ACCOUNTS)}")
    say(f"  Password    {PASSWORD}")
    say(f"  Files       {VAR}")
    say(f"  PostgreSQL  {place or 'DATABASE_URL'}")
    if settings["EMAIL_URL"] == "file:":
        say(f"  Mail        {VAR / 'mail'} (one file each)")
    say(f"  Logs        {LOGS}")
    say("  Ctrl-C stops everything.")
    say("")


def supervise(running: Sequence[Service], settings: dict[str, str], stop: Sequence[int]) -> None:
    """Start again what ends by itself, less and less often, until a signal was received."""
    while not stop:
        now = time.monotonic()
        for service in running:
            if service.process is None:
                if now >= service.restart_at:
                    service.start(settings)
                    say(f"{service.name}: started again")
            elif service.process.poll() is not None:
                if now - service.started > STEADY_SECONDS:
                    service.pause = 1.0
                say(
                    f"{service.name}: ended with status {service.process.returncode}, "
                    f"starts again in {service.pause:.0f} s ({service.log}):\n"
                    f"{tail(service.log, 5)}"
                )
                service.kill()  # what it left in its session
                service.process = None
                service.restart_at = now + service.pause
                service.pause = min(service.pause * 2, LONGEST_PAUSE)
        time.sleep(0.2)


def end(running: Sequence[Service], stop: Sequence[int]) -> None:
    """Stop all processes, gently first; a second signal ends them at once."""
    for service in running:
        service.send(signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    alive = [service for service in running if service.process]
    while alive and len(stop) < 2 and time.monotonic() < until:
        time.sleep(0.05)
        alive = [service for service in alive if service.process and service.process.poll() is None]
    for service in running:
        service.kill()


def main() -> int:
    """Run the demo until a signal ends it; 0 when it was stopped, 1 when it could not start."""
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: received.append(number))
    began = time.monotonic()
    running: list[Service] = []
    try:
        LOGS.mkdir(parents=True, exist_ok=True)
        port = wanted_port()
        settings = environment(port)
        say("Preparing database and static files ...")
        prepare(settings, received)
        running = [] if received else services(port)
        for service in running:
            service.log.write_bytes(b"")
            service.start(settings)
        if running:
            wait_for_web(running[0], port, received)
            say(f"The site answers after {time.monotonic() - began:.0f} s; demo data ...")
            manage(DEMO_DATA, settings, LOGS / "prepare.log", received)
        if running and not received:
            greet(port, settings)
            supervise(running, settings, received)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if running:
            say("Stopping ...")
            end(running, received)
    return 0


if __name__ == "__main__":
    sys.exit(main())
