"""The reusable reasons with which verifiers return documents."""

from __future__ import annotations

from django.db import transaction

from inpassing.accounts.models import User
from inpassing.errors import StaleError
from inpassing.reference.models import ReturnReason
from inpassing.timeline.events import record

from .forms.messages import mark_of


@transaction.atomic
def save_reason(reason: ReturnReason, *, by: User, seen: str = "") -> ReturnReason:
    """Save a new or changed reason. `seen` is the mark of what the page showed.

    A return that was made keeps the words it was sent with. The event stands with the person,
    because a reason has no number.
    """
    is_new = reason._state.adding
    if not is_new:
        before = ReturnReason.objects.select_for_update().get(pk=reason.pk)
        if mark_of(before) != seen:
            raise StaleError(
                "Alasan ini diubah orang lain sejak halaman Anda buka. Isian Anda tidak disimpan. "
                "Periksa isinya lalu simpan lagi."
            )
    reason.save(force_insert=is_new)
    record(
        by,
        "return_reason.created" if is_new else "return_reason.changed",
        "Alasan pengembalian ditambahkan" if is_new else "Alasan pengembalian diubah",
        by=by,
        note=reason.sentence,
        data={"code": reason.code, "order": reason.order, "active": reason.is_active},
    )
    return reason
