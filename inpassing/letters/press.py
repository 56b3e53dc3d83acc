"""WeasyPrint, set up once per process: what all letters share.

Kept apart from `render.py` because only this module touches WeasyPrint, whose import costs a web
process half a second and forty megabytes: import it inside functions.
"""

import atexit
import io
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fontpkg
from django.conf import settings
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from .errors import LetterError
from .glyphs import PACKAGED_FAMILY

with warnings.catch_warnings():
    # It misses the machine's fonts where there are none; letters bring their own.
    warnings.filterwarnings("ignore", message="No fonts configured|FontConfig cannot load")
    from weasyprint import CSS, DEFAULT_OPTIONS, HTML
    from weasyprint.images import get_image_from_uri
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

# Both narrate every letter step by step.
logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)
logging.getLogger("fontTools").setLevel(logging.WARNING)

FONT_FAMILY = "Plus Jakarta Sans Letter"  # as letter.css calls it
FONT_WEIGHTS = (400, 700)
WORD_SPACING = 0.06  # of the font size, added to the width of a space
EMBLEM_URL = "letters:emblem"

_FOLDER = settings.BASE_DIR / "templates" / "letters"


class Page(HTML):
    """HTML that is styled by letter.css alone.

    WeasyPrint's own style sheet knows all of HTML; matching it costs a tenth of a letter.
    """

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return []


class Fetcher(URLFetcher):
    """Our own fonts and emblem, from memory; everything else stops the letter."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(fail_on_errors=True)
        self.files = files

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The bytes of one of our own files; KeyError for any other address."""
        return URLFetcherResponse(url, body=self.files[url])


class Fonts(FontConfiguration):
    """A font configuration that a worker's children may share."""

    def __init__(self) -> None:
        super().__init__()
        self._owner = os.getpid()
        atexit.register(self.close)

    def close(self) -> None:
        """Remove the folder of font files, but not from a forked child: its siblings read them."""
        if os.getpid() == self._owner:
            super().__del__()

    def __del__(self) -> None:
        """Leave the folder to `close`, at exit."""


@dataclass(frozen=True)
class Press:
    """What all letters of a process share."""

    fonts: Fonts
    stylesheet: CSS
    fetcher: Fetcher
    images: dict[str, object]

    def write_pdf(self, html: str, variant: str) -> bytes:
        """Return the PDF of a page of HTML. Not for two threads at once."""
        page = Page(string=html, base_url="letters:", url_fetcher=self.fetcher)
        try:
            with warnings.catch_warnings():
                # WeasyPrint leaves the file of its colour profile to the garbage collector.
                warnings.filterwarnings("ignore", r"unclosed file .*\.icc", ResourceWarning)
                pdf: bytes = page.write_pdf(
                    font_config=self.fonts,
                    stylesheets=[self.stylesheet],
                    # A copy: WeasyPrint keeps every picture it meets there.
                    cache=dict(self.images),
                    pdf_variant=variant,
                    pdf_identifier=True,
                )
        except FatalURLFetchingError as error:
            raise LetterError(f"Surat menunjuk ke luar sistem: {error}") from error
        return pdf


@cache
def press() -> Press:
    """Fonts, style sheet and emblem, made on first use in about a second and a half of CPU."""
    faces = {weight: _static_font(weight) for weight in FONT_WEIGHTS}
    files = {f"letters:font-{weight}": content for weight, content in faces.items()}
    emblem = getattr(settings, "LETTER_EMBLEM", "")
    if emblem:
        files[EMBLEM_URL] = Path(emblem).read_bytes()
    fetcher = Fetcher(files)
    rules = "".join(
        f'@font-face {{ font-family: "{FONT_FAMILY}"; font-weight: {weight};'
        f' src: url("letters:font-{weight}") }}\n'
        for weight in faces
    )
    with _no_system_fonts():
        fonts = Fonts()
    css = rules + (_FOLDER / "letter.css").read_text(encoding="utf-8")
    images: dict[str, object] = {}
    if emblem:
        get_image_from_uri(images, fetcher, DEFAULT_OPTIONS, EMBLEM_URL)
    return Press(
        fonts=fonts,
        stylesheet=CSS(string=css, font_config=fonts, url_fetcher=fetcher),
        fetcher=fetcher,
        images=images,
    )


def _static_font(weight: int) -> bytes:
    """Return one weight of the variable font as a font of its own.

    With the variable font WeasyPrint makes the instance again for every letter, half of its cost,
    and stamps it with the time, so that no two letters are alike.
    """
    font = TTFont(fontpkg.path(PACKAGED_FAMILY), recalcTimestamp=False)
    font = instantiateVariableFont(font, {"wght": weight}, static=True)
    _set_in_columns(font)
    content = io.BytesIO()
    font.save(content)
    return content.getvalue()


def _set_in_columns(font: TTFont) -> None:
    """Make figures of equal width and wider spaces the font's own.

    As CSS (font-variant-numeric, word-spacing) they would cost a Pango attribute per line and per
    space, and WeasyPrint 70 never frees the list of attributes that font features make: 40 kB a
    letter.
    """
    layout = font["GSUB"].table
    tabular: dict[str, str] = {}
    for feature in layout.FeatureList.FeatureRecord:
        if feature.FeatureTag == "tnum":
            for index in feature.Feature.LookupListIndex:
                for table in layout.LookupList.Lookup[index].SubTable:
                    tabular |= getattr(table, "ExtSubTable", table).mapping
    for table in font["cmap"].tables:
        table.cmap = {code: tabular.get(name, name) for code, name in table.cmap.items()}
    names = font.getBestCmap()
    for code in map(ord, " \N{NO-BREAK SPACE}"):
        advance, bearing = font["hmtx"][names[code]]
        font["hmtx"][names[code]] = (
            advance + round(WORD_SPACING * font["head"].unitsPerEm),
            bearing,
        )


@contextmanager
def _no_system_fonts() -> Iterator[None]:
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(_FOLDER / "fonts.conf")
    try:
        yield
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before
