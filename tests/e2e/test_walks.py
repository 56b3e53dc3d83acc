"""One civil servant from the agency's request to the letter, in the browser, as every role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from inpassing.accounts.models import Agency
from inpassing.formats import format_nip
from inpassing.timeline.events import broken_links, story_of
from proposals.models import Proposal
from recommendations.models import Letter
from tests import factories

from .actor import Actor, pdf_text, upload
from .conftest import PASSWORD, Staff, Stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("worker")]

Pdf = Callable[[], bytes]
WITA = ZoneInfo("Asia/Makassar")
OPERATOR_MAIL = "kepegawaian@baubau.example"
PARTICIPANT_MAIL = "wa.ode@rumah.example"
NAME = "Wa Ode Sri Ramlah"


@dataclass(frozen=True)
class Candidate:
    """Who is proposed: what the two walks do differently."""

    nip: str
    level: str
    rank: str
    education: str
    field: str


def test_walk_with_a_competency_test(stage: Stage, staff: Staff, pdf: Pdf) -> None:
    candidate = Candidate(factories.make_nip(), "Ahli Muda", "III/c", "S1", "teknologi_informasi")
    operator = ask_for_an_account(stage, staff, pdf)
    formation(operator, candidate, pdf)
    nominate(operator, candidate)
    verifier = stage.signed_in(staff.verifier)
    approve(verifier)
    participant = fill_in(stage, pdf)
    proposal = Proposal.objects.get()
    check_documents(verifier, candidate, returned="sp_hukdis")
    repair(stage, participant, pdf)
    declare_eligible(verifier)
    validate_formation(verifier)
    assess(verifier, says="Wajib uji kompetensi")

    admin = stage.signed_in(staff.admin)
    hold_the_test(stage, staff, admin, participant, proposal)
    letter = issue_the_letter(stage, staff, admin)
    fetch_and_check(stage, operator, participant, letter)
    appoint(operator, letter, pdf)

    kinds = list(story_of(proposal).order_by("at", "pk").values_list("kind", flat=True))
    for kind in (
        "proposal.nominated",
        "proposal.nomination_approved",
        "proposal.submitted",
        "proposal.returned",
        "proposal.resubmitted",
        "proposal.eligible",
        "proposal.test_required",
        "seat.assigned",
        "attendance.marked",
        "result.entered",
        "proposal.ready",
        "proposal.recommended",
        "proposal.appointed",
    ):
        assert kinds.count(kind) == 1, kind
    assert list(broken_links()) == []


def test_walk_that_is_exempt_from_the_test(stage: Stage, staff: Staff, pdf: Pdf) -> None:
    candidate = Candidate(
        factories.make_nip(), "Ahli Pertama", "III/a", "S1", "teknologi_informasi"
    )
    agency = factories.make_agency(region="74.72", addressee="Wali Kota Bau Bau")
    user = factories.make_operator(agency, name="Asriani Wahid", email=OPERATOR_MAIL)
    operator = stage.signed_in(user)
    formation(operator, candidate, pdf)
    nominate(operator, candidate)
    verifier = stage.signed_in(staff.verifier)
    approve(verifier)
    participant = fill_in(stage, pdf)
    proposal = Proposal.objects.get()
    check_documents(verifier, candidate)
    declare_eligible(verifier)
    validate_formation(verifier)
    assess(verifier, says="Siap direkomendasikan")
    assert not proposal.seats.exists()

    admin = stage.signed_in(staff.admin)
    letter = issue_the_letter(stage, staff, admin)
    fetch_and_check(stage, operator, participant, letter)
    proposal.refresh_from_db()
    assert proposal.status == Proposal.Status.RECOMMENDED


# A. Proposal


def ask_for_an_account(stage: Stage, staff: Staff, pdf: Pdf) -> Actor:
    """The request, the confirmed address, the approval, the password: the operator is in."""
    operator = stage.actor()
    operator.go("/")
    operator.go("/permohonan-operator/")
    operator.fill(q="baubau")
    operator.press("Cari")
    operator.follow("Kota Bau Bau")
    operator.fill(
        name="Asriani Wahid, S.Kom.",
        nip="19860926 201013 1 901",
        office_email=OPERATOR_MAIL,
        phone="0812 3456 7890",
        letter_number="800/112/BKPSDM",
        letter=upload(pdf(), "surat-tugas.pdf"),
    )
    operator.press("Kirim permohonan", status=422)
    operator.reads("ciri nomor PPPK")
    assert operator.page.locator("[name=office_email]").input_value() == OPERATOR_MAIL
    operator.fill(nip="19860926 201012 1 901", letter=upload(pdf(), "surat-tugas.pdf"))
    operator.press("Kirim permohonan")
    operator.reads("Konfirmasi email Anda")

    operator.go(stage.mail.wait_for(OPERATOR_MAIL, "onfirmasi").link)
    operator.press("Benarkan alamat ini")
    operator.reads("Alamat Anda sudah dikonfirmasi")

    verifier = stage.signed_in(staff.verifier)
    verifier.go("/verifikasi/antrean/permohonan/")
    verifier.follow("Asriani Wahid")
    verifier.waits_for("Buka penuh")
    verifier.press("Setujui permohonan")

    invitation = stage.mail.wait_for(OPERATOR_MAIL, "Akun Inpassing")
    assert "198609262010121901" in invitation.text
    operator.go(invitation.link)
    operator.fill(password=PASSWORD, repeat=PASSWORD)
    operator.press("Simpan dan masuk")
    operator.reads("Yang perlu Anda kerjakan")
    Agency.objects.update(addressee="Wali Kota Bau Bau")
    return operator


def formation(operator: Actor, candidate: Candidate, pdf: Pdf) -> None:
    """The formation for Pranata Komputer with its signed table."""
    operator.go("/formasi/")
    operator.press("Buat formasi Pranata Komputer")
    operator.follow("Tambah baris")
    operator.chooses("level", candidate.level)
    operator.fill(needed="5", filled="2")
    operator.press("Simpan baris")
    operator.fill(table=upload(pdf(), "tabel.pdf"))
    operator.press("Unggah tabel")
    operator.waits_for("Terbaca baik")
    operator.follow("Kirim formasi")
    operator.press("Kirim formasi")
    operator.reads("Menunggu validasi")


def nominate(operator: Actor, candidate: Candidate) -> None:
    """The candidate, first with a rank that does not fit."""
    operator.go("/usulan/baru/")
    operator.fill(
        nip=format_nip(candidate.nip),
        name=NAME,
        title_after="S.Kom.",
        rank="II/c",
        rank_effective_on="01-04-2022",
        education=candidate.education,
        is_structural="tidak",
        dismissed_before="tidak",
        email=PARTICIPANT_MAIL,
    )
    operator.page.locator("main [name=name]").press("Tab")
    operator.reads("14 April 1989")  # what the number says
    level = f"{candidate.level}, sisa formasi 3"
    operator.chooses("level", level)
    operator.press("Simpan dan periksa")
    operator.reads("Pangkat II/c belum sesuai")
    operator.fill(rank=candidate.rank)
    operator.press("Simpan dan periksa")
    operator.reads(f"Pangkat {candidate.rank} sesuai")
    operator.follow("Usulkan ke BPS")
    operator.press("Usulkan ke BPS")
    operator.reads("Menunggu verifikasi usulan")


def approve(verifier: Actor) -> None:
    verifier.go("/verifikasi/antrean/usulan/")
    verifier.press(f"Ambil {NAME}")
    verifier.press("Setujui usulan")


def fill_in(stage: Stage, pdf: Pdf) -> Actor:
    """The invitation, the data, the documents, the sending."""
    participant = stage.actor()
    participant.go(stage.mail.wait_for(PARTICIPANT_MAIL, "Akun Inpassing").link)
    participant.fill(password=PASSWORD, repeat=PASSWORD)
    participant.press("Simpan dan masuk")
    participant.reads("Lengkapi usulan Anda")
    pages = (
        ("Data diri", {"phone": "0812 0000 0000", "address": "Jalan Contoh 9, Bau Bau"}),
        (
            "Pekerjaan",
            {
                "current_post": "Pengelola sistem informasi",
                "work_field": "Sistem informasi",
                "work_since": "02-01-2018",
                "duties": "Mengelola basis data kepegawaian.",
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
    )
    for title, values in pages:
        participant.follow(title)
        participant.fill(**values)
        participant.press("Simpan")

    slots = participant.page.locator("article.slot")
    assert slots.count() == 8  # the two of structural officials are not asked for
    assert "Mengundurkan" not in participant.words()
    statement = participant.downloads_when_printed("Unduh surat terisi Surat Pernyataan kompeten")
    assert NAME in pdf_text(statement)
    participant.go("/beranda/")

    for number in range(8):
        slot = slots.nth(number)
        slot.locator("input[type=file]").set_input_files(upload(pdf(), f"dokumen-{number}.pdf"))
        slot.get_by_role("button", name="Unggah").click()
        slots.nth(number).locator(".tag", has_text="Terbaca baik").wait_for()
    slots.nth(7).locator("img.thumb").wait_for()
    participant.reads("8 dari 8 selesai")
    participant.page.reload()
    participant.look()
    participant.follow("Periksa dan kirim")
    participant.press("Kirim")
    participant.reads("Tanda terima berkas")
    assert "dokumen-7.pdf" in stage.mail.wait_for(PARTICIPANT_MAIL, "Tanda terima").text
    return participant


# B. Verification and validation


def check_documents(verifier: Actor, candidate: Candidate, *, returned: str = "") -> None:
    """Each document is judged; `returned` is sent back with a reason."""
    verifier.go("/verifikasi/antrean/berkas/")
    verifier.press(f"Ambil {NAME}")
    slots = list(
        Proposal.objects.get().documents.select_related("requirement").order_by("order", "pk")
    )
    for slot in slots:
        verifier.go(f"/verifikasi/berkas/{slot.proposal_id}/?dokumen={slot.pk}")
        if slot.requirement.code == returned:
            verifier.fill(verdict="return", reason="belum_ttd", note="Mohon ditandatangani.")
        else:
            verifier.fill(verdict="accept")
            if slot.requirement.certified_copy:
                verifier.fill(
                    certified_ok=True,
                    certifier="Sekretaris Daerah",
                    certified_on=f"{timezone.localdate() - dt.timedelta(days=30)}",
                )
        verifier.press("Simpan, lanjut")
    verifier.page.locator(f"#bidang [value={candidate.field!r}]").check()
    verifier.press("Tetapkan bidang")
    if returned:
        verifier.press("Kembalikan untuk perbaikan")


def repair(stage: Stage, participant: Actor, pdf: Pdf) -> None:
    """The one document is repaired and sent again; the others stay as they are."""
    mail = stage.mail.wait_for(PARTICIPANT_MAIL, "perlu diperbaiki")
    assert "Belum ditandatangani" in mail.text
    participant.go(mail.link)
    participant.reads("1 dokumen perlu diperbaiki")
    assert participant.page.locator("article.slot--frozen").count() == 7
    participant.follow("Perbaiki dokumen")
    participant.fill(within="form[data-upload]", file=upload(pdf(), "diperbaiki.pdf"))
    participant.page.get_by_role("button", name="Unggah", exact=True).click()
    participant.reads("Berkas terbaca baik")
    participant.follow("Kembali ke daftar dokumen")
    participant.follow("Periksa dan kirim ulang")
    participant.press("Kirim ulang")
    participant.reads("Tanda terima berkas")


def declare_eligible(verifier: Actor) -> None:
    proposal = Proposal.objects.get()
    for slot in proposal.documents.exclude(review="accepted").exclude(
        current__check_result__verdict="accept"
    ):
        verifier.go(f"/verifikasi/berkas/{proposal.pk}/?dokumen={slot.pk}")
        verifier.fill(verdict="accept")
        verifier.press("Simpan, lanjut")
    verifier.go(f"/verifikasi/berkas/{proposal.pk}/")
    verifier.press("Nyatakan memenuhi syarat")


def validate_formation(verifier: Actor) -> None:
    verifier.go("/verifikasi/antrean/formasi/")
    verifier.follow("Periksa")
    verifier.press("Validasi formasi")


def assess(verifier: Actor, *, says: str) -> None:
    """The portfolio is passed; the rule table decides about the test."""
    verifier.go("/verifikasi/antrean/portofolio/")
    verifier.press(f"Ambil {NAME}")
    for answer in verifier.page.locator("main [value=met]").all():
        answer.check()
    verifier.fill(verdict="passed")
    verifier.press("Lanjut, lihat pesan")
    verifier.reads("Pesan yang akan dikirim")
    verifier.press("Simpan putusan portofolio")
    verifier.go(f"/usulan/{Proposal.objects.get().pk}/")
    verifier.reads(says)


# C. Test


def hold_the_test(
    stage: Stage, staff: Staff, admin: Actor, participant: Actor, proposal: Proposal
) -> None:
    """A session at the nearest office, seat, card, attendance, result, publication."""
    start = (timezone.now() + dt.timedelta(minutes=61)).astimezone(WITA)
    if start.time() > dt.time(23, 50):
        start = (start + dt.timedelta(days=1)).replace(hour=0, minute=1)
    end = min(start + dt.timedelta(hours=2), start.replace(hour=23, minute=59))
    admin.go("/uji/sesi/baru/")
    admin.chooses("period", str(stage.period))
    admin.chooses("office", "BPS Kota Bau Bau")
    admin.fill(
        day=f"{start:%Y-%m-%d}",
        starts=f"{start:%H:%M}",
        ends=f"{end:%H:%M}",
        room="Ruang Rapat Lantai 1",
        capacity="10",
    )
    admin.press("Simpan sesi")
    admin.go("/uji/kursi/")
    admin.press("Tetapkan kursi")
    admin.waits_for("Semua peserta dan operatornya sudah dikirimi undangan")

    invitation = stage.mail.wait_for(PARTICIPANT_MAIL, "Uji kompetensi")
    assert "BPS Kota Bau Bau" in invitation.text
    participant.go(invitation.link)
    participant.go(f"/uji/peserta/{proposal.pk}/")
    card = pdf_text(participant.downloads_when_printed("Unduh kartu peserta"))
    assert NAME in card
    assert "BPS Kota Bau Bau" in card

    proctor = stage.signed_in(staff.proctor)
    proctor.go("/uji/sesi/")
    proctor.follow("BPS Kota Bau Bau")
    proctor.page.locator("[data-seat] button").first.click()  # kept in the browser, then sent
    proctor.reads("Sudah hadir")
    proctor.follow(f"Isi nilai {NAME}")
    technical, interview = proctor.page.locator("main form [name^=c][type=text]").all()
    technical.fill("81,5")
    interview.fill("74")
    proctor.press("Simpan nilai")
    sheet = pdf_text(proctor.downloads_when_printed("Unduh daftar hadir"))
    assert NAME in sheet

    admin.go("/uji/sesi/")
    admin.follow("BPS Kota Bau Bau")
    admin.press("Pastikan hasil sesi")
    admin.go("/uji/pengumuman/")
    admin.fill(when="now")
    admin.press("Umumkan hasil")
    public = stage.actor()
    public.go("/uji/hasil/?q=ramlah")
    public.waits_for("Lulus")
    assert proposal.nip not in public.page.content()
    participant.go(f"/uji/peserta/{proposal.pk}/")
    participant.reads("79,25")


# D. Recommendation


def issue_the_letter(stage: Stage, staff: Staff, admin: Actor) -> Letter:
    """The run, the signer's act, the PDF by the worker."""
    admin.go("/penerbitan/")
    admin.press(f"Mulai penerbitan {stage.period}")
    admin.press("Himpun usulan siap")
    admin.follow("Kirim ke penanda tangan")
    admin.press("Kirim ke penanda tangan")

    signer = stage.signed_in(staff.signer)
    signer.go("/surat/tanda-tangan/")
    letter = Letter.objects.get(kind=Letter.Kind.RECOMMENDATION)
    signer.page.locator(f"[name=letter][value='{letter.pk}']").check()
    signer.press("Terbitkan yang dipilih")
    signer.press("Terbitkan")
    stage.mail.wait_for(OPERATOR_MAIL, "urat rekomendasi")
    letter.refresh_from_db()
    assert letter.is_issued
    return letter


def fetch_and_check(stage: Stage, operator: Actor, participant: Actor, letter: Letter) -> None:
    """The operator's letter, the participant's extract, and the address of the QR code."""
    operator.go("/surat/")
    file = operator.downloads(f"PDF {letter.number}")
    words = pdf_text(file)
    assert letter.number in words
    assert NAME in words
    assert "Wali Kota Bau Bau" in words

    participant.go("/surat/")
    participant.waits_for("Petikan")
    extract = pdf_text(participant.downloads("PDF"))
    assert letter.number in extract
    assert NAME in extract

    anybody = stage.actor()
    anybody.go(f"/cek/{letter.code}/")
    anybody.reads("Surat ini asli dan berlaku")
    assert NAME not in anybody.words()
    anybody.page.locator("#pdf").set_input_files(upload(file, "surat.pdf"))
    anybody.reads("Sidik cocok.")
    anybody.page.locator("#pdf").set_input_files(upload(file + b"\n", "lain.pdf"))
    anybody.reads("Sidik berbeda.")


def appoint(operator: Actor, letter: Letter, pdf: Pdf) -> None:
    """The agency's decree comes back."""
    operator.go(f"/surat/{letter.pk}/")
    operator.follow("Unggah keputusan")
    today = timezone.localdate()
    operator.fill(decree_number="821.29/114/2026", decree_date=f"{today}", effective_on=f"{today}")
    operator.chooses("level", Proposal.objects.get().level.name)
    operator.fill(upload=upload(pdf(), "keputusan.pdf"))
    operator.press("Simpan")
    operator.reads("Tercatat")
