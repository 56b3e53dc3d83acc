"""The text blocks of letters: defaults, and filling in what an administrator has edited.

A block is plain text with named fields in braces, "surat {pengirim} nomor {nomor_usulan}". There is
no template language in it: a field is replaced by its value and nothing else happens. Blocks that
are lists (the numbered points of a letter) are tuples.
"""

import re
from collections.abc import Mapping

from .errors import LetterError

_FIELD = re.compile(r"\{([^{}]*)\}")

#: kind of document → block → text. Sources: domain.md section 7; wording ours, editable per period.
DEFAULT_TEXTS: dict[str, dict[str, str | tuple[str, ...]]] = {
    "recommendation": {
        "subject": (
            "Rekomendasi Pengangkatan dalam Jabatan Fungsional {jabatan} melalui Inpassing "
            "{periode}"
        ),
        "opening": (
            "Sehubungan dengan surat {pengirim} nomor {nomor_usulan} tanggal {tanggal_usulan} hal "
            "Usulan Inpassing Jabatan Fungsional {jabatan}, dengan hormat kami sampaikan hal-hal "
            "berikut."
        ),
        # Instead of the opening, when the agency's letter is not named.
        "opening_bare": (
            "Sehubungan dengan usulan {instansi} dalam Jabatan Fungsional {jabatan} pada Inpassing "
            "{periode}, dengan hormat kami sampaikan hal-hal berikut."
        ),
        # The point that leads to the table of counts; left out where there is no table.
        "counts_lead": (
            "Dari usulan tersebut, hasil verifikasi, uji portofolio, dan uji kompetensi adalah:"
        ),
        "points": (
            (
                "Pegawai Negeri Sipil yang namanya tercantum dalam lampiran dapat diangkat ke "
                "dalam Jabatan Fungsional {jabatan} pada jenjang yang disebutkan, sesuai dengan "
                "formasi yang telah divalidasi."
            ),
            (
                "Pengangkatan ditetapkan dengan keputusan Pejabat Pembina Kepegawaian. Salinan "
                "keputusan tersebut mohon disampaikan kepada kami melalui sistem Inpassing."
            ),
        ),
        # The last point; left out where everybody is recommended.
        "refused_point": (
            "Alasan bagi yang tidak direkomendasikan disampaikan dengan surat tersendiri. Yang "
            "bersangkutan dapat diusulkan kembali pada periode berikutnya."
        ),
        "closing": (
            "Demikian kami sampaikan. Atas perhatian dan kerja sama Bapak/Ibu, kami ucapkan terima "
            "kasih."
        ),
        "annex_title": (
            "Daftar Pegawai Negeri Sipil yang direkomendasikan untuk diangkat dalam Jabatan "
            "Fungsional {jabatan}"
        ),
        "credit_note": (
            "Tanda “–” pada angka kredit: tabel angka kredit inpassing belum diisi untuk periode "
            "ini."
        ),
    },
    "extract": {
        "opening": (
            "Dalam surat rekomendasi kepada {penerima} hal {hal}, Pegawai Negeri Sipil berikut "
            "direkomendasikan untuk diangkat dalam Jabatan Fungsional {jabatan}."
        ),
        "closing": (
            "Pengangkatan ditetapkan dengan keputusan Pejabat Pembina Kepegawaian. Petikan ini "
            "disampaikan kepada yang bersangkutan untuk diketahui."
        ),
    },
    "verification_notice": {
        "subject": "Pemberitahuan Hasil Verifikasi Usulan Inpassing {periode}",
        "opening": (
            "Sehubungan dengan usulan {instansi} pada Inpassing {periode}, dengan hormat kami "
            "sampaikan hal-hal berikut."
        ),
        "points": (
            (
                "Pegawai Negeri Sipil yang namanya tercantum dalam lampiran belum dapat "
                "direkomendasikan, dengan alasan dan dasar yang disebutkan pada namanya."
            ),
            (
                "Yang bersangkutan dapat diusulkan kembali pada periode berikutnya sesuai dengan "
                "keterangan pada lampiran. Dokumen yang masih berlaku dapat digunakan lagi."
            ),
            "Pertanyaan mengenai hasil ini dapat disampaikan kepada {narahubung}.",
        ),
        "closing": (
            "Demikian kami sampaikan untuk diteruskan kepada yang bersangkutan. Atas perhatian dan "
            "kerja sama Bapak/Ibu, kami ucapkan terima kasih."
        ),
        "annex_title": "Daftar Pegawai Negeri Sipil yang belum dapat direkomendasikan",
    },
    "test_invitation": {
        "subject": "Pemberitahuan Uji Kompetensi Inpassing {periode}",
        "opening": (
            "Dengan hormat kami sampaikan bahwa {peserta} telah lulus uji portofolio dan wajib "
            "mengikuti uji kompetensi {jabatan} yang diselenggarakan sebagai berikut."
        ),
        "points": (
            "Peserta hadir 30 menit sebelum uji dimulai untuk registrasi.",
            (
                "Peserta yang tidak hadir dinyatakan gugur pada periode ini dan dapat diusulkan "
                "kembali pada periode berikutnya."
            ),
        ),
        "closing": "Demikian kami sampaikan. Atas perhatiannya, kami ucapkan terima kasih.",
        "annex_title": "Jadwal dan tempat uji kompetensi",
    },
    "proposal_list": {
        "subject": "Usulan Inpassing Jabatan Fungsional {jabatan} {periode}",
        "opening": (
            "Dengan hormat, bersama ini kami sampaikan usulan pengangkatan Pegawai Negeri Sipil di "
            "lingkungan {instansi} dalam Jabatan Fungsional {jabatan} melalui Inpassing {periode}, "
            "sebanyak {jumlah} sebagaimana tercantum dalam lampiran."
        ),
        "points": (
            (
                "Usulan tersebut sesuai dengan formasi yang telah kami sampaikan melalui sistem "
                "Inpassing."
            ),
            (
                "Data dan dokumen persyaratan dilengkapi oleh masing-masing peserta melalui sistem "
                "Inpassing."
            ),
        ),
        "closing": (
            "Demikian usulan ini kami sampaikan. Atas perhatian dan kerja sama Bapak/Ibu, kami "
            "ucapkan terima kasih."
        ),
        "annex_title": "Daftar usulan inpassing Jabatan Fungsional {jabatan}",
    },
    "circular": {
        "subject": (
            "Penyampaian Informasi Inpassing Jabatan Fungsional Statistisi dan Pranata Komputer "
            "{periode}"
        ),
        "opening": (
            "Sehubungan dengan pelaksanaan Inpassing Jabatan Fungsional Statistisi dan Pranata "
            "Komputer {periode} oleh Badan Pusat Statistik, dengan ini disampaikan hal-hal berikut."
        ),
        "points": (
            (
                "Inpassing terdiri atas empat tahap: pengusulan, verifikasi dan validasi, uji "
                "kompetensi, dan penerbitan rekomendasi. Seluruhnya dilaksanakan melalui {alamat}."
            ),
            (
                "Calon peserta adalah Pegawai Negeri Sipil yang sedikitnya dua tahun bertugas di "
                "bidang statistik atau sistem informasi, sesuai dengan jabatan yang dituju, dan "
                "tidak sedang menjalani hukuman disiplin sedang atau berat."
            ),
            (
                "{pimpinan} agar menyampaikan informasi ini kepada Pegawai Negeri Sipil di "
                "lingkungannya. Yang memenuhi syarat mendaftarkan diri kepada {pengelola} sebelum "
                "pengusulan ditutup pada {batas_usulan}. Berkas yang belum lengkap pada "
                "{batas_berkas} dinyatakan tidak memenuhi syarat dan tidak dapat mengikuti uji "
                "kompetensi."
            ),
        ),
        "closing": (
            "Demikian disampaikan. Atas perhatian dan kerja samanya, diucapkan terima kasih."
        ),
    },
}


def default_fields(kind: str) -> frozenset[str]:
    """Return the names of the fields that the default texts of a kind of document use."""
    blocks = DEFAULT_TEXTS[kind].values()
    texts = (text for block in blocks for text in ((block,) if isinstance(block, str) else block))
    return frozenset(name for text in texts for name in _FIELD.findall(text))


def unknown_fields(text: str, known: frozenset[str]) -> list[str]:
    """Return the field names in a text that nothing will fill, in order; also stray braces."""
    names = [name for name in _FIELD.findall(text) if name not in known]
    return names + [brace for brace in "{}" if brace in _FIELD.sub("", text)]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its fields replaced by their values, once and literally.

    Raises LetterError that names the fields without a value (absent or blank).
    """
    missing = [
        name for name in dict.fromkeys(_FIELD.findall(text)) if not values.get(name, "").strip()
    ]
    if missing:
        raise LetterError(f"Isian surat belum lengkap: {', '.join(missing)}.", missing=missing)
    return _FIELD.sub(lambda match: values[match[1]], text)
