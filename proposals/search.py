"""Finding proposals by name or by employee number."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from inpassing.accounts.models import sort_name

from .nip import digits_of


def matching(text: str) -> Q:
    """Proposals whose NIP begins with the digits typed, or whose name has words that begin so.

    Spaces inside a NIP do not matter. Text without letters or digits matches nothing.
    """
    digits = digits_of(text)
    if digits.isascii() and digits.isdigit():
        return Q(nip__startswith=digits)
    words = sort_name(text).split()
    if not words:
        return Q(pk__in=[])
    return Q(
        search=SearchQuery(
            " & ".join(f"{word}:*" for word in words), config="simple", search_type="raw"
        )
    )
