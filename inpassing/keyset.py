"""Paging by key: a page is asked for by the last (or first) row of the one before it.

No offset and no count of all rows, so the thousandth page costs what the first one does.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.lookups import GreaterThan, LessThan

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class KeysetPage(Generic[Row]):
    """One page of rows; the cursors are "" where there is no page in that direction."""

    rows: list[Row]
    before: str
    after: str


def keyset_page(
    queryset: models.QuerySet[Row],
    order: Sequence[str],
    *,
    size: int,
    after: str = "",
    before: str = "",
) -> KeysetPage[Row]:
    """The page that follows the cursor `after`, or that precedes `before`: one query.

    `order` names fields of the model, all ascending or all descending ("-status_since", "-pk"), the
    last one unique. A cursor that cannot be read gives the first page.
    """
    descending = order[0].startswith("-")
    names = [name.removeprefix("-") for name in order]
    backwards = False
    values = _read(after, queryset.model, names)
    if values is None:
        values = _read(before, queryset.model, names)
        backwards = values is not None
    if values is not None:
        queryset = queryset.filter(
            _beyond(queryset.model, names, values, descending=descending != backwards)
        )
    if backwards:
        order = [name.removeprefix("-") if descending else f"-{name}" for name in order]
    rows = list(queryset.order_by(*order)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    has_before = more if backwards else values is not None
    has_after = backwards or more
    return KeysetPage(
        rows,
        _write(rows[0], names) if rows and has_before else "",
        _write(rows[-1], names) if rows and has_after else "",
    )


def _beyond(
    model: type[models.Model], names: list[str], values: list[Any], *, descending: bool
) -> GreaterThan | LessThan:
    """Rows after the given one: `(a, b) > (1, 2)`, which one descent of an index answers."""
    row = models.Func(*names, template="(%(expressions)s)", output_field=models.BooleanField())
    last = models.Func(
        *(
            models.Value(value, output_field=_field(model, name))
            for name, value in zip(names, values, strict=True)
        ),
        template="(%(expressions)s)",
        output_field=models.BooleanField(),
    )
    return LessThan(row, last) if descending else GreaterThan(row, last)


def _write(row: models.Model, names: list[str]) -> str:
    values = [getattr(row, name) for name in names]
    text = json.dumps([v.isoformat() if isinstance(v, dt.datetime) else v for v in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, model: type[models.Model], names: list[str]) -> list[Any] | None:
    """The values of a cursor as the model's fields take them; None when it was not ours."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:  # not base64, or not JSON
        return None
    if not isinstance(values, list) or len(values) != len(names):
        return None
    try:
        typed = [
            _field(model, name).to_python(value) for name, value in zip(names, values, strict=True)
        ]
    except (ValidationError, TypeError, ValueError, OverflowError):
        return None
    if any(v is None or (isinstance(v, dt.datetime) and v.tzinfo is None) for v in typed):
        return None
    if any(isinstance(v, str) and "\x00" in v for v in typed):  # PostgreSQL takes none
        return None
    return typed


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field
