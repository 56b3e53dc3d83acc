"""A person at a browser: finds things by what is written on them, and checks each page on the way.

On every page: Indonesian, no error in the console, no breach of the content policy. On each kind of
page, once per process, at 1280 and at 360 px: no axe violation, nothing to scroll sideways.
"""

from __future__ import annotations

import io
import re
from urllib.parse import urlsplit

import pypdf
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
from playwright.sync_api import Browser, ConsoleMessage, Download, Locator, Page, Response, expect

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
# A refusal that the test itself asks for; the page says why.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI));
"""
PATIENCE = 30_000


class Actor:
    """One browser context: its own cookies, its own window."""

    def __init__(self, browser: Browser, site: str, seen: set[str], *, script: bool = True) -> None:
        self.site, self.seen, self.script = site, seen, script
        self.context = browser.new_context(
            viewport=WIDE,
            locale="id-ID",
            timezone_id="Asia/Makassar",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE)
        self.trouble: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.add_init_script(WATCH)
        self.page.on("pageerror", lambda error: self.trouble.append(f"{self.page.url}: {error}"))
        self.page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not REFUSED.match(message.text):
            self.trouble.append(f"{self.page.url}: {message.text}")

    # Going

    def go(self, path: str, *, status: int = 200) -> None:
        """Open a page by its path, or by a full address from a mail."""
        answer = self.page.goto(path if path.startswith("http") else self.site + path)
        self._arrived(answer, status)

    def follow(self, text: str, *, within: str = "main", status: int = 200) -> None:
        """Click a link by its words."""
        link = self.page.locator(within).get_by_role("link", name=text).first
        self._leave(link, status)

    def press(self, text: str, *, within: str = "main", status: int = 200) -> None:
        """Press a button by its words; a new page comes."""
        button = self.page.locator(within).get_by_role("button", name=text).first
        self._leave(button, status)

    def _leave(self, target: Locator, status: int) -> None:
        with self.page.expect_navigation() as navigation:
            target.click()
        self._arrived(navigation.value, status)

    def _arrived(self, answer: Response | None, status: int) -> None:
        if answer is not None:
            assert answer.status == status, (
                f"{self.page.url}: {answer.status}\n{self.words()[:800]}"
            )
        self.look()

    # Reading

    def words(self) -> str:
        """What stands on the page."""
        return self.page.locator("main").inner_text()

    def reads(self, text: str) -> None:
        """Wait until the page says this."""
        expect(self.page.locator("main")).to_contain_text(text, timeout=PATIENCE)

    def waits_for(self, text: str, *, seconds: int = 60) -> None:
        """Load the page again until it says this: for what the worker does."""
        for _ in range(seconds):
            if text in self.words():
                return
            self.page.wait_for_timeout(1000)
            self.page.reload()
        raise AssertionError(f"{self.page.url} does not say “{text}”:\n{self.words()}")

    # Typing

    def fill(self, within: str = "main", **values: object) -> None:
        """Fill fields by their names; a radio or a list takes the value, a box True."""
        for name, value in values.items():
            field = self.page.locator(f"{within} [name={name!r}]")
            kind = field.first.evaluate("field => field.type")
            if kind == "radio":
                self.page.locator(f"{within} [name={name!r}][value={value!r}]").check()
            elif kind == "checkbox":
                field.set_checked(bool(value))
            elif kind == "file":
                field.set_input_files(value)
            elif kind.startswith("select"):
                field.select_option(str(value))
            else:
                field.fill(str(value))

    def chooses(self, name: str, label: str) -> None:
        """Choose the option of a list whose words begin with `label`."""
        option = self.page.locator(f"main [name={name!r}] option").filter(has_text=label).first
        value = option.get_attribute("value")
        assert value, label
        self.page.locator(f"main [name={name!r}]").select_option(value)

    def signs_in(self, username: str, password: str) -> None:
        self.go("/akun/masuk/")
        self.fill(login=username, password=password)
        self.press("Masuk")

    # Files

    def downloads(self, text: str, *, within: str = "main") -> bytes:
        """Click a link that gives a file."""
        with self.page.expect_download() as waiting:
            self.page.locator(within).get_by_role("link", name=text).first.click()
        return _content(waiting.value)

    def downloads_when_printed(self, text: str, *, within: str = "main") -> bytes:
        """Click a link to a paper that the worker prints: its own page says when it is ready."""
        self.follow(text, within=within, status=202)
        expect(self.page.get_by_role("link", name="Unduh PDF")).to_be_visible(timeout=PATIENCE)
        return self.downloads("Unduh PDF")

    # Checking

    def look(self) -> None:
        """The checks of every page; see the module's words."""
        assert self.trouble == []
        assert self.page.locator("html").get_attribute("lang") == "id"
        kind = self._kind()
        if kind in self.seen or not self.script:
            return
        self.seen.add(kind)
        try:
            for size in (WIDE, NARROW):
                self.page.set_viewport_size(size)
                self._check(f"{kind} at {size['width']} px")
        finally:
            self.page.set_viewport_size(WIDE)

    def _kind(self) -> str:
        """Which page this is, and in which state."""
        match = resolve(urlsplit(self.page.url).path)
        tags = self.page.locator("main .tag").all_inner_texts()
        has_errors = self.page.locator(".errsum").count()
        return f"{match.view_name} {sorted(set(tags))[:4]} {'errors' if has_errors else ''}"

    def _check(self, where: str) -> None:
        over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{where}: scrolls sideways by {over} px"
        result = Axe().run(self.page, options={"runOnly": RULES})
        found = [
            f"{violation['id']}: {violation['nodes'][0]['target']} {violation['nodes'][0]['html']}"
            for violation in result.response["violations"]
        ]
        assert found == [], f"{where}: {found}"
        assert self.trouble == []


def _content(download: Download) -> bytes:
    with open(download.path(), "rb") as file:
        return file.read()


def pdf_text(data: bytes) -> str:
    """The words of a PDF, spaces made even."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def upload(data: bytes, name: str = "berkas.pdf") -> dict[str, object]:
    """A file as a person picks it."""
    return {"name": name, "mimeType": "application/pdf", "buffer": data}
