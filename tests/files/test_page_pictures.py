"""Pictures of pages: asked for by looking, drawn once by the worker, gone with their file."""

from __future__ import annotations

import io
import time

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from inpassing.files import inspector, page_pictures, tasks
from inpassing.files.models import PagePicture
from inpassing.files.storage import discard
from tests import pdf_factory, pdf_hostile
from tests.factories import make_agency, make_file

pytestmark = pytest.mark.django_db
ALL = range(1, 4)


def stored(pages=3, **fields):
    return make_file(make_agency(), pdf_factory.document(pages), pages=pages, **fields)


def test_a_page_is_drawn_to_be_read():
    drawn = inspector.draw_page(io.BytesIO(pdf_factory.scan(2)), 2)
    picture = Image.open(io.BytesIO(drawn.picture))
    assert picture.format == "WEBP"
    assert picture.size == (1000, drawn.height) == (1000, 1415)
    assert len(drawn.picture) <= 160_000
    darkest, _ = picture.convert("L").getextrema()
    assert darkest < 100, "the text of the page is not there"


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"", pdf_factory.document(1)])
def test_a_page_that_is_not_there_has_no_picture(data):
    assert inspector.draw_page(io.BytesIO(data), 2) is None


def test_a_bomb_ends_within_the_bounds_and_takes_nobody_down():
    for _, _, data in pdf_hostile.bombs():
        began = time.monotonic()
        inspector.draw_page(io.BytesIO(data), 1)
        assert time.monotonic() - began < 16, "wall limit and grace"
    assert inspector.draw_page(io.BytesIO(pdf_factory.document(1)), 1) is not None


def test_looking_asks_once_and_the_worker_draws_every_page():
    file = stored()
    assert [row.pk for row in page_pictures.pictures_of(file, ALL)] == [None] * 3
    assert PagePicture.objects.count() == 0, "a list of pages asks for nothing"
    page_pictures.ask_for(file, ALL)
    page_pictures.ask_for(file, ALL)
    tasks.draw_due()
    tasks.draw_due()
    rows = page_pictures.pictures_of(file, ALL)
    assert [(row.state, row.attempts, row.height) for row in rows] == [("drawn", 1, 1415)] * 3
    assert len({row.path for row in rows}) == 3


def test_a_page_that_another_worker_draws_is_left_alone_until_its_claim_is_stale():
    file = stored(1)
    page_pictures.ask_for(file, range(1, 2))
    held = page_pictures.claim_next_picture()
    tasks.draw_due()
    assert PagePicture.objects.get().is_waiting
    PagePicture.objects.update(claimed_at=timezone.now() - 2 * page_pictures.CLAIM)
    tasks.draw_due()
    row = PagePicture.objects.get()
    assert (row.state, row.attempts) == ("drawn", 2)
    kept = row.path
    page_pictures.draw_one(held)  # the first worker comes back
    assert PagePicture.objects.get().path == kept
    assert default_storage.exists(kept)


def test_a_page_that_cannot_be_drawn_says_so_and_is_not_tried_for_ever():
    file = stored(1)
    page_pictures.ask_for(file, range(1, 3))
    tasks.draw_due()
    assert [row.state for row in page_pictures.pictures_of(file, range(1, 3))] == [
        "drawn",
        "failed",
    ]
    PagePicture.objects.filter(number=1).update(
        state="waiting", path="", height=0, attempts=page_pictures.MAX_ATTEMPTS
    )
    tasks.draw_due()
    assert PagePicture.objects.get(number=1).has_failed


def test_without_the_bytes_the_page_waits_and_nothing_else_is_held_up():
    broken, whole = stored(1), stored(1)
    default_storage.delete(broken.path)
    page_pictures.ask_for(broken, range(1, 2))
    page_pictures.ask_for(whole, range(1, 2))
    tasks.draw_due()
    assert broken.page_pictures.get().is_waiting
    assert whole.page_pictures.get().is_drawn


def test_a_file_that_was_not_accepted_has_no_pages():
    assert page_pictures.page_count(stored(2)) == 2
    assert page_pictures.page_count(stored(2, state="refused")) == 0
    assert page_pictures.page_count(stored(2, state="waiting")) == 0


def test_the_pictures_go_with_their_file(django_capture_on_commit_callbacks):
    file = stored(2)
    page_pictures.ask_for(file, range(1, 3))
    tasks.draw_due()
    paths = [file.path, *PagePicture.objects.values_list("path", flat=True)]
    with django_capture_on_commit_callbacks(execute=True):
        discard(file)
    assert not PagePicture.objects.exists()
    assert [default_storage.exists(path) for path in paths] == [False] * 3
