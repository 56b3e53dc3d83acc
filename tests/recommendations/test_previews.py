"""Drafts as pictures: asked for once, printed by the worker, anew when the content changes."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inpassing.letters.models import PrintJob
from inpassing.letters.tasks import print_due
from proposals.models import Proposal
from recommendations import gathering, issuing, workflow
from tests.factories import make_admin, make_operator
from tests.letters import pdf as read
from tests.recommendations.factories import (
    make_awaiting,
    make_draft,
    make_due_period,
    make_ready,
    make_run,
    make_signing_officer,
)

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize("number", [1, 30])
def test_previews_costs_the_same_number_of_queries(as_user, number: int) -> None:
    period = make_due_period()
    people = [make_ready(1, period=period)[0] for _ in range(number)]
    run = make_run(people)
    client = as_user(make_admin())
    url = reverse("recommendations:previews", args=[run.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        page = text_of(client.get(url))
    assert len(queries) <= 8
    assert page.count('hx-trigger="revealed"') == min(number, 12)
    assert not PrintJob.objects.exists()


def test_a_part_waits_then_shows_the_picture_which_is_printed_once(as_user) -> None:
    letter = make_draft(1)
    client = as_user(make_admin())
    url = reverse("recommendations:preview_part", args=[letter.pk])
    for _ in range(2):
        assert "delay:2s" in text_of(client.get(url))
    assert PrintJob.objects.count() == 1
    print_due()
    part = text_of(client.get(url))
    job = PrintJob.objects.get()
    picture = reverse("recommendations:preview_picture", args=[letter.pk, job.pk])
    assert f'src="{picture}"' in part
    assert "hx-get" not in part
    response = client.get(picture)
    data = b"".join(response.streaming_content)
    assert (data[:4], data[8:12]) == (b"RIFF", b"WEBP")
    assert len(data) < 40_000
    assert "immutable" in response["Cache-Control"]
    # Another content is another picture.
    workflow.set_reference(letter, by=make_admin(), number="800/1", date=letter.created_at.date())
    assert "delay:2s" in text_of(client.get(url))
    assert PrintJob.objects.count() == 2


def test_a_part_says_what_is_missing(as_user) -> None:
    letter = make_draft(1)
    letter.agency.addressee = ""
    letter.agency.save()
    client = as_user(make_admin())
    part = text_of(client.get(reverse("recommendations:preview_part", args=[letter.pk])))
    assert "jabatan penerima" in part
    assert not PrintJob.objects.exists()


def test_a_numbered_letter_has_no_preview(as_user) -> None:
    letter = make_awaiting(1)
    signer = make_signing_officer()
    issuing.issue(letter, by=signer)
    part = as_user(signer).get(reverse("recommendations:preview_part", args=[letter.pk]))
    assert "sudah bernomor" in text_of(part)
    assert not PrintJob.objects.exists()


def test_a_picture_belongs_to_its_letter(as_user) -> None:
    letter, other = make_draft(1), make_draft(1)
    client = as_user(make_admin())
    client.get(reverse("recommendations:preview_part", args=[letter.pk]))
    job = PrintJob.objects.get()
    wrong = reverse("recommendations:preview_picture", args=[other.pk, job.pk])
    waiting = reverse("recommendations:preview_picture", args=[letter.pk, job.pk])
    assert client.get(wrong).status_code == 404
    assert client.get(waiting).status_code == 404
    print_due()
    assert as_user(make_operator()).get(waiting).status_code == 404


def test_the_run_shows_the_first_drafts(as_user) -> None:
    letter = make_draft(1)
    page = as_user(make_admin()).get(reverse("recommendations:run", args=[letter.run_id]))
    assert reverse("recommendations:preview_part", args=[letter.pk]) in text_of(page)


# recommendations:preview_extract


def test_the_extract_of_each_person_can_be_seen_before_a_number_is_taken(as_user) -> None:
    letter = make_draft(2)
    first, second = (line.proposal for line in letter.lines.select_related("proposal"))
    url = reverse("recommendations:preview_extract", args=[letter.pk, second.pk])
    client = as_user(make_admin())
    page = text_of(client.get(reverse("recommendations:letter", args=[letter.pk])))
    assert url in page
    client.get(url)
    client.get(url)
    print_due()
    job = PrintJob.objects.get()
    data = b"".join(client.get(url).streaming_content)
    words = " ".join(read.pages(data))
    assert "PETIKAN SURAT REKOMENDASI" in words
    assert second.name in words
    assert first.name not in words
    assert "KONSEP" in words
    assert "kode cek" not in words
    assert job.document["number"] == ""
    gathering.put_up(letter.run, by=make_admin())
    signer = make_signing_officer()
    assert url in text_of(as_user(signer).get(reverse("recommendations:letter", args=[letter.pk])))
    issuing.issue(letter, by=signer)
    answer = as_user(signer).get(url, follow=True)
    assert "Surat ini sudah bernomor." in text_of(answer)


def test_an_extract_is_of_somebody_in_the_letter(as_user) -> None:
    letter, other = make_draft(1), make_draft(1)
    stranger = other.lines.get().proposal_id
    url = reverse("recommendations:preview_extract", args=[letter.pk, stranger])
    assert as_user(make_admin()).get(url).status_code == 404
    own = reverse(
        "recommendations:preview_extract", args=[letter.pk, letter.lines.get().proposal_id]
    )
    assert as_user(make_operator(letter.agency)).get(own).status_code == 404
    assert not PrintJob.objects.exists()


def test_a_letter_that_cannot_be_printed_names_person_and_field(as_user) -> None:
    letter = make_draft(1)
    Proposal.objects.update(name="Sri \N{GRINNING FACE}")
    client = as_user(make_admin())
    part = text_of(client.get(reverse("recommendations:preview_part", args=[letter.pk])))
    assert "“\N{GRINNING FACE}” (U+1F600) pada daftar nama baris 1 (Sri" in part
    assert "hx-get" not in part
    assert not PrintJob.objects.exists()
    page = text_of(client.get(reverse("recommendations:letter", args=[letter.pk])))
    assert "Tidak dapat dicetak" in page
    assert "): nama." in page
