"""A scan over the limit in the browser: offered at the field, made smaller, looked at, accepted."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from proposals.models import LargeScan, Proposal
from tests import factories
from tests.files.test_shrinker import scan

from .actor import upload
from .conftest import Stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("worker")
def test_a_large_scan_from_the_field_to_a_version(stage: Stage) -> None:
    agency = factories.make_agency(region="74.72")
    proposal = factories.make_proposal(
        agency, stage.period, status=Proposal.Status.FILLING, complete=False
    )
    assert proposal.participant is not None
    document = proposal.documents.order_by("order", "pk").first()
    assert document is not None
    slot = f"#slot-{document.pk}"
    person = stage.signed_in(proposal.participant)
    person.go(f"/usulan/{proposal.pk}/berkas/")
    person.fill(within=slot, file=upload(scan(1), "pindaian.pdf"))
    expect(person.page.locator(f"{slot} .field-error")).to_contain_text("paling besar 2 MB")
    person.look()
    person.press("Kecilkan berkas ini", within=slot)

    # The result comes without reloading, with both pictures.
    expect(person.page.locator("main")).to_contain_text("Menunggu keputusan Anda", timeout=60_000)
    person.look()
    pictures = person.page.locator(".compare img")
    expect(pictures).to_have_count(2)
    for number in range(2):
        assert pictures.nth(number).evaluate("picture => picture.naturalWidth") == 600
    person.go(f"/usulan/{proposal.pk}/berkas/")
    expect(person.page.locator(slot)).to_contain_text("Belum diunggah")
    person.follow("Lihat dan putuskan", within=slot)
    person.press("Pakai berkas ini")
    person.reads("Berkas terbaca baik.")
    document.refresh_from_db()
    assert document.current is not None
    assert document.current.file.size <= 2 * 1024 * 1024
    assert LargeScan.objects.get().original is None
