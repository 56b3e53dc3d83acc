"""Reading a letter back: its text, fonts and metadata."""

from __future__ import annotations

import io
import re

from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject


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
    """Every dictionary of the file that has a number of its own."""
    document = reader(pdf)
    found = []
    for number in range(1, int(document.trailer["/Size"])):
        value = document.get_object(IndirectObject(number, 0, document))
        if isinstance(value, DictionaryObject):
            found.append(value)
    return found


def xmp(pdf: bytes) -> str:
    """The metadata packet."""
    return reader(pdf).trailer["/Root"]["/Metadata"].get_data().decode()
