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

SCRIPTS = ("javascript:", "vbscript:")
BLANKS = dict.fromkeys(range(33))  # a browser takes them out of an address

_END = rb"(?=[\s\x00/\[\]<>()%]|$)"
# Any of the names, for a first look at an object's text: a match is then read properly.
HINT = re.compile(
    rb"/(?:JS|EF|XFA|RichMedia\w*|JavaScript|Launch|GoToR|GoToE|SubmitForm|ImportData|Rendition"
    rb"|Movie|Sound|GoTo3DView|FileAttachment|Screen|3D|EmbeddedFile|Thread|FFilter|FDecodeParms"
    rb"|Ref)" + _END + rb"|/URI[\s\x00]*(?:<|\((?:\s|\\.)*[jJvV])|/F[\s\x00]*[(<]"
)
# The same where nothing can be read properly, as in the raw bytes of a broken file. Keys count with
# a value that makes them active: a font may be named JS, and a page may speak of JavaScript. Names
# that also mean something harmless (a blend mode Screen) count only as a type or alone in an
# object. No script runs without a key JS, no attachment opens without EF.
_GAP = rb"(?:[\s\x00]|%[^\r\n]*[\r\n])*"
_REFERENCE = rb"[0-9]+[\s\x00]+[0-9]+[\s\x00]+R"
TRACE = re.compile(
    rb"/JS" + _GAP + rb"(?:\(|<(?!<)|" + _REFERENCE + rb")"
    rb"|/EF" + _GAP + rb"(?:<<|" + _REFERENCE + rb")"
    rb"|/XFA" + _GAP + rb"(?:\[" + _GAP + rb"[^\]\s\x00%]|" + _REFERENCE + rb")"
    rb"|/(?:RichMedia\w*|Launch|GoToR|GoToE|SubmitForm|ImportData|GoTo3DView|FileAttachment)"
    + _END
    + rb"|(?:/S|/Subtype|obj)"
    + _GAP
    + rb"/(?:Screen|Movie|Sound|3D|Rendition|Thread)"
    + _END
    + rb"|(?:/URI|obj)"
    + _GAP
    + rb"\([\s\x00]*(?i:javascript):"
)


def is_active(entries: Mapping[str, Any], kind: Callable[[Any], str]) -> bool:
    """True for a dictionary with these entries, names written with their slash.

    `kind` tells string, stream, dictionary and array apart, as the reader sees them.
    """
    for key, kinds in KEYS.items():
        if key in entries and kind(entries[key]) in kinds and not _is_empty(entries[key], kind):
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
    source = entries.get("/Ref", {})  # a drawing that shows a page of another file
    if subtype == "/Form" and kind(source) == "dictionary" and "/F" in source:
        return True
    return isinstance(link, str) and link[:200].translate(BLANKS).lower().startswith(SCRIPTS)


def _is_empty(value: Any, kind: Callable[[Any], str]) -> bool:
    return kind(value) == "array" and len(value) == 0
