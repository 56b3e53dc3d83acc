"""The timeline of a run or a letter, as `_timeline.html` shows it."""

from __future__ import annotations

from django.db import models

from inpassing.formats import short_datetime
from inpassing.timeline.events import events_of

TZ = "Asia/Jakarta"


def story_rows(subject: models.Model, *, limit: int = 12) -> list[dict[str, str]]:
    """The newest events of a record with who, when and note."""
    return [
        {
            "label": event.label,
            "actor_label": str(event.actor) if event.actor else "Sistem",
            "when_text": short_datetime(event.at, TZ),
            "note": event.detail.text if hasattr(event, "detail") else "",
        }
        for event in events_of(subject)[:limit]
    ]
