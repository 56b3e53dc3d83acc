"""The process that forks children to inspect with, and what such a child does.

Started by `client` with a clean environment and one socket; it imports the readers once, so that a
child is warm, and knows nothing of Django, the database or any secret. It ends when the last
holder of the other end of that socket has gone.

A child judges one file, or several that come under the same key, which stands for one person: what
a file may have left behind in the process can then only meet that person's own next file.
"""

import contextlib
import ctypes
import gc
import io
import json
import logging
import math
import os
import re
import resource
import selectors
import signal
import socket
import sys
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
from PIL import Image

from . import picture
from .judge import judge

MEGABYTE = 1024 * 1024
LINE, WORK = 3, 4  # a child's only descriptors beside standard input and output
LENGTH_BYTES = 4
PR_SET_NO_NEW_PRIVS = 38
CLEAR_PEAK = b"5"
DONE = b"done"
FILES_KEPT = 20  # files of one child
IDLE_KEPT = 4  # children that wait for the next file of their person
IDLE_SECONDS = 20.0
MEMORY_KEPT_MB = 128
AGAIN = 0.25  # of the bounds for a file that is not a child's first: the rest is for a new child


@dataclass
class Child:
    """A living child: its person, its line, and the file under way."""

    pid: int
    key: str
    line: socket.socket
    deadline: float  # when it is killed
    report: socket.socket | None = None  # of the file under way; none while it waits
    files: int = 0
    cpu: float = 0.0  # seconds before the file under way


def main(control: socket.socket) -> None:
    """Serve requests until the control socket is closed by everybody else."""
    logging.getLogger("PIL").setLevel(logging.WARNING)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    gc.collect()
    gc.freeze()
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(wake_read, selectors.EVENT_READ)
    family = Family(selector)
    serving = True
    while serving or family.children:
        soonest = min((child.deadline for child in family.children.values()), default=None)
        wait = None if soonest is None else max(0.0, soonest - time.monotonic())
        for key, _ in selector.select(wait):
            if key.fileobj is control:
                serving = accept(control, family)
                if not serving:
                    selector.unregister(control)
                    family.send_home()
            elif key.fd == wake_read:
                os.read(wake_read, 4096)
            elif key.data.pid in family.children:
                family.heard(key.data)
        now = time.monotonic()
        for child in family.children.values():
            if child.deadline <= now:
                os.kill(child.pid, signal.SIGKILL)
        family.reap()


def accept(control: socket.socket, family: "Family") -> bool:
    """Give the next request to a child; False when nobody can ask any more."""
    message, descriptors, _, _ = socket.recv_fds(control, 4096, 2)
    if not message:
        return False
    if message == b"hello":
        with socket.socket(fileno=descriptors[0]) as caller:
            caller.sendall(b"ready")
        return True
    work, report = (socket.socket(fileno=descriptor) for descriptor in descriptors)
    with work:
        family.inspect(message, work, report)
    return True


class Family:
    """The children that live, and which of them wait for the next file of their person."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self.selector = selector
        self.children: dict[int, Child] = {}
        self.idle: dict[str, Child] = {}  # the one that has waited longest comes first

    def inspect(self, message: bytes, work: socket.socket, report: socket.socket) -> None:
        """Hand a request to the child that waits for this key, or to a new one."""
        limits = json.loads(message)
        child = self.idle.pop(limits["key"], None)
        if child is not None and self._give(child, message, work):
            wall = limits["wall_seconds"] * AGAIN
        else:
            child = self._fork(limits["key"])
            if not self._give(child, message, work):
                report.close()  # the caller asks again
                return
            wall = limits["wall_seconds"]
        child.report = report
        child.files += 1
        child.deadline = time.monotonic() + wall

    def _fork(self, key: str) -> Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            run_child(theirs)
        theirs.close()
        child = self.children[pid] = Child(pid, key, ours, time.monotonic() + IDLE_SECONDS)
        self.selector.register(ours, selectors.EVENT_READ, child)
        return child

    def _give(self, child: Child, message: bytes, work: socket.socket) -> bool:
        try:
            socket.send_fds(child.line, [message], [work.fileno()])
        except OSError:  # it has died meanwhile
            return False
        return True

    def heard(self, child: Child) -> None:
        """A child says that it is ready for another file; anything else ends it."""
        try:
            said = child.line.recv(16, socket.MSG_DONTWAIT)
        except OSError:
            said = b""
        if said != DONE or child.report is None:
            self.selector.unregister(child.line)
            if said:
                os.kill(child.pid, signal.SIGKILL)
            return
        cpu = time.clock_gettime(~child.pid << 3 | 2)  # the clock of that process's CPU
        self._report(child, 0, cpu, peak_mb(child.pid))
        child.report, child.cpu = None, cpu
        child.deadline = time.monotonic() + IDLE_SECONDS
        for other in (self.idle.pop(child.key, None), self._oldest()):
            if other is not None:
                other.line.shutdown(socket.SHUT_RDWR)  # it ends by itself
        self.idle[child.key] = child

    def _oldest(self) -> Child | None:
        return self.idle.pop(next(iter(self.idle))) if len(self.idle) >= IDLE_KEPT else None

    def send_home(self) -> None:
        """End the children that wait."""
        for child in self.idle.values():
            child.line.shutdown(socket.SHUT_RDWR)
        self.idle.clear()

    def reap(self) -> None:
        """Report how each ended child ended."""
        while self.children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self.children.pop(pid, None)
            if child is None:
                continue
            if self.idle.get(child.key) is child:
                del self.idle[child.key]
            if child.line in self.selector.get_map():
                self.selector.unregister(child.line)
            child.line.close()
            cpu = usage.ru_utime + usage.ru_stime
            self._report(child, status, cpu, usage.ru_maxrss / 1024)

    def _report(self, child: Child, status: int, cpu: float, peak: float) -> None:
        """Tell the caller of the file under way: status, CPU seconds, peak memory."""
        if child.report is None:
            return
        with child.report as report:
            answer = {
                "status": status,
                "cpu": cpu - child.cpu,
                "peak_mb": peak,
                "first": child.files == 1,
            }
            try:
                report.send(json.dumps(answer).encode(), socket.MSG_DONTWAIT)
            except OSError:
                logging.getLogger(__name__).info("an inspection was given up by its caller")


def peak_mb(pid: int) -> float:
    """The most memory that a living child has had, counted anew from here."""
    status = Path(f"/proc/{pid}/status").read_bytes()
    found = re.search(rb"VmHWM:\s+([0-9]+) kB", status)
    # Where the system does not allow this, the peak is that of all files of this child.
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_bytes(CLEAR_PEAK)
    return int(found[1]) / 1024 if found else 0.0


def run_child(line: socket.socket) -> None:
    """Judge the files that come over the line, and end the process."""
    try:
        confine(line.detach())
        line = socket.socket(fileno=LINE)
        for number in range(FILES_KEPT):
            message, descriptors, _, _ = socket.recv_fds(line, 4096, 1)
            if not message:
                break
            limits = json.loads(message)
            bound(limits, AGAIN if number else 1)
            with socket.socket(fileno=descriptors[0]) as work:
                data = work.recv(int(limits["size"]), socket.MSG_WAITALL)
                if limits["page"]:
                    draw(work, data, int(limits["page"]))
                    break
                plain = inspect(work, data, limits)
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            if not plain or not limits["key"] or most > MEMORY_KEPT_MB:
                break
            if number + 1 < FILES_KEPT:
                gc.collect()
                stop_clocks()
                line.send(DONE)
        os._exit(0)
    finally:
        os._exit(1)


def confine(line: int) -> None:
    """Take away from this process whatever reading bytes from its sockets does not need."""
    gc.disable()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(line, LINE)
    os.dup2(1, 2)  # standard output goes nowhere; the readers' complaints go there too
    os.closerange(LINE + 1, 65_536)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (WORK + 1, WORK + 1))


def bound(limits: Mapping[str, Any], share: float) -> None:
    """Memory, CPU and clock for the next file: this share of the limits."""
    memory = int(limits["memory_mb"]) * MEGABYTE
    cpu = limits["cpu_seconds"] * share
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    if most == resource.RLIM_INFINITY:
        most = math.ceil(limits["cpu_seconds"]) * (FILES_KEPT if limits["key"] else 1)
    soft = min(math.ceil(time.process_time() + cpu), most)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, most))
    # Both kill. The parent kills too, but may itself be killed; the kernel counts CPU in ticks.
    signal.setitimer(signal.ITIMER_REAL, limits["wall_seconds"] * share + 1)
    signal.setitimer(signal.ITIMER_PROF, cpu * 0.95)


def stop_clocks() -> None:
    """Between two files no time runs; the parent ends a child that waits too long."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.setitimer(signal.ITIMER_PROF, 0)


def inspect(work: socket.socket, data: bytes, limits: dict[str, float]) -> bool:
    """Send what is certain as soon as it is, then the verdict, then the picture.

    True when all went as with any ordinary file, so that the process may take another one.
    """

    def say(**answer: object) -> None:
        text = json.dumps(answer).encode()
        work.sendall(len(text).to_bytes(LENGTH_BYTES, "big") + text)

    verdict = judge(
        data,
        max_pages=int(limits["max_pages"]),
        certain=lambda code: say(kind="certain", code=code),
    )
    say(kind="verdict", code=verdict.code, pages=verdict.pages)
    if verdict.page is None or not limits["preview"]:
        return verdict.plain
    try:
        drawn = picture.draw(verdict.page)
    except (MemoryError, RuntimeError, ValueError):
        return False  # the verdict stands without a picture
    if drawn:
        work.sendall(len(drawn).to_bytes(LENGTH_BYTES, "big") + drawn)
    return verdict.plain and bool(drawn)


def draw(work: socket.socket, data: bytes, number: int) -> None:
    """Send how high the picture of a page is, then the picture; nothing when there can be none."""
    with contextlib.suppress(picture.UnviewableError, MemoryError, RuntimeError, ValueError):
        page = picture.page_of(data, number)
        drawn = picture.draw(page, picture.PAGE_WIDTH, picture.PAGE_BYTES)
        if drawn:
            text = json.dumps({"height": picture.shown_height(page, picture.PAGE_WIDTH)}).encode()
            for frame in (text, drawn):
                work.sendall(len(frame).to_bytes(LENGTH_BYTES, "big") + frame)


def warm_up() -> None:
    """Use every reader once, so that children find all modules loaded: they cannot open files."""
    plain = io.BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        fonts = pikepdf.Dictionary()
        for number, name in enumerate(("Helvetica", "Times-Roman", "Courier", "Elsewhere")):
            kind = pikepdf.Name.Type1 if number < 3 else pikepdf.Name.TrueType
            fonts[f"/F{number}"] = pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=kind, BaseFont=pikepdf.Name("/" + name)
            )
        photo = io.BytesIO()
        Image.new("RGB", (16, 16)).save(photo, "JPEG")
        image = pdf.make_stream(photo.getvalue())
        image.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=16,
            Height=16,
            BitsPerComponent=8,
            ColorSpace=pikepdf.Name.DeviceRGB,
            Filter=pikepdf.Name.DCTDecode,
        )
        page.obj.Resources = pikepdf.Dictionary(Font=fonts, XObject=pikepdf.Dictionary(I=image))
        drawn = b"/I Do BT " + b" ".join(b"/F%d 9 Tf (Aa) Tj" % number for number in range(4))
        page.obj.Contents = pdf.make_stream(zlib.compress(drawn + b" ET"))
        page.obj.Contents.stream_dict.Filter = pikepdf.Name.FlateDecode
        pdf.save(plain, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    files = [plain.getvalue(), b"%PDF-1.7\n"]
    for strength in (3, 6):
        with pikepdf.open(io.BytesIO(plain.getvalue())) as pdf:
            locked = io.BytesIO()
            pdf.save(
                locked,
                encryption=pikepdf.Encryption(
                    owner="x", R=strength, aes=strength > 3, metadata=strength > 3
                ),
            )
        files.append(locked.getvalue())
    for data in files:
        verdict = judge(data, max_pages=1)
        if verdict.page is not None:
            picture.draw(verdict.page)


def start() -> None:
    """Entry point: the control socket is the descriptor named on the command line."""
    warm_up()
    main(socket.socket(fileno=int(sys.argv[1])))
