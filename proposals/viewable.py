"""The files of stage 1 as papers to look at page by page."""

from __future__ import annotations

from django.urls import reverse

from inpassing.files.views import Paper

from .models import DocumentVersion, Formation

# Slug in the address -> field of the formation, URL name of the file, what it is called.
FORMATION_PAPERS = {
    "tabel": ("table", "proposals:formation_table", "Tabel bertanda tangan"),
    "perhitungan": ("calculation", "proposals:formation_calculation", "Perhitungan kebutuhan"),
}


def paper_of(version: DocumentVersion) -> Paper:
    """One upload of a document; its file and requirement are loaded."""
    return Paper(
        file=version.file,
        title=f"{version.document.requirement.name}, versi {version.number}",
        url=reverse("proposals:document_file", args=[version.pk]),
        pages_url=reverse("proposals:document_pages", args=[version.pk]),
    )


def formation_paper(formation: Formation, slug: str) -> Paper | None:
    """The signed table or the calculation; None when there is none."""
    field, url_name, title = FORMATION_PAPERS[slug]
    file = getattr(formation, field)
    if file is None:
        return None
    return Paper(
        file=file,
        title=title,
        url=reverse(url_name, args=[formation.pk]),
        pages_url=reverse("proposals:formation_pages", args=[formation.pk, slug]),
    )
