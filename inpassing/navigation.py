"""The menu of the page header and the footer, by the roles of the person who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.db.models import Count, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.notifications.models import InboxMessage
from inpassing.reference.contacts import contact_lines, periods_to_ask
from inpassing.reference.models import Period


@dataclass(frozen=True)
class Item:
    """One line of a menu; `count` shows how much is new."""

    label: str
    url: str
    current: bool = False
    count: int | None = None


PUBLIC = [
    ("Jadwal", "landing", "#jadwal"),
    ("Pedoman dan Peraturan", "guidelines", ""),
    ("Hasil uji", "competency:results", ""),
    ("Cek surat", "recommendations:check", ""),
]
FOOTER = [
    ("Bantuan", "help"),
    ("Pedoman dan Peraturan", "guidelines"),
    ("Cek keaslian surat", "recommendations:check"),
    ("Privasi", "privacy"),
]


def navigation(request: HttpRequest) -> dict[str, object]:
    """`nav_items`, `footer_items` and `contacts` for every page: two queries when signed in."""
    user = getattr(request, "user", None)
    contacts = contact_lines
    footer = [Item(label, reverse(name)) for label, name in FOOTER]
    if not isinstance(user, User):
        items = [Item(label, reverse(name) + anchor) for label, name, anchor in PUBLIC]
    else:
        roles = roles_of(user)
        entries = [("Beranda", "home")]
        if roles.is_operator or roles.is_admin:
            entries += [("Usulan" if roles.is_admin else "Calon", "proposals:list")]
        if roles.is_operator:
            entries += [("Formasi", "proposals:formation_list")]
            entries += [("Uji", "competency:people")]
        if roles.is_verifier:
            entries += [("Meja kerja", "verification:desk")]
        if roles.is_proctor or roles.is_admin:
            entries += [("Sesi uji", "competency:sessions")]
        if roles.is_admin:
            entries += [("Penerbitan", "recommendations:runs")]
        if roles.is_signer:
            entries += [("Tanda tangan", "recommendations:signing")]
        if roles.is_operator:
            entries += [("Unit kerja", "proposals:work_unit_list")]
            entries += [("Surat", "recommendations:letters")]
        if roles.is_admin:
            entries += [
                ("Periode", "administration:period_list"),
                ("Pengguna", "administration:user_list"),
            ]
        items = [Item(label, reverse(name)) for label, name in entries]
        unread, periods = _unread(user)
        contacts = partial(contact_lines, known=periods)
        items.append(Item("Pesan", reverse("notifications:inbox"), count=unread))
    return {
        "nav_items": _mark_current(items, request.path),
        "footer_items": footer,
        "contacts": SimpleLazyObject(contacts),  # asked only by pages with a footer
    }


def _unread(user: User) -> tuple[int, list[Period]]:
    """How many messages of a person are new, and the periods whose contact the footer names: both
    stand on every page, so one query reads them."""
    new = InboxMessage.objects.filter(user=user, read_at=None)
    counted = new.order_by().values("user").annotate(n=Count("pk")).values("n")
    rows = periods_to_ask().annotate(unread=Coalesce(Subquery(counted), 0))
    periods: list[Period] = list(rows)
    return (periods[0].unread if periods else new.count()), periods  # type: ignore[attr-defined]


def _mark_current(items: list[Item], path: str) -> list[Item]:
    """The item with the longest address that begins the path is the current one."""
    best = max(
        (item for item in items if "#" not in item.url and path.startswith(item.url)),
        key=lambda item: len(item.url),
        default=None,
    )
    return [Item(item.label, item.url, item is best, item.count) for item in items]
