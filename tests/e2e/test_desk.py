"""Ten documents at the desk: how many clicks or keys, and how long."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from inpassing.accounts.models import User
from inpassing.files.models import PagePicture
from inpassing.files.tasks import draw_due
from proposals.models import Proposal
from tests import factories, pdf_factory
from tests.proposals.filing import put
from verification.models import DocumentCheck

from .actor import NARROW, Actor
from .conftest import Stage

pytestmark = pytest.mark.django_db(transaction=True)
TEN = 10


def waiting() -> tuple[User, Proposal]:
    """A verifier, and a structural official's proposal: all ten documents apply."""
    verifier = factories.make_verifier(name="Ika Wulandari")
    proposal = factories.make_proposal(
        status="submitted", is_structural=True, education_field="teknologi_informasi"
    )
    factories.make_operator(proposal.agency)
    assert proposal.documents.count() == TEN
    return verifier, proposal


def certify(actor: Actor) -> None:
    """Type who certified the first copy; it is offered for the others."""
    actor.page.locator("[name=certifier]").fill("Sekretaris Daerah")
    actor.page.locator("[name=certified_on]").fill("2026-01-05")


def arrives(actor: Actor, act: Callable[[], None]) -> None:
    with actor.page.expect_navigation():
        act()
    assert actor.trouble == []


def is_certified(actor: Actor) -> bool:
    return actor.page.locator("[name=certified_ok]").count() == 1


def test_ten_documents_with_the_mouse(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    verifier, proposal = waiting()
    certified = proposal.documents.filter(requirement__certified_copy=True).count()
    actor = stage.signed_in(verifier)
    actor.go("/verifikasi/antrean/berkas/")
    page, clicks, begins = actor.page, 0, time.monotonic()

    def click(button: str) -> None:
        nonlocal clicks
        clicks += 1
        arrives(actor, page.get_by_role("button", name=button).first.click)

    click("Ambil berikutnya")
    for number in range(TEN):
        page.locator("label", has_text="Terima").click()
        clicks += 1
        if is_certified(actor):
            page.locator("label", has_text="Legalisir ada dan terbaca").click()
            clicks += 1
            if DocumentCheck.objects.filter(certified_ok=True).count() == 0:
                certify(actor)
        click("Simpan, lanjut")
        assert DocumentCheck.objects.count() == number + 1  # each time the next one came
    actor.reads("Pesan yang akan dikirim (2 penerima)")
    click("Nyatakan memenuhi syarat")
    seconds = time.monotonic() - begins
    proposal.refresh_from_db()
    assert proposal.status == Proposal.Status.ELIGIBLE
    assert clicks == 2 + 2 * TEN + certified
    record_property("clicks", clicks)
    record_property("seconds", round(seconds, 1))


def test_ten_documents_with_the_keyboard(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    verifier, proposal = waiting()
    certified = proposal.documents.filter(requirement__certified_copy=True).count()
    actor = stage.signed_in(verifier)
    actor.go("/verifikasi/antrean/berkas/")
    arrives(actor, actor.page.get_by_role("button", name="Ambil berikutnya").first.click)
    page, keys, begins = actor.page, 0, time.monotonic()

    def key(name: str) -> None:
        nonlocal keys
        keys += 1
        page.keyboard.press(name)

    for number in range(TEN):
        last = number == TEN - 1
        if last:  # one is returned: the key goes on to the reason, Ctrl+Enter saves from there
            key("k")
            assert page.evaluate("document.activeElement.name") == "reason"
            page.locator("[name=reason]").select_option("belum_ttd")
            arrives(actor, lambda: key("Control+Enter"))
            continue
        key("t")
        if is_certified(actor):
            key("g")
            if DocumentCheck.objects.filter(certified_ok=True).count() == 0:
                certify(actor)
                page.get_by_role("button", name="Simpan, lanjut").focus()
        arrives(actor, lambda: key("s"))
    key("p")
    assert page.url.endswith("#putusan")
    while page.evaluate("document.activeElement.innerText") != "Kembalikan untuk perbaikan":
        key("Tab")
        assert keys < 60
    arrives(actor, lambda: key("Enter"))
    seconds = time.monotonic() - begins
    proposal.refresh_from_db()
    assert proposal.status == Proposal.Status.RETURNED
    assert keys <= 2 * TEN + certified + 10
    record_property("keys", keys)
    record_property("seconds", round(seconds, 1))


def test_on_a_phone_the_pages_are_pictures_that_come_by_themselves(stage: Stage) -> None:
    verifier, proposal = waiting()
    document = proposal.documents.order_by("order").first()
    assert document is not None
    put(document, pdf_factory.document(4), pages=4)
    actor = stage.signed_in(verifier)
    actor.go(f"/verifikasi/berkas/{proposal.pk}/?dokumen={document.pk}")
    page = actor.page
    page.set_viewport_size(NARROW)  # looking at a page leaves it wide
    assert not page.locator("iframe").is_visible()
    page.locator(".viewer__pages").scroll_into_view_if_needed()
    expect(page.locator(".pagepic").first).to_contain_text("sedang dibuat")
    asked = PagePicture.objects.values_list("number", flat=True)
    assert 4 not in asked, "only what is looked at is drawn"
    draw_due()
    expect(page.locator(".pagepic img").first).to_be_visible()
    assert page.locator(".pagepic img").first.evaluate("image => image.decode()") is None
    page.locator(".pagepic").last.scroll_into_view_if_needed()
    expect(page.locator(".pagepic").last).to_contain_text("sedang dibuat")
    assert 4 in asked.all()
    actor.look()


def test_without_javascript_the_pictures_have_a_page_that_says_how_far_they_are(
    stage: Stage,
) -> None:
    verifier, proposal = waiting()
    document = proposal.documents.order_by("order").first()
    assert document is not None
    actor = stage.signed_in(verifier, script=False)
    actor.page.set_viewport_size(NARROW)
    actor.go(f"/verifikasi/berkas/{proposal.pk}/?dokumen={document.pk}")
    actor.go(
        str(actor.page.get_by_role("link", name="Halaman sebagai gambar").get_attribute("href"))
    )
    actor.reads("0 dari 1 halaman sudah digambar.")
    draw_due()
    actor.follow("Perbarui status")
    expect(actor.page.locator(".pagepic img")).to_be_visible()
