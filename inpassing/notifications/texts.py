"""Message texts: templates/emails/<code>.txt with named fields in braces, no template language.

The first line is "Subjek: …", then an empty line, then paragraphs. A field that the text names and
the caller does not give is an error, so that no message leaves with a hole in it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.conf import settings

FIELD = re.compile(r"\{([a-z_]+)\}")


@cache
def _source(code: str) -> tuple[str, str]:
    text = (Path(settings.BASE_DIR) / "templates" / "emails" / f"{code}.txt").read_text("utf-8")
    first, _, body = text.partition("\n")
    if not first.startswith("Subjek: "):
        raise ValueError(f"templates/emails/{code}.txt must begin with 'Subjek: '")
    return first.removeprefix("Subjek: ").strip(), body.strip()


def subject_of(code: str, fields: dict[str, str]) -> str:
    """The subject for a list of mails; a field that is missing by now shows its name."""
    return FIELD.sub(
        lambda match: str(fields.get(match.group(1), match.group(0))), _source(code)[0]
    )


def fields_of(code: str) -> set[str]:
    """The names of all fields in a message text."""
    subject, body = _source(code)
    return set(FIELD.findall(subject)) | set(FIELD.findall(body))


def render_text(code: str, fields: dict[str, str]) -> tuple[str, str]:
    """Subject and body with the fields filled in; KeyError for a field that is missing."""

    def fill(match: re.Match[str]) -> str:
        return str(fields[match.group(1)])

    subject, body = _source(code)
    return " ".join(FIELD.sub(fill, subject).split()), FIELD.sub(fill, body)
