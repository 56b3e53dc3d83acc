"""What the tests of the participant side share: distinct PDFs, a person who files."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from inpassing.files.storage import save_preview
from proposals.models import LargeScan, Proposal, ProposalDocument
from tests.factories import PDF, make_agency, make_file, make_operator, make_proposal, make_verifier


def pdf(mark: object = "") -> bytes:
    """A harmless PDF whose bytes differ with `mark`."""
    return PDF.replace(b"%PDF-1.4\n", f"%PDF-1.4\n%{mark}\n".encode())


def upload_of(data: bytes, name: str = "ijazah.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "application/pdf")


def filing(status: str = Proposal.Status.FILLING, **fields) -> Proposal:
    """A proposal in its participant's hands; every slot holds bytes of its own."""
    complete = fields.pop("complete", True)
    proposal = make_proposal(
        status=status, complete=False, **{**(DATA if complete else {}), **fields}
    )
    if complete:
        for document in proposal.documents.all():
            put(document, pdf(f"slot {document.pk}"))
    return proposal


DATA = {
    "phone": "0812",
    "address": "Jalan Contoh 1",
    "current_post": "Pengelola data",
    "work_field": "Sistem informasi",
    "work_since": "2018-01-01",
    "duties": "Mengelola basis data.",
    "programme": "Teknik Informatika",
    "institution": "Universitas Contoh",
    "graduation_year": 2012,
}


def put(document: ProposalDocument, data: bytes, *, state: str = "accepted", **fields):
    """A version with a stored file, as the newest of the slot."""
    number = document.versions.count() + 1
    file = make_file(document, data, state=state, **fields)
    document.current = document.versions.create(number=number, file=file)
    document.save()
    return document.current


def shrunk(document: ProposalDocument, *, by, data: bytes = b"") -> LargeScan:
    """A scan over the limit whose smaller file waits for the participant's word."""
    scan = LargeScan.objects.create(
        document=document, uploaded_by=by, name="pindaian.pdf", size=6_000_000, sha256="0" * 64
    )
    scan.original = make_file(scan, pdf("asli"), state="refused", code="too_large")
    scan.result = make_file(document, data or pdf("hasil"))
    scan.result.preview_path = save_preview(scan.result, b"RIFF")
    scan.result.save()
    scan.state, scan.result_size, scan.concluded_at = "ready", scan.result.size, timezone.now()
    scan.save()
    return scan


def slot(proposal: Proposal, code: str = "ijazah") -> ProposalDocument:
    return proposal.documents.select_related("current__file", "requirement").get(
        requirement__code=code
    )


def operator_of(proposal: Proposal):
    return make_operator(proposal.agency)


def strangers_of(proposal: Proposal):
    """Somebody who knows nothing of the proposal, and somebody who may only look."""
    return make_operator(make_agency()), make_verifier()
