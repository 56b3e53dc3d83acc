"""One document of each kind, complete and invented; tests and the benchmark vary them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from inpassing.formats import date_in_words
from inpassing.letters import documents as d
from inpassing.letters.texts import DEFAULT_TEXTS, fill

FIELDS = {
    "jabatan": "Pranata Komputer",
    "periode": "Periode II Tahun 2026",
    "pengirim": "Gubernur Nusa Tenggara Timur",
    "nomor_usulan": "800/1243/BKD2.1",
    "tanggal_usulan": "10 Agustus 2026",
    "penerima": "Gubernur Nusa Tenggara Timur",
    "hal": "Rekomendasi Pengangkatan dalam Jabatan Fungsional Pranata Komputer",
    "instansi": "Pemerintah Provinsi Nusa Tenggara Timur",
    "narahubung": "Sekretariat Inpassing BPS, telepon (021) 000 0000",
    "peserta": "Saudara",
    "alamat": "inpassing.example",
    "pengelola": "Badan Kepegawaian Daerah",
    "batas_usulan": "20 Agustus 2026",
    "batas_berkas": "10 September 2026",
    "pimpinan": "Pimpinan Perangkat Daerah",
    "jumlah": "26 (dua puluh enam) orang",
}
PEOPLE = (
    ("Adolfina Bire Manek, S.Kom.", "198611022009012930", "Penata Muda Tingkat I, III/b"),
    ("Agustinus Kono Tefa, S.T.", "198404022007121931", "Penata, III/c"),
    ("Benediktus Seran Mau, S.Kom., M.T.", "197605142000011934", "Pembina, IV/a"),
    ("Ferdinandus Usfal Kolo, A.Md.Kom.", "199710102023041938", "Pengatur Tingkat I, II/d"),
    ("Margaretha Sonbay Liu, S.T., M.Eng.", "197905232005042946", "Pembina, IV/a"),
    ("Paulina Wea Dhiu, A.Md.Kom.", "199707132023012950", "Pengatur, II/c"),
)
UNITS = (
    "Dinas Pendidikan dan Kebudayaan",
    "Biro Organisasi, Sekretariat Daerah",
    "Badan Perencanaan Pembangunan Daerah",
    "Inspektorat Daerah",
)
LEVEL = "Pranata Komputer Ahli Muda"

BPS = d.Letterhead(
    name="BADAN PUSAT STATISTIK",
    lines=("Jalan dr. Sutomo 6–8, Jakarta 10710 · Telepon (021) 000 0000", "inpassing.example"),
)
OFFICE = d.Letterhead(
    parent="BADAN PUSAT STATISTIK",
    name="KOTA BAUBAU",
    lines=("Jalan Murhum Nomor 12, Baubau 93717",),
)
AGENCY = d.Letterhead(
    parent="PEMERINTAH PROVINSI NUSA TENGGARA TIMUR",
    name="SEKRETARIAT DAERAH",
    lines=("Jalan Raya El Tari Nomor 52, Kupang 85111",),
)
SIGNER = d.SignerBlock(
    post="Sekretaris Utama",
    name="Hartawan Prameswara Sosro, S.Si., M.Stat.",
    nip="196903171993031928",
    rank="Pembina Utama Madya, IV/d",
    on_behalf_of="Kepala Badan Pusat Statistik",
)
HEAD = d.SignerBlock(
    post="Kepala Dinas Komunikasi dan Informatika",
    name="Drs. Yohanes Belo Manuk, M.Si.",
    nip="196711051992031904",
    rank="Pembina Utama Muda, IV/c",
)
SECRETARY = d.SignerBlock(
    post="Sekretaris Daerah",
    name="Ir. Maria Dolorosa Hege, M.Si.",
    nip="196908171995032905",
    rank="Pembina Utama Madya, IV/d",
    on_behalf_of="Gubernur Nusa Tenggara Timur",
)
GOVERNOR = d.Addressee(
    post="Gubernur Nusa Tenggara Timur", attention="Kepala Badan Kepegawaian Daerah"
)
COPIES = (
    "Kepala Badan Pusat Statistik (sebagai laporan)",
    "Kepala Kantor Regional X Badan Kepegawaian Negara",
    "Kepala BPS Provinsi Nusa Tenggara Timur",
    "Sekretaris Daerah Provinsi Nusa Tenggara Timur",
)
PROCTORS = (
    d.Person(name="La Ode Darwin, S.ST.", nip="198811022011011901"),
    d.Person(name="Sitti Rahmawati, S.Si., M.Stat.", nip="199002142014032902"),
)
ISSUED = {
    "number": "B-1187/BPS/2340/11/2026",
    "date": "30 November 2026",
    "check_code": "7K2M-QX4R",
    "check_url": "https://inpassing.example/cek/7K2M-QX4R/",
    "made_at": "2026-11-30T03:00:00+00:00",
}
SESSION = {
    "period": "Periode II Tahun 2026",
    "session": "Sesi 2",
    "time": "10.00–12.00 WITA",
    "office": "BPS Kota Baubau",
    "room": "Ruang Rapat Lantai 2",
}
BRING = ("Kartu peserta, dicetak", "Kartu tanda penduduk atau kartu pegawai", "Alat tulis")


def text(kind: str, block: str) -> str:
    """A default text block, filled."""
    value = DEFAULT_TEXTS[kind][block]
    assert isinstance(value, str)
    return fill(value, FIELDS)


def points(kind: str) -> tuple[str, ...]:
    """The default points of a letter, filled."""
    return tuple(fill(point, FIELDS) for point in DEFAULT_TEXTS[kind]["points"])


def rows(n: int) -> tuple[d.PersonRow, ...]:
    """So many rows of an annex, none like the one before."""
    return tuple(
        d.PersonRow(
            name=PEOPLE[i % 6][0],
            nip=PEOPLE[i % 6][1],
            rank=PEOPLE[i % 6][2],
            unit=UNITS[i % 4],
            level=LEVEL,
            note="Lulus uji kompetensi",
        )
        for i in range(n)
    )


def seats(n: int) -> tuple[d.SeatRow, ...]:
    """So many seats of one session."""
    return tuple(
        d.SeatRow(
            number=f"P2-74-{i + 12:04d}",
            name=PEOPLE[i % 6][0],
            nip=PEOPLE[i % 6][1],
            seat=str(i + 1),
            agency="Pemerintah Kabupaten Buton Tengah",
            level=LEVEL,
            office="BPS Kota Baubau, Ruang Rapat Lantai 2",
            schedule="Rabu, 14 Oktober 2026, 10.00–12.00 WITA",
        )
        for i in range(n)
    )


def recommendation(people: int = 26) -> d.RecommendationLetter:
    """An issued surat rekomendasi for so many people, and three who are not recommended."""
    return d.RecommendationLetter(
        letterhead=BPS,
        place="Jakarta",
        subject=text("recommendation", "subject"),
        addressee=GOVERNOR,
        opening=text("recommendation", "opening"),
        points=(
            text("recommendation", "counts_lead"),
            *points("recommendation"),
            text("recommendation", "refused_point"),
        ),
        closing=text("recommendation", "closing"),
        signer=SIGNER,
        copies=COPIES,
        annex_title=text("recommendation", "annex_title"),
        credit_note=text("recommendation", "credit_note"),
        people=rows(people),
        counts=d.Counts(
            proposed=people + 3,
            recommended=people,
            not_recommended=(
                d.Count(label="tidak memenuhi syarat", people=1),
                d.Count(label="tidak lulus uji kompetensi", people=2),
            ),
        ),
        **ISSUED,
    )


def draft(people: int = 5) -> d.RecommendationLetter:
    """The same letter before the signer's act."""
    return replace(
        recommendation(people), number="", date="", check_code="", check_url="", made_at=""
    )


def extract() -> d.Extract:
    """A petikan."""
    return d.Extract(
        letterhead=BPS,
        place="Jakarta",
        subject=FIELDS["hal"],
        addressee=GOVERNOR,
        opening=text("extract", "opening"),
        closing=text("extract", "closing"),
        person=rows(2)[1],
        agency=FIELDS["instansi"],
        rank_since="1 April 2022",
        signer=SIGNER,
        **ISSUED,
    )


def notice(people: int = 3) -> d.VerificationNotice:
    """A pemberitahuan hasil verifikasi, signed through the post between."""
    return d.VerificationNotice(
        letterhead=BPS,
        place="Jakarta",
        subject=text("verification_notice", "subject"),
        addressee=GOVERNOR,
        opening=text("verification_notice", "opening"),
        points=points("verification_notice"),
        closing=text("verification_notice", "closing"),
        signer=d.SignerBlock(
            post="Kepala Biro Sumber Daya Manusia",
            name="Rahayu Kinanti Suryadi, S.E., M.Si.",
            nip="197402111998032901",
            rank="Pembina Utama Muda, IV/c",
            on_behalf_of="Kepala Badan Pusat Statistik",
            through="Sekretaris Utama",
            acting="Plt.",
        ),
        copies=("Sekretaris Utama Badan Pusat Statistik (sebagai laporan)",),
        annex_title=text("verification_notice", "annex_title"),
        people=tuple(
            d.NoticeRow(
                name=name,
                nip=nip,
                level=LEVEL,
                stage="Tidak memenuhi syarat",
                reasons=(
                    d.Reason(
                        text="Surat pernyataan tidak ditandatangani Pimpinan Perangkat Daerah.",
                        source="Peraturan BPS 7/2019",
                    ),
                    d.Reason(text="Fotokopi SK Pangkat terakhir tidak dilegalisir."),
                ),
                next_step="Dapat diusulkan kembali pada periode berikutnya.",
            )
            for name, nip, _ in (PEOPLE * (people // 6 + 1))[:people]
        ),
        **ISSUED,
    )


def invitation(people: int = 0) -> d.CompetencyTestInvitation:
    """An invitation to one participant, or to an operator with so many people."""
    return d.CompetencyTestInvitation(
        letterhead=BPS,
        place="Jakarta",
        date="23 September 2026",
        subject=text("test_invitation", "subject"),
        addressee=d.Addressee(post="Sdr. Agustinus Kono Tefa, S.T.", place="Kupang"),
        opening=text("test_invitation", "opening"),
        points=points("test_invitation"),
        closing=text("test_invitation", "closing"),
        bring=BRING,
        facts=()
        if people
        else (
            d.Fact(label="Hari, tanggal", text="Rabu, 14 Oktober 2026"),
            d.Fact(label="Waktu", text="Sesi 2, 10.00–12.00 WITA"),
            d.Fact(label="Tempat", text="BPS Kota Baubau, Ruang Rapat Lantai 2"),
        ),
        people=seats(people),
        annex_title=text("test_invitation", "annex_title") if people else "",
    )


def card() -> d.CompetencyTestCard:
    """A test card."""
    return d.CompetencyTestCard(
        letterhead=BPS,
        number="P2-74-0031",
        name=PEOPLE[1][0],
        nip=PEOPLE[1][1],
        agency="Pemerintah Kota Baubau",
        level=LEVEL,
        day="Rabu, 14 Oktober 2026",
        address="Jalan Murhum Nomor 12, Baubau 93717",
        seat="3",
        bring=BRING,
        rules=("Hadir 30 menit sebelum uji dimulai.", "Mengikuti arahan pengawas."),
        check_url="https://inpassing.example/peserta/P2-74-0031/",
        **SESSION,
    )


def attendance(people: int = 19) -> d.AttendanceSheet:
    """An attendance sheet."""
    return d.AttendanceSheet(
        letterhead=OFFICE,
        place="Baubau",
        date="14 Oktober 2026",
        day="Rabu, 14 Oktober 2026",
        people=seats(people),
        proctors=PROCTORS,
        **SESSION,
    )


def minutes() -> d.Minutes:
    """Minutes with two absent people and one incident."""
    return d.Minutes(
        letterhead=OFFICE,
        place="Baubau",
        date="14 Oktober 2026",
        day_in_words=date_in_words(date(2026, 10, 14)),
        registered=19,
        present=17,
        absent=seats(2),
        incidents=(d.Fact(label="10.22 WITA", text="Listrik padam selama empat menit."),),
        proctors=PROCTORS,
        head=d.SignerBlock(
            post="Kepala BPS Kota Baubau",
            name="Drs. Sudirman Halim, M.Si.",
            nip="196805121994011903",
        ),
        **SESSION,
    )


def proposals(people: int = 26) -> d.ProposalList:
    """A cover letter with the list of proposed people."""
    return d.ProposalList(
        letterhead=AGENCY,
        place="Kupang",
        subject=text("proposal_list", "subject"),
        addressee=d.Addressee(post="Kepala Badan Pusat Statistik", place="Jakarta"),
        opening=text("proposal_list", "opening"),
        points=points("proposal_list"),
        closing=text("proposal_list", "closing"),
        signer=SECRETARY,
        copies=("Gubernur Nusa Tenggara Timur (sebagai laporan)",),
        annex_title=text("proposal_list", "annex_title"),
        people=tuple(
            d.ProposalRow(
                name=row.name,
                nip=row.nip,
                group=row.rank.rpartition(" ")[2],
                education="S-1 Teknik Informatika",
                post="Pengelola Sistem dan Jaringan",
                level=row.level,
            )
            for row in rows(people)
        ),
    )


def circular() -> d.Circular:
    """A circular to the work units of an agency."""
    return d.Circular(
        letterhead=AGENCY,
        place="Kupang",
        number="800/565/BKD2.1",
        date="7 Agustus 2026",
        subject=text("circular", "subject"),
        addressee=d.Addressee(post="Pimpinan Perangkat Daerah"),
        opening=text("circular", "opening"),
        points=points("circular"),
        closing=text("circular", "closing"),
        signer=SECRETARY,
        schedule=(
            d.Fact(label="Pengusulan calon", text="10–20 Agustus 2026"),
            d.Fact(label="Uji kompetensi", text="12–23 Oktober 2026"),
        ),
        requirements=("Fotokopi SK CPNS", "Fotokopi SK PNS", "Fotokopi SK Pangkat terakhir"),
        contact="Badan Kepegawaian Daerah, telepon (0380) 000 000",
        links=(d.Fact(label="Pedoman", text="inpassing.example/pedoman/"),),
        copies=("Inspektur Daerah Provinsi Nusa Tenggara Timur",),
    )


_PERSON = d.Person(
    name=PEOPLE[1][0],
    nip=PEOPLE[1][1],
    rank=PEOPLE[1][2],
    post="Analis Sistem Informasi",
    unit="Dinas Komunikasi dan Informatika",
)
_OF_HEAD = {
    "letterhead": AGENCY,
    "place": "Kupang",
    "person": _PERSON,
    "signer": HEAD,
    "unit": "Dinas Komunikasi dan Informatika",
}


def experience() -> d.StatementExperience:
    """A statement of two years of work."""
    return d.StatementExperience(
        level=LEVEL,
        field_of_work="sistem informasi berbasis komputer",
        since="1 Maret 2022",
        duration="4 tahun 5 bulan",
        duties=("Merancang dan memelihara basis data", "Mengembangkan aplikasi layanan publik"),
        **_OF_HEAD,
    )


def competence() -> d.StatementCompetence:
    """A statement of competence."""
    return d.StatementCompetence(
        level=LEVEL, field_of_work="sistem informasi berbasis komputer", **_OF_HEAD
    )


def discipline() -> d.StatementDiscipline:
    """A statement that no sanction is being served."""
    return d.StatementDiscipline(**_OF_HEAD)


def resignation() -> d.StatementResignation:
    """A statement of readiness to resign, with the place of a stamp."""
    return d.StatementResignation(
        place="Kupang",
        person=_PERSON,
        level=LEVEL,
        structural_post="Kepala Seksi Pengelolaan Data",
        decree_number="BKD.821/114/2021",
        decree_date="4 Januari 2021",
        stamp=True,
    )


SAMPLES = {
    "recommendation": recommendation,
    "extract": extract,
    "verification_notice": notice,
    "test_invitation": invitation,
    "test_card": card,
    "attendance_sheet": attendance,
    "minutes": minutes,
    "proposal_list": proposals,
    "circular": circular,
    "statement_experience": experience,
    "statement_competence": competence,
    "statement_discipline": discipline,
    "statement_resignation": resignation,
}
