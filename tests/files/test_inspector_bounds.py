"""Whatever the bytes, the inspector answers in time and the calling process is never harmed."""

import contextlib
import itertools
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from inpassing.files.inspector import client, forkserver, inspect
from tests import pdf_factory, pdf_hostile

LIMITS = client.Limits(max_pages=300, cpu_seconds=2, wall_seconds=10, memory_mb=512, preview=True)


# Python 3.12 warns of forks beside threads; here as in Celery's children nothing else follows.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


@pytest.fixture(scope="module")
def heavy() -> bytes:
    """A harmless document that takes some tenths of a second."""
    return pdf_factory.document(300)


def long_page() -> bytes:
    """One harmless page of so much text that a viewer takes much memory for it."""
    lines = (b"BT /F1 9 Tf 1 %d Td (%d) Tj ET\n" % (row % 800, row) for row in range(260_000))
    pdf = pdf_factory.simple()
    pdf.flate("", b"".join(lines), number=4)
    return pdf.write()


def confined(act: Callable[[], object]) -> int:
    """Exit status of a confined child that did this: 0 done, 9 refused by the system."""
    work, other = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            forkserver.confine(work.detach())
            os.dup(forkserver.LINE)  # where the file's socket comes to stand
            # On a busy machine two seconds of CPU may take more than ten by the clock.
            forkserver.bound({**vars(LIMITS), "wall_seconds": 120, "key": ""}, 1)
            try:
                act()
                status = 0
            except (OSError, MemoryError):
                status = 9
        finally:
            os._exit(status)
    other.close()
    work.close()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda: None, 0),
        (lambda: os.open("/etc/passwd", os.O_RDONLY), 9),
        (lambda: os.open("/tmp/inpassing-never", os.O_WRONLY | os.O_CREAT), 9),
        (socket.socket, 9),
        (os.pipe, 9),
        (lambda: os.dup(1), 9),
        (lambda: bytearray(600 * 1024 * 1024), 9),
        (lambda: [bytearray(1024 * 1024) for _ in range(600)], 9),
        (lambda: sum(itertools.count()), -signal.SIGPROF),
    ],
)
def test_child_has_lost_what_reading_does_not_need(act, status):
    assert confined(act) == status


def test_child_keeps_no_descriptor_of_other_inspections():
    held = [socket.socketpair() for _ in range(3)]

    def look() -> None:
        open_now = [number for number in range(200) if os.path.exists(f"/dev/fd/{number}")]
        if open_now != [0, 1, 2, forkserver.LINE, forkserver.WORK]:
            raise MemoryError

    assert confined(look) == 0
    for pair in held:
        for end in pair:
            end.close()


def test_reading_process_knows_no_secret_and_no_django():
    client.ask(pdf_factory.scan(dpi=60), LIMITS)
    pid = client.server.process.pid
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    for name in (b"SECRET_KEY", b"DATABASE_URL", b"REDIS_URL"):
        assert name not in environment
    libraries = Path(f"/proc/{pid}/maps").read_text()
    assert "pdfium" in libraries
    assert "psycopg" not in libraries


def test_cpu_bound(heavy, settings, tmp_path):
    (tmp_path / "a.pdf").write_bytes(heavy)
    assert inspect(tmp_path / "a.pdf").accepted
    # One tick of the kernel's clock: on a crowded machine a tick may fall on somebody else's work.
    settings.PDF_CPU_SECONDS = 0.01
    found = inspect(tmp_path / "a.pdf")
    assert (found.code, found.pages, found.preview) == ("too_complex", None, None)


def test_wall_bound(heavy, settings, tmp_path):
    (tmp_path / "a.pdf").write_bytes(heavy)
    settings.PDF_WALL_SECONDS = 0.02
    began = time.monotonic()
    assert inspect(tmp_path / "a.pdf").code == "too_complex"
    assert time.monotonic() - began < 5


def test_memory_bound(settings, tmp_path):
    (tmp_path / "a.pdf").write_bytes(pdf_hostile.xref_stream_bomb())
    settings.PDF_MEMORY_MB = 128
    found = inspect(tmp_path / "a.pdf")
    assert found.code == "too_complex"
    assert found.peak_mb < 128
    (tmp_path / "a.pdf").write_bytes(pdf_factory.scan(dpi=60))
    assert inspect(tmp_path / "a.pdf").preview


def test_script_found_before_the_bound_is_named(tmp_path):
    """What was certain when a bound was reached is the answer."""
    bomb = pdf_factory.simple(catalog=f"/OpenAction {pdf_hostile.ACTION}")
    bomb.stream("/Filter /FlateDecode", pdf_hostile.zero_stream(400_000_000), number=4)
    (tmp_path / "a.pdf").write_bytes(bomb.write())
    assert inspect(tmp_path / "a.pdf").code == "active_content"
    said = b'{"kind": "certain", "code": "active_content"}'
    said = len(said).to_bytes(4, "big") + said
    assert client._understand(said, signal.SIGPROF) == ("active_content", None, None)
    assert client._understand(b"", signal.SIGPROF) == ("too_complex", None, None)


def test_threads_share_one_reading_process():
    files = [pdf_factory.scan(dpi=60), pdf_factory.document(3), b"%PDF-1.7\n", b"x"]
    wanted = [None, None, "damaged", "not_pdf"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda at: client.ask(files[at % 4], LIMITS), range(48)))
    assert [answer.code for answer in answers] == wanted * 12


def test_killed_reading_process_is_replaced():
    data = pdf_factory.scan(dpi=60)
    client.ask(data, LIMITS)
    killed = client.server.process.pid
    os.kill(killed, signal.SIGKILL)
    assert client.ask(data, LIMITS).code is None
    assert client.server.process.pid != killed


def test_inspection_survives_the_death_of_the_reading_process(heavy):
    client.ask(b"%PDF-", LIMITS)
    answers: list[client.Answer] = []
    asking = threading.Thread(target=lambda: answers.append(client.ask(heavy, LIMITS)))
    asking.start()
    time.sleep(0.1)
    os.kill(client.server.process.pid, signal.SIGKILL)
    asking.join(60)
    assert [answer.pages for answer in answers] == [300]


def test_child_is_kept_for_the_next_file_of_the_same_person_only():
    data = pdf_factory.scan(dpi=60)
    told = [client.ask(data, LIMITS, key).first for key in ("a", "a", "b", "a", "", "", "b", "a")]
    assert told == [True, False, True, False, True, True, False, False]


def test_child_is_replaced_after_so_many_files():
    data = pdf_factory.simple().write()
    told = [client.ask(data, LIMITS, "many").first for _ in range(2 * forkserver.FILES_KEPT)]
    assert told == [True, *[False] * (forkserver.FILES_KEPT - 1)] * 2


@pytest.mark.parametrize(
    "unusual",
    [
        pytest.param(
            pdf_factory.simple(catalog="/OpenAction << /S /URI >>").write()[:-9], id="cut"
        ),
        pytest.param(pdf_factory.encrypted(pdf_factory.simple().write()), id="encrypted"),
        pytest.param(pdf_hostile.document_with_attachment(), id="active"),
        pytest.param(b"Surat", id="no-pdf"),
        pytest.param(pdf_factory.untidy()["shifted-offsets"], id="rebuilt"),
        pytest.param(long_page(), id="large"),
    ],
)
def test_child_ends_after_anything_unusual(unusual):
    plain = pdf_factory.simple().write()
    client.ask(unusual, LIMITS, "unusual")
    assert client.ask(plain, LIMITS, "unusual").first
    assert not client.ask(plain, LIMITS, "unusual").first


def test_kept_child_can_only_accept():
    """Whatever it refuses is judged again by a new child, both within the bounds of one."""
    plain = pdf_factory.simple().write()
    wrong = {}
    for name, codes, data in pdf_hostile.bombs():
        answer = client.ask(plain, LIMITS, "hostile")
        assert answer.code is None
        answer = client.ask(data, LIMITS, "hostile")
        if answer.code not in codes or not answer.first:
            wrong[name] = answer
        assert answer.cpu_seconds <= 2.05, name
        assert answer.peak_mb < 512, name
    assert wrong == {}


def test_kept_child_that_dies_harms_no_file():
    data = pdf_factory.scan(dpi=60)
    for _ in range(3):
        client.ask(data, LIMITS, "dying")
        for waiting in children():
            os.kill(waiting, signal.SIGKILL)
        answer = client.ask(data, LIMITS, "dying")
        assert (answer.code, answer.first) == (None, True)


def test_figures_of_a_kept_child_are_those_of_the_file():
    small, large = pdf_factory.simple().write(), pdf_factory.scan(dpi=200, colour=True)
    alone = client.ask(small, LIMITS)
    answers = [client.ask(data, LIMITS, "figures") for data in (large, small, small)]
    assert [answer.first for answer in answers] == [True, False, False]
    assert answers[2].cpu_seconds < min(alone.cpu_seconds, answers[0].cpu_seconds)
    assert answers[2].peak_mb <= answers[0].peak_mb


def test_few_children_wait():
    data = pdf_factory.simple().write()
    for number in range(3 * forkserver.IDLE_KEPT):
        client.ask(data, LIMITS, f"person {number}")
    deadline = time.monotonic() + 20
    while len(children()) > forkserver.IDLE_KEPT and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(children()) == forkserver.IDLE_KEPT


def children() -> list[int]:
    """Process numbers of the children that live now."""
    server = client.server.process.pid
    return [int(pid) for pid in Path(f"/proc/{server}/task/{server}/children").read_text().split()]


def _ask_in_process(data: bytes, answers: "multiprocessing.SimpleQueue[str]") -> None:
    before = client.server.control
    code = client.ask(data, LIMITS).code
    answers.put(f"{code} {'shared' if client.server.control is before else 'own'}")


def test_forked_daemon_uses_the_reading_process_of_its_parent():
    """As in a Celery child, which multiprocessing forbids to have children."""
    data = pdf_factory.scan(dpi=60)
    client.ask(data, LIMITS)
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    children = [
        fork.Process(target=_ask_in_process, args=(data, answers), daemon=True) for _ in range(2)
    ]
    for child in children:
        child.start()
    assert [answers.get(), answers.get()] == ["None shared"] * 2
    os.kill(client.server.process.pid, signal.SIGKILL)
    orphan = fork.Process(target=_ask_in_process, args=(data, answers), daemon=True)
    orphan.start()
    assert answers.get() == "None own"
    for child in [*children, orphan]:
        child.join(30)
        assert child.exitcode == 0


def test_reading_process_ends_with_its_caller():
    program = (
        "import os, signal, sys; from django.conf import settings; settings.configure()\n"
        "from inpassing.files.inspector import client\n"
        "client.server.connection(); print(client.server.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


MESSAGES = st.sampled_from(
    [
        b'{"kind": "verdict", "code": null, "pages": 1}',
        b'{"kind": "verdict", "code": null, "pages": -4}',
        b'{"kind": "verdict", "code": "damaged", "pages": null}',
        b'{"kind": "verdict", "code": "free text <script>", "pages": 1}',
        b'{"kind": "verdict", "code": ["a"], "pages": {}}',
        b'{"kind": "certain", "code": "active_content"}',
        b"[1, 2]",
        b"RIFF....WEBP" + b"x" * 50,
        b"RIFF....WEBP" + b"x" * 50_000,
        b"",
    ]
)


@given(
    frames=st.lists(MESSAGES | st.binary(max_size=60), max_size=5),
    tail=st.binary(max_size=12),
    status=st.sampled_from([0, 256, signal.SIGKILL, signal.SIGSEGV, signal.SIGXCPU]),
)
@hypothesis_settings(max_examples=300, deadline=None, derandomize=True)
def test_what_a_child_says_is_not_trusted(frames, tail, status):
    said = b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames) + tail
    code, pages, preview = client._understand(said, int(status))
    assert code is None or code in client.CODES
    assert pages is None or 0 <= pages < 1_000_000
    if code is None:
        assert pages is not None
        assert status != signal.SIGSEGV
    else:
        assert preview is None
    assert preview is None or (preview.startswith(b"RIFF") and len(preview) <= 40_000)


def test_child_that_says_too_much_is_cut_short():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        flood = threading.Thread(target=_flood, args=(theirs,))
        flood.start()
        received = client._read_all(ours, time.monotonic() + 10)
        ours.close()
        flood.join(10)
    assert client.ANSWER_BYTES < len(received) <= client.ANSWER_BYTES + 65_536


def _flood(stream: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            stream.sendall(b"x" * 65_536)
