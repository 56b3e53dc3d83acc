"""inpassing.middleware: pages are compressed, files are sent as they are stored."""

import gzip

import pytest
from django.urls import reverse

from tests.proposals.filing import filing, pdf, slot

pytestmark = pytest.mark.django_db
ASKS = {"Accept-Encoding": "gzip, br"}


def test_a_page_is_compressed_for_who_can_read_it(client):
    plain = client.get(reverse("landing"))
    packed = client.get(reverse("landing"), headers=ASKS)
    assert "Content-Encoding" not in plain.headers
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert gzip.decompress(packed.content).decode().startswith("<!doctype html>")
    assert len(packed.content) < len(plain.content) / 2


def test_a_file_is_sent_as_it_is_stored(as_user):
    proposal = filing()
    version = slot(proposal).current
    url = reverse("proposals:document_file", args=[version.pk])
    response = as_user(proposal.participant).get(url, headers=ASKS)
    assert "Content-Encoding" not in response.headers
    assert int(response["Content-Length"]) == version.file.size
    assert b"".join(response.streaming_content) == pdf(f"slot {version.document_id}")
