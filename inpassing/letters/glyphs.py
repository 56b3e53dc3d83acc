"""The characters that the font of the letters has, known without loading WeasyPrint.

A name from a form or a spreadsheet can hold any character of the world. What the embedded font
lacks is told with its person and field while there is still time, before a number is taken.
"""

import unicodedata
from functools import cache

import fontpkg

PACKAGED_FAMILY = "Plus Jakarta Sans"


@cache
def characters() -> frozenset[str]:
    """Every character that the packaged font has; read in some hundredths of a second, once."""
    from fontTools.ttLib import TTFont

    with TTFont(fontpkg.path(PACKAGED_FAMILY), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def composed(text: str) -> str:
    """The text as it is printed: in composed characters, without invisible ones."""
    text = unicodedata.normalize("NFC", text)
    invisible = {c for c in set(text) - characters() - {"\n"} if _is_invisible(c)}
    return text.translate({ord(c): " " if c in "\t\r" else None for c in invisible})


def unprintable(text: str) -> str:
    """The characters of a text that cannot be printed, each once, in their order."""
    if text.isascii() and text.isprintable():
        return ""
    return "".join(c for c in dict.fromkeys(composed(text)) if c not in characters() and c != "\n")


def named(strange: str) -> str:
    """Such characters as a person reads them: \u201c\u6f22\u201d (U+6F22)."""
    return ", ".join(f"\u201c{c}\u201d (U+{ord(c):04X})" for c in strange)


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf"}
