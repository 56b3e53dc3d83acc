"""What the participant types, one page each; every page may be saved before it is complete."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from inpassing.files.inspector import MESSAGES
from inpassing.reference.models import EducationLevel

from ..eligibility import Outcome, education_fits, facts_of, rules_of
from ..models import Proposal
from ..statements import field_of_work
from .fields import PastDateField, PdfField, PhoneField


class DataForm(forms.ModelForm):
    """One data page. Nothing is required here: what is missing is said before sending."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name != "education":
                field.required = False

    def notices(self) -> list[str]:
        """Sentences about what was typed that are no refusal."""
        return []


class PersonalForm(DataForm):
    """Data diri."""

    phone = PhoneField(
        label="Nomor telepon",
        help_text="Nomor yang aktif, untuk dihubungi operator instansi atau BPS.",
    )

    class Meta:
        model = Proposal
        fields = ["phone", "address", "special_needs"]
        help_texts = {
            "address": "Alamat rumah, sampai kabupaten atau kota.",
            "special_needs": "Boleh dikosongkan. Misalnya pengguna kursi roda, atau perlu huruf "
            "besar di layar.",
        }
        widgets = {
            "address": forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
        }


class WorkForm(DataForm):
    """Pekerjaan dan pangkat; the structural post only of those who hold one."""

    work_since = PastDateField(
        label="Bekerja di bidang itu sejak",
        help_text="Hari-bulan-tahun, misalnya 01-03-2019. Tanggal ini tercetak pada surat "
        "pernyataan pengalaman.",
    )
    structural_since = PastDateField(
        label="Tanggal SK jabatan struktural", help_text="Hari-bulan-tahun, misalnya 14-05-2021."
    )

    class Meta:
        model = Proposal
        fields = [
            "current_post",
            "structural_decree",
            "structural_since",
            "work_field",
            "work_since",
            "duties",
        ]
        labels = {"structural_decree": "Nomor SK jabatan struktural"}
        help_texts = {
            "current_post": "Seperti tertulis pada SK jabatan terakhir.",
            "structural_decree": "Seperti tertulis pada SK, lengkap dengan garis miringnya.",
            "duties": "Satu tugas per baris, paling banyak 2.000 huruf. Tercetak pada surat "
            "pernyataan pengalaman.",
        }
        widgets = {"duties": forms.Textarea(attrs={"rows": 6, "maxlength": 2000})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.is_structural:
            del self.fields["structural_decree"], self.fields["structural_since"]
        self.fields[
            "work_field"
        ].help_text = f"Bagian dari bidang {field_of_work(self.instance)} yang Anda kerjakan."

    def clean_work_since(self) -> dt.date | None:
        since: dt.date | None = self.cleaned_data["work_since"]
        if since and since.year - self.instance.birth_date.year < 15:
            raise ValidationError(
                "Tanggal ini terlalu dekat dengan tanggal lahir. Periksa tahunnya."
            )
        return since

    def notices(self) -> list[str]:
        """E4 is judged by the verifier; here it is only said."""
        since, least = self.cleaned_data.get("work_since"), self.instance.period.min_field_years
        if since and _years_after(since, least) > timezone.localdate():
            sentence = (
                f"Masa kerja di bidang itu belum {least} tahun. Ini peringatan, bukan penolakan; "
                "verifikator memeriksanya pada surat pernyataan pengalaman."
            )
            return [sentence]
        return []


class EducationForm(DataForm):
    """Pendidikan. The field of study is set by the verifier, never here."""

    class Meta:
        model = Proposal
        fields = ["education", "programme", "institution", "graduation_year"]
        labels = {"education": "Jenjang pendidikan terakhir"}
        help_texts = {
            "education": "Jenjang pada ijazah yang Anda unggah.",
            "programme": "Seperti tertulis pada ijazah, misalnya Teknik Informatika.",
            "institution": "Nama sekolah atau perguruan tinggi pada ijazah.",
            "graduation_year": "Empat angka, misalnya 2012.",
        }
        widgets = {
            "education": forms.Select(attrs={"class": "w-nip"}),
            "graduation_year": forms.TextInput(
                attrs={"inputmode": "numeric", "class": "w-short", "maxlength": 4}
            ),
        }

    def clean_education(self) -> EducationLevel:
        chosen: EducationLevel = self.cleaned_data["education"]
        facts = replace(
            facts_of(self.instance), education_name=chosen.name, education_order=chosen.order
        )
        verdict = education_fits(facts, rules_of(self.instance.period))
        if verdict.outcome == Outcome.REFUSED:
            raise ValidationError(
                f"Pendidikan {chosen.name} belum memenuhi {self.instance.level.name}. Bila jenjang "
                "usulan keliru, hubungi operator instansi."
            )
        return chosen

    def clean_graduation_year(self) -> int | None:
        year: int | None = self.cleaned_data["graduation_year"]
        if year is None:
            return None
        if year > timezone.localdate().year:
            raise ValidationError("Tahun ini masih akan datang. Periksa lagi tahunnya.")
        if year - self.instance.birth_date.year < 15:
            raise ValidationError(
                "Tahun ini terlalu dekat dengan tahun lahir. Periksa lagi tahunnya."
            )
        return year


class UploadForm(forms.Form):
    """One PDF for a slot. `refusal` is a sentence about a file that never reached the form."""

    file = PdfField(
        label="Berkas PDF",
        error_messages={
            "required": "Berkas belum dipilih. Pilih satu berkas PDF, lalu unggah.",
            "empty": "Berkas itu kosong. Pindai atau simpan ulang dokumen, lalu unggah lagi.",
            "max_length": "Nama berkas terlalu panjang. Ganti namanya, lalu unggah lagi.",
        },
    )

    def __init__(self, *args: Any, refusal: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusal = refusal
        if refusal:
            self.fields["file"].required = False

    def clean_file(self) -> Any:
        if self.refusal:
            raise ValidationError(self.refusal, code="refused")
        return self.cleaned_data["file"]


TOO_LARGE_SCAN = (
    "Pindaian ini lebih besar dari 20 MB. Pindai ulang pada 150 dpi, abu-abu, lalu unggah lagi."
)
SMALL_SCAN = (
    "Berkas ini tidak lebih besar dari 2 MB. Unggah langsung pada halaman dokumen tanpa dikecilkan."
)


class ScanField(PdfField):
    """One PDF over the limit of a document and within that of a scan."""

    def clean(self, data: Any, initial: Any = None) -> UploadedFile | None:
        upload: UploadedFile | None = forms.FileField.clean(self, data, initial)
        if not upload:
            return upload
        if (upload.size or 0) > settings.SCAN_MAX_BYTES:
            raise ValidationError(TOO_LARGE_SCAN, code="too_large")
        head = upload.read(1024)
        upload.seek(0)
        if b"%PDF-" not in head:
            raise ValidationError(MESSAGES["not_pdf"], code="not_pdf")
        if (upload.size or 0) <= settings.UPLOAD_MAX_BYTES:
            raise ValidationError(SMALL_SCAN, code="small")
        return upload


class ScanForm(UploadForm):
    """One PDF that is to be made smaller."""

    file = ScanField(
        label="Berkas PDF", error_messages=UploadForm.base_fields["file"].error_messages
    )


def _years_after(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
