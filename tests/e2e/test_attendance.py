"""The proctor's page on a phone: marks survive a broken line, a card is read by the camera."""

import contextlib

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from competency import attendance
from competency.models import AttendanceMark, Seat
from inpassing.reference.models import BpsOffice
from inpassing.timeline.events import story_of
from tests.competency.factories import begin, make_seat, make_session
from tests.factories import make_proctor, make_proposal, make_user

from .actor import NARROW

# Browsers on the desktop have no reader of their own; this one sees what the test holds up.
READER = """
window.heldUp = "";
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect() { return window.heldUp ? [{ rawValue: window.heldUp }] : []; }
};
if (navigator.mediaDevices) {
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 9, 9);
    return canvas.captureStream();
  };
}
"""


@pytest.fixture
def seats(stage):
    office = BpsOffice.objects.get(region="74.72")
    session = make_session(stage.period, office=office)
    people = [make_proposal(period=stage.period, status="test_required") for _ in range(3)]
    seats = [make_seat(session, person) for person in people]
    begin(session)
    return seats


@pytest.fixture
def proctor(stage, seats):
    proctor = stage.signed_in(make_proctor(seats[0].session.office))
    proctor.page.set_viewport_size(NARROW)
    proctor.page.add_init_script(READER)
    proctor.go(f"/uji/sesi/{seats[0].session_id}/")
    yield proctor
    forgive(proctor)


def forgive(proctor):
    """Forget what the browser said of the line that the test itself had cut."""
    proctor.trouble[:] = [text for text in proctor.trouble if "net::ERR_" not in text]


def row(proctor, seat):
    return proctor.page.locator(f'[data-seat="{seat.pk}"]')


def presses(proctor, seat, word):
    row(proctor, seat).get_by_role("button", name=word, exact=False).first.click()


def unsent(proctor):
    return proctor.page.locator("[data-unsent]")


def all_sent(page):
    """Wait until the browser keeps no mark (Playwright's own waiting would break the policy)."""
    for _ in range(150):
        if page.evaluate("localStorage.length") == 0:
            return
        page.wait_for_timeout(100)
    raise AssertionError("marks are still kept in the browser")


def kept(proctor):
    return proctor.page.evaluate("JSON.stringify(localStorage)")


def marks():
    return list(Seat.objects.order_by("pk").values_list("attendance", flat=True))


def test_marks_made_without_a_line_are_kept_shown_and_sent(proctor, seats):
    first, second, third = seats
    proctor.context.set_offline(True)
    presses(proctor, first, "Hadir")
    presses(proctor, second, "Terlambat")
    presses(proctor, third, "Hadir")
    presses(proctor, third, "Batalkan")
    expect(unsent(proctor)).to_contain_text("4 tanda belum terkirim")
    expect(row(proctor, first)).to_contain_text("Hadir, belum terkirim")
    expect(proctor.page.locator("[data-count=present]")).to_have_text("2")
    assert first.proposal.name not in kept(proctor)
    assert first.proposal.nip not in kept(proctor)
    with contextlib.suppress(PlaywrightError):  # the page is gone, the marks are not
        proctor.page.reload()
    assert marks() == ["", "", ""]
    proctor.context.set_offline(False)
    forgive(proctor)
    proctor.go("/uji/sesi/")  # any page of the proctor's sends them
    all_sent(proctor.page)
    assert marks() == ["present", "late", ""]
    proctor.go(f"/uji/sesi/{first.session_id}/")
    expect(unsent(proctor)).to_be_empty()
    expect(row(proctor, second)).to_contain_text("Terlambat")


def test_an_answer_that_got_lost_counts_once(proctor, seats):
    def lose(route):
        route.fetch()
        route.abort()

    proctor.page.route("**/hadir/", lose)
    presses(proctor, seats[0], "Hadir")
    expect(unsent(proctor)).to_contain_text("1 tanda belum terkirim")
    for _ in range(100):
        if AttendanceMark.objects.exists():
            break
        proctor.page.wait_for_timeout(100)
    proctor.page.unroute("**/hadir/")
    unsent(proctor).get_by_role("button", name="Kirim sekarang").click()
    expect(unsent(proctor)).to_be_empty()
    assert AttendanceMark.objects.count() == 1
    assert story_of(seats[0].proposal).filter(kind="attendance.marked").count() == 1
    expect(proctor.page.locator("[data-count=present]")).to_have_text("1")


def test_what_another_proctor_marked_is_shown_and_the_person_decides(proctor, seats):
    first, second, _ = seats
    other = make_user(name="Wayan Sudarma")
    proctor.context.set_offline(True)
    presses(proctor, first, "Hadir")
    presses(proctor, second, "Hadir")
    attendance.mark_attendance(first, "absent", by=other)
    attendance.mark_attendance(second, "late", by=other)
    proctor.context.set_offline(False)
    expect(unsent(proctor)).to_contain_text("sudah tercatat tidak hadir oleh Wayan Sudarma")
    expect(unsent(proctor)).to_contain_text("sudah tercatat hadir terlambat")
    assert marks() == ["absent", "late", ""]
    unsent(proctor).get_by_role("button", name="Pakai tanda saya").first.click()
    expect(unsent(proctor)).not_to_contain_text("tidak hadir oleh")
    unsent(proctor).get_by_role("button", name="Biarkan yang tercatat").click()
    expect(unsent(proctor)).to_be_empty()
    assert marks() == ["present", "late", ""]


def test_after_the_session_ended_the_marks_wait_for_the_same_person(proctor, seats, stage):
    proctor.context.set_offline(True)
    presses(proctor, seats[0], "Hadir")
    expect(unsent(proctor)).to_contain_text("1 tanda belum terkirim")
    cookies = proctor.context.cookies()
    proctor.context.clear_cookies()
    proctor.context.set_offline(False)
    expect(unsent(proctor)).to_contain_text("Masuk lagi untuk mengirimnya")
    assert marks() == ["", "", ""]
    proctor.context.add_cookies(cookies)
    proctor.page.reload()
    all_sent(proctor.page)
    assert marks() == ["present", "", ""]


def test_a_card_is_read_by_the_camera_or_its_number_typed(proctor, seats):
    first, second, _ = seats
    page = proctor.page
    page.get_by_role("button", name="Pindai QR").click()
    page.evaluate(
        "code => { window.heldUp = code; }",
        f"{proctor.site}/uji/hadir/{first.participant_number}/",
    )
    found = page.locator("[data-scan-found]")
    expect(found).to_contain_text(first.proposal.name)
    page.evaluate("window.heldUp = ''")
    found.get_by_role("button", name="Hadir").click()
    expect(found).to_contain_text(f"{first.proposal.name}: hadir")
    page.get_by_role("button", name="Pindai berikutnya").click()
    page.get_by_label("Nomor peserta", exact=True).fill(second.participant_number.lower())
    page.get_by_label("Nomor peserta", exact=True).press("Enter")
    expect(found).to_contain_text(second.proposal.name)
    found.get_by_role("button", name="Terlambat").click()
    page.get_by_label("Nomor peserta", exact=True).fill("P9-99-99999")
    page.get_by_label("Nomor peserta", exact=True).press("Enter")
    expect(found).to_contain_text("tidak ada di sesi ini")
    page.get_by_role("button", name="Tutup").click()
    all_sent(page)
    assert marks() == ["present", "late", ""]
    forgive(proctor)
    proctor.look()
