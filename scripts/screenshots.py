#!/usr/bin/env python
"""Pictures of the running demo at 1280 and 360 px, each page checked with axe on the way.

    scripts/screenshots.py [--url http://127.0.0.1:8000] [--out var/screenshots] [--only NAME …]
    scripts/screenshots.py --guide docs/images

With --guide only the pictures that README and docs/panduan show are made: the first screen at
1280 px, small enough to be kept in the repository.

Exit status 1 when a page answers with an error, scrolls sideways, breaks the content policy or has
an axe violation; the list of what was found is printed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

WIDTHS = (1280, 360)
PASSWORD = "demo-inpassing"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Shot:
    """One picture: who looks (empty: the public), at which path, after clicking which links."""

    name: str
    account: str
    path: str
    clicks: tuple[str, ...] = ()


TABLE = "main .tbl tbody a"
TASK = "main .tasks a"
SHOTS = [
    Shot("beranda-publik", "", "/"),
    Shot("masuk", "", "/akun/masuk/"),
    Shot("lupa-sandi", "", "/akun/sandi/lupa/"),
    Shot("pedoman", "", "/pedoman/"),
    Shot("bantuan", "", "/bantuan/"),
    Shot("privasi", "", "/privasi/"),
    Shot("hasil-uji", "", "/uji/hasil/?q=maria"),
    Shot("cek", "", "/cek/"),
    Shot("permohonan-operator", "", "/permohonan-operator/?q=buton"),
    Shot("permohonan-operator-isi", "", "/permohonan-operator/?q=buton", (TASK,)),
    Shot("permohonan-operator-lain", "", "/permohonan-operator/isi/?pusat=lain"),
    Shot("permohonan-operator-terkirim", "", "/permohonan-operator/terkirim/"),
    Shot("permohonan-operator-ulang", "", "/permohonan-operator/kirim-ulang/"),
    Shot("operator-beranda", "operator", "/beranda/"),
    Shot("operator-calon", "operator", "/usulan/"),
    Shot("operator-calon-baru", "operator", "/usulan/baru/"),
    Shot(
        "operator-konsep",
        "operator",
        "/usulan/?status=draft",
        (TABLE, "main a:has-text('Ubah data')"),
    ),
    Shot(
        "operator-usulkan",
        "operator",
        "/usulan/?status=draft",
        (TABLE, "main a:has-text('Usulkan ke BPS')"),
    ),
    Shot("operator-impor", "operator", "/usulan/impor/"),
    Shot("operator-unit-baru", "operator", "/unit-kerja/baru/"),
    Shot("operator-unit-impor", "operator", "/unit-kerja/impor/"),
    Shot("operator-naskah", "operator", "/naskah/"),
    Shot("operator-instansi", "operator", "/operator/"),
    Shot("operator-usulan", "operator", "/usulan/?status=filling", (TABLE,)),
    Shot("operator-formasi-daftar", "operator", "/formasi/"),
    Shot("operator-formasi", "operator", "/formasi/", (TABLE,)),
    Shot("operator-formasi-konsep", "operator", "/formasi/", ("main .is-turn a",)),
    Shot("operator-unit-kerja", "operator", "/unit-kerja/"),
    Shot("operator-surat", "operator", "/surat/"),
    Shot("operator-pesan", "operator", "/pesan/"),
    Shot("operator-akun", "operator", "/akun/"),
    Shot("operator2-surat", "operator2", "/surat/", (TABLE,)),
    Shot("cek-surat", "operator2", "/surat/", (TABLE, "main dd a[href^='/cek/']")),
    Shot(
        "operator2-keputusan",
        "operator2",
        "/surat/",
        (TABLE, "main a:has-text('Unggah keputusan')"),
    ),
    Shot("peserta-tugas", "peserta", "/usulan/", ("main .is-turn a",)),
    Shot("peserta-beranda", "peserta", "/beranda/"),
    Shot("peserta-data", "peserta", "/beranda/", (TASK,)),
    Shot("peserta-dokumen", "peserta", "/beranda/", ("main a:has-text('Ganti berkas')",)),
    Shot("peserta-dokumen-ditolak", "peserta", "/beranda/", ("main a:has-text('Unggah lagi')",)),
    Shot("peserta-periksa", "peserta", "/beranda/", ("main a:has-text('Periksa jawaban saya')",)),
    Shot("peserta-surat", "peserta", "/surat/"),
    Shot("peserta2-perbaiki", "peserta2", "/beranda/"),
    Shot("peserta2-dokumen", "peserta2", "/beranda/", ("main a:has-text('Perbaiki dokumen')",)),
    Shot("verifikator-beranda", "verifikator", "/beranda/"),
    Shot("verifikator-permohonan", "verifikator", "/verifikasi/antrean/permohonan/"),
    Shot("verifikator-permohonan-1", "verifikator", "/verifikasi/antrean/permohonan/", (TABLE,)),
    Shot("verifikator-usulan", "verifikator", "/verifikasi/antrean/usulan/", (TABLE,)),
    Shot("verifikator-meja", "verifikator", "/verifikasi/antrean/berkas/"),
    Shot("verifikator-berkas", "verifikator", "/verifikasi/antrean/berkas/", (TABLE,)),
    Shot("verifikator-formasi", "verifikator", "/verifikasi/antrean/formasi/", (TABLE,)),
    Shot("verifikator-pekerjaan", "verifikator", "/verifikasi/pekerjaan/"),
    Shot("verifikator-beban", "verifikator", "/verifikasi/beban/"),
    Shot("verifikator-sekaligus", "verifikator", "/verifikasi/sekaligus/"),
    Shot("verifikator-portofolio", "verifikator", "/verifikasi/antrean/portofolio/", (TABLE,)),
    Shot("pengawas-beranda", "pengawas", "/beranda/"),
    Shot("pengawas-sesi-daftar", "pengawas", "/uji/sesi/"),
    Shot("pengawas-peserta-uji", "pengawas", "/uji/peserta/"),
    Shot("pengawas-sesi", "pengawas", "/uji/sesi/", (TABLE,)),
    Shot("penandatangan-beranda", "penandatangan", "/beranda/"),
    Shot("penandatangan-daftar", "penandatangan", "/surat/tanda-tangan/"),
    Shot("penandatangan-surat", "penandatangan", "/surat/tanda-tangan/", (TABLE,)),
    Shot(
        "penandatangan-terbitkan",
        "penandatangan",
        "/surat/tanda-tangan/",
        (TABLE, "main .next a:has-text('Terbitkan')"),
    ),
    Shot("admin-beranda", "admin", "/beranda/"),
    Shot("admin-usulan", "admin", "/usulan/"),
    Shot("admin-formasi", "admin", "/formasi/"),
    Shot("admin-periode-daftar", "admin", "/kelola/periode/"),
    Shot("admin-periode", "admin", "/kelola/periode/", (TABLE,)),
    Shot("admin-periode-baru", "admin", "/kelola/periode/baru/"),
    Shot("admin-kantor", "admin", "/kelola/kantor/?q=bau"),
    Shot("admin-pengguna", "admin", "/kelola/pengguna/"),
    Shot("admin-pengguna-1", "admin", "/kelola/pengguna/?q=verifikator", (TABLE,)),
    Shot("admin-sesi", "admin", "/uji/sesi/"),
    Shot("admin-sesi-baru", "admin", "/uji/sesi/baru/"),
    Shot("admin-peserta-uji", "admin", "/uji/peserta/"),
    Shot("admin-kursi", "admin", "/uji/kursi/"),
    Shot("admin-pengumuman", "admin", "/uji/pengumuman/"),
    Shot("admin-penerbitan-daftar", "admin", "/penerbitan/"),
    Shot("admin-penerbitan", "admin", "/penerbitan/", (TABLE,)),
    Shot(
        "admin-penerbitan-pratinjau",
        "admin",
        "/penerbitan/",
        (TABLE, "main a:has-text('Semua konsep')"),
    ),
    Shot(
        "admin-penerbitan-teks",
        "admin",
        "/penerbitan/",
        (TABLE, "main a:has-text('Teks surat periode ini')", "main a:has-text('Ubah')"),
    ),
    Shot("admin-surat-register", "admin", "/surat/register/"),
    Shot("admin-surat-ekspor", "admin", "/surat/ekspor/"),
    Shot("admin-surat", "admin", "/surat/"),
    Shot("admin-surat-1", "admin", "/surat/", (TABLE,)),
    Shot("admin-email", "admin", "/pesan/terkirim/"),
]
GUIDE = (
    "beranda-publik",
    "permohonan-operator",
    "operator-beranda",
    "operator-formasi",
    "operator-konsep",
    "operator-usulan",
    "peserta-beranda",
    "peserta-dokumen-ditolak",
    "peserta2-perbaiki",
    "verifikator-meja",
    "verifikator-berkas",
    "verifikator-portofolio",
    "pengawas-sesi",
    "penandatangan-daftar",
    "penandatangan-surat",
    "admin-beranda",
    "admin-periode",
    "admin-penerbitan",
)
GUIDE_WIDTH = 960  # pixels of a picture in the guide


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path("var/screenshots"))
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures to make")
    parser.add_argument("--guide", type=Path, help="make the pictures of the guide, in this folder")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("Chromium is missing: run scripts/install-system.", file=sys.stderr)
        return 2
    names = options.only or (GUIDE if options.guide else [shot.name for shot in SHOTS])
    shots = [shot for shot in SHOTS if shot.name in names]
    out = options.guide or options.out
    widths = WIDTHS[:1] if options.guide else WIDTHS
    out.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--lang=id-ID"],
            env={**os.environ, "LANGUAGE": "id"},
        )
        for account, group in groupby(shots, key=lambda shot: shot.account):
            found += _take(browser, account, list(group), options.url, out, widths)
        browser.close()
    if options.guide:
        for shot in shots:
            (out / f"{shot.name}-{WIDTHS[0]}.png").rename(out / f"{shot.name}.png")
            _shrink(out / f"{shot.name}.png")
    print("\n".join(found) if found else f"{len(shots)} pages, nothing found.")
    return 1 if found else 0


def _take(
    browser: Browser,
    account: str,
    shots: list[Shot],
    url: str,
    out: Path,
    widths: tuple[int, ...],
) -> list[str]:
    """Sign in once per width and make this person's pictures; returns what was wrong."""
    found: list[str] = []
    for width in widths:
        context = browser.new_context(viewport={"width": width, "height": 800}, locale="id-ID")
        page = _page(context, found)
        if account:
            page.goto(f"{url}/akun/masuk/")
            page.fill("[name=login]", account)
            page.fill("[name=password]", PASSWORD)
            page.click("main form .btn-primary")
        for shot in shots:
            try:
                troubles = _shoot(page, shot, url)
            except PlaywrightError as error:  # the other pictures are made all the same
                troubles = [str(error).splitlines()[0]]
            found += [f"{shot.name} {width}: {trouble}" for trouble in troubles]
            is_whole = widths == WIDTHS
            page.screenshot(path=out / f"{shot.name}-{width}.png", full_page=is_whole)
        context.close()
    return found


def _shrink(path: Path) -> None:
    """Fewer pixels and colours, so that the repository stays small."""
    with Image.open(path) as picture:
        height = round(picture.height * GUIDE_WIDTH / picture.width)
        small = picture.convert("RGB").resize((GUIDE_WIDTH, height), Image.Resampling.LANCZOS)
    small.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


def _page(context: BrowserContext, found: list[str]) -> Page:
    page = context.new_page()
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', (event) => "
        "console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))"
    )
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
    page.on(
        "console",
        lambda message: (
            found.append(f"{page.url}: {message.text}")
            if message.text.startswith("policy: ")
            else None
        ),
    )
    return page


def _shoot(page: Page, shot: Shot, url: str) -> list[str]:
    """Go to the page of one picture; returns what is wrong with it."""
    troubles: list[str] = []
    answer = page.goto(url + shot.path)
    for selector in shot.clicks:
        if page.locator(selector).count() == 0:
            return [f"nothing to click: {selector}"]
        with page.expect_navigation() as navigation:
            page.locator(selector).first.click()
        answer = navigation.value
    page.evaluate("scrollTo(0, 0)")
    if answer is None or answer.status != 200:
        troubles.append(f"status {answer.status if answer else 'none'}")
    sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if sideways > 0:
        troubles.append(f"scrolls sideways by {sideways} px")
    result = Axe().run(page, options={"runOnly": RULES})
    for violation in result.response["violations"]:
        places = ", ".join(node["target"][0] for node in violation["nodes"][:3])
        troubles.append(f"axe {violation['id']}: {places}")
    return troubles


if __name__ == "__main__":
    raise SystemExit(main())
