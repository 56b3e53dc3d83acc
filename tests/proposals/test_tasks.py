"""proposals:tasks, proposals:participant_data, proposals:check: what the participant works on."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.timeline.models import TimelineEvent
from proposals.models import Proposal, ProposalDocument
from tests.factories import make_admin, make_level, make_period
from tests.proposals.filing import filing, operator_of, pdf, put, slot, strangers_of

pytestmark = pytest.mark.django_db
Status = Proposal.Status


def tasks_url(proposal: Proposal) -> str:
    return reverse("proposals:tasks", args=[proposal.pk])


def data_url(proposal: Proposal, step: str) -> str:
    return reverse("proposals:participant_data", args=[proposal.pk, step])


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_a_new_participant_sees_what_to_do(as_user):
    proposal = filing(complete=False)
    response = as_user(proposal.participant).get(tasks_url(proposal))
    page = text_of(response)
    assert response.status_code == 200
    assert page.count('class="slot slot--empty"') == 8
    assert "0 dari 8 selesai" in page
    assert "Kirim sebelum" in page
    assert "Belum dapat dikirim" in page
    assert "Bidang pekerjaan" not in page.split("Dokumen")[0].split("<h2>Data</h2>")[0]
    assert response.context["missing"] == [
        "Data diri",
        "Pekerjaan dan pangkat",
        "Pendidikan",
        "8 dokumen",
    ]
    # Only the first page that lacks something is the person's turn.
    assert [task["is_turn"] for task in response.context["data_tasks"]] == [True, False, False]


def test_structural_officials_are_asked_for_two_more_documents(as_user):
    proposal = filing(complete=False, is_structural=True)
    page = text_of(as_user(proposal.participant).get(tasks_url(proposal)))
    assert page.count('class="slot slot--empty"') == 10
    assert "Mengundurkan Diri" in page


def test_each_slot_says_how_it_stands(as_user):
    proposal = filing()
    put(slot(proposal, "transkrip"), pdf("t"), state="refused", code="encrypted", message="Kunci.")
    put(slot(proposal, "sk_pangkat"), pdf("p"), state="waiting", pages=None)
    frozen = slot(proposal, "sk_cpns")
    frozen.review = ProposalDocument.Review.ACCEPTED
    frozen.save()
    response = as_user(proposal.participant).get(tasks_url(proposal))
    states = {s.document.requirement.code: (s.css, s.word) for s in response.context["slots"]}
    assert states["transkrip"] == ("refused", "Ditolak sistem")
    assert states["sk_pangkat"] == ("waiting", "Sedang diperiksa")
    assert states["sk_cpns"] == ("frozen", "Diterima, terkunci")
    assert states["ijazah"] == ("accepted", "Terbaca baik")
    assert "Kunci." in text_of(response)
    assert response.context["missing"] == ["Fotokopi Transkrip Nilai yang diakui secara kedinasan"]


def test_a_returned_proposal_opens_only_what_was_returned(as_user):
    proposal = filing(Status.RETURNED, repair_deadline=timezone.now() + dt.timedelta(days=3))
    proposal.documents.update(review="accepted", reviewed_at=timezone.now())
    returned = slot(proposal, "ijazah")
    returned.review, returned.reason, returned.note = "returned", "Tidak terbaca", "Pindai ulang."
    returned.save()
    response = as_user(proposal.participant).get(tasks_url(proposal))
    page = text_of(response)
    assert [s.document for s in response.context["slots"]] == [returned]
    assert page.count("slot--frozen") == len(response.context["locked"]) == 7
    assert "7 dokumen sudah diterima dan terkunci" in page
    assert "1 dokumen perlu diperbaiki" in page
    assert "Tidak terbaca" in page
    assert "Pindai ulang." in page


def test_a_finished_repair_that_was_not_sent_says_so(as_user):
    proposal = filing(Status.RETURNED, repair_deadline=timezone.now() + dt.timedelta(days=3))
    page = text_of(as_user(proposal.participant).get(tasks_url(proposal)))
    assert "Perbaikan sudah lengkap, tetapi belum dikirim." in page
    assert "Periksa dan kirim ulang" in page


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.ELIGIBLE, Status.NOT_ELIGIBLE])
def test_after_sending_nothing_can_be_changed(as_user, status):
    proposal = filing(status, submitted_at=timezone.now())
    response = as_user(proposal.participant).get(tasks_url(proposal))
    page = text_of(response)
    assert not response.context["is_open"]
    assert "data-upload" not in page
    assert "Lihat tanda terima" in page


def test_after_the_deadline_the_page_says_so_and_takes_nothing(as_user):
    now = timezone.now()
    period = make_period(
        opens_at=now - dt.timedelta(days=30),
        nomination_deadline=now - dt.timedelta(days=20),
        filing_deadline=now - dt.timedelta(hours=1),
    )
    proposal = filing(period=period)
    page = text_of(as_user(proposal.participant).get(tasks_url(proposal)))
    assert "Batas pengiriman sudah lewat" in page
    assert "data-upload" not in page


def test_only_the_participant_gets_the_pages(as_user):
    proposal = filing()
    stranger, onlooker = strangers_of(proposal)
    pages = [
        tasks_url(proposal),
        data_url(proposal, "diri"),
        reverse("proposals:check", args=[proposal.pk]),
        reverse("proposals:receipt", args=[proposal.pk]),
    ]
    for url in pages:
        assert as_user(stranger).get(url).status_code == 404
        for person in (onlooker, operator_of(proposal), make_admin()):
            assert as_user(person).get(url).status_code == 403
        assert as_user(None).get(url).headers["Location"].startswith("/akun/masuk/")


def test_tasks_cost_the_same_for_one_slot_and_for_ten(as_user):
    few, many = filing(complete=False), filing(is_structural=True)
    few.documents.exclude(requirement__code="ijazah").delete()
    put(slot(few), pdf("few"))
    counts = []
    for proposal in (few, many):
        client = as_user(proposal.participant)
        client.get(tasks_url(proposal))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(tasks_url(proposal)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


def test_a_data_page_is_saved_and_prefilled(as_user):
    proposal = filing(complete=False)
    client = as_user(proposal.participant)
    response = client.post(
        data_url(proposal, "pekerjaan"),
        {
            "current_post": "Pranata data",
            "work_field": "Pengelolaan data",
            "work_since": "01-03-2019",
            "duties": "Mengelola basis data\nMenyusun laporan",
        },
    )
    assert response.status_code == 302
    assert response.headers["Location"] == tasks_url(proposal)
    proposal.refresh_from_db()
    assert (proposal.current_post, proposal.work_since) == ("Pranata data", dt.date(2019, 3, 1))
    assert 'value="01-03-2019"' in text_of(client.get(data_url(proposal, "pekerjaan")))
    event = TimelineEvent.objects.get(kind="proposal.data_saved")
    assert event.data == {"fields": ["current_post", "duties", "work_field", "work_since"]}


def test_a_page_may_be_saved_before_it_is_complete(as_user):
    proposal = filing(complete=False)
    client = as_user(proposal.participant)
    client.post(
        data_url(proposal, "pendidikan"), {"education": "S1", "programme": "Teknik Informatika"}
    )
    proposal.refresh_from_db()
    assert (proposal.programme, proposal.graduation_year) == ("Teknik Informatika", None)
    page = text_of(client.get(tasks_url(proposal)))
    assert "Lembaga pendidikan dan tahun lulus belum diisi." in page


def test_saving_the_same_again_changes_nothing(as_user):
    proposal = filing(complete=False)
    client, url = as_user(proposal.participant), data_url(proposal, "diri")
    for _ in range(2):
        client.post(url, {"phone": "0812 3456", "address": "Jalan 1"})
    assert TimelineEvent.objects.filter(kind="proposal.data_saved").count() == 1


@pytest.mark.parametrize(
    ("step", "field", "value", "sentence"),
    [
        ("diri", "phone", "nomor kantor 12", "Nomor telepon belum lengkap"),
        ("pekerjaan", "work_since", "32-13-2019", "Tanggal tidak terbaca"),
        ("pekerjaan", "work_since", "01-01-2190", "masih akan datang"),
        ("pekerjaan", "work_since", "01-01-1991", "terlalu dekat dengan tanggal lahir"),
        ("pendidikan", "graduation_year", "2190", "masih akan datang"),
        ("pendidikan", "graduation_year", "1990", "terlalu dekat dengan tahun lahir"),
        ("pendidikan", "graduation_year", "dua ribu", "isi dengan angka bulat"),
    ],
)
def test_what_cannot_be_is_said_at_the_field_and_nothing_is_saved(
    as_user, step, field, value, sentence
):
    proposal = filing(complete=False)
    kept = dict.fromkeys(["address", "programme", "current_post"], "Tetap ada")
    data = {"education": "S1", **kept, field: value}
    response = as_user(proposal.participant).post(data_url(proposal, step), data)
    page = text_of(response)
    assert response.status_code == 422
    assert sentence in page
    assert "Tetap ada" in page
    assert value in page
    proposal.refresh_from_db()
    assert (proposal.address, proposal.programme, proposal.current_post) == ("", "", "")


def test_an_education_below_the_level_is_refused(as_user):
    proposal = filing(complete=False, level=make_level("PRAKOM", "pertama"))
    response = as_user(proposal.participant).post(
        data_url(proposal, "pendidikan"), {"education": "D3"}
    )
    assert response.status_code == 422
    assert "belum memenuhi Pranata Komputer Ahli Pertama" in text_of(response)
    proposal.refresh_from_db()
    assert proposal.education_id == "S1"


def test_less_than_the_periods_years_is_a_warning_not_a_refusal(as_user):
    proposal = filing(complete=False, period=make_period(min_field_years=3))
    since = timezone.localdate() - dt.timedelta(days=800)
    response = as_user(proposal.participant).post(
        data_url(proposal, "pekerjaan"), {"work_since": f"{since:%d-%m-%Y}"}, follow=True
    )
    assert "belum 3 tahun. Ini peringatan, bukan penolakan" in text_of(response)
    proposal.refresh_from_db()
    assert proposal.work_since == since


def test_the_structural_fields_are_asked_of_structural_officials_only(as_user):
    for is_structural in (True, False):
        proposal = filing(complete=False, is_structural=is_structural)
        page = text_of(as_user(proposal.participant).get(data_url(proposal, "pekerjaan")))
        assert ("Nomor SK jabatan struktural" in page) is is_structural


def test_what_the_operator_froze_is_shown_and_cannot_be_typed(as_user):
    proposal = filing(complete=False)
    operator = operator_of(proposal)
    client, url = as_user(proposal.participant), data_url(proposal, "diri")
    page = text_of(client.get(url))
    assert proposal.name in page
    assert f"Hubungi operator instansi: {operator.full_name}" in page
    client.post(url, {"name": "Orang Lain", "phone": "0813 1111"})
    old = proposal.name
    proposal.refresh_from_db()
    assert (proposal.name, proposal.phone) == (old, "0813 1111")


def test_data_of_a_sent_proposal_cannot_be_saved(as_user):
    proposal = filing(Status.SUBMITTED, submitted_at=timezone.now())
    client, url = as_user(proposal.participant), data_url(proposal, "diri")
    response = client.post(url, {"phone": "0899 1111"}, follow=True)
    assert "Tidak ada yang diubah" in text_of(response)
    proposal.refresh_from_db()
    assert proposal.phone == "0812"
    assert client.get(url).status_code == 302


def test_data_refuses_everybody_else(refuses_everybody_else):
    proposal = filing()
    stranger, onlooker = strangers_of(proposal)
    refuses_everybody_else(data_url(proposal, "diri"), stranger=stranger, onlooker=onlooker)


def test_an_unknown_step_is_not_found(as_user):
    proposal = filing()
    assert as_user(proposal.participant).get(data_url(proposal, "gaji")).status_code == 404


def test_check_shows_every_answer_and_what_is_missing(as_user):
    proposal = filing()
    url = reverse("proposals:check", args=[proposal.pk])
    page = text_of(as_user(proposal.participant).get(url))
    for words in ("Jalan Contoh 1", "Teknik Informatika", "1 Januari 2018", "Kirim ke verifikator"):
        assert words in page
    proposal.documents.filter(requirement__code="transkrip").update(current=None)
    page = text_of(as_user(proposal.participant).get(url))
    assert "Belum dapat dikirim" in page
    assert 'action="/usulan/' not in page
