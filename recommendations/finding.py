"""Letters chosen by filter: the same words for the list, the export and the register."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Case, IntegerField, Q, Value, When
from django.http import QueryDict

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.reference.models import Period

from .models import Letter, LetterLine, LetterQuerySet

Status = Letter.Status
Kind = Letter.Kind


@dataclass(frozen=True)
class LetterFilter:
    """What was chosen on the list of letters; unknown values count as not chosen."""

    query: str = ""
    status: str = ""
    kind: str = ""
    period: Period | None = None

    @classmethod
    def read(cls, data: QueryDict) -> LetterFilter:
        """The filter of an address; one query when it names a period."""
        status, kind = data.get("keadaan", ""), data.get("jenis", "")
        period = data.get("periode", "")
        return cls(
            query=data.get("q", "").strip().replace("\0", "")[:80],
            status=status if status in Status.values else "",
            kind=kind if kind in Kind.values else "",
            period=Period.objects.filter(pk=period).first() if _is_key(period) else None,
        )

    def __bool__(self) -> bool:
        return bool(self.query or self.status or self.kind or self.period)

    def apply(self, rows: LetterQuerySet) -> LetterQuerySet:
        """The letters that match."""
        if self.query:
            rows = rows.filter(
                Q(number__icontains=self.query) | Q(agency__name__icontains=self.query)
            )
        if self.status:
            rows = rows.filter(status=self.status)
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.period:
            rows = rows.filter(period=self.period)
        return rows

    @property
    def words(self) -> list[list[str]]:
        """What was chosen, as a person reads it."""
        chosen = [
            ["Periode", self.period.name if self.period else ""],
            ["Jenis", Kind(self.kind).label if self.kind else ""],
            ["Keadaan", Status(self.status).label if self.status else ""],
            ["Nomor atau instansi", self.query],
        ]
        return [[label, str(value)] for label, value in chosen if value]

    @property
    def as_query(self) -> str:
        """The filter as part of an address, without a leading "?"."""
        chosen = {
            "q": self.query,
            "keadaan": self.status,
            "jenis": self.kind,
            "periode": str(self.period.pk) if self.period else "",
        }
        return urlencode({name: value for name, value in chosen.items() if value})


def letters_for_list(user: User, chosen: LetterFilter) -> LetterQuerySet:
    """What the list of letters shows: no extracts of others unless they are asked for."""
    rows = Letter.objects.visible_to(user)
    roles = roles_of(user)
    if chosen.kind != Kind.EXTRACT:
        if roles.is_admin or roles.is_signer:
            rows = rows.main()
        elif roles.is_operator:
            mine = LetterLine.objects.filter(proposal__participant=user)
            rows = rows.filter(~Q(kind=Kind.EXTRACT) | Q(pk__in=mine.values("letter")))
    return chosen.apply(rows)


def letters_for_export(user: User, chosen: LetterFilter) -> LetterQuerySet:
    """Letters with a signed original that `user` may take away in one file: issued ones, unless
    revoked ones are asked for; an operator's own agencies only. In the order of their numbers, each
    followed by its extracts."""
    roles = roles_of(user)
    rows = Letter.objects.filter(status__in=Letter.OUT)
    if not roles.is_admin:
        rows = rows.filter(agency__in=roles.agency_ids)
    if not chosen.status:
        rows = rows.issued()
    kind_order = Case(
        When(kind=Kind.EXTRACT, then=Value(1)), default=Value(0), output_field=IntegerField()
    )
    return chosen.apply(rows).order_by("register", "year", "sequence", kind_order, "pk")


def _is_key(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) < 10
