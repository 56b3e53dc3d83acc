import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import Agency, VerifierScope
from inpassing.timeline.events import record
from inpassing.timeline.models import TimelineEvent
from proposals.models import Formation, OperatorRequest, Proposal
from tests import factories
from verification.claims import take
from verification.models import Assignment, Claim

pytestmark = pytest.mark.django_db
Status = Proposal.Status


def names(response) -> list[str]:
    return [row["name"] for row in response.context["rows"]]


def url(slug: str = "berkas", query: str = "") -> str:
    return reverse("verification:queue", args=[slug]) + query


def make_request(**fields: object) -> OperatorRequest:
    n = factories.number()
    defaults: dict[str, object] = {
        "name": f"Pemohon {n}",
        "nip": factories.make_nip(),
        "office_email": f"pemohon{n}@contoh.go.id",
        "phone": "0812",
        "letter_number": f"800/{n}",
        "email_confirmed_at": timezone.now(),
    }
    return OperatorRequest.objects.create(**{**defaults, **fields})


def test_desk_leads_to_the_first_queue(as_user, verifier):
    response = as_user(verifier).get(reverse("verification:desk"))
    assert response.status_code == 302
    assert response["Location"] == url()
    admin = as_user(factories.make_admin()).get(reverse("verification:desk"))
    assert admin["Location"] == url("permohonan")


def test_only_verifiers_and_administrators(as_user):
    assert as_user(factories.make_operator()).get(url()).status_code == 403
    assert as_user(None).get(url())["Location"].startswith("/akun/masuk/")
    assert as_user(factories.make_admin()).get(url()).status_code == 404


@pytest.mark.parametrize(
    ("slug", "status"),
    [("usulan", Status.NOMINATED), ("berkas", Status.SUBMITTED), ("portofolio", Status.ELIGIBLE)],
)
def test_each_queue_shows_what_waits_there(as_user, verifier, slug, status):
    period = factories.make_period()
    shown = factories.make_proposal(period=period, status=status)
    factories.make_proposal(period=period, status=Status.FILLING)
    response = as_user(verifier).get(url(slug))
    assert names(response) == [shown.full_name]
    current = next(tab for tab in response.context["tabs"] if tab["current"])
    assert current["count"] == "1"


def test_formations_and_requests(as_user, verifier):
    formation = factories.make_formation(factories.make_agency(), factories.make_period())
    factories.make_formation(factories.make_agency(), formation.period, status="draft")
    request = make_request(agency=formation.agency)
    make_request(agency=formation.agency, email_confirmed_at=None)
    assert names(as_user(verifier).get(url("formasi"))) == [formation.agency.name]
    assert names(as_user(verifier).get(url("permohonan"))) == [request.name]


def test_scope_by_position_and_province_and_none(as_user, verifier, stranger):
    baubau = factories.make_agency(region="74.72")
    bandung = factories.make_agency(region="32.73")
    period = factories.make_period()
    here = factories.make_proposal(baubau, period, status=Status.SUBMITTED)
    factories.make_proposal(bandung, period, status=Status.SUBMITTED)
    factories.make_proposal(
        baubau, period, status=Status.SUBMITTED, level=factories.make_level("STATISTISI", "pertama")
    )
    VerifierScope.objects.filter(user=verifier).update(position="PRAKOM", province="74")
    assert names(as_user(verifier).get(url())) == [here.full_name]
    assert names(as_user(stranger).get(url())) == []


def test_filters_and_search(as_user, verifier, colleague):
    period, now = factories.make_period(), timezone.now()
    ani = factories.make_proposal(
        factories.make_agency(region="74.72"),
        period,
        status=Status.SUBMITTED,
        name="Ani Wijaya",
        status_since=now - dt.timedelta(hours=5),
        resubmissions=1,
    )
    budi = factories.make_proposal(
        factories.make_agency(region="32.73"),
        status=Status.SUBMITTED,
        name="Budi Santosa",
        level=factories.make_level("STATISTISI", "muda"),
        status_since=now - dt.timedelta(days=8),
    )
    take(ani, by=colleague)
    client = as_user(verifier)
    spaced = f"{ani.nip[:8]} {ani.nip[8:14]} {ani.nip[14]} {ani.nip[15:]}"
    for query, found in [
        ("?q=wij", ani),
        ("?q=WIJAYA+ani", ani),
        (f"?q={ani.nip}", ani),
        (f"?q={spaced}", ani),
        ("?q=bau+bau", ani),
        ("?q=kota+bandung", budi),
        ("?instansi=Bandung", budi),
        ("?instansi=Pemerintah+Kota+Bau", ani),
        (f"?periode={period.pk}", ani),
        ("?provinsi=32", budi),
        ("?jabatan=STATISTISI", budi),
        (f"?jenjang={budi.level_id}", budi),
        ("?keadaan=ulang", ani),
        ("?keadaan=baru", budi),
        (f"?pemegang={colleague.pk}", ani),
        ("?pemegang=kosong", budi),
        ("?menunggu=baru", ani),
        ("?menunggu=7", budi),
        ("?q=santosa&provinsi=32&jabatan=STATISTISI&pemegang=kosong&menunggu=7", budi),
    ]:
        response = client.get(url(query=query))
        assert names(response) == [found.full_name], query
        assert response.context["found_text"] == "1 usulan", query
    for query in ("?q=wijaya&provinsi=32", "?pemegang=saya", "?menunggu=3-7", "?q=%2B%2B"):
        assert names(client.get(url(query=query))) == [], query
    everything = "?provinsi=99&jenjang=abc&periode=x&pemegang=-1&menunggu=lama&keadaan=apa"
    assert len(names(client.get(url(query=everything)))) == 2
    page = client.get(url(query=f"?q=wij&provinsi=74&pemegang={colleague.pk}"))
    assert "Saringan lain (2 aktif)" in page.content.decode()
    assert [chip["label"] for chip in page.context["chips"]] == [
        "“wij”",
        "Sulawesi Tenggara",
        "Pemegang: Teguh Prasojo",
    ]
    assert page.context["chips"][0]["url"] == url(query=f"?provinsi=74&pemegang={colleague.pk}")


def test_filters_of_formations_and_requests(as_user, verifier):
    baubau = factories.make_agency(region="74.72")
    formation = factories.make_formation(baubau, factories.make_period())
    other = factories.make_formation(factories.make_agency(region="32.73"), formation.period)
    long_ago = timezone.now() - dt.timedelta(days=4)
    Formation.objects.filter(pk=other.pk).update(submitted_at=long_ago)
    client = as_user(verifier)
    for query, found in [
        ("?q=bau+bau", formation),
        ("?instansi=bandung", other),
        ("?provinsi=74", formation),
        ("?menunggu=3-7", other),
        (f"?q=kota&periode={formation.period_id}&jabatan=PRAKOM&menunggu=baru", formation),
    ]:
        assert names(client.get(url("formasi", query))) == [found.agency.name], query
    assert names(client.get(url("formasi", "?jabatan=STATISTISI"))) == []
    known = make_request(agency=baubau, name="Sri Rahayu")
    new = make_request(agency_name="Badan Uji Coba", agency_kind="lpnk", name="Putu Astawa")
    for query, asked in [
        ("?q=rahayu", known),
        ("?q=bau+bau", known),
        (f"?q={known.nip}", known),
        ("?q=uji+coba", new),
        ("?instansi=uji+coba", new),
        ("?provinsi=74", known),
    ]:
        assert names(client.get(url("permohonan", query))) == [asked.name], query
    assert names(client.get(url("permohonan", "?menunggu=7"))) == []


def test_how_long_each_party_has_had_it(as_user, verifier):
    start = timezone.now() - dt.timedelta(days=20)
    with time_machine.travel(start, tick=False):
        proposal = factories.make_proposal(status=Status.DRAFT)
        record(proposal, "proposal.created", "Dibuat", by=None)
    for days, kind in [
        (4, "nominated"),
        (5, "nomination_approved"),
        (10, "submitted"),
        (12, "returned"),
        (15, "resubmitted"),
    ]:
        with time_machine.travel(start + dt.timedelta(days=days), tick=False):
            record(proposal, f"proposal.{kind}", kind, by=None)
    Proposal.objects.filter(pk=proposal.pk).update(
        status=Status.SUBMITTED, resubmissions=1, status_since=start + dt.timedelta(days=15)
    )
    row = as_user(verifier).get(url()).context["rows"][0]
    assert row["times"] == ["BPS 8 hari", "Peserta 8 hari", "Instansi 4 hari"]
    TimelineEvent.objects.filter(proposal_id=proposal.pk)._raw_delete("default")
    Proposal.objects.filter(pk=proposal.pk).update(
        created_at=start,
        nominated_at=start + dt.timedelta(days=4),
        approved_at=start + dt.timedelta(days=5),
    )
    row = as_user(verifier).get(url()).context["rows"][0]
    assert row["times"] == ["BPS 6 hari", "Peserta 10 hari", "Instansi 4 hari"]


def test_pages_by_keyset_keep_the_order(as_user, verifier):
    agency, period = factories.make_agency(), factories.make_period()
    now = timezone.now()
    made = []
    for n in range(60):
        proposal = factories.make_proposal(
            agency, period, status=Status.NOMINATED, status_since=now - dt.timedelta(hours=n // 2)
        )
        made.append(proposal)
    made.sort(key=lambda p: (p.status_since, p.pk))
    client = as_user(verifier)
    first = client.get(url("usulan"))
    second = client.get(first.context["next_url"])
    third = client.get(second.context["next_url"])
    seen = [name for page in (first, second, third) for name in names(page)]
    assert seen == [p.full_name for p in made]
    assert third.context["next_url"] == ""
    assert names(client.get(third.context["prev_url"])) == names(second)
    for cursor in ("rusak", "WyJ4IiwxXQ", "WzEsInkiXQ", "W251bGwsbnVsbF0"):
        assert names(client.get(url("usulan", f"?setelah={cursor}"))) == names(first)


def test_returned_work_stands_on_top_for_who_returned_it(as_user, verifier, colleague):
    period, now = factories.make_period(), timezone.now()
    old = factories.make_proposal(
        period=period, status=Status.SUBMITTED, status_since=now - dt.timedelta(days=9)
    )
    back = factories.make_proposal(
        period=period, status=Status.SUBMITTED, status_since=now, resubmissions=1
    )
    Assignment.objects.create(
        proposal=back, verifier=verifier, assigned_by=verifier, assigned_at=now
    )
    assert names(as_user(verifier).get(url())) == [back.full_name, old.full_name]
    assert names(as_user(colleague).get(url())) == [old.full_name, back.full_name]
    as_user(verifier).post(reverse("verification:next"), {"antrean": "berkas"})
    assert Claim.objects.get().proposal == back


def test_only_ten_of_the_own_work_stand_on_top(as_user, verifier):
    agency, period, now = factories.make_agency(), factories.make_period(), timezone.now()
    for days in range(13):
        proposal = factories.make_proposal(
            agency, period, status=Status.NOMINATED, status_since=now - dt.timedelta(days=days)
        )
        Assignment.objects.create(
            proposal=proposal, verifier=verifier, assigned_by=verifier, assigned_at=now
        )
    free = factories.make_proposal(agency, period, status=Status.NOMINATED)
    client = as_user(verifier)
    page = client.get(url("usulan"))
    assert len(names(page)) == 11
    assert names(page)[-1] == free.full_name
    assert reverse("verification:my_work") in page.content.decode().split("</table>")[1]
    assert client.get(url("usulan", "?jabatan=PRAKOM")).context["found_text"] == "14 usulan"


def test_the_list_says_who_holds_what(as_user, verifier, colleague):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    as_user(colleague).post(reverse("verification:take", args=[proposal.pk]))
    row = as_user(verifier).get(url()).context["rows"][0]
    assert (row["holder"], row["take_url"]) == ("Teguh Prasojo", "")
    assert as_user(colleague).get(url()).context["rows"][0]["holder"] == "Anda"


@pytest.mark.parametrize("slug", ["berkas", "usulan", "portofolio", "formasi", "permohonan"])
def test_fixed_number_of_queries(as_user, verifier, colleague, slug):
    period = factories.make_period()
    statuses = {"usulan": Status.NOMINATED, "portofolio": Status.ELIGIBLE}

    def add() -> None:
        if slug == "formasi":
            factories.make_formation(factories.make_agency(), period)
        elif slug == "permohonan":
            make_request(agency=Agency.objects.first() or factories.make_agency())
        else:
            agency = Agency.objects.first() or factories.make_agency()
            status = statuses.get(slug, Status.SUBMITTED)
            proposal = factories.make_proposal(agency, period, status=status, complete=False)
            Claim.objects.create(
                proposal=proposal,
                holder=colleague,
                claimed_at=timezone.now(),
                expires_at=timezone.now() + dt.timedelta(minutes=5),
            )

    client = as_user(verifier)
    add()
    client.get(url(slug))
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(url(slug))
    Formation.objects.exclude(status="submitted").delete()
    for _ in range(59):
        add()
    with CaptureQueriesContext(connection) as sixty:
        response = client.get(url(slug))
    assert len(response.context["rows"]) == 25
    assert len(sixty) == len(one), [q["sql"] for q in sixty]
    assert len(one) <= 9
    if slug not in ("formasi", "permohonan"):  # work of one's own on top costs one more
        own = Claim.objects.first()
        Claim.objects.filter(pk=own.pk).update(holder=verifier)
        with CaptureQueriesContext(connection) as with_own:
            rows = client.get(url(slug)).context["rows"]
        assert (rows[0]["pk"], len(rows)) == (own.proposal_id, 25)
        assert len(with_own) <= 10


# Taking and letting go


def test_take(as_user, verifier, colleague, stranger, refuses_everybody_else):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    path = reverse("verification:take", args=[proposal.pk])
    refuses_everybody_else(path, onlooker=proposal.participant, stranger=stranger, allowed=verifier)
    response = as_user(verifier).post(path)
    assert response["Location"] == reverse("verification:review", args=[proposal.pk])
    claim = Claim.objects.get(proposal=proposal)
    assert claim.holder == verifier
    assert claim.expires_at - claim.claimed_at == dt.timedelta(minutes=30)
    as_user(verifier).post(path)
    assert Claim.objects.get().pk == claim.pk
    assert TimelineEvent.objects.filter(kind="claim.taken").count() == 1
    late = as_user(colleague).post(path, follow=True)
    assert "Dipegang Ika Wulandari sampai" in str(next(iter(late.context["messages"])))
    assert Claim.objects.get().holder == verifier


def test_take_what_left_the_desk(as_user, verifier):
    proposal = factories.make_proposal(status=Status.READY)
    response = as_user(verifier).post(reverse("verification:take", args=[proposal.pk]))
    assert response.status_code == 302
    assert not Claim.objects.exists()


def test_an_expired_claim_is_taken_over_with_events(as_user, verifier, colleague):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    past = timezone.now() - dt.timedelta(hours=1)
    Claim.objects.create(
        proposal=proposal,
        holder=colleague,
        claimed_at=past,
        expires_at=past + dt.timedelta(minutes=30),
    )
    as_user(verifier).post(reverse("verification:take", args=[proposal.pk]))
    assert Claim.objects.get().holder == verifier
    kinds = TimelineEvent.objects.order_by("seq").values_list("kind", "data")
    assert list(kinds) == [("claim.expired", {"holder": colleague.pk}), ("claim.taken", {})]


def test_release(as_user, verifier, colleague, stranger, refuses_everybody_else):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    path = reverse("verification:release", args=[proposal.pk])
    refuses_everybody_else(path, onlooker=proposal.participant, stranger=stranger, allowed=verifier)
    as_user(verifier).post(reverse("verification:take", args=[proposal.pk]))
    as_user(colleague).post(path)
    assert Claim.objects.get().holder == verifier
    assert as_user(verifier).post(path)["Location"] == url()
    assert not Claim.objects.exists()
    again = as_user(verifier).post(path, follow=True)
    assert "tidak memegang" in str(list(again.context["messages"])[-1])


def test_next_leaves_somebodys_work_to_them_for_three_days(as_user, verifier, colleague):
    period, now = factories.make_period(), timezone.now()
    theirs, free = [
        factories.make_proposal(
            period=period, status=Status.SUBMITTED, status_since=now - dt.timedelta(days=days)
        )
        for days in (2, 1)
    ]
    Assignment.objects.create(
        proposal=theirs, verifier=colleague, assigned_by=colleague, assigned_at=now
    )
    client, path = as_user(verifier), reverse("verification:next")
    first = client.post(path, {"antrean": "berkas"})
    assert first["Location"] == reverse("verification:review", args=[free.pk])
    assert client.post(path, {"antrean": "berkas"})["Location"] == url()
    Proposal.objects.filter(pk=theirs.pk).update(status_since=now - dt.timedelta(days=4))
    second = client.post(path, {"antrean": "berkas"})
    assert second["Location"] == reverse("verification:review", args=[theirs.pk])


def test_next_takes_the_oldest_free_one(as_user, verifier, colleague, refuses_everybody_else):
    path = reverse("verification:next")
    period, now = factories.make_period(), timezone.now()
    old, middle, new = [
        factories.make_proposal(
            period=period, status=Status.SUBMITTED, status_since=now - dt.timedelta(days=days)
        )
        for days in (3, 2, 1)
    ]
    refuses_everybody_else(path, onlooker=old.participant, allowed=verifier)
    first = as_user(colleague).post(path, {"antrean": "berkas"})
    assert first["Location"] == reverse("verification:review", args=[old.pk])
    second = as_user(verifier).post(path, {"antrean": "berkas"})
    assert second["Location"] == reverse("verification:review", args=[middle.pk])
    filtered = as_user(verifier).post(path, {"antrean": "berkas", "q": new.nip})
    assert filtered["Location"] == reverse("verification:review", args=[new.pk])
    none = as_user(verifier).post(path, {"antrean": "berkas"}, follow=True)
    assert "Tidak ada usulan yang bebas" in str(next(iter(none.context["messages"])))
    assert as_user(verifier).post(path, {"antrean": "formasi"}).status_code == 404
