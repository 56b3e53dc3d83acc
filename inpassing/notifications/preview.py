"""The messages of a decision before it is made.

The decision itself is carried out and taken back, so that what is shown is what would be sent:
the same function, the same data, the same texts, and the same refusals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q

from inpassing.errors import StaleError, TransitionError

from .models import OutboxMessage
from .texts import render_text


@dataclass(frozen=True)
class Letter:
    """One text and everybody who would get it; `body` is the first one's. `has_link` when a
    one-time link is added while it is sent."""

    to: list[str]
    subject: str
    body: str
    has_link: bool = False


@dataclass(frozen=True)
class Preview:
    """The messages that a decision would send, or why it would be refused."""

    letters: list[Letter] = field(default_factory=list)
    refusal: str = ""


def preview_of(act: Callable[[], object], about: Q) -> Preview:
    """Carry `act` out in a transaction that is taken back; `about` selects its mails.

    Nothing of it remains: no row, no event, no hint to a worker. StaleError goes through: a page
    that is out of date must show what changed, not a message.
    """
    with transaction.atomic():
        last = OutboxMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        try:
            act()
        except StaleError:
            raise
        except TransitionError as error:
            return Preview(refusal=str(error))
        else:
            mails = OutboxMessage.objects.filter(about, pk__gt=last).select_related("user")
            return Preview(_letters(list(mails.order_by("pk"))))
        finally:
            transaction.set_rollback(True)


def _letters(mails: list[OutboxMessage]) -> list[Letter]:
    by_template: dict[str, list[OutboxMessage]] = {}
    for mail in mails:
        by_template.setdefault(mail.template, []).append(mail)
    return [
        Letter(
            [_recipient(mail) for mail in same],
            *render_text(template, same[0].fields),
            has_link=bool(same[0].link_kind),
        )
        for template, same in by_template.items()
    ]


def _recipient(mail: OutboxMessage) -> str:
    return f"{mail.user.full_name} ({mail.to_email})" if mail.user else mail.to_email
