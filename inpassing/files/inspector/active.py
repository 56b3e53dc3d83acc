"""Which names make a file active: it runs, opens, fetches, plays, sends or carries something."""

import re
from collections.abc import Callable, Mapping
from typing import Any

# Actions. A go-to, a link, a named command, show/hide and reset alone are harmless.
ACTIONS = frozenset(
    (
        "JavaScript",
        "Launch",
        "GoToR",
        "GoToE",
        "SubmitForm",
        "ImportData",
        "Rendition",
        "Movie",
        "Sound",
        "RichMediaExecute",
        "GoTo3DView",
    )
)
# Names that mean nothing harmless anywhere.
PLAIN_ACTIONS = ACTIONS - {"Movie", "Sound", "Rendition"}
ANNOTATIONS = frozenset(("FileAttachment", "RichMedia", "Screen", "Movie", "Sound", "3D"))
# Keys that make a dictionary active, with the kinds of value that do: a font may be named JS.
KEYS = {
    "/JS": ("string", "stream"),
    "/XFA": ("stream", "array"),
    "/RichMediaContent": ("dictionary",),
    "/RichMediaSettings": ("dictionary",),
}
FILES = frozenset(("/F", "/UF", "/DOS", "/Mac", "/Unix"))  # under the key EF

_END = rb"(?=[\s\x00/\[\]<>()%]|$)"
# Any of the names, for a first look at an object's text: a match is then read properly.
HINT = re.compile(
    rb"/(?:JS|EF|XFA|RichMedia\w*|JavaScript|Launch|GoToR|GoToE|SubmitForm|ImportData|Rendition"
    rb"|Movie|Sound|GoTo3DView|FileAttachment|Screen|3D|EmbeddedFile|Thread)"
    + _END
    + rb"|(?i:javascript)(?=:)"
)
# The same where nothing can be read properly, as in the raw bytes of a broken file: names that
# also mean something harmless (a blend mode Screen) count only as a type or alone in an object. No
# script runs without a key JS, no attachment opens without EF.
TRACE = re.compile(
    rb"/(?:JS|EF|XFA|RichMedia\w*|Launch|GoToR|GoToE|SubmitForm|ImportData|GoTo3DView"
    rb"|FileAttachment)" + _END + rb"|(?:/S|/Subtype|obj)[\s\x00]*"
    rb"/(?:Screen|Movie|Sound|3D|Rendition|Thread)" + _END + rb"|(?i:javascript)(?=:)"
)


def is_active(entries: Mapping[str, Any], kind: Callable[[Any], str]) -> bool:
    """True for a dictionary with these entries, names written with their slash.

    `kind` tells string, stream, dictionary and array apart, as the reader sees them.
    """
    for key, kinds in KEYS.items():
        if key in entries and kind(entries[key]) in kinds:
            return True
    if kind(entries.get("/EF")) == "dictionary" and not FILES.isdisjoint(entries["/EF"].keys()):
        return True
    if "/F" in entries and "/Length" in entries:
        elsewhere = entries["/F"]  # a stream whose content stands in another file, or a filter
        if kind(elsewhere) == "dictionary" or (
            kind(elsewhere) == "string" and not str(elsewhere).startswith("/")
        ):
            return True
    action, subtype, link = (entries.get(key) for key in ("/S", "/Subtype", "/URI"))
    # A few viewers take a string for a name.
    if isinstance(action, str):
        action = action.removeprefix("/")
        if action in ACTIONS or (action == "Thread" and "/F" in entries):
            return True
    if isinstance(subtype, str) and subtype.removeprefix("/") in ANNOTATIONS:
        return True
    if entries.get("/Type") == "/EmbeddedFile":
        return True
    return isinstance(link, str) and link.strip().lower().startswith("javascript:")
