"""The user guide per role (docs/panduan), as pages of the application."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# slug (the file's name) -> for whom
GUIDES = {
    "operator": "Operator instansi",
    "peserta": "Peserta",
    "verifikator": "Verifikator",
    "pengawas": "Pengawas ujian",
    "penandatangan": "Penanda tangan",
    "administrator": "Administrator",
}


def guide_links() -> list[tuple[str, str]]:
    """Title and address of every guide, in the order in which people meet the service."""
    return [(label, reverse("user_guide", args=[slug])) for slug, label in GUIDES.items()]


@cache
def guide_html(slug: str) -> SafeString:
    """The guide of a role as HTML; KeyError for a role that has none.

    The text is our own Markdown; HTML in it would be shown as text. Its pictures are static files,
    its links lead to the other guides.
    """
    source = Path(settings.BASE_DIR) / "docs" / "panduan" / f"{slug}.md"
    if slug not in GUIDES:
        raise KeyError(slug)
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(source.read_text("utf-8"))
    for token in tokens:
        if token.type == "table_open":
            token.attrSet("class", "tbl")
        if token.children:
            token.children = list(_adapted(token.children))
    # Escaped by the parser, which lets no HTML of the text through.
    html: str = parser.renderer.render(tokens, parser.options, {})
    return mark_safe(html)


def _adapted(tokens: list[Token]) -> Iterator[Token]:
    """Pictures as static files, links to other guides as pages; links into the docs fall away."""
    is_dropped = False
    for token in tokens:
        if token.type == "image":
            token.attrSet("src", static(f"panduan/{Path(str(token.attrs['src'])).name}"))
            token.attrSet("class", "img-fluid")
            token.attrSet("loading", "lazy")
        elif token.type == "link_open":
            target = Path(urlsplit(str(token.attrs["href"])).path)
            is_dropped = target.suffix == ".md" and target.stem not in GUIDES
            if target.suffix == ".md" and not is_dropped:
                token.attrSet("href", reverse("user_guide", args=[target.stem]))
        if not (is_dropped and token.type in {"link_open", "link_close"}):
            yield token
        is_dropped = is_dropped and token.type != "link_close"
