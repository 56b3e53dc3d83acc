"""Documents: what they lack, what JSON keeps of them, and how a signer's capacity is written."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace

import pytest

from inpassing.letters import documents as d
from inpassing.letters.errors import LetterError

from .samples import ISSUED, SAMPLES, SIGNER, competence, draft, extract, invitation, recommendation

FIELD_NAMES = {
    item.name
    for part in vars(d).values()
    if isinstance(part, type) and issubclass(part, d.Part) and is_dataclass(part)
    for item in fields(part)
}


def test_there_is_a_sample_of_each_kind():
    assert SAMPLES.keys() == d.DOCUMENTS.keys()


@pytest.mark.parametrize("kind", SAMPLES)
def test_json_gives_the_same_document_back(kind):
    document = SAMPLES[kind]()
    again = d.document_from_json(json.loads(json.dumps(document.to_json())))
    assert again == document
    assert document.missing_fields() == []


def test_json_of_another_shape_is_refused():
    data = competence().to_json()
    with pytest.raises(ValueError, match="No document of kind 'x'"):
        d.document_from_json({**data, "kind": "x"})
    with pytest.raises(ValueError, match="has no note"):
        d.document_from_json({**data, "note": "x"})
    with pytest.raises(ValueError, match="lacks level"):
        d.document_from_json({name: value for name, value in data.items() if name != "level"})
    with pytest.raises(ValueError, match="3 is not"):
        d.document_from_json({**data, "level": 3})
    with pytest.raises(ValueError, match="'yes' is not"):
        d.document_from_json({**data, "stamp": "yes"})
    with pytest.raises(ValueError, match="'forged' is not"):
        d.document_from_json({**recommendation(1).to_json(), "signature": "forged"})


@pytest.mark.parametrize(
    ("changes", "lines", "in_one_line"),
    [
        (
            {"on_behalf_of": ""},
            [("", "Sekretaris Utama,")],
            "Sekretaris Utama",
        ),
        (
            {"on_behalf_of": "", "acting": "Plt."},
            [("Plt.", "Sekretaris Utama,")],
            "Plt. Sekretaris Utama",
        ),
        (
            {},
            [("a.n.", "Kepala Badan Pusat Statistik"), ("", "Sekretaris Utama,")],
            "a.n. Kepala Badan Pusat Statistik, Sekretaris Utama",
        ),
        (
            {"through": "Sekretaris Utama", "post": "Kepala Biro Umum", "acting": "Plh."},
            [
                ("a.n.", "Kepala Badan Pusat Statistik"),
                ("", "Sekretaris Utama"),
                ("u.b.", "Plh. Kepala Biro Umum,"),
            ],
            "a.n. Kepala Badan Pusat Statistik, Sekretaris Utama, u.b. Plh. Kepala Biro Umum",
        ),
    ],
)
def test_capacity_of_the_signer(changes, lines, in_one_line):
    signer = replace(SIGNER, **changes)
    assert signer.lines == lines
    assert signer.in_one_line == in_one_line


def test_missing_fields_are_named_with_where_they_are():
    letter = recommendation(3)
    people = (letter.people[0], replace(letter.people[1], name=" ", unit=""), letter.people[2])
    letter = replace(
        letter,
        subject="",
        addressee=d.Addressee(post=""),
        people=people,
        points=(),
        signer=replace(SIGNER, nip=""),
    )
    assert letter.missing_fields() == [
        "hal",
        "penerima: jabatan penerima",
        "isi surat",
        "penanda tangan: NIP penanda tangan",
        "daftar nama baris 2: nama",
        "daftar nama baris 2: unit kerja",
    ]


def test_what_the_font_lacks_is_named_with_person_and_field():
    people = list(recommendation(3).people)
    people[1] = replace(people[1], name="Budi 漢", unit="Dinas \N{GRINNING FACE}")
    letter = replace(
        draft(3),
        people=tuple(people),
        addressee=replace(draft().addressee, attention="الكاتب"),
        copies=("Kepala", "Arsip ✂"),
        closing="Kutipan “rapi” – Nguyễn \N{ZERO WIDTH SPACE}",
    )
    assert letter.unprintable_fields()[1:] == [
        "“✂” (U+2702) pada tembusan butir 2",
        "“漢” (U+6F22) pada daftar nama baris 2 (Budi 漢): nama",
        "“\N{GRINNING FACE}” (U+1F600) pada daftar nama baris 2 (Budi 漢): unit kerja",
    ]
    assert letter.unprintable_fields()[0].endswith(" pada penerima: u.p.")
    with pytest.raises(LetterError, match="Perbaiki data asalnya"):
        letter.check()
    assert all(sample().unprintable_fields() == [] for sample in SAMPLES.values())


def test_every_field_has_a_name_that_people_know():
    for sample in SAMPLES.values():
        document = sample()
        for where, _ in document._texts():
            called = where.rpartition(": ")[2].partition(" butir ")[0]
            assert called == "label" or called not in FIELD_NAMES, where


def test_a_number_needs_what_is_fixed_with_it():
    assert draft().missing_fields() == []
    assert replace(draft(), number="B-1").missing_fields() == [
        "tanggal surat",
        "kode cek",
        "alamat cek",
    ]


def test_an_invitation_needs_a_schedule_or_a_list_with_its_title():
    assert replace(invitation(), facts=()).missing_fields() == ["jadwal"]
    assert replace(invitation(2), annex_title="").missing_fields() == ["judul lampiran"]


def test_counts_must_add_up():
    with pytest.raises(ValueError, match="30 proposed, but 26 recommended and 3 not"):
        d.Counts(
            proposed=30,
            recommended=26,
            not_recommended=(d.Count(label="tidak memenuhi syarat", people=3),),
        )
    with pytest.raises(ValueError, match="26 recommended, but 25 in the annex"):
        replace(recommendation(26), people=recommendation(25).people)
    with pytest.raises(ValueError, match="20 registered, but 17 present and 2 absent"):
        replace(SAMPLES["minutes"](), registered=20)


def test_counts_as_the_letter_prints_them():
    assert d.Counts(proposed=1200, recommended=1200).rows == [
        ("Diusulkan", "1.200 orang"),
        ("Direkomendasikan", "1.200 orang"),
    ]
    assert recommendation(26).counts.rows[2] == (
        "Tidak direkomendasikan: 1 tidak memenuhi syarat, 2 tidak lulus uji kompetensi",
        "3 orang",
    )


def test_the_address_to_type_a_code_is_the_addresss_without_it():
    assert extract().check_page == "inpassing.example/cek"
    assert replace(extract(), check_url="https://a.example/cek/").check_page == "a.example/cek"


def test_letterhead_of_bps_comes_from_the_settings(settings):
    settings.LETTERHEAD = {"name": "BPS", "address": "Jalan Satu", "contact": "", "city": "Jakarta"}
    assert d.bps_letterhead() == d.Letterhead(name="BPS", lines=("Jalan Satu",))
    settings.LETTER_EMBLEM = "emblem.png"
    assert d.bps_letterhead().emblem


def test_titles_name_the_letter():
    assert recommendation(1).title.endswith(ISSUED["number"])
    assert draft().title == draft().subject
