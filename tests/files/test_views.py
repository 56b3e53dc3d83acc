"""document_pages, document_page, formation_pages, formation_page, letter_pages, letter_page."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from inpassing.files import tasks
from inpassing.files.models import FileAccess, PagePicture
from proposals.models import Formation, OperatorRequest, Proposal
from tests import factories, pdf_factory
from tests.proposals.filing import filing, operator_of, put, slot

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def of(version, number=None):
    if number is None:
        return reverse("proposals:document_pages", args=[version.pk])
    return reverse("proposals:document_page", args=[version.pk, number])


def html_of(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def version(db):
    proposal = filing(Proposal.Status.SUBMITTED, submitted_at=timezone.now())
    return put(slot(proposal), pdf_factory.document(12), pages=12)


@pytest.fixture
def verifier(db):
    return factories.make_verifier()


def test_a_picture_is_seen_by_whoever_may_open_the_file_and_logged_with_its_page(
    as_user, version, verifier
):
    proposal = version.document.proposal
    assert as_user(verifier).get(of(version, 3), **HTMX).status_code == 200
    tasks.draw_due()
    people = [proposal.participant, operator_of(proposal), verifier, factories.make_admin()]
    for person in people:
        response = as_user(person).get(of(version, 3))
        assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
        assert response["Cache-Control"] == "private, no-store"
        assert b"".join(response.streaming_content)[8:12] == b"WEBP"
    seen = FileAccess.objects.filter(file=version.file).values_list("user", "page")
    assert list(seen) == [(person.pk, 3) for person in people]


def test_nobody_else_learns_of_it_or_has_it_drawn(as_user, version):
    own = factories.make_verifier(employer=version.document.proposal.agency)
    for person in (factories.make_user(), factories.make_operator(), own):
        for path in (of(version), of(version, 1)):
            assert as_user(person).get(path).status_code == 404
            assert as_user(person).get(path, **HTMX).status_code == 404
    assert as_user(None).get(of(version, 1)).status_code == 302
    assert not PagePicture.objects.exists()
    assert not FileAccess.objects.exists()


@pytest.mark.parametrize("state", ["waiting", "refused"])
def test_what_was_not_accepted_is_not_drawn_even_for_its_owner(as_user, state):
    proposal = filing()
    version = put(slot(proposal), pdf_factory.document(1), state=state)
    client = as_user(proposal.participant)
    assert client.get(of(version)).status_code == 404
    assert client.get(of(version, 1), **HTMX).status_code == 404
    assert not PagePicture.objects.exists()


@pytest.mark.parametrize("number", [0, 13, 99999])
def test_a_page_that_the_file_does_not_have(as_user, version, verifier, number):
    assert as_user(verifier).get(of(version, number), **HTMX).status_code == 404
    assert not PagePicture.objects.exists()


def test_one_page_asks_only_for_itself_and_appears_by_itself(as_user, version, verifier):
    client = as_user(verifier)
    assert client.get(of(version, 2)).status_code == 404, "not drawn, and a plain GET asks nothing"
    assert not PagePicture.objects.exists()
    part = html_of(client.get(of(version, 2), **HTMX))
    assert "sedang dibuat" in part
    assert 'hx-trigger="load delay:1s"' in part
    assert list(PagePicture.objects.values_list("number", flat=True)) == [2]
    tasks.draw_due()
    part = html_of(client.get(of(version, 2), **HTMX))
    assert f'<img src="{of(version, 2)}" alt="Halaman 2 dari 12, ' in part
    assert 'width="1000" height="1415"' in part
    assert "hx-get" not in part


def test_without_javascript_a_page_lists_ten_and_says_how_far_it_is(as_user, version, verifier):
    client = as_user(verifier)
    page = html_of(client.get(of(version)))
    assert "0 dari 10 halaman sudah digambar." in page
    assert '<progress max="10" value="0">' in page
    assert f'href="{of(version)}?dari=11"' in page
    assert PagePicture.objects.count() == 10
    tasks.draw_due()
    page = html_of(client.get(of(version)))
    assert page.count("<img src=") == 10
    assert "sudah digambar" not in page
    page = html_of(client.get(of(version), {"dari": "11"}))
    assert "Halaman 11 sampai 12 dari 12" in page
    assert "0 dari 2 halaman sudah digambar." in page


@pytest.mark.parametrize("start", ["x", "0", "-3", "1e9", "²", "999999999999"])
def test_an_address_that_was_tampered_with_shows_what_there_is(as_user, version, verifier, start):
    page = as_user(verifier).get(of(version), {"dari": start})
    assert page.status_code == 200


def test_the_review_page_has_all_pages_for_phones_and_asks_for_none(as_user, version, verifier):
    url = reverse("verification:review", args=[version.document.proposal_id])
    page = html_of(as_user(verifier).get(url, {"dokumen": version.document_id}))
    assert page.count('hx-trigger="intersect once"') == 10
    assert f'href="{of(version)}"' in page
    assert "js/viewer" in page
    assert not PagePicture.objects.exists()


def test_table_and_calculation_of_a_formation(as_user, verifier):
    formation = factories.make_formation(
        factories.make_agency(), factories.make_period(), status=Formation.Status.SUBMITTED
    )
    formation.table = factories.make_file(formation)
    formation.save()
    address = reverse("proposals:formation_pages", args=[formation.pk, "tabel"])
    assert as_user(verifier).get(address).status_code == 200
    tasks.draw_due()
    response = as_user(verifier).get(f"{address}1/")
    assert b"".join(response.streaming_content)[:4] == b"RIFF"
    assert as_user(factories.make_operator()).get(f"{address}1/").status_code == 404
    for missing in ("perhitungan", "lain"):
        path = reverse("proposals:formation_pages", args=[formation.pk, missing])
        assert as_user(verifier).get(path).status_code == 404
    desk = html_of(as_user(verifier).get(reverse("verification:formation", args=[formation.pk])))
    assert f'href="{address}"' in desk


def test_the_letter_of_an_operator_request(as_user, verifier):
    row = OperatorRequest.objects.create(
        agency=factories.make_agency(),
        name="Budi",
        nip=factories.make_nip(),
        office_email="b@contoh.go.id",
        letter_number="1",
        email_confirmed_at=timezone.now(),
    )
    row.letter = factories.make_file(row)
    row.save()
    address = reverse("verification:letter_pages", args=[row.pk])
    own = factories.make_verifier(employer=row.agency)
    assert as_user(own).get(address).status_code == 404
    assert as_user(verifier).get(address).status_code == 200
    tasks.draw_due()
    assert as_user(own).get(f"{address}1/").status_code == 404
    response = as_user(verifier).get(f"{address}1/")
    assert b"".join(response.streaming_content)[:4] == b"RIFF"
    row.letter.state = "refused"
    row.letter.save()
    assert as_user(verifier).get(f"{address}1/").status_code == 404
