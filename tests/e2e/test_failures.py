"""What goes wrong on the way: no script, no worker, bad files, double clicks, old links."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from inpassing.accounts.models import OneTimeLink
from inpassing.timeline.events import story_of
from inpassing.timeline.models import TimelineEvent
from proposals.models import Formation, Proposal
from tests import factories
from tests.pdf_factory import encrypted, scan, simple

from .actor import upload
from .conftest import Stage

pytestmark = pytest.mark.django_db(transaction=True)

Pdf = Callable[[], bytes]
SCRIPTED = simple(catalog="/OpenAction << /S /JavaScript /JS (app.alert\\('halo'\\)) >>").write()


def make_filling(stage: Stage) -> Proposal:
    """A participant who has everything before them."""
    agency = factories.make_agency(region="74.72")
    factories.make_operator(agency)
    return factories.make_proposal(
        agency, stage.period, status=Proposal.Status.FILLING, complete=False
    )


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(out, "PNG")
    return out.getvalue()


def test_without_script_and_with_the_worker_away(stage: Stage, pdf: Pdf) -> None:
    proposal = make_filling(stage)
    assert proposal.participant is not None
    person = stage.signed_in(proposal.participant, script=False)
    person.go("/beranda/")
    person.reads("Lengkapi usulan Anda")
    for title, values in (
        ("Data diri", {"phone": "0812 0000 0000", "address": "Jalan Contoh 9"}),
        (
            "Pekerjaan",
            {
                "current_post": "Pengelola data",
                "work_field": "Sistem informasi",
                "work_since": "02-01-2018",
                "duties": "Mengelola basis data.",
            },
        ),
        (
            "Pendidikan",
            {
                "programme": "Teknik Informatika",
                "institution": "Universitas Contoh",
                "graduation_year": "2011",
            },
        ),
    ):
        person.follow(title)
        person.fill(**values)
        person.press("Simpan")

    first, second, *rest = proposal.documents.order_by("order", "pk")
    slot = f"#slot-{first.pk}"
    person.fill(within=slot, file=upload(pdf(), "sk-cpns.pdf"))
    person.press("Unggah", within=slot)
    expect(person.page.locator(slot)).to_contain_text("Berkas sudah kami terima lengkap")
    person.follow("perbarui status", within=slot)
    expect(person.page.locator(slot)).to_contain_text("Sedang diperiksa")

    stage.worker.start()
    for _ in range(60):
        if "Terbaca baik" in person.page.locator(slot).inner_text():
            break
        person.page.wait_for_timeout(1000)
        person.page.reload()
    expect(person.page.locator(slot)).to_contain_text("Terbaca baik")

    # A refusal comes at the field, on a page of its own, and is put right there.
    person.fill(within=f"#slot-{second.pk}", file=upload(png(), "sk-pns.pdf"))
    person.press("Unggah", within=f"#slot-{second.pk}", status=422)
    assert person.page.locator(".field-error").inner_text() == (
        "Berkas ini bukan PDF. Simpan atau pindai dokumen sebagai PDF, lalu unggah lagi."
    )
    person.fill(within="form[data-upload]", file=upload(bytes(3 * 1024 * 1024), "besar.pdf"))
    person.press("Unggah", within="form[data-upload]", status=413)
    assert (
        person.page.locator(".field-error").inner_text().startswith("Berkas lebih besar dari 2 MB.")
    )
    person.fill(within="form[data-upload]", file=upload(pdf(), "sk-pns.pdf"))
    person.press("Unggah", within="form[data-upload]")
    person.waits_for("Berkas terbaca baik")
    assert second.versions.count() == 1

    factories.fill_slots(proposal)
    assert proposal.documents.filter(current=None).count() == 0
    assert len(rest) == 6
    person.go(f"/usulan/{proposal.pk}/berkas/")
    person.follow("Periksa dan kirim")
    person.press("Kirim")
    person.reads("Tanda terima berkas")
    proposal.refresh_from_db()
    assert proposal.status == Proposal.Status.SUBMITTED


@pytest.mark.usefixtures("worker")
def test_bad_files_each_get_one_sentence(stage: Stage, pdf: Pdf) -> None:
    proposal = make_filling(stage)
    assert proposal.participant is not None
    person = stage.signed_in(proposal.participant)
    person.go(f"/usulan/{proposal.pk}/berkas/")
    documents = list(proposal.documents.order_by("order", "pk"))

    # Before anything is sent
    for document, data, says in (
        (documents[0], b"%PDF-1.4\n" + bytes(3 * 1024 * 1024), "paling besar 2 MB"),
        (documents[1], png(), "Berkas ini bukan PDF."),
    ):
        slot = person.page.locator(f"#slot-{document.pk}")
        slot.locator("input[type=file]").set_input_files(upload(data))
        expect(slot.locator(".field-error")).to_contain_text(says)
        assert not document.versions.exists()

    # By the worker
    whole = scan(dpi=75)
    locked = encrypted(whole, user="rahasia")
    for document, data, says in (
        (documents[2], locked, "terkunci kata sandi"),
        (documents[3], whole[: len(whole) // 2], "rusak atau tidak lengkap"),
        (documents[4], SCRIPTED, "memuat isi aktif"),
    ):
        slot = person.page.locator(f"#slot-{document.pk}")
        slot.locator("input[type=file]").set_input_files(upload(data))
        slot.get_by_role("button", name="Unggah").click()
        expect(slot.locator(".reason")).to_contain_text(says)
        expect(slot.get_by_role("link", name="Unggah lagi")).to_be_visible()
    person.page.reload()
    person.look()

    # The same file once more is refused; another one is taken.
    document = documents[2]
    person.go(f"/dokumen/{document.pk}/")
    person.fill(within="form[data-upload]", file=upload(locked, "lagi.pdf"))
    person.page.get_by_role("button", name="Unggah", exact=True).click()
    person.reads("Berkas ini sama dengan yang ditolak.")
    assert document.versions.count() == 1
    person.fill(within="form[data-upload]", file=upload(pdf(), "baik.pdf"))
    person.page.get_by_role("button", name="Unggah", exact=True).click()
    person.reads("Berkas terbaca baik")


def test_double_click_sends_once(stage: Stage) -> None:
    agency = factories.make_agency(region="74.72")
    proposal = factories.make_proposal(agency, stage.period, status=Proposal.Status.FILLING)
    assert proposal.participant is not None
    person = stage.signed_in(proposal.participant)
    person.go(f"/usulan/{proposal.pk}/periksa/")
    person.page.get_by_role("button", name="Kirim", exact=True).dblclick()
    expect(person.page).not_to_have_url(re.compile("/periksa/"))
    person.look()
    person.go(f"/usulan/{proposal.pk}/")
    person.waits_for("Menunggu verifikasi berkas")
    assert story_of(proposal).filter(kind="proposal.submitted").count() == 1


def test_of_two_verifiers_the_second_is_told_who_decided(stage: Stage) -> None:
    agency = factories.make_agency(region="74.72")
    proposal = factories.make_proposal(agency, stage.period, status=Proposal.Status.NOMINATED)
    first = stage.signed_in(factories.make_verifier(name="Ika Wulandari"))
    second = stage.signed_in(factories.make_verifier(name="Teguh Prasojo"))
    page = f"/verifikasi/usulan/{proposal.pk}/"
    first.go(page)
    second.go(page)
    first.page.get_by_role("button", name="Setujui usulan").dblclick()
    expect(first.page).not_to_have_url(re.compile(f"{page}$"))
    second.press("Setujui usulan", status=409)
    second.reads("Ika Wulandari")
    second.reads("tidak disimpan")
    events = TimelineEvent.objects.filter(kind="proposal.nomination_approved")
    assert events.count() == 1


def test_old_links(stage: Stage) -> None:
    user = factories.make_user(password="!")
    expired = OneTimeLink.issue(
        OneTimeLink.Kind.INVITATION, user.pk, valid_for=dt.timedelta(seconds=-1)
    )
    anybody = stage.actor()
    anybody.go(f"/akun/undangan/{expired}/", status=410)
    anybody.reads("Tautan ini tidak berlaku lagi")

    fresh = OneTimeLink.issue(OneTimeLink.Kind.INVITATION, user.pk, valid_for=dt.timedelta(days=1))
    anybody.go(f"/akun/undangan/{fresh}/")
    anybody.fill(password="pendek", repeat="pendek")
    anybody.press("Simpan dan masuk")
    anybody.reads("10 karakter")
    anybody.fill(password="cukup-panjang-1", repeat="cukup-panjang-1")
    anybody.press("Simpan dan masuk")
    other = stage.actor()
    other.go(f"/akun/undangan/{fresh}/", status=410)


def test_closed_period(stage: Stage) -> None:
    agency = factories.make_agency(region="74.72")
    operator = stage.signed_in(factories.make_operator(agency))
    proposal = factories.make_proposal(agency, stage.period, complete=False)
    assert Formation.objects.get().takes_nominations
    operator.go(f"/usulan/{proposal.pk}/usulkan/")
    operator.reads("Usulkan ke BPS")
    stage.period.nomination_deadline = timezone.now() - dt.timedelta(hours=1)
    stage.period.save()
    operator.press("Usulkan ke BPS")
    operator.reads("sudah ditutup")
    proposal.refresh_from_db()
    assert proposal.status == Proposal.Status.DRAFT
