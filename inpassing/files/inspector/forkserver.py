"""The process that forks one child per file, and what such a child does.

Started by `client` with a clean environment and one socket; it imports the readers once, so that a
child is warm, and knows nothing of Django, the database or any secret. It ends when the last
holder of the other end of that socket has gone.
"""

import ctypes
import gc
import io
import json
import logging
import math
import os
import resource
import selectors
import signal
import socket
import sys
import time
import zlib
from dataclasses import dataclass

import pikepdf
from PIL import Image

from . import picture
from .judge import judge

MEGABYTE = 1024 * 1024
WORK = 3  # the child's only descriptor beside standard input and output
LENGTH_BYTES = 4
PR_SET_NO_NEW_PRIVS = 38


@dataclass
class Child:
    """A running child: where its report goes and when it is killed."""

    report: socket.socket
    deadline: float


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
    children: dict[int, Child] = {}
    serving = True
    while serving or children:
        soonest = min((child.deadline for child in children.values()), default=None)
        wait = None if soonest is None else max(0.0, soonest - time.monotonic())
        for key, _ in selector.select(wait):
            if key.fileobj is control and serving:
                serving = accept(control, children)
                if not serving:
                    selector.unregister(control)
            elif key.fd == wake_read:
                os.read(wake_read, 4096)
        now = time.monotonic()
        for pid, child in children.items():
            if child.deadline <= now:
                os.kill(pid, signal.SIGKILL)
        reap(children)


def accept(control: socket.socket, children: dict[int, Child]) -> bool:
    """Fork a child for the next request; False when nobody can ask any more."""
    message, descriptors, _, _ = socket.recv_fds(control, 4096, 2)
    if not message:
        return False
    if message == b"hello":
        with socket.socket(fileno=descriptors[0]) as caller:
            caller.sendall(b"ready")
        return True
    limits = json.loads(message)
    work, report = (socket.socket(fileno=descriptor) for descriptor in descriptors)
    pid = os.fork()
    if pid == 0:
        run_child(work, limits)
    work.close()
    children[pid] = Child(report, time.monotonic() + limits["wall_seconds"])
    return True


def reap(children: dict[int, Child]) -> None:
    """Report how each ended child ended: status, CPU seconds, peak memory."""
    while children:
        pid, status, usage = os.wait4(-1, os.WNOHANG)
        if pid == 0:
            return
        child = children.pop(pid, None)
        if child is None:
            continue
        with child.report as report:
            answer = {
                "status": status,
                "cpu": usage.ru_utime + usage.ru_stime,
                "peak_mb": usage.ru_maxrss / 1024,
            }
            try:
                report.send(json.dumps(answer).encode(), socket.MSG_DONTWAIT)
            except OSError:
                logging.getLogger(__name__).info("inspection of %s given up by its caller", pid)


def run_child(work: socket.socket, limits: dict[str, float]) -> None:
    """Judge what comes through the socket, answer, and end the process."""
    try:
        confine(work.detach(), limits)
        work = socket.socket(fileno=WORK)
        data = work.recv(int(limits["size"]), socket.MSG_WAITALL)
        inspect(work, data, limits)
        os._exit(0)
    finally:
        os._exit(1)


def confine(work: int, limits: dict[str, float]) -> None:
    """Take away from this process whatever reading bytes from the socket does not need."""
    gc.disable()  # the process ends before it pays
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(work, WORK)
    os.dup2(1, 2)  # standard output goes nowhere; the readers' complaints go there too
    os.closerange(WORK + 1, 65_536)
    memory = int(limits["memory_mb"]) * MEGABYTE
    cpu = limits["cpu_seconds"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(cpu), math.ceil(cpu)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (WORK + 1, WORK + 1))
    # Both kill. The parent kills too, but may itself be killed; the kernel counts CPU in ticks.
    signal.setitimer(signal.ITIMER_REAL, limits["wall_seconds"] + 1)
    signal.setitimer(signal.ITIMER_PROF, cpu * 0.95)


def inspect(work: socket.socket, data: bytes, limits: dict[str, float]) -> None:
    """Send what is certain as soon as it is, then the verdict, then the picture."""

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
        return
    try:
        drawn = picture.draw(verdict.page)
    except (MemoryError, RuntimeError, ValueError):
        return  # the verdict stands without a picture
    if drawn:
        work.sendall(len(drawn).to_bytes(LENGTH_BYTES, "big") + drawn)


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
