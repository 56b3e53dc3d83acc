"""Ask the fork server for a verdict; start it, share it over forks, restart it when it died.

One server per process that asks, or one for a whole family when the parent asked before it
forked: the control socket keeps message borders, so several processes and threads may use it.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

GRACE_SECONDS = 5.0  # beyond the wall limit, before the server itself is taken for stuck
START_SECONDS = 60.0
ANSWER_BYTES = 65_536
LENGTH_BYTES = 4
PICTURE_BYTES = 40_000
PAGE_ANSWER_BYTES = 262_144
PAGE_BYTES = 160_000
PAGE_HEIGHT = 3000
CODES = frozenset(
    (
        "not_pdf",
        "encrypted",
        "damaged",
        "active_content",
        "no_pages",
        "too_many_pages",
        "too_complex",
    )
)
# The readers' modules without the packages above them: those would load Django and Celery.
BOOT = """
import sys, types
root = sys.argv.pop(1)
for name in ("inpassing", "inpassing.files", "inpassing.files.inspector"):
    package = types.ModuleType(name)
    package.__path__ = [root + "/" + name.replace(".", "/")]
    sys.modules[name] = package
from inpassing.files.inspector import forkserver
forkserver.start()
"""
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class InspectorUnavailableError(OSError):
    """No child could be started; says nothing about the file. Try again later."""


@dataclass(frozen=True)
class Answer:
    """What came back for one file."""

    code: str | None
    pages: int | None
    seconds: float
    cpu_seconds: float
    peak_mb: float
    preview: bytes | None
    first: bool = True  # the first file of its child


@dataclass(frozen=True)
class Limits:
    """Bounds of one inspection."""

    max_pages: int
    cpu_seconds: float
    wall_seconds: float
    memory_mb: int
    preview: bool
    page: int = 0  # not a verdict but the picture of this page is asked for


@dataclass(frozen=True)
class Drawn:
    """The picture of one page: WebP, 1,000 px wide."""

    picture: bytes
    height: int


class Server:
    """The fork server as this process sees it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.control: socket.socket | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def connection(self) -> socket.socket:
        """The control socket, of a server that has said that it is ready."""
        with self.lock:
            if self.control is None:
                self._start()
            assert self.control is not None
            return self.control

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        root = str(Path(__file__).resolve().parents[3])
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        # Large pages for large blocks: a child that unpacks a scan takes a third fewer faults.
        environment["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", BOOT, root, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment,
                start_new_session=True,
            )
        mine, yours = socket.socketpair()
        with mine, yours:
            socket.send_fds(ours, [b"hello"], [yours.fileno()])
            yours.close()
            mine.settimeout(START_SECONDS)
            try:
                ready = mine.recv(5)
            except TimeoutError:
                ready = b""
        if ready != b"ready":
            ours.close()
            self.process.kill()
            self.process.wait()
            raise InspectorUnavailableError("The inspector did not start.")
        self.control = ours

    def drop(self, control: socket.socket) -> None:
        """Forget a server that does not answer, and end it if it is ours."""
        with self.lock:
            if self.control is not control:
                return
            self.control = None
            control.close()
            if self.process is not None:
                self.process.kill()
                self.process.wait()
                self.process = None

    def after_fork(self) -> None:
        """In a forked child: keep the shared server, but not a lock that nobody will release."""
        self.lock = threading.Lock()
        self.process = None


server = Server()
os.register_at_fork(after_in_child=server.after_fork)


def ask(data: bytes, limits: Limits, key: str = "") -> Answer:
    """The answer of a child for these bytes; InspectorUnavailableError when none can be had.

    A `key` names the person whose file it is: a child may then have judged other files of that
    person before. Such a child can only accept: whatever else it says, and if it ends without a
    word, a new child judges with what is left of the limits.
    """
    answer = _ask(data, limits, key)
    if answer.first or answer.code is None:
        return answer
    rest = replace(
        limits,
        cpu_seconds=limits.cpu_seconds - answer.cpu_seconds,
        wall_seconds=limits.wall_seconds - answer.seconds,
    )
    again = _ask(data, rest, "")
    return replace(
        again,
        seconds=answer.seconds + again.seconds,
        cpu_seconds=answer.cpu_seconds + again.cpu_seconds,
        peak_mb=max(answer.peak_mb, again.peak_mb),
    )


def draw(data: bytes, limits: Limits) -> Drawn | None:
    """The picture of `limits.page` by a child of its own; None when it cannot be made within the
    limits. InspectorUnavailableError when no child can be had."""
    said, ended, _ = _tell(data, limits, "", PAGE_ANSWER_BYTES)
    frames = _frames(said)
    if len(frames) != 2 or _crashed(ended["status"]):
        return None
    height, picture = _message(frames[0]).get("height"), frames[1]
    if type(height) is not int or not 0 < height <= PAGE_HEIGHT or len(picture) > PAGE_BYTES:
        return None
    return Drawn(picture, height) if _is_webp(picture) else None


def _ask(data: bytes, limits: Limits, key: str) -> Answer:
    said, usage, seconds = _tell(data, limits, key, ANSWER_BYTES)
    code, pages, preview = _understand(said, usage["status"])
    return Answer(code, pages, seconds, usage["cpu"], usage["peak_mb"], preview, usage["first"])


def _tell(data: bytes, limits: Limits, key: str, most: int) -> tuple[bytes, dict[str, Any], float]:
    """What a child said about the bytes (up to about `most`), how it ended, and the seconds."""
    for _ in range(2):
        control = server.connection()
        told = _tell_once(control, data, limits, key, most)
        if told is not None:
            return told
        server.drop(control)
    raise InspectorUnavailableError("The inspector does not answer.")


def _tell_once(
    control: socket.socket, data: bytes, limits: Limits, key: str, most: int
) -> tuple[bytes, dict[str, Any], float] | None:
    """None when it is the server, not the file, that failed."""
    work, their_work = socket.socketpair()
    report, their_report = socket.socketpair()
    with work, report:
        with their_work, their_report:
            try:
                socket.send_fds(
                    control,
                    [json.dumps({**vars(limits), "size": len(data), "key": key}).encode()],
                    [their_work.fileno(), their_report.fileno()],
                )
            except OSError:
                return None
        began = time.monotonic()
        deadline = began + limits.wall_seconds + GRACE_SECONDS
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
            # A child that has already ended says so in its report.
            work.settimeout(limits.wall_seconds + GRACE_SECONDS)
            work.sendall(data)
            work.shutdown(socket.SHUT_WR)
        said = _read_all(work, deadline, most)
        ended = _read_all(report, deadline)
        seconds = time.monotonic() - began
    return (said, json.loads(ended), seconds) if ended else None


def _read_all(stream: socket.socket, deadline: float, most: int = ANSWER_BYTES) -> bytes:
    """Everything until the other side closes, the deadline or the size limit."""
    received = bytearray()
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    while len(received) <= most:
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            break
        try:
            chunk = stream.recv(65_536)
        except ConnectionResetError:
            break
        if not chunk:
            break
        received += chunk
    return bytes(received)


def _understand(said: bytes, status: int) -> tuple[str | None, int | None, bytes | None]:
    """Code, pages and picture from the child's messages and its end; trusts neither.

    Without a verdict it is what was certain before the end, else too_complex: only a bound or a
    crash ends a child early. A verdict stands even if drawing the picture then reached a bound,
    except that a file which crashes the viewer's engine is not accepted.
    """
    certain = "too_complex"
    frames = _frames(said)
    for at, frame in enumerate(frames):
        message = _message(frame)
        code, pages = message.get("code"), message.get("pages")
        if code is not None and (not isinstance(code, str) or code not in CODES):
            continue
        if message.get("kind") == "certain" and code is not None:
            certain = code
        elif message.get("kind") == "verdict":
            if type(pages) is not int or not 0 <= pages < 1_000_000:
                pages = None
            if code is None and (pages is None or _crashed(status)):
                return "too_complex", None, None
            picture = frames[at + 1] if len(frames) > at + 1 else b""
            shown = code is None and _is_webp(picture) and len(picture) <= PICTURE_BYTES
            return code, pages, picture if shown else None
    return certain, None, None


def _is_webp(picture: bytes) -> bool:
    return picture[:4] == b"RIFF" and picture[8:12] == b"WEBP"


def _crashed(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGSEGV, signal.SIGBUS)


def _frames(said: bytes) -> list[bytes]:
    """The complete length-prefixed messages, at most ten."""
    frames: list[bytes] = []
    while len(said) >= LENGTH_BYTES and len(frames) < 10:
        length = int.from_bytes(said[:LENGTH_BYTES], "big")
        frame = said[LENGTH_BYTES : LENGTH_BYTES + length]
        if len(frame) < length:
            break
        frames.append(frame)
        said = said[LENGTH_BYTES + length :]
    return frames


def _message(frame: bytes) -> dict[str, object]:
    try:
        message = json.loads(frame)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
