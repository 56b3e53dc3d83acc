#!/usr/bin/env python
"""Pictures of the running demo at 1280 and 360 px, each page checked with axe on the way.

    scripts/screenshots.py [--url http://127.0.0.1:8000] [--out var/screenshots] [--only NAME …]

Exit status 1 when a page answers with an error, scrolls sideways, breaks the content policy or has
an axe violation; the list of what was found is printed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

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


SHOTS = [
    Shot("beranda-publik", "", "/"),
    Shot("masuk", "", "/akun/masuk/"),
    Shot("lupa-sandi", "", "/akun/sandi/lupa/"),
    Shot("pedoman", "", "/pedoman/"),
    Shot("bantuan", "", "/bantuan/"),
    Shot("privasi", "", "/privasi/"),
    Shot("tidak-ada", "", "/tidak-ada/"),
    Shot("operator-beranda", "operator", "/beranda/"),
    Shot("operator-pesan", "operator", "/pesan/"),
    Shot("operator-akun", "operator", "/akun/"),
    Shot("peserta-beranda", "peserta", "/beranda/"),
    Shot("verifikator-beranda", "verifikator", "/beranda/"),
    Shot("pengawas-beranda", "pengawas", "/beranda/"),
    Shot("penandatangan-beranda", "penandatangan", "/beranda/"),
    Shot("admin-beranda", "admin", "/beranda/"),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path("var/screenshots"))
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures to make")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("Chromium is missing: run scripts/install-system.", file=sys.stderr)
        return 2
    shots = [shot for shot in SHOTS if not options.only or shot.name in options.only]
    options.out.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        for account, group in groupby(shots, key=lambda shot: shot.account):
            found += _take(browser, account, list(group), options.url, options.out)
        browser.close()
    print("\n".join(found) if found else f"{len(shots)} pages, nothing found.")
    return 1 if found else 0


def _take(browser: Browser, account: str, shots: list[Shot], url: str, out: Path) -> list[str]:
    """Sign in once per width and make this person's pictures; returns what was wrong."""
    found: list[str] = []
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 800}, locale="id-ID")
        page = _page(context, found)
        if account:
            page.goto(f"{url}/akun/masuk/")
            page.fill("[name=login]", account)
            page.fill("[name=password]", PASSWORD)
            page.click("main form .btn-primary")
        for shot in shots:
            found += [f"{shot.name} {width}: {trouble}" for trouble in _shoot(page, shot, url)]
            page.screenshot(path=out / f"{shot.name}-{width}.png", full_page=True)
        context.close()
    return found


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
    expected = 404 if shot.name == "tidak-ada" else 200
    if answer is None or answer.status != expected:
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
