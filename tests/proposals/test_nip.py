"""Reading an employee number."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposals.nip import NipError, age_on, digits_of, read_nip, warnings_of

TODAY = dt.date(2026, 8, 18)


def test_a_number_says_birth_cpns_month_and_sex():
    nip = read_nip("19890414 201403 2 901", today=TODAY)
    assert nip.digits == "198904142014032901"
    assert nip.birth_date == dt.date(1989, 4, 14)
    assert (nip.cpns_month, nip.cpns_text) == (dt.date(2014, 3, 1), "Maret 2014")
    assert (nip.sex, nip.sex_name) == (2, "Perempuan")
    assert nip.age_on(TODAY) == 37


@pytest.mark.parametrize(
    "text",
    [
        "198904142014032901",
        "19890414.201403.2.901",
        "19890414-201403-2-901",
        "１９８９０４１４２０１４０３２９０１",
        "'198904142014032901",
        "19890414–201403–2–901",
        "19890414\u00a0201403\u202f2\t901\n",
        "\ufeff19890414\u200b201403\u200e2\u00ad901",
    ],
)
def test_spaces_dots_hyphens_and_wide_digits_do_not_matter(text):
    assert read_nip(text, today=TODAY).digits == "198904142014032901"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "belum diisi"),
        ("1989041420140329a1", "hanya berisi angka"),
        ("1989041 201403 2 901", "NIP 17 angka, seharusnya 18"),
        ("1989041420140329011", "NIP 19 angka, seharusnya 18"),
        ("19891314 201403 2 901", "Tanggal lahir pada NIP (14-13-1989) tidak ada"),
        ("19890230 201403 2 901", "Tanggal lahir pada NIP (30-02-1989) tidak ada"),
        ("00000414 201403 2 901", "tidak ada"),
        ("18990414 201403 2 901", "tidak mungkin"),
        ("20270101 204501 2 901", "masih akan datang"),
        ("19890414 201400 2 901", "Bulan CPNS pada NIP (00-2014) tidak ada"),
        ("19890414 201421 2 901", "Inpassing hanya untuk PNS"),
        ("19890414 201413 2 901", "Inpassing hanya untuk PNS"),
        ("19890414 202609 2 901", "Bulan CPNS pada NIP masih akan datang"),
        ("19890414 201403 3 901", "Angka ke-15 pada NIP adalah 3"),
        ("19890414 201403 0 901", "Angka ke-15 pada NIP adalah 0"),
        ("19000229 192003 1 901", "Tanggal lahir pada NIP (29-02-1900) tidak ada"),
        ("19890229 201403 2 901", "Tanggal lahir pada NIP (29-02-1989) tidak ada"),
        ("1.98904E+17", "hanya berisi angka"),
        ("1989O414 201403 2 901", "hanya berisi angka"),
        ("٢٠٢٠٠٤١٤٢٠١٤٠٣٢٩٠١", "hanya berisi angka"),
        ("198904142014032", "NIP 15 angka, seharusnya 18"),
    ],
)
def test_what_cannot_be_right_gets_one_sentence(text, words):
    with pytest.raises(NipError) as refusal:
        read_nip(text, today=TODAY)
    assert words in str(refusal.value)


def test_somebody_born_on_29_february_is_read():
    nip = read_nip("20000229 202203 1 901", today=TODAY)
    assert nip.birth_date == dt.date(2000, 2, 29)
    assert nip.age_on(dt.date(2026, 2, 28)) == 25


def test_the_edges_of_today_are_not_in_the_future():
    assert read_nip("19890414 202608 2 901", today=TODAY).cpns_month == dt.date(2026, 8, 1)


def test_cpns_begins_at_eighteen_at_the_earliest():
    assert read_nip("19900414 200804 1 901", today=TODAY).cpns_month == dt.date(2008, 4, 1)
    with pytest.raises(NipError, match="sebelum usia 18 tahun"):
        read_nip("19900414 200803 1 901", today=TODAY)


def test_another_birth_date_or_sex_is_a_warning():
    nip = read_nip("198904142014032901", today=TODAY)
    assert warnings_of(nip, birth_date=dt.date(1989, 4, 14), sex=2) == []
    assert warnings_of(nip, birth_date=None, sex=None) == []
    first, second = warnings_of(nip, birth_date=dt.date(1989, 5, 14), sex=1)
    assert first.startswith("Tanggal lahir berbeda dari NIP (14 April 1989).")
    assert "bukan penolakan" in first
    assert second.startswith("Jenis kelamin berbeda dari NIP (perempuan).")


def test_age_counts_completed_years():
    born = dt.date(1964, 2, 29)
    assert age_on(born, dt.date(2026, 2, 28)) == 61
    assert age_on(born, dt.date(2026, 3, 1)) == 62


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    try:
        said = read_nip(text, today=TODAY).digits + "."
    except NipError as refusal:
        said = str(refusal)
    assert len(said) >= 19
    assert said.endswith((".", ")."))


@given(
    st.dates(dt.date(1950, 1, 1), dt.date(2000, 1, 1)),
    st.integers(18, 26),
    st.sampled_from([1, 2]),
    st.integers(900, 999),
)
def test_what_is_written_is_what_is_read(born, years, sex, sequence):
    text = f"{born:%Y%m%d}{born.year + years}{born.month:02d}{sex}{sequence}"
    nip = read_nip(f" {text[:8]} {text[8:14]} {text[14]} {text[15:]} ", today=TODAY)
    assert (nip.digits, nip.birth_date, nip.sex) == (text, born, sex)
    assert digits_of(text) == text
