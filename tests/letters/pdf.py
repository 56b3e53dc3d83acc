"""Reading a letter back: its text, fonts and metadata."""

from __future__ import annotations

import io
import re

from pypdf import PdfReader
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    PdfObject,
    StreamObject,
)


def reader(pdf: bytes) -> PdfReader:
    """The PDF, opened strictly."""
    return PdfReader(io.BytesIO(pdf), strict=True)


def pages(pdf: bytes) -> list[str]:
    """The text of each page, on one line."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in reader(pdf).pages]


def fonts(pdf: bytes) -> list[DictionaryObject]:
    """Every font of the file."""
    return [found for found in objects(pdf) if found.get("/Type") == "/Font"]


def objects(pdf: bytes) -> list[DictionaryObject]:
    """Every dictionary that can be reached from the trailer."""
    found: dict[int, DictionaryObject] = {}
    waiting: list[object] = [reader(pdf).trailer]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, IndirectObject):
            if value.idnum in seen:
                continue
            seen.add(value.idnum)
            value = value.get_object()
        if isinstance(value, DictionaryObject):
            found[id(value)] = value
            waiting.extend(value.values())
        elif isinstance(value, ArrayObject):
            waiting.extend(value)
    return list(found.values())


def xmp(pdf: bytes) -> str:
    """The metadata packet."""
    return data(reader(pdf).trailer["/Root"]["/Metadata"]).decode()


def data(stream: PdfObject) -> bytes:
    """What a stream holds."""
    value = stream.get_object()
    assert isinstance(value, StreamObject)
    return value.get_data()
