"""Writing, reading and checking the timeline."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils import timezone

from .models import GENESIS, EventDetail, TimelineAnchor, TimelineEvent, TimelineHead

if TYPE_CHECKING:
    from inpassing.accounts.models import User

CHUNK = 2000


def record(
    subject: models.Model,
    kind: str,
    label: str,
    *,
    by: User | None,
    note: str = "",
    data: dict[str, Any] | None = None,
    proposal: models.Model | int | None = None,
) -> TimelineEvent:
    """Append an event to the subject's chain; call inside the transition's transaction.

    `kind` is `<record>.<past participle>`; `label` is the Indonesian words without personal data;
    `note` is free text and stands in the side table; `data` holds codes and ids only; `proposal`
    names the proposal the event belongs to when the subject is another record.
    """
    subject_kind = subject._meta.label_lower
    if proposal is None and subject_kind == "proposals.proposal":
        proposal = subject.pk
    heads = TimelineHead.objects.select_for_update().filter(
        subject_kind=subject_kind, subject_id=subject.pk
    )
    head = heads.first()
    if head is None:  # the first event of this subject; somebody else may be writing it too
        TimelineHead.objects.bulk_create(
            [TimelineHead(subject_kind=subject_kind, subject_id=subject.pk)], ignore_conflicts=True
        )
        head = heads.get()
    salt = secrets.token_hex(16) if note else ""
    event = TimelineEvent(
        subject_kind=subject_kind,
        subject_id=subject.pk,
        seq=head.seq + 1,
        proposal_id=proposal.pk if isinstance(proposal, models.Model) else proposal,
        kind=kind,
        label=label,
        data=data or {},
        actor=by,
        at=timezone.now(),
        detail_hash=EventDetail.compute_hash(note, salt) if note else "",
        prev_hash=head.hash,
    )
    event.hash = event.compute_hash()
    event.save(force_insert=True)
    if note:
        EventDetail.objects.create(event=event, text=note, salt=salt)
    head.seq, head.hash = event.seq, event.hash
    head.save(update_fields=["seq", "hash"])
    return event


def record_many(
    kind: str,
    entries: Sequence[tuple[models.Model, str, dict[str, Any]]],
    *,
    by: User | None,
    notes: Sequence[str] = (),
) -> list[TimelineEvent]:
    """Append one event to each of many subjects, all of one model, in a handful of queries.

    An entry is (subject, label, data), as in `record`; no subject may stand in it twice. `notes`
    are empty, or one text for each entry. The heads are locked in the order of the subjects'
    numbers. Returns the events in the order of `entries`.
    """
    if not entries:
        return []
    subject_kind = entries[0][0]._meta.label_lower
    numbers = [subject.pk for subject, _, _ in entries]
    if len(set(numbers)) < len(numbers):
        raise ValueError("A subject stands in the entries twice.")
    chains = TimelineHead.objects.filter(subject_kind=subject_kind, subject_id__in=numbers)
    # Chains that begin here are begun before any is locked: whoever is beginning one of them, too,
    # is waited for, and must not wait for us meanwhile.
    if missing := sorted(set(numbers) - set(chains.values_list("subject_id", flat=True))):
        TimelineHead.objects.bulk_create(
            [TimelineHead(subject_kind=subject_kind, subject_id=number) for number in missing],
            ignore_conflicts=True,
            batch_size=CHUNK,
        )
    locked = chains.select_for_update().order_by("subject_id")
    heads = {head.subject_id: head for head in locked}
    is_proposal, now, events = subject_kind == "proposals.proposal", timezone.now(), []
    salts = [secrets.token_hex(16) if note else "" for note in notes or [""] * len(entries)]
    for (subject, label, data), note, salt in zip(
        entries, notes or [""] * len(entries), salts, strict=True
    ):
        head = heads[subject.pk]
        event = TimelineEvent(
            subject_kind=subject_kind,
            subject_id=subject.pk,
            seq=head.seq + 1,
            proposal_id=subject.pk if is_proposal else None,
            kind=kind,
            label=label,
            data=data,
            actor=by,
            at=now,
            detail_hash=EventDetail.compute_hash(note, salt) if note else "",
            prev_hash=head.hash,
        )
        event.hash = event.compute_hash()
        head.seq, head.hash = event.seq, event.hash
        events.append(event)
    TimelineEvent.objects.bulk_create(events, batch_size=CHUNK)
    EventDetail.objects.bulk_create(
        [
            EventDetail(event=event, text=note, salt=salt)
            for event, note, salt in zip(events, notes, salts, strict=False)
            if note
        ],
        batch_size=CHUNK,
    )
    TimelineHead.objects.bulk_create(
        heads.values(),
        update_conflicts=True,
        unique_fields=["subject_kind", "subject_id"],
        update_fields=["seq", "hash"],
        batch_size=CHUNK,
    )
    return events


def events_of(subject: models.Model) -> models.QuerySet[TimelineEvent]:
    """The subject's own events, newest first, with actor and detail loaded."""
    return (
        TimelineEvent.objects.filter(subject_kind=subject._meta.label_lower, subject_id=subject.pk)
        .select_related("actor", "detail")
        .order_by("-at", "-pk")
    )


def story_of(proposal: models.Model) -> models.QuerySet[TimelineEvent]:
    """Everything that happened to a proposal, in whatever record, newest first: one query."""
    return (
        TimelineEvent.objects.filter(proposal_id=proposal.pk)
        .select_related("actor", "detail")
        .order_by("-at", "-pk")
    )


def broken_links() -> Iterator[str]:
    """One line per broken link of any chain, of a head, of a detail or of the anchors."""
    previous: TimelineEvent | None = None
    heads = {(head.subject_kind, head.subject_id): head for head in TimelineHead.objects.iterator()}
    events = TimelineEvent.objects.select_related("detail").order_by(
        "subject_kind", "subject_id", "seq"
    )
    for event in events.iterator(chunk_size=2000):
        name = f"{event.subject_kind} {event.subject_id} #{event.seq}"
        same = previous is not None and (previous.subject_kind, previous.subject_id) == (
            event.subject_kind,
            event.subject_id,
        )
        if previous is not None and not same:
            yield from _check_head(previous, heads)
        expected_seq = previous.seq + 1 if same and previous else 1
        expected_prev = previous.hash if same and previous else GENESIS
        if event.seq != expected_seq:
            yield f"{name}: urutan terputus, seharusnya #{expected_seq}"
        if event.prev_hash != expected_prev:
            yield f"{name}: tidak menyambung ke kejadian sebelumnya"
        if event.hash != event.compute_hash():
            yield f"{name}: isi tidak cocok dengan hash"
        yield from _check_detail(event, name)
        previous = event
    if previous is not None:
        yield from _check_head(previous, heads)
    for (kind, pk), head in heads.items():
        if head.seq:
            yield f"{kind} {pk}: kejadian sampai #{head.seq} hilang"
    yield from _broken_anchors()


def _check_head(last: TimelineEvent, heads: dict[tuple[str, int], TimelineHead]) -> Iterator[str]:
    head = heads.pop((last.subject_kind, last.subject_id), None)
    if head is None or (head.seq, head.hash) != (last.seq, last.hash):
        yield f"{last.subject_kind} {last.subject_id}: kepala rantai tidak cocok dengan #{last.seq}"


def _check_detail(event: TimelineEvent, name: str) -> Iterator[str]:
    detail = getattr(event, "detail", None)
    if not event.detail_hash:
        if detail is not None:
            yield f"{name}: rincian ditambahkan kemudian"
    elif detail is None:
        yield f"{name}: rincian hilang"
    elif detail.erased_at is None and (
        EventDetail.compute_hash(detail.text, detail.salt) != event.detail_hash
    ):
        yield f"{name}: rincian diubah"


def _broken_anchors() -> Iterator[str]:
    prev = GENESIS
    for anchor in TimelineAnchor.objects.order_by("day"):
        if anchor.prev_hash != prev:
            yield f"jangkar {anchor.day}: tidak menyambung ke hari sebelumnya"
        if anchor.hash != anchor_hash(anchor):
            yield f"jangkar {anchor.day}: isi tidak cocok dengan hash"
        prev = anchor.hash


def anchor_hash(anchor: TimelineAnchor) -> str:
    """SHA-256 of an anchor: day, number of heads, their hash, the anchor before."""
    text = f"{anchor.day.isoformat()}|{anchor.heads}|{anchor.heads_hash}|{anchor.prev_hash}"
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def make_anchor() -> TimelineAnchor:
    """Hash all heads as they are now, once a day; a second call on a day returns the first."""
    day = timezone.localdate()
    existing = TimelineAnchor.objects.select_for_update().filter(day=day).first()
    if existing:
        return existing
    digest, count = hashlib.sha256(), 0
    heads = TimelineHead.objects.order_by("subject_kind", "subject_id")
    for head in heads.iterator(chunk_size=2000):
        digest.update(f"{head.subject_kind}|{head.subject_id}|{head.seq}|{head.hash}\n".encode())
        count += 1
    last = TimelineAnchor.objects.order_by("day").last()
    anchor = TimelineAnchor(
        day=day,
        heads=count,
        heads_hash=digest.hexdigest(),
        prev_hash=last.hash if last else GENESIS,
    )
    anchor.hash = anchor_hash(anchor)
    anchor.save()
    return anchor
