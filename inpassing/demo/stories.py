"""The demo's three periods: one being proposed for, one being tested, one being recommended."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from competency import attendance, publishing, results, seats
from competency import sessions as test_sessions
from competency.models import Seat, TestSession
from competency.proctors import assign_proctors
from inpassing.accounts.models import Agency, OneTimeLink
from inpassing.files.storage import store_upload
from inpassing.reference.models import BpsOffice, Period, ReturnReason, TestComponent
from proposals import intake, operator_requests
from proposals import workflow as stage1
from proposals.models import Formation, OperatorRequest, Proposal
from recommendations import delivery, gathering, issuing, workflow
from recommendations.models import Appointment, Letter
from verification import workflow as stage2
from verification.models import DocumentCheck

from .cast import CITY, MINISTRY, PROVINCE, Cast, make_period
from .clock import at
from .papers import paper
from .people import person
from .walk import OTHER, STATISTICS, Days, Walk

PRAKOM, STATISTISI = "PRAKOM", "STATISTISI"
State = Formation.Status


def tell_all(cast: Cast) -> list[Period]:
    """Play all three periods; returns them, the oldest first."""
    numbers = itertools.count(1)
    over = recommend(cast, numbers)
    testing = test(cast, numbers)
    current = propose(cast, numbers, failed=over)
    ask_for_accounts(cast)
    return [over, testing, current]


def recommend(cast: Cast, numbers: Iterator[int]) -> Period:
    """The period whose recommendation date came yesterday: letters in every state."""
    period = make_period(
        cast,
        1,
        {
            "opens_at": -150,
            "nomination_deadline": -130,
            "filing_deadline": -115,
            "verification_until": -95,
            "test_from": -80,
            "test_until": -70,
            "results_at": -60,
            "ends_on": -31,
            "recommendation_on": -1,
            "appointment_by": 90,
        },
    )
    walk = Walk(cast, period, Days(-145, -140, -136, -120, -105, -100), numbers)
    walk.formation(CITY, PRAKOM, {"terampil": (3, 1), "pertama": (9, 3), "muda": (4, 2)})
    walk.formation(PROVINCE, STATISTISI, {"pertama": (6, 2), "muda": (5, 3)})
    walk.formation(MINISTRY, PRAKOM, {"pertama": (12, 6), "muda": (8, 5), "madya": (3, 1)})
    walk.formation(PROVINCE, PRAKOM, {"pertama": (4, 4), "muda": (2, 1)}, status=State.SUBMITTED)

    for level in ("pertama", "terampil"):
        walk.assessed(CITY, PRAKOM, level)
    tested = [
        walk.assessed(CITY, PRAKOM, "pertama", education=OTHER, who=cast.participant),
        walk.assessed(CITY, PRAKOM, "pertama", education=OTHER),
        walk.assessed(CITY, PRAKOM, "muda"),
    ]
    for _ in range(2):
        walk.assessed(PROVINCE, STATISTISI, "pertama", education=STATISTICS, title_after="S.Stat.")
    walk.assessed(MINISTRY, PRAKOM, "pertama")
    walk.assessed(MINISTRY, PRAKOM, "pertama", is_structural=True)
    walk.assessed(MINISTRY, PRAKOM, "pertama", passed=False)
    without_post = walk.assessed(PROVINCE, PRAKOM, "muda", education=OTHER)
    _refuse_late(walk)
    _never_sent(walk)

    _hold_test(cast, period, [*tested, without_post])
    _appoint(
        cast,
        walk.assessed(PROVINCE, STATISTISI, "pertama", education=STATISTICS, title_after="S.Stat."),
    )
    _write_letters(cast, period, without_post)
    return period


def _refuse_late(walk: Walk) -> None:
    """Somebody who sent a decree that has nothing to do with the person."""
    proposal = walk.filed(CITY, PRAKOM, "pertama", waiting=False)
    with at(walk.cast.moment(walk.days.verified, 14)):
        stage2.declare_not_eligible(
            proposal,
            by=walk.cast.colleague,
            reasons="SK pangkat terakhir bukan milik yang bersangkutan. (Aturan E2)",
        )


def _never_sent(walk: Walk) -> None:
    """A draft that was still a draft at the nomination deadline."""
    proposal = walk.draft(CITY, PRAKOM, "muda")
    with at(walk.period.nomination_deadline + walk.period.grace + dt.timedelta(minutes=1)):
        stage1.close_unsent_draft(proposal)


def _hold_test(cast: Cast, period: Period, people: list[Proposal]) -> None:
    """One session long ago: passed, failed, absent; published in one act."""
    for office in (cast.office, BpsOffice.objects.get(region="74")):
        start = cast.moment(-75, 9)
        session = TestSession(
            period=period,
            office=office,
            starts_at=start,
            ends_at=start + dt.timedelta(hours=3),
            room="Aula Lantai 2",
            capacity=12,
        )
        with at(cast.moment(-95, 9)):
            test_sessions.create_session(session, by=cast.admin)
    with at(cast.moment(-94, 10)):
        seats.run_seating(seats.request_seating(period, by=cast.admin))
        seats.invite_some()
    scores = {0: (58, 64), 2: (81, 76), 3: (74, 80)}  # the second one does not come
    for number, proposal in enumerate(people):
        seat = Seat.objects.current().get(proposal=proposal)
        with at(cast.moment(-75, 9, 5 + number)):
            mark = "present" if number in scores else "absent"
            attendance.mark_attendance(seat, mark, by=cast.proctor)
        if number in scores:
            components = TestComponent.objects.filter(
                period_position__period=period,
                period_position__position=proposal.position_id,
            )
            values = {
                component.pk: Decimal(score)
                for component, score in zip(components, scores[number], strict=True)
            }
            with at(cast.moment(-74, 13, number)):
                results.enter_result(seat, values, by=cast.proctor)
    for session in TestSession.objects.filter(period=period):
        with at(cast.moment(-72, 10)):
            results.confirm_results(session, by=cast.admin)
    with at(cast.moment(-60, 9)):
        publishing.run_publication(publishing.publish(period, by=cast.admin))


def _write_letters(cast: Cast, period: Period, without_post: Proposal) -> None:
    """One letter signed, which the worker prints as soon as it runs; one awaiting its signature;
    drafts of the others."""
    with at(cast.moment(-1, 8)):
        run = gathering.start_run(period, by=cast.admin)
        without_post.refresh_from_db()
        gathering.not_recommend(
            run,
            without_post,
            by=cast.admin,
            reason="Formasi Pranata Komputer provinsi belum divalidasi sampai periode berakhir.",
        )
        gathering.gather(run, by=cast.admin)
    letters = {
        letter.agency_id: letter for letter in run.letters.filter(kind=Letter.Kind.RECOMMENDATION)
    }
    issued = letters[cast.agencies[PROVINCE].pk]
    awaiting = letters[cast.agencies[CITY].pk]
    for number, letter in enumerate((issued, awaiting), start=1):
        with at(cast.moment(-1, 9, number)):
            workflow.set_reference(
                letter,
                by=cast.admin,
                number=f"800/{number}21/BKD/{period.year}",
                date=cast.moment(-125).date(),
            )
    with at(cast.moment(-1, 10)):
        gathering.put_up(run, by=cast.admin, letters=[issued.pk])
    with at(cast.moment(-1, 11)):
        issuing.issue(issued, by=cast.signer)
    with at(cast.moment(-1, 13)):
        gathering.put_up(run, by=cast.admin, letters=[awaiting.pk])


def _appoint(cast: Cast, proposal: Proposal) -> None:
    """Somebody who was recommended by a letter on paper, and whose decree has come back."""
    operator = cast.operators[PROVINCE]
    with at(cast.moment(-28, 9)):
        stage1.mark_recommended(proposal, by=cast.signer, letter_id=0)
    with at(cast.moment(-3, 9)):
        data = paper("sk_pengangkatan", (proposal.full_name, proposal.level.name))
        upload = SimpleUploadedFile("sk-pengangkatan.pdf", data, "application/pdf")
        delivery.appoint(
            Appointment(
                proposal=proposal,
                decree_number=f"821.29/114/{cast.now.year}",
                decree_date=cast.moment(-5).date(),
                effective_on=cast.moment(-4).date(),
                level=proposal.level,
                rank=proposal.rank,
                file=store_upload(upload, owner=proposal, by=operator),
            ),
            by=operator,
        )


def test(cast: Cast, numbers: Iterator[int]) -> Period:
    """The period that is being tested: a session under way where the demo's proctor works."""
    period = make_period(
        cast,
        2,
        {
            "opens_at": -85,
            "nomination_deadline": -65,
            "filing_deadline": -50,
            "verification_until": -20,
            "test_from": -1,
            "test_until": 6,
            "results_at": 14,
            "ends_on": 25,
            "recommendation_on": 56,
            "appointment_by": 150,
        },
    )
    walk = Walk(cast, period, Days(-80, -75, -72, -55, -40, -35), numbers)
    walk.formation(CITY, PRAKOM, {"pertama": (10, 4), "muda": (5, 2)})
    walk.formation(PROVINCE, STATISTISI, {"pertama": (5, 2), "muda": (4, 2)})
    walk.formation(MINISTRY, PRAKOM, {"muda": (6, 3), "madya": (3, 1)})
    for level in ("pertama", "pertama", "muda", "muda"):
        walk.assessed(CITY, PRAKOM, level, education=OTHER)
    walk.assessed(PROVINCE, STATISTISI, "muda", education=STATISTICS, title_after="S.Stat.")
    walk.assessed(CITY, PRAKOM, "pertama")  # exempt from the test
    withdrawn = walk.filed(CITY, PRAKOM, "pertama", waiting=False)
    with at(cast.moment(-45, 9)):
        stage1.withdraw(withdrawn, by=cast.operators[CITY], reason="Pindah tugas ke instansi lain.")
    now = cast.now
    sessions = [
        (cast.office, now - dt.timedelta(minutes=20), "Ruang Rapat Lantai 1"),
        (BpsOffice.objects.get(region="74"), cast.moment(2, 9), "Aula"),
    ]
    for office, start, room in sessions:
        with at(cast.moment(-30, 9)):
            session = test_sessions.create_session(
                TestSession(
                    period=period,
                    office=office,
                    starts_at=start,
                    ends_at=start + dt.timedelta(hours=3),
                    room=room,
                    capacity=12,
                    wave="Gelombang 1",
                ),
                by=cast.admin,
            )
            if office == cast.office:
                assign_proctors(session, [cast.proctor.pk], by=cast.admin)
    with at(cast.moment(-14, 9)):
        seats.run_seating(seats.request_seating(period, by=cast.admin))
        seats.invite_some()
    # Came after the seats were given: an administrator seats this person in a session of BPS Pusat.
    walk.assessed(MINISTRY, PRAKOM, "muda", education=OTHER)
    return period


def propose(cast: Cast, numbers: Iterator[int], *, failed: Period) -> Period:
    """The period that agencies propose for now."""
    period = make_period(
        cast,
        3,
        {
            "opens_at": -16,
            "nomination_deadline": 12,
            "filing_deadline": 24,
            "verification_until": 45,
            "test_from": 55,
            "test_until": 65,
            "results_at": 75,
            "ends_on": 85,
            "recommendation_on": 116,
            "appointment_by": 210,
        },
    )
    walk = Walk(cast, period, Days(-12, -10, -8, -4, -2, -1), numbers)
    walk.formation(CITY, PRAKOM, {"terampil": (4, 1), "pertama": (12, 3), "muda": (6, 2)})
    walk.formation(CITY, STATISTISI, {"pertama": (3, 1)}, status=State.DRAFT)
    walk.formation(PROVINCE, STATISTISI, {"pertama": (6, 2)}, status=State.SUBMITTED)
    walk.formation(PROVINCE, PRAKOM, {"pertama": (5, 2), "muda": (3, 3)}, status=State.RETURNED)
    walk.formation(MINISTRY, PRAKOM, {"pertama": (14, 6), "muda": (8, 5)})

    _participant(walk, failed)
    _returned_participant(walk)
    walk.draft(CITY, PRAKOM, "pertama")
    walk.draft(CITY, PRAKOM, "muda", is_structural=True)
    walk.nominated(CITY, PRAKOM, "pertama")
    walk.nominated(CITY, PRAKOM, "terampil")
    walk.nominated(PROVINCE, STATISTISI, "pertama", education=STATISTICS, title_after="S.Stat.")
    walk.nominated(MINISTRY, PRAKOM, "pertama")
    walk.nominated(MINISTRY, PRAKOM, "muda")
    walk.filling(CITY, PRAKOM, "pertama", approved_at=cast.now - dt.timedelta(minutes=10))
    walk.filling(MINISTRY, PRAKOM, "pertama")
    walk.filed(CITY, PRAKOM, "pertama")
    walk.filed(CITY, PRAKOM, "muda", is_structural=True)
    walk.filed(MINISTRY, PRAKOM, "pertama")
    walk.eligible(CITY, PRAKOM, "muda")
    walk.eligible(MINISTRY, PRAKOM, "muda", education=OTHER)
    rejected = walk.nominated(CITY, PRAKOM, "muda")
    with at(cast.moment(walk.days.approved, 15)):
        stage2.reject_nomination(
            rejected,
            by=cast.verifier,
            reason="Unit kerja calon tidak mempunyai tugas di bidang sistem informasi.",
        )
    back = walk.nominated(CITY, PRAKOM, "pertama")
    with at(cast.moment(walk.days.approved, 16)):
        stage2.return_nomination(
            back, by=cast.verifier, note="TMT pangkat berbeda dari SK. Betulkan lalu usulkan lagi."
        )
    return period


def _participant(walk: Walk, failed: Period) -> None:
    """The demo's participant: proposed again after a failed test. Data and documents came along;
    the decree of the last rank is still missing, and one replaced file is locked."""
    cast = walk.cast
    earlier = Proposal.objects.filter(period=failed, participant=cast.participant).get()
    proposal = walk.filling(
        CITY, PRAKOM, "pertama", education=OTHER, who=cast.participant, previous=earlier
    )
    documents = {
        document.requirement.code: document
        for document in proposal.documents.select_related("requirement", "proposal")
    }
    with at(cast.moment(-3, 10)):
        walk.fill_in(proposal)
    for minute, code in enumerate(("sk_cpns", "sk_pns", "ijazah", "sp_kompeten")):
        with at(cast.moment(-3, 10, 5 + minute)):
            walk.upload(documents[code])
    with at(cast.moment(-2, 19)):
        walk.upload(documents["transkrip"], locked=True)


def _returned_participant(walk: Walk) -> None:
    """Two documents sent back with reasons, one of them repaired, the others accepted."""
    cast = walk.cast
    proposal = walk.filed(CITY, PRAKOM, "pertama", who=cast.returned_participant)
    reasons = {reason.code: reason for reason in ReturnReason.objects.all()}
    wrong = {
        "sk_pangkat": ("bukan_terbaru", "Unggah SK kenaikan pangkat tahun 2022."),
        "sp_hukdis": ("belum_ttd", "Surat ini ditandatangani Kepala Dinas."),
    }
    with at(cast.moment(walk.days.verified, 11)):
        walk.check(proposal, cast.verifier)
        for code, (reason, note) in wrong.items():
            DocumentCheck.objects.filter(
                version__document__proposal=proposal, version__document__requirement__code=code
            ).update(
                verdict=DocumentCheck.Verdict.RETURN,
                reason=reasons[reason],
                note=note,
                certified_ok=False,
                certifier="",
                certified_on=None,
            )
        stage2.return_proposal(proposal, by=cast.verifier, deadline=cast.moment(7, 17))
    document = proposal.documents.select_related("requirement", "proposal").get(
        requirement__code="sp_hukdis"
    )
    with at(cast.moment(-1, 20)):
        walk.upload(document, mark="Diperbaiki")


def ask_for_accounts(cast: Cast) -> None:
    """Operator requests: two that a verifier may decide, one whose address is not confirmed."""
    asked = [
        ("Pemerintah Kabupaten Wakatobi", "74.07", Agency.Kind.REGENCY, 960, True),
        ("Badan Contoh Nasional", "", Agency.Kind.LPNK, 962, True),
        ("Pemerintah Kabupaten Buton", "74.01", Agency.Kind.REGENCY, 964, False),
    ]
    for name, region, kind, number, is_confirmed in asked:
        who = person(number)
        request = OperatorRequest(
            agency_name=name,
            agency_kind=kind,
            region_id=region or None,
            name=f"{who.name}, S.Kom.",
            nip=who.nip,
            office_email=f"kepegawaian{number}@contoh.example",
            email=who.address,
            phone="0800 0000 0000",
            letter_number=f"800/{number}/{cast.now.year}",
        )
        letter = paper("surat_tugas", (request.name, request.nip, name))
        upload = SimpleUploadedFile("surat-tugas.pdf", letter, "application/pdf")
        moment = cast.moment(-2, 13, number % 60) if is_confirmed else cast.now
        with at(moment):
            intake.receive(request, upload)
        if is_confirmed:
            kind_of_link = OneTimeLink.Kind.OPERATOR_REQUEST
            with at(moment + dt.timedelta(minutes=9)):
                token = OneTimeLink.issue(kind_of_link, request.pk, valid_for=dt.timedelta(days=3))
                link = OneTimeLink.find(kind_of_link, token)
                assert link is not None
                operator_requests.confirm_operator_request(request, link)
