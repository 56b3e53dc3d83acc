"""Letters: CPU time of ours beside naive WeasyPrint, of signing, of merging; memory over a run.

Every figure is CPU time of this process (or of the child that does the work), taken in turns, so
that a busy machine slows both sides alike. Goals: performance.md and issue "Stage 4 in full".
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.test.utils import override_settings

from bench import Result
from inpassing.letters.documents import Document
from inpassing.letters.merge import ReadingCopy, merge_copies
from inpassing.letters.render import PDF_VARIANT, render_document, render_html, warm_up
from inpassing.letters.signing import sign_pdf
from tests.letters.authority import PASSWORD, Authority, ec_key, rsa_key
from tests.letters.samples import extract, recommendation

ROUNDS = 12
SIGNATURES = 40
MERGED = 1000
MERGED_FOR_MEMORY = 5000
LETTERS_FOR_MEMORY = int(os.environ.get("BENCH_LETTERS", "1000"))


def main() -> list[Result]:
    """Measure and return the figures."""
    began = time.process_time()
    warm_up()
    results = [Result("warm-up of a worker", _ms(time.process_time() - began), "ms CPU")]
    results += memory()
    for name, document, has_goal in (
        ("petikan, 1 page", extract(), True),
        ("surat rekomendasi, 1 page + annex of 5", recommendation(5), True),
        # Shown only: in a long table the engine's layout costs more than what can be shared.
        ("surat rekomendasi, 1 page + annex of 26", recommendation(26), False),
    ):
        results += rendering(name, document, has_goal=has_goal)
    results += signing()
    results += merging()
    return results


def rendering(name: str, document: Document, *, has_goal: bool) -> list[Result]:
    """Ours and naive WeasyPrint on the same HTML and CSS."""
    html = render_html(document.template, {"letter": document}, title=document.title)
    naive, ours, ratio = alternate(
        lambda: naive_pdf(html), lambda: render_document(document), rounds=ROUNDS
    )
    goal = ("≥ 1.5", ratio >= 1.5) if has_goal else ()
    return [
        Result(f"{name}: naive WeasyPrint", _ms(naive), "ms CPU"),
        Result(f"{name}: ours", _ms(ours), "ms CPU"),
        Result(f"{name}: ours in a CPU second", round(1 / ours, 1), "letters"),
        Result(f"{name}: ours against naive", round(ratio, 2), "×", *goal),
    ]


def naive_pdf(html: str) -> bytes:
    """As WeasyPrint's first example does it: the packaged font, everything made anew each time."""
    import fontpkg
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    from inpassing.letters.glyphs import PACKAGED_FAMILY
    from inpassing.letters.press import FONT_FAMILY

    css = (settings.BASE_DIR / "templates" / "letters" / "letter.css").read_text(encoding="utf-8")
    font = Path(fontpkg.path(PACKAGED_FAMILY)).as_uri()
    face = f'@font-face {{ font-family: "{FONT_FAMILY}"; src: url("{font}") }}'
    fonts = FontConfiguration()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        pdf: bytes = HTML(string=html).write_pdf(
            font_config=fonts,
            stylesheets=[CSS(string=face + css, font_config=fonts)],
            pdf_variant=PDF_VARIANT,
        )
    return pdf


def signing() -> list[Result]:
    """RSA-2048 and EC P-256, PAdES B-B."""
    letter = render_document(extract())
    authority = Authority()
    with tempfile.TemporaryDirectory() as folder:
        files = {
            name: authority.pkcs12(Path(folder) / f"{name}.p12", make())
            for name, make in (("rsa", rsa_key), ("ec", ec_key))
        }

        def sign(name: str) -> Callable[[], object]:
            def work() -> object:
                with override_settings(
                    LETTER_SIGNING_P12=str(files[name]),
                    LETTER_SIGNING_PASSWORD=PASSWORD,
                    LETTER_SIGNING_TSA_URL="",
                ):
                    return sign_pdf(letter, signed_at=datetime.now(UTC))

            return work

        rsa, ec, ratio = alternate(sign("rsa"), sign("ec"), rounds=SIGNATURES)
    return [
        Result("signing, RSA-2048", _ms(rsa), "ms CPU"),
        Result("signing, EC P-256", _ms(ec), "ms CPU"),
        Result("signing, RSA against EC", round(ratio, 2), "×", "≤ 1.2", ratio <= 1.2),
    ]


def merging() -> list[Result]:
    """A merged copy of a thousand letters; memory while five thousand are merged."""
    few = [render_document(replace(extract(), date=f"{day} November 2026")) for day in range(1, 21)]
    letters = few * (MERGED // len(few))
    output = BytesIO()
    began = time.process_time()
    merge_copies(letters, output)
    each = (time.process_time() - began) / len(letters)
    share = output.tell() / sum(map(len, letters))
    with tempfile.TemporaryFile() as large:
        copy = ReadingCopy(large)
        seen = []
        for number in range(MERGED_FOR_MEMORY):
            if number in (MERGED // 10, MERGED_FOR_MEMORY - 1):
                seen.append(resident_mb())
            copy.add_letter(few[number % len(few)], title=f"B-{number:04d}")
        copy.close()
    growth = seen[1] / seen[0]
    return [
        Result(f"merging {MERGED}, each", _ms(each), "ms CPU", "≤ 1.2", each <= 0.0012),
        Result("merged against the sum of the files", round(share, 2), "×", "< 1", share < 1),
        Result(f"memory while merging {MERGED_FOR_MEMORY}", seen[1], "MB"),
        Result("its growth since the 100th", round(growth, 2), "×", "≤ 1.3", growth <= 1.3),
    ]


def memory() -> list[Result]:
    """Memory of a child that prints different letters, after 100 and at the end of the run."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 1
        try:
            with os.fdopen(writer, "w") as pipe:
                letter = extract()
                for n in range(1, LETTERS_FOR_MEMORY + 1):
                    url = f"https://inpassing.example/cek/{n:08d}/"
                    person = replace(letter.person, name=f"{letter.person.name} {n}")
                    render_document(replace(letter, check_url=url, person=person))
                    if n in (100, LETTERS_FOR_MEMORY):
                        pipe.write(f"{resident_mb()}\n")
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        early, late = map(float, pipe.read().split())
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("the child that prints letters failed")
    growth = late / early
    return [
        Result("memory of a child after 100 letters", early, "MB"),
        Result(f"memory of a child after {LETTERS_FOR_MEMORY} letters", late, "MB"),
        Result("growth of its memory", round(growth, 2), "×", "≤ 1.3", growth <= 1.3),
    ]


def alternate(
    one: Callable[[], object], other: Callable[[], object], *, rounds: int
) -> tuple[float, float, float]:
    """Median CPU seconds of two pieces of work that take turns, and the median of their ratios.

    The ratio is taken turn by turn, because on a shared machine the speed changes between turns.
    The first turn does not count.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for work, seconds in zip((one, other), times, strict=True):
            began = time.process_time()
            work()
            seconds.append(time.process_time() - began)
    first, second = times[0][1:], times[1][1:]
    ratios = [a / b for a, b in zip(first, second, strict=True)]
    return statistics.median(first), statistics.median(second), statistics.median(ratios)


def resident_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1024**2, 1)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
