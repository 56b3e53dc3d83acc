"""Our scripts in a real browser, against answers that the test gives: no server, no database."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, Request, Route, expect, sync_playwright

STATIC = Path(settings.BASE_DIR) / "static"
SITE = "http://localhost:9"
POLICY = "; ".join(
    f"{name} {' '.join(values)}"
    for name, values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
)
PDF = b"%PDF-1.4\n" + b"0" * 50_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "Chromium is missing: run scripts/install-system"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        yield browser
        browser.close()


class Site:
    """What the browser sees as the server: pages by path, posts that arrived, failures to come."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pages: dict[str, str] = {}
        self.posts: list[Request] = []
        self.gets: list[str] = []
        self.failures: list[str | int] = []
        self.trouble: list[str] = []
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', "
            "(event) => console.error('policy: ' + event.violatedDirective))"
        )
        page.on(
            "console",
            lambda message: (
                self.trouble.append(message.text) if message.text.startswith("policy") else None
            ),
        )
        page.route("**/*", self.answer)

    def answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            route.fulfill(path=STATIC / path.removeprefix("/static/"))
            return
        if route.request.method == "POST":
            self.posts.append(route.request)
            if self.failures:
                failure = self.failures.pop(0)
                if isinstance(failure, int):
                    route.fulfill(status=failure, body="<p>gagal</p>", content_type="text/html")
                else:
                    route.abort(failure)
                return
        else:
            self.gets.append(path)
        route.fulfill(
            body=self.pages[path],
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": POLICY},
        )

    def show(self, script: str, body: str) -> None:
        """Open a page with one script of ours at /."""
        self.pages["/"] = whole(script, body)
        self.page.goto(SITE + "/")


def whole(script: str, body: str, messages: str = "") -> str:
    return (
        f'<!doctype html><html lang="id"><title>Uji</title>'
        f'<script src="/static/js/{script}" defer></script>'
        f'<main><div id="messages">{messages}</div>{body}</main></html>'
    )


@pytest.fixture
def site(browser: Browser) -> Iterator[Site]:
    page = browser.new_page()
    page.set_default_timeout(10_000)
    site = Site(page)
    yield site
    assert site.trouble == []
    page.close()


# upload.js

EMPTY = """<article class="slot slot--empty" id="slot-1" data-poll-url="/slot/">
<div class="slot__head"><h3>Ijazah</h3><strong class="tag tag--still">Belum diunggah</strong></div>
<form data-upload data-max-bytes="100000" method="post" enctype="multipart/form-data" action="/up/">
<label for="f">Pilih berkas PDF</label><input id="f" type="file" name="file">
<button type="submit">Unggah</button></form></article>"""
WAITING = """<article class="slot slot--waiting" id="slot-1" data-poll-url="/slot/">
<div class="slot__head"><h3>Ijazah</h3><strong class="tag tag--wait">Sedang diperiksa</strong></div>
</article>"""
ACCEPTED = """<article class="slot slot--accepted" id="slot-1" data-poll-url="/slot/">
<div class="slot__head"><h3>Ijazah</h3><strong class="tag tag--ok">Terbaca baik</strong></div>
</article>"""


def choose(site: Site, content: bytes, name: str = "ijazah.pdf") -> None:
    site.page.set_input_files(
        "#f", {"name": name, "mimeType": "application/pdf", "buffer": content}
    )


def test_file_that_is_too_large_is_refused_before_it_is_sent(site: Site) -> None:
    site.show("upload.js", EMPTY)
    choose(site, PDF + b"0" * 100_000)
    expect(site.page.get_by_role("alert")).to_have_text(
        "Berkas ini 147 KB, paling besar 98 KB. Pindai ulang pada 150 dpi, lalu pilih lagi."
    )
    assert site.page.input_value("#f") == ""
    assert site.posts == []


def test_file_that_is_no_pdf_is_refused_before_it_is_sent(site: Site) -> None:
    site.show("upload.js", EMPTY)
    choose(site, b"\x89PNG\r\n" + b"0" * 500)
    expect(site.page.get_by_role("alert")).to_have_text(
        "Berkas ini bukan PDF. Pindai atau simpan sebagai PDF, lalu pilih lagi."
    )
    site.page.get_by_role("button", name="Unggah", exact=True).click()
    expect(site.page.get_by_role("alert")).to_have_text("Pilih dulu satu berkas PDF.")
    choose(site, PDF)
    expect(site.page.get_by_role("alert")).to_have_count(0)
    assert site.posts == []


def test_upload_shows_the_servers_slot_and_waits_for_the_verdict(site: Site) -> None:
    site.show("upload.js", EMPTY)
    site.pages["/up/"] = whole("upload.js", WAITING, "<p>Berkas diterima.</p>")
    site.pages["/slot/"] = WAITING
    choose(site, PDF)
    site.page.get_by_role("button", name="Unggah", exact=True).click()
    expect(site.page.locator("#slot-1 .tag")).to_have_text("Sedang diperiksa")
    expect(site.page.locator("#messages")).to_have_text("Berkas diterima.")
    assert len(site.posts) == 1
    assert b"%PDF-1.4" in (site.posts[0].post_data_buffer or b"")
    site.pages["/slot/"] = whole("upload.js", ACCEPTED)
    expect(site.page.locator("#slot-1 .tag")).to_have_text("Terbaca baik")
    expect(site.page.get_by_role("status")).to_have_text("Ijazah: Terbaca baik")
    asked = site.gets.count("/slot/")
    site.page.wait_for_timeout(2_500)
    assert site.gets.count("/slot/") == asked


def test_upload_tries_again_when_the_line_breaks(site: Site) -> None:
    site.show("upload.js", EMPTY)
    site.pages["/up/"] = whole("upload.js", ACCEPTED)
    site.failures = ["connectionreset", 503]
    choose(site, PDF)
    site.page.get_by_role("button", name="Unggah", exact=True).click()
    expect(site.page.locator(".uploading .meta")).to_have_text(
        "Sambungan terputus. Mencoba lagi dalam 2 detik (percobaan 2 dari 6)."
    )
    expect(site.page.locator("#slot-1 .tag")).to_have_text("Terbaca baik", timeout=15_000)
    assert len(site.posts) == 3


def test_servers_refusal_leaves_the_form_ready_for_another_file(site: Site) -> None:
    site.show("upload.js", EMPTY)
    site.failures = [413]
    choose(site, PDF)
    site.page.get_by_role("button", name="Unggah", exact=True).click()
    expect(site.page.get_by_role("alert")).to_contain_text("Server menolak berkas ini")
    expect(site.page.locator("#slot-1")).to_have_class("slot slot--empty")
    expect(site.page.locator("#slot-1 .tag")).to_have_text("Belum diunggah")
    site.pages["/up/"] = whole("upload.js", ACCEPTED)
    choose(site, PDF)
    site.page.get_by_role("button", name="Unggah", exact=True).click()
    expect(site.page.locator("#slot-1 .tag")).to_have_text("Terbaca baik")


def test_upload_that_leads_to_another_page_goes_there(site: Site) -> None:
    site.show("upload.js", EMPTY)
    site.pages["/up/"] = whole("upload.js", "<h1>Masuk</h1>")
    choose(site, PDF)
    site.page.get_by_role("button", name="Unggah", exact=True).click()
    expect(site.page.get_by_role("heading")).to_have_text("Masuk")


def test_upload_can_be_cancelled(site: Site) -> None:
    site.show("upload.js", EMPTY)
    site.failures = ["connectionreset"]
    choose(site, PDF)
    site.page.get_by_role("button", name="Unggah", exact=True).click()
    site.page.get_by_role("button", name="Batalkan unggahan").click()
    expect(site.page.get_by_role("alert")).to_have_text(
        "Unggahan dibatalkan. Tidak ada yang tersimpan."
    )
    expect(site.page.locator("form")).to_be_visible()
    site.page.wait_for_timeout(2_500)
    assert len(site.posts) == 1


LARGE = EMPTY.replace(
    "data-max-bytes", 'data-shrink-url="/kecilkan/" data-shrink-bytes="200000" data-max-bytes'
)


def test_scan_over_the_limit_is_offered_the_way_that_makes_it_smaller(site: Site) -> None:
    site.show("upload.js", LARGE)
    site.pages["/kecilkan/"] = whole("upload.js", "<h1>Kecilkan pindaian</h1>")
    choose(site, PDF + b"0" * 60_000)
    site.page.get_by_role("button", name="Kecilkan berkas ini (108 KB)").click()
    expect(site.page.get_by_role("heading")).to_have_text("Kecilkan pindaian")
    assert [urlsplit(post.url).path for post in site.posts] == ["/kecilkan/"]
    assert b"%PDF-1.4" in (site.posts[0].post_data_buffer or b"")


def test_offer_is_for_pdfs_up_to_its_own_limit_and_goes_with_another_choice(site: Site) -> None:
    site.show("upload.js", LARGE)
    offer = site.page.get_by_role("button", name="Kecilkan berkas ini")
    choose(site, PDF + b"0" * 200_000)
    expect(site.page.get_by_role("alert")).to_contain_text("paling besar 98 KB")
    expect(offer).to_have_count(0)
    choose(site, b"x" * 120_000)
    expect(offer).to_have_count(0)
    choose(site, PDF + b"0" * 60_000)
    expect(offer).to_have_count(1)
    choose(site, PDF)
    expect(offer).to_have_count(0)
    expect(site.page.get_by_role("alert")).to_have_count(0)


def test_full_house_is_tried_again_when_the_server_says(site: Site) -> None:
    site.show("upload.js", LARGE)
    site.pages["/kecilkan/"] = whole("upload.js", "<h1>Kecilkan pindaian</h1>")
    site.page.route(
        "**/kecilkan/",
        lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}, body="penuh"),
        times=1,
    )
    choose(site, PDF + b"0" * 60_000)
    site.page.get_by_role("button", name="Kecilkan berkas ini").click()
    expect(site.page.locator(".uploading .meta")).to_have_text(
        "Tiga pindaian besar sedang kami terima; berkas Anda belum sampai. "
        "Mencoba lagi dalam 1 detik (percobaan 2 dari 6)."
    )
    expect(site.page.get_by_role("heading")).to_have_text("Kecilkan pindaian")


def test_photo_is_told_how_to_become_a_pdf(site: Site) -> None:
    site.show("upload.js", EMPTY)
    site.page.set_input_files(
        "#f", {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8" + b"0" * 500}
    )
    expect(site.page.get_by_role("alert")).to_contain_text("simpan sebagai PDF, lalu pilih PDF-nya")


def test_waiting_for_a_verdict_ends_in_words(site: Site) -> None:
    site.page.clock.install()
    site.show("upload.js", WAITING)
    site.pages["/slot/"] = WAITING
    for _ in range(200):
        site.page.clock.run_for(15_000)
        if "Hasil belum ada." in (site.page.get_by_role("status").text_content() or ""):
            break
    asked = site.gets.count("/slot/")
    # The page's clock runs on while an answer is under way: a slow machine asks less often.
    assert 20 < asked < 120
    site.page.clock.run_for(300_000)
    assert site.gets.count("/slot/") == asked


def test_expired_session_while_waiting_leads_to_sign_in(site: Site) -> None:
    site.show("upload.js", WAITING)
    site.pages["/masuk/"] = whole("upload.js", "<h1>Masuk</h1>")
    site.page.route(
        "**/slot/",
        lambda route: route.fulfill(
            status=401, headers={"HX-Redirect": "/masuk/"}, body="", content_type="text/html"
        ),
    )
    expect(site.page.get_by_role("heading")).to_have_text("Masuk")


# review.js

BOARD = """<form><label><input type="radio" name="v" value="a" data-key="t">Terima</label>
<label><input type="radio" name="v" value="r" data-key="k">Kembalikan</label>
<textarea id="note"></textarea><p data-keys></p>
<a href="#berikut" data-key="l">Berikutnya</a></form>"""


def test_letters_choose_a_verdict_but_not_while_typing(site: Site) -> None:
    site.show("review.js", BOARD)
    site.page.keyboard.press("t")
    expect(site.page.locator("[value=a]")).to_be_checked()
    site.page.keyboard.press("Control+k")
    expect(site.page.locator("[value=a]")).to_be_checked()
    site.page.focus("#note")
    site.page.keyboard.type("kt")
    assert site.page.input_value("#note") == "kt"
    expect(site.page.locator("[value=a]")).to_be_checked()
    site.page.locator("[value=a]").focus()
    site.page.keyboard.press("l")
    assert site.page.url.endswith("#berikut")


def test_shortcuts_can_be_switched_off_for_good(site: Site) -> None:
    site.show("review.js", BOARD)
    site.page.get_by_role("button", name="Matikan pintasan").click()
    site.page.keyboard.press("t")
    expect(site.page.locator("[value=a]")).not_to_be_checked()
    site.page.reload()
    expect(site.page.get_by_role("button")).to_have_text("Nyalakan pintasan")
    site.page.keyboard.press("t")
    expect(site.page.locator("[value=a]")).not_to_be_checked()


# hash.js


def compare_page(expected: str) -> str:
    return f"""<form data-hash-compare data-expected="{expected}">
<div data-hash-drop hidden><label for="f">PDF</label><input id="f" type="file"></div>
<input name="sha256"><div data-hash-result role="status"></div></form>"""


def test_same_file_matches_without_being_sent(site: Site) -> None:
    digest = hashlib.sha256(PDF).hexdigest()
    site.show("hash.js", compare_page(digest))
    choose(site, PDF, "surat.pdf")
    expect(site.page.get_by_role("status")).to_have_text(
        "Sidik cocok. surat.pdf sama persis dengan surat yang diterbitkan."
    )
    assert site.page.input_value("[name=sha256]").replace(" ", "") == digest
    assert (site.posts, site.gets) == ([], ["/"])


def test_changed_file_does_not_match(site: Site) -> None:
    site.show("hash.js", compare_page(hashlib.sha256(PDF).hexdigest()))
    choose(site, PDF + b"\n")
    expect(site.page.get_by_role("status")).to_contain_text("Sidik berbeda.")


# countdown.js


def test_countdown_goes_on_from_what_the_server_said(site: Site) -> None:
    site.page.clock.install()
    site.show(
        "countdown.js",
        '<section class="deadline"><b data-seconds-left="86460">1 hari lagi</b></section>',
    )
    site.page.clock.run_for(20_000)
    expect(site.page.locator("b")).to_have_text("1 hari lagi")
    expect(site.page.locator("section")).to_have_class("deadline")
    site.page.clock.run_for(3_600_000)
    expect(site.page.locator("b")).to_have_text("23 jam lagi")
    expect(site.page.locator("section")).to_have_class("deadline deadline--near")
    site.page.clock.run_for(86_400_000)
    expect(site.page.locator("b")).to_have_text("sudah lewat")
