"""HTML in, PDF out: one function behind which WeasyPrint stands.

What makes a letter the same on every machine and on every run: two static weights of the packaged
font and no other font at all, no clock, no network, no files. What makes it cheap: fonts and style
sheet are made once per process and shared (docs/decisions/0006-letters.md has the figures).
WeasyPrint is loaded by the first letter, so that a process which makes none does not pay for it; a
worker calls `warm_up()` in its parent, before it forks.
"""

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.template import Context, Engine

from .errors import MEND, LetterError
from .glyphs import composed, named, unprintable

if TYPE_CHECKING:
    from .documents import Document
    from .press import Press

PDF_VARIANT = "pdf/a-2u"

# Pango's font map, which all letters of a process share, must not be used by two threads at once.
_lock = threading.Lock()
_unknown_names: ContextVar[list[str]] = ContextVar("unknown_names")


def render_document(document: "Document", *, variant: str = PDF_VARIANT) -> bytes:
    """Return the PDF of one of the documents of `documents`; see `render_pdf`."""
    return render_pdf(
        document.template,
        {"letter": document, "made_at": document.made_at},
        title=document.title,
        variant=variant,
    )


def render_pdf(
    template: str, context: Mapping[str, object], *, title: str, variant: str = PDF_VARIANT
) -> bytes:
    """Return the PDF of templates/letters/<template>, always the same bytes for the same input.

    `context` holds plain values and documents; its `made_at` (ISO 8601 with zone, may be empty)
    becomes the date in the metadata. While rendering nothing is fetched, neither from the network
    nor from files. Raises LetterError that names every field that is missing, and for a character
    that the font of the letters does not have.
    """
    html = render_html(template, context, title=title)
    html = _printable(html)
    with _lock:
        return _press().write_pdf(html, variant)


def render_html(template: str, context: Mapping[str, object], *, title: str) -> str:
    """Return the HTML that `render_pdf` prints; raise LetterError that names missing fields."""
    missing: list[str] = []
    for value in context.values():
        if callable(missing_fields := getattr(value, "missing_fields", None)):
            missing += missing_fields()
    unknown: list[str] = []
    token = _unknown_names.set(unknown)
    try:
        page = _engine().get_template(f"letters/{template}")
        # Not localised: the reader's language must not change a letter.
        html = page.render(
            Context({"made_at": "", **context, "title": title}, use_l10n=False, use_tz=False)
        )
    finally:
        _unknown_names.reset(token)
    missing += dict.fromkeys(unknown)
    if missing:
        raise LetterError(f"Surat belum lengkap: {', '.join(missing)}.", missing=missing)
    return html


def warm_up() -> None:
    """Load WeasyPrint, templates, fonts and style sheet, about two seconds of CPU.

    For the parent of the letter workers, before it forks: the children share what it made.
    """
    _engine()
    with _lock:
        _press()


class _RecordUnknown(str):
    """Django's string_if_invalid: notes the name that the context lacks, and prints nothing."""

    def __mod__(self, name: object) -> str:
        _unknown_names.get().append(str(name))
        return ""


@cache
def _engine() -> Engine:
    return Engine(
        dirs=[str(settings.BASE_DIR / "templates")],
        builtins=[
            "inpassing.letters.typography",
        ],
        string_if_invalid=_RecordUnknown("%s"),
        debug=False,
    )


def _press() -> "Press":
    from .press import press

    return press()


def _printable(html: str) -> str:
    """Return the HTML in composed characters, without invisible ones; refuse what has no glyph."""
    if strange := unprintable(html):
        raise LetterError(f"Tidak dapat dicetak pada surat: {named(strange)}. {MEND}")
    return composed(html)
