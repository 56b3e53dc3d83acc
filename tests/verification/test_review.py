import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.formats import long_datetime
from inpassing.notifications.models import InboxMessage, OutboxMessage
from inpassing.notifications.texts import render_text
from inpassing.reference.models import ReturnReason
from inpassing.timeline.events import record, story_of
from inpassing.timeline.models import TimelineEvent
from proposals.models import DocumentVersion, Proposal
from proposals.workflow import save_data, submit
from tests import factories
from verification.claims import take
from verification.models import Claim, Decision, DocumentCheck, RepairRequest
from verification.workflow import check_document as save_check

from .conftest import accept, accept_all

pytestmark = pytest.mark.django_db
Status = Proposal.Status


@pytest.fixture
def proposal(db) -> Proposal:
    return factories.make_proposal(
        factories.make_agency(region="74.72"), status=Status.SUBMITTED, name="Yohanes Bria"
    )


def at(name: str, obj) -> str:
    return reverse(f"verification:{name}", args=[obj.pk])


def slot(proposal: Proposal, code: str):
    return proposal.documents.select_related("requirement").get(requirement__code=code)


def verdict(document, **values: object) -> dict[str, object]:
    """What the form of a document sends; an acceptance of a certified copy is complete."""
    check = DocumentCheck.objects.filter(version=document.current_id).first()
    data: dict[str, object] = {
        "version": document.current_id,
        "before": check.mark if check else "",
        "verdict": "accept",
    }
    if document.requirement.certified_copy:
        data |= {
            "certified_ok": "on",
            "certifier": "Sekretaris Daerah",
            "certified_on": "2026-01-05",
        }
    return data | values


def stamp(proposal: Proposal) -> dict[str, object]:
    proposal.refresh_from_db()
    return {
        "version": proposal.version,
        "seen": f"{timezone.now():%Y-%m-%dT%H:%M:%S.%f%z}",
    }


def messages_of(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


# The page


def test_review_shows_the_first_undecided_document(as_user, verifier, proposal):
    documents = list(proposal.documents.all())
    accept(documents[0], verifier)
    response = as_user(verifier).get(at("review", proposal))
    assert response.status_code == 200
    assert response.context["open"] == documents[1]
    assert response.context["board"].decided == 1
    html = response.content.decode()
    assert reverse("proposals:document_file", args=[documents[1].current_id]) in html
    assert "Menurut isian: Teknik Informatika, Universitas Contoh, 2012" in html
    assert "E9 ·" in html


def test_review_of_a_chosen_document_and_version(as_user, verifier, proposal):
    document = slot(proposal, "sp_kompeten")
    old = document.current
    document.current = DocumentVersion.objects.create(
        document=document, number=2, file=factories.make_file(document)
    )
    document.save()
    client, path = as_user(verifier), at("review", proposal)
    now = client.get(f"{path}?dokumen={document.pk}")
    assert (now.context["shown"].number, now.context["check_form"] is not None) == (2, True)
    then = client.get(f"{path}?dokumen={document.pk}&versi=1")
    assert (then.context["shown"], then.context["check_form"]) == (old, None)
    assert client.get(f"{path}?dokumen=999999").status_code == 404
    assert client.get(f"{path}?dokumen={document.pk}&versi=9").status_code == 404


def test_who_may_open_the_review(as_user, verifier, proposal, stranger):
    path = at("review", proposal)
    assert as_user(None).get(path).status_code == 302
    assert as_user(stranger).get(path).status_code == 404
    assert as_user(proposal.participant).get(path).status_code == 403
    assert as_user(factories.make_operator(proposal.agency)).get(path).status_code == 403
    assert as_user(factories.make_admin()).get(path).status_code == 403
    assert as_user(verifier).post(path).status_code == 405


def test_a_verifier_of_the_own_agency_is_refused_even_as_its_operator(as_user, proposal):
    own = factories.make_verifier(employer=proposal.agency)
    assert as_user(own).get(at("review", proposal)).status_code == 404
    factories.grant(own, "operator", by=None, agency=proposal.agency)
    own = type(own).objects.get(pk=own.pk)
    assert as_user(own).get(at("review", proposal)).status_code == 403
    assert as_user(own).post(at("eligible", proposal), stamp(proposal)).status_code == 403


def test_nobody_verifies_themself(as_user, proposal):
    factories.grant(proposal.participant, "verifier", by=None)
    factories.VerifierScope.objects.create(user=proposal.participant)
    assert as_user(proposal.participant).get(at("review", proposal)).status_code == 403


def test_only_reading_while_somebody_else_holds_it(as_user, verifier, colleague, proposal):
    take(proposal, by=colleague)
    response = as_user(verifier).get(at("review", proposal))
    assert "Dipegang Teguh Prasojo" in response.content.decode()
    assert response.context["check_form"] is None
    assert at("eligible", proposal) not in response.content.decode()


def test_opening_the_page_prolongs_the_own_claim(as_user, verifier, proposal):
    claim = take(proposal, by=verifier)
    Claim.objects.update(expires_at=timezone.now() + dt.timedelta(minutes=2))
    as_user(verifier).get(at("review", proposal))
    claim.refresh_from_db()
    assert claim.expires_at > timezone.now() + dt.timedelta(minutes=29)


def test_same_file_and_earlier_periods_are_shown(as_user, verifier, proposal):
    first, second = slot(proposal, "ijazah"), slot(proposal, "transkrip")
    second.current.file.sha256 = first.current.file.sha256 = "a" * 64
    second.current.file.save()
    first.current.file.save()
    for document in proposal.documents.exclude(pk__in=[first.pk, second.pk]):
        document.current.file.sha256 = f"{document.pk:064d}"
        document.current.file.save()
    earlier = factories.make_proposal(
        proposal.agency,
        status=Status.TEST_FAILED,
        nip=proposal.nip,
        participant=proposal.participant,
        complete=False,
    )
    response = as_user(verifier).get(at("review", proposal))
    assert [w["where"] for w in response.context["same_files"]] == [
        f"sama dengan {second.requirement.name} orang ini",
    ]
    assert response.context["earlier"] == [earlier]


def test_a_file_that_many_people_have_is_counted_not_listed(as_user, verifier, proposal):
    for _ in range(12):
        factories.make_proposal(proposal.agency, proposal.period, status=Status.SUBMITTED)
    response = as_user(verifier).get(at("review", proposal))
    warnings = response.context["same_files"]
    assert len(warnings) == proposal.documents.count()  # one each, although all files are equal
    for warning in warnings:
        assert warning["where"].count("sama dengan") == 3
        assert warning["where"].endswith(" berkas lain")


def test_review_has_a_fixed_number_of_queries(as_user, verifier, proposal):
    client, path = as_user(verifier), at("review", proposal)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    accept_all(proposal, verifier)
    for number in range(2, 12):
        document = slot(proposal, "sp_kompeten")
        document.current = DocumentVersion.objects.create(
            document=document, number=number, file=factories.make_file(document)
        )
        document.save()
    client.get(path)
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    # the claim is renewed (one statement) now that this verifier holds it
    assert len(many) <= len(few) + 1


# A verdict on one document


def test_check_document(as_user, verifier, proposal, stranger, refuses_everybody_else):
    documents = list(proposal.documents.select_related("requirement"))
    path = at("check_document", documents[0])
    refuses_everybody_else(path, onlooker=proposal.participant, stranger=stranger, allowed=verifier)
    response = as_user(verifier).post(path, verdict(documents[0]))
    assert response["Location"] == (f"{at('review', proposal)}?dokumen={documents[1].pk}#papan")
    check = DocumentCheck.objects.get()
    assert (check.verdict, check.certified_ok, check.certifier, check.certified_on) == (
        "accept",
        True,
        "Sekretaris Daerah",
        dt.date(2026, 1, 5),
    )
    assert check.checked_by == verifier
    assert Claim.objects.get().holder == verifier
    documents[0].refresh_from_db()
    assert documents[0].review == ""
    assert not OutboxMessage.objects.exists()


def test_a_verdict_may_be_changed_before_the_decision(as_user, verifier, proposal):
    document = slot(proposal, "ijazah")
    client, path = as_user(verifier), at("check_document", document)
    client.post(path, verdict(document))
    client.post(path, verdict(document, verdict="return", reason="halaman_kurang", note="Hal. 2"))
    check = DocumentCheck.objects.get()
    assert (check.verdict, check.reason_id, check.note) == ("return", "halaman_kurang", "Hal. 2")
    assert (check.certified_ok, check.certifier, check.certified_on) == (False, "", None)


@pytest.mark.parametrize(
    ("code", "values", "field"),
    [
        ("ijazah", {"verdict": ""}, "verdict"),
        ("ijazah", {"verdict": "return"}, "reason"),
        ("ijazah", {"verdict": "return", "reason": "lainnya"}, "note"),
        ("ijazah", {"certified_ok": ""}, "certified_ok"),
        ("ijazah", {"certifier": ""}, "certifier"),
        ("ijazah", {"certified_on": ""}, "certified_on"),
        ("ijazah", {"certified_on": "2099-01-01"}, "certified_on"),
        ("ijazah", {"certified_on": "31-02-2026"}, "certified_on"),
        ("sp_kompeten", {"verdict": "return", "reason": "tidak_ada"}, "reason"),
    ],
)
def test_an_incomplete_verdict_says_what_is_missing(
    as_user, verifier, proposal, code, values, field
):
    document = slot(proposal, code)
    response = as_user(verifier).post(
        at("check_document", document),
        verdict(document, note="Yang diketik", **values)
        if "note" not in values and field != "note"
        else verdict(document, **values),
    )
    assert response.status_code == 422
    assert list(response.context["check_form"].errors) == [field]
    assert response.context["open"] == document
    if field != "note":
        assert "Yang diketik" in response.content.decode()
    assert not DocumentCheck.objects.exists()


def test_no_verdict_on_another_version_or_state(as_user, verifier, colleague, proposal):
    document = slot(proposal, "sp_kompeten")
    client, path = as_user(verifier), at("check_document", document)
    stale = client.post(path, verdict(document, version=document.current_id + 999))
    assert stale.status_code == 409
    assert "sudah diganti" in stale.context["refusal"].text
    document.current.file.state = "waiting"
    document.current.file.save()
    early = client.post(path, verdict(document))
    assert "masih diperiksa sistem" in early.context["refusal"].text
    take(proposal, by=colleague)
    held = client.post(path, verdict(document))
    assert held.status_code == 409
    assert "Dipegang Teguh Prasojo" in held.context["refusal"].text
    Proposal.objects.filter(pk=proposal.pk).update(status=Status.ELIGIBLE)
    late = client.post(path, verdict(document))
    assert late.status_code == 409
    assert not DocumentCheck.objects.exists()


def test_who_certified_is_offered_for_the_next_copy(as_user, verifier, proposal):
    accept(slot(proposal, "sk_cpns"), verifier)
    response = as_user(verifier).get(at("review", proposal))
    form = response.context["check_form"]
    assert (form["certifier"].value(), form["certified_ok"].value()) == (
        "Sekretaris Daerah",
        None,
    )


# Return, repair, return to the same desk


def test_return_for_repair(as_user, verifier, proposal, stranger, refuses_everybody_else):
    operator = factories.make_operator(proposal.agency)
    path = at("return", proposal)
    refuses_everybody_else(path, onlooker=proposal.participant, stranger=stranger, allowed=verifier)
    accept_all(proposal, verifier)
    bad = slot(proposal, "sp_pengalaman")
    client = as_user(verifier)
    client.post(
        at("check_document", bad),
        verdict(bad, verdict="return", reason="belum_ttd", note="Halaman 2."),
    )
    page = client.get(at("review", proposal)).content.decode()
    assert "1 dokumen akan dikembalikan" in page
    assert "menerima email (2 orang)" in page
    day = timezone.localdate() + dt.timedelta(days=7)
    response = client.post(path, {**stamp(proposal), "deadline": day.isoformat()})
    assert response["Location"] == reverse("verification:queue", args=["berkas"])
    proposal.refresh_from_db()
    assert proposal.status == Status.RETURNED
    assert proposal.repair_deadline.astimezone(dt.UTC).hour == 15  # 23.59 WITA
    reviews = dict(proposal.documents.values_list("requirement__code", "review"))
    assert reviews.pop("sp_pengalaman") == "returned"
    assert set(reviews.values()) == {"accepted"}
    request = RepairRequest.objects.get()
    assert (request.number, request.returned_by) == (1, verifier)
    assert not Claim.objects.exists()
    mails = OutboxMessage.objects.filter(template="proposal_returned")
    assert {mail.user for mail in mails} == {operator, proposal.participant}
    assert "Belum ditandatangani" in mails[0].fields["daftar"]

    again = client.post(path, {**stamp(proposal), "deadline": day.isoformat()})
    assert again.status_code == 409
    assert again.context["refusal"].text.startswith("Sudah diputus Anda pukul")
    assert RepairRequest.objects.count() == 1


def test_a_repaired_document_is_marked_and_the_accepted_ones_are_frozen(
    as_user, verifier, proposal
):
    accept_all(proposal, verifier)
    bad = slot(proposal, "sp_pengalaman")
    client = as_user(verifier)
    client.post(at("check_document", bad), verdict(bad, verdict="return", reason="belum_ttd"))
    day = timezone.localdate() + dt.timedelta(days=7)
    client.post(at("return", proposal), {**stamp(proposal), "deadline": day.isoformat()})
    bad.refresh_from_db()
    bad.current = DocumentVersion.objects.create(
        document=bad, number=2, file=factories.make_file(bad)
    )
    bad.review = ""
    bad.save()
    proposal.refresh_from_db()
    submit(proposal, by=proposal.participant)
    response = client.get(at("review", proposal))
    assert response.context["open"] == bad
    assert "Alasan dulu: Belum ditandatangani" in response.content.decode()
    tags = {row["name"]: row["tag"] for row in response.context["rows"]}
    assert tags[bad.requirement.name][0] == "turn"
    frozen = slot(proposal, "ijazah")
    assert tags[frozen.requirement.name] == ("lock", "Diterima")
    refused = client.post(at("check_document", frozen), verdict(frozen))
    assert refused.status_code == 409
    desk = client.get(reverse("verification:queue", args=["berkas"]))
    assert desk.context["rows"][0]["tag"] == ("turn", "Kirim ulang, 1 berubah")


def test_return_needs_all_verdicts_and_a_day_to_come(as_user, verifier, proposal):
    client, path = as_user(verifier), at("return", proposal)
    future = (timezone.localdate() + dt.timedelta(days=7)).isoformat()
    early = client.post(path, {**stamp(proposal), "deadline": future})
    assert early.status_code == 409
    assert early.context["refusal"].text.startswith("Belum diputus: ")
    for day in ("", "2020-01-01", "2199-01-01", "besok"):
        response = client.post(path, {**stamp(proposal), "deadline": day})
        assert response.status_code == 422
        assert list(response.context["repair_form"].errors) == ["deadline"]
    accept_all(proposal, verifier)
    nothing = client.post(path, {**stamp(proposal), "deadline": future})
    assert "Tidak ada dokumen yang dikembalikan" in nothing.context["refusal"].text
    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED


# Eligible and not eligible


def test_eligible(as_user, verifier, colleague, proposal, stranger, refuses_everybody_else):
    path = at("eligible", proposal)
    refuses_everybody_else(path, onlooker=proposal.participant, stranger=stranger, allowed=verifier)
    client = as_user(verifier)
    early = client.post(path, stamp(proposal))
    assert early.status_code == 409
    assert "Belum semua dokumen diterima" in early.context["refusal"].text
    accept_all(proposal, verifier)
    data = stamp(proposal)
    assert client.post(path, data).status_code == 302
    proposal.refresh_from_db()
    assert proposal.status == Status.ELIGIBLE
    assert OutboxMessage.objects.filter(template="proposal_eligible").count() == 1
    late = as_user(colleague).post(path, data)
    assert late.status_code == 409
    assert late.context["refusal"].text.startswith("Sudah diputus Ika Wulandari pukul")
    assert OutboxMessage.objects.filter(template="proposal_eligible").count() == 1
    page = as_user(colleague).get(at("review", proposal))
    assert "Sudah diputus Ika Wulandari" in page.content.decode()
    assert page.context["check_form"] is None


def test_a_stale_page_shows_what_changed_and_saves_nothing(as_user, verifier, colleague, proposal):
    accept_all(proposal, verifier)
    data = stamp(proposal)
    Claim.objects.all().delete()
    document = slot(proposal, "ijazah")
    save_check(
        document,
        by=colleague,
        version_id=document.current_id,
        verdict="return",
        reason=ReturnReason.objects.get(pk="lainnya"),
        note="Ganda",
    )
    Claim.objects.all().delete()
    response = as_user(verifier).post(at("eligible", proposal), data)
    assert response.status_code == 409
    refusal = response.context["refusal"]
    assert "berubah sejak halaman Anda buka" in refusal.text
    assert any(
        change.startswith(f"{document.requirement.name}: kembalikan, Teguh Prasojo")
        for change in refusal.changes
    )
    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED


def test_a_stale_page_names_the_fields_that_changed(as_user, verifier, proposal):
    accept_all(proposal, verifier)
    data = stamp(proposal)
    record(
        proposal,
        "proposal.data_saved",
        "Data disimpan: pekerjaan",
        by=proposal.participant,
        data={"fields": ["duties", "work_since", "dropped_since"]},
    )
    Proposal.objects.filter(pk=proposal.pk).update(version=proposal.version + 1)
    response = as_user(verifier).post(at("eligible", proposal), data)
    assert response.status_code == 409
    (change,) = response.context["refusal"].changes
    assert change.startswith(
        "Data disimpan: pekerjaan (uraian tugas, bekerja di bidang itu sejak, dropped_since), "
        f"{proposal.participant}, pukul "
    )
    again = response.context["stamp"]
    assert again["version"].value() == proposal.version + 1
    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED


def test_a_stale_page_always_names_something(as_user, verifier, proposal):
    """The page was being made when the change ended, or its hour was tampered with."""
    accept_all(proposal, verifier)
    data = stamp(proposal)
    Proposal.objects.filter(pk=proposal.pk).update(version=proposal.version + 1)
    for seen in (data["seen"], "", "kemarin"):
        response = as_user(verifier).post(at("eligible", proposal), {**data, "seen": seen})
        if response.status_code == 422:
            assert seen == "kemarin"
            continue
        assert response.status_code == 409
        assert len(response.context["refusal"].changes) == 1


def test_a_verdict_of_somebody_else_is_never_overwritten_unseen(
    as_user, verifier, colleague, proposal
):
    document = slot(proposal, "sp_kompeten")
    opened = verdict(document, note="Yang diketik")
    save_check(
        document,
        by=colleague,
        version_id=document.current_id,
        verdict="return",
        reason=ReturnReason.objects.get(pk="belum_ttd"),
    )
    Claim.objects.all().delete()
    client, path = as_user(verifier), at("check_document", document)
    response = client.post(path, opened)
    assert response.status_code == 409
    text = response.context["refusal"].text
    assert text.startswith("Dokumen ini dinilai Teguh Prasojo pukul ")
    assert "(kembalikan) sejak halaman Anda buka" in text
    assert DocumentCheck.objects.get().checked_by == colleague
    assert "Yang diketik" in response.content.decode()
    shown = response.context["check_form"]["before"].value()
    assert client.post(path, {**opened, "before": shown}).status_code == 302
    assert DocumentCheck.objects.get().checked_by == verifier


# The message before the decision


def nothing_is_left(proposal: Proposal, events: int) -> None:
    before = (proposal.status, proposal.version)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.version) == before
    assert story_of(proposal).count() == events
    assert not OutboxMessage.objects.exists()
    assert not InboxMessage.objects.exists()
    assert not Decision.objects.exists()
    assert not RepairRequest.objects.exists()


def test_the_review_page_shows_the_message_of_the_decision(as_user, verifier, proposal):
    operator = factories.make_operator(proposal.agency)
    client = as_user(verifier)
    assert client.get(at("review", proposal)).context["preview"] is None
    accept_all(proposal, verifier)
    proposal.refresh_from_db()
    events = story_of(proposal).count()
    page = client.get(at("review", proposal))
    (letter,) = page.context["preview"].letters
    assert letter.subject == "Berkas Yohanes Bria memenuhi syarat"
    assert sorted(letter.to) == sorted(
        f"{person.full_name} ({person.email})" for person in (operator, proposal.participant)
    )
    assert "Langkah berikutnya uji portofolio" in page.content.decode()
    nothing_is_left(proposal, events)
    client.post(at("eligible", proposal), stamp(proposal))
    mails = OutboxMessage.objects.filter(template="proposal_eligible")
    bodies = {render_text(mail.template, mail.fields)[1] for mail in mails}
    assert letter.body in bodies


def test_the_message_of_a_return_follows_the_date(as_user, verifier, proposal):
    accept_all(proposal, verifier)
    bad = slot(proposal, "sp_pengalaman")
    client = as_user(verifier)
    client.post(
        at("check_document", bad),
        verdict(bad, verdict="return", reason="belum_ttd", note="Halaman 2."),
    )
    proposal.refresh_from_db()
    events = story_of(proposal).count()
    page = client.get(at("review", proposal))
    assert "Belum ditandatangani" in page.context["preview"].letters[0].body
    day = timezone.localdate() + dt.timedelta(days=40)
    data = {**stamp(proposal), "deadline": day.isoformat()}
    response = client.post(at("return", proposal), {**data, "pratinjau": "1"})
    assert response.status_code == 200
    (letter,) = response.context["preview"].letters
    assert f"Batas perbaikan: {long_datetime_of(day)}." in letter.body
    assert response.context["repair_form"]["deadline"].value() == day.isoformat()
    nothing_is_left(proposal, events)
    client.post(at("return", proposal), data)
    sent = {
        render_text(mail.template, mail.fields)[1]
        for mail in OutboxMessage.objects.filter(template="proposal_returned")
    }
    assert letter.body in sent


def long_datetime_of(day: dt.date) -> str:
    moment = dt.datetime.combine(day, dt.time(23, 59), ZoneInfo("Asia/Makassar"))
    return long_datetime(moment, "Asia/Makassar")


def test_the_message_of_a_tms_before_it_is_said(as_user, verifier, proposal):
    client, path = as_user(verifier), at("not_eligible", proposal)
    assert "Lanjut, lihat pesan" in client.get(path).content.decode()
    events = story_of(proposal).count()
    data = {**stamp(proposal), "text": "Sedang dihukum disiplin."}
    response = client.post(path, {**data, "pratinjau": "1"})
    assert response.status_code == 200
    (letter,) = response.context["preview"].letters
    assert "Alasan: Sedang dihukum disiplin." in letter.body
    html = response.content.decode()
    assert "Nyatakan tidak memenuhi syarat</button>" in html
    nothing_is_left(proposal, events)
    empty = client.post(path, {**stamp(proposal), "text": "", "pratinjau": "1"})
    assert (empty.status_code, empty.context["preview"]) == (422, None)


def test_a_decision_that_will_be_refused_says_so_beforehand(as_user, verifier, proposal):
    accept_all(proposal, verifier)
    file = slot(proposal, "ijazah").current.file
    file.state, file.code = "refused", "damaged"
    file.save()
    page = as_user(verifier).get(at("review", proposal))
    assert page.context["preview"].refusal.startswith("Belum terbaca sistem: ")
    assert "Putusan ini akan ditolak sistem." in page.content.decode()


def test_what_changed_since_the_return_is_named(as_user, verifier, proposal):
    accept_all(proposal, verifier)
    bad = slot(proposal, "sp_pengalaman")
    client = as_user(verifier)
    client.post(at("check_document", bad), verdict(bad, verdict="return", reason="belum_ttd"))
    day = timezone.localdate() + dt.timedelta(days=7)
    client.post(at("return", proposal), {**stamp(proposal), "deadline": day.isoformat()})
    save_data(
        proposal, {"phone": "0813", "duties": "Baru"}, by=proposal.participant, step="Data diri"
    )
    bad.refresh_from_db()
    bad.current = DocumentVersion.objects.create(
        document=bad, number=2, file=factories.make_file(bad)
    )
    bad.review = ""
    bad.save()
    submit(proposal, by=proposal.participant)
    page = client.get(at("review", proposal))
    assert page.context["changed"] == [
        f"{bad.requirement.name} (versi 2)",
        "uraian tugas",
        "telepon",
    ]
    assert "Berubah sejak dikembalikan" in page.content.decode()


def test_a_form_without_its_stamp_is_refused(as_user, verifier, proposal):
    response = as_user(verifier).post(at("eligible", proposal), {})
    assert response.status_code == 422
    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED


def test_not_eligible(as_user, verifier, proposal, stranger, refuses_everybody_else):
    path = at("not_eligible", proposal)
    refuses_everybody_else(path, onlooker=proposal.participant, stranger=stranger)
    bad = slot(proposal, "sp_hukdis")
    client = as_user(verifier)
    client.post(at("check_document", bad), verdict(bad, verdict="return", reason="data_berbeda"))
    page = client.get(path)
    assert "Data pada dokumen berbeda" in page.context["form"]["text"].value()
    assert "menerima email (1 orang)" in page.content.decode()
    empty = client.post(path, {**stamp(proposal), "text": " "})
    assert (empty.status_code, list(empty.context["form"].errors)) == (422, ["text"])
    long = client.post(path, {**stamp(proposal), "text": "x" * 1001})
    assert long.status_code == 422
    data = {**stamp(proposal), "text": "Sedang menjalani hukuman disiplin sedang."}
    assert client.post(path, data).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.status, proposal.end_note) == (Status.NOT_ELIGIBLE, data["text"])
    again = client.post(path, data)
    assert again.status_code == 409
    assert again.context["refusal"].text.startswith("Sudah diputus Anda")


def test_not_eligible_from_a_stale_page_keeps_the_text(as_user, verifier, proposal):
    data = {**stamp(proposal), "text": "Alasan yang diketik"}
    accept(slot(proposal, "ijazah"), verifier)
    response = as_user(verifier).post(at("not_eligible", proposal), data)
    assert response.status_code == 409
    assert "Alasan yang diketik" in response.content.decode()
    assert len(response.context["refusal"].changes) == 2  # claim taken, verdict
    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED


# Education


def test_set_education_field(as_user, verifier, proposal, stranger, refuses_everybody_else):
    path = at("set_education_field", proposal)
    refuses_everybody_else(path, onlooker=proposal.participant, stranger=stranger, allowed=verifier)
    client = as_user(verifier)

    def send(**values: object):
        data = {f"bidang-{name}": value for name, value in {**stamp(proposal), **values}.items()}
        return client.post(path, data, follow=True)

    assert "Bidang pendidikan disimpan." in messages_of(send(field="statistik"))
    proposal.refresh_from_db()
    assert proposal.education_field == "statistik"
    assert not OutboxMessage.objects.exists()

    silent = send(field="lainnya")
    assert silent.status_code == 422
    assert "Tulis alasan perubahan." in silent.content.decode()
    proposal.refresh_from_db()
    assert proposal.education_field == "statistik"

    send(field="lainnya", reason="Ijazah berbunyi Ekonomi.")
    proposal.refresh_from_db()
    assert proposal.education_field == "lainnya"
    mail = OutboxMessage.objects.get()
    assert (mail.template, mail.user) == ("education_field_changed", proposal.participant)
    assert mail.fields["alasan"] == "Ijazah berbunyi Ekonomi."
    kinds = TimelineEvent.objects.filter(kind__startswith="proposal.education").order_by("seq")
    assert [(e.kind, e.data) for e in kinds] == [
        ("proposal.education_field_set", {"from": "", "to": "statistik"}),
        ("proposal.education_field_changed", {"from": "statistik", "to": "lainnya"}),
    ]
    unknown = send(field="astrologi")
    assert (unknown.status_code, list(unknown.context["education_form"].errors)) == (422, ["field"])
    stale = {"bidang-version": 1, "bidang-field": "statistik", "bidang-reason": "Ijazah baru."}
    for looking in ({}, {"pratinjau": "1"}):
        late = client.post(path, stale | looking)
        assert (late.status_code, "berubah sejak" in late.context["refusal"].text) == (409, True)
        form = late.context["education_form"]
        assert form["reason"].value() == "Ijazah baru."
        proposal.refresh_from_db()
        assert form["version"].value() == str(proposal.version)


def test_a_changed_field_of_education_shows_its_message_first(as_user, verifier, proposal):
    client, path = as_user(verifier), at("set_education_field", proposal)
    Proposal.objects.update(education_field="statistik")
    data = {"bidang-version": proposal.version, "bidang-field": "lainnya"}
    data["bidang-reason"] = "Ijazah berbunyi Ekonomi."
    page = client.post(path, data | {"pratinjau": "1"})
    assert page.status_code == 200
    (letter,) = page.context["education_preview"].letters
    assert "Ijazah berbunyi Ekonomi." in letter.body
    assert proposal.participant.email in letter.to[0]
    assert page.context["education_form"]["reason"].value() == "Ijazah berbunyi Ekonomi."
    proposal.refresh_from_db()
    assert proposal.education_field == "statistik"
    assert not OutboxMessage.objects.exists()
    assert not TimelineEvent.objects.filter(kind__startswith="proposal.education").exists()
    assert client.post(path, data).status_code == 302
    assert OutboxMessage.objects.get().template == "education_field_changed"


def test_a_message_is_not_shown_for_a_page_that_is_out_of_date(as_user, verifier, proposal):
    path = at("not_eligible", proposal)
    Proposal.objects.update(version=50)
    data = {"version": 1, "text": "Tidak sesuai.", "pratinjau": "1"}
    late = as_user(verifier).post(path, data)
    assert (late.status_code, late.context["preview"]) == (409, None)
    assert "berubah sejak" in late.context["refusal"].text
    assert late.context["form"]["version"].value() == "50"
    assert late.context["form"]["text"].value() == "Tidak sesuai."


def test_no_education_field_after_the_decision(as_user, verifier, proposal):
    Proposal.objects.filter(pk=proposal.pk).update(status=Status.READY)
    data = {"bidang-version": proposal.version, "bidang-field": "statistik"}
    as_user(verifier).post(at("set_education_field", proposal), data)
    proposal.refresh_from_db()
    assert proposal.education_field == ""
