"""user_guide: the guides of docs/panduan as pages."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from inpassing.user_guide import GUIDES, guide_html

pytestmark = pytest.mark.django_db


def test_every_guide_of_the_docs_is_a_page():
    files = {path.stem for path in (Path(settings.BASE_DIR) / "docs" / "panduan").glob("*.md")}
    assert files - {"README"} == set(GUIDES)


@pytest.mark.parametrize("role", GUIDES)
def test_a_guide_has_one_heading_its_pictures_and_working_links(client, role):
    page = client.get(f"/pedoman/panduan/{role}/")
    assert page.status_code == 200
    html = page.content.decode()
    assert html.count("<h1") == 1
    pictures = re.findall(r'<img src="/static/([^"]+)" alt="([^"]+)"', guide_html(role))
    assert all(finders.find(re.sub(r"\.[0-9a-f]{12}\.", ".", path)) for path, _ in pictures)
    assert guide_html(role).count("<img") == len(pictures)
    assert '.md"' not in guide_html(role)
    for link in re.findall(r'href="(/[^"#]*)"', guide_html(role)):
        assert client.get(link).status_code in {200, 302}, link


def test_an_unknown_role_has_no_guide(client):
    assert client.get("/pedoman/panduan/README/").status_code == 404


def test_the_guidelines_page_leads_to_all_of_them(client):
    page = client.get("/pedoman/").content.decode()
    assert all(f'href="/pedoman/panduan/{role}/"' in page for role in GUIDES)
