"""What an administrator types about a guideline, and which files are taken."""

from __future__ import annotations

import zipfile
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from inpassing.reference.models import Guideline

OFFICE = "application/vnd.openxmlformats-officedocument."
# suffix -> (content type, the part that makes it one)
OFFICE_TYPES = {
    ".docx": (f"{OFFICE}wordprocessingml.document", "word/document.xml"),
    ".xlsx": (f"{OFFICE}spreadsheetml.sheet", "xl/workbook.xml"),
}
ACCEPT = ".pdf,.docx,.xlsx"
TOO_LARGE = "Berkas lebih besar dari 2 MB. Perkecil, atau tulis alamat resminya pada uraian."


class GuidelineForm(forms.ModelForm[Guideline]):
    """A guideline with its file."""

    file = forms.FileField(
        label="Berkas",
        required=False,
        help_text="PDF, DOCX, atau XLSX, paling besar 2 MB. Boleh kosong.",
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )
    remove_file = forms.BooleanField(label="Hapus berkas yang ada", required=False)

    class Meta:
        model = Guideline
        fields = ["category", "title", "summary", "dated_on", "order", "is_published"]
        widgets = {
            "dated_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "summary": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "summary": "Alamat situs yang ditulis di sini menjadi tautan.",
            "dated_on": "Tanggal pada dokumennya, misalnya tanggal peraturan ditetapkan.",
            "order": "Nomor kecil tampil lebih dahulu dalam kelompoknya.",
        }

    field_order = ["category", "title", "summary", "file", "remove_file", "dated_on", "order"]

    def __init__(self, *args: Any, refusal: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusal = refusal
        if not self.instance.file_id:
            del self.fields["remove_file"]

    def clean_file(self) -> UploadedFile | None:
        upload: UploadedFile | None = self.cleaned_data.get("file")
        if upload is None:
            return None
        if (upload.size or 0) > settings.UPLOAD_MAX_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        suffix = suffix_of(upload)
        if suffix == ".pdf":
            if upload.read(5) != b"%PDF-":
                raise forms.ValidationError("Isi berkas bukan PDF. Simpan ulang sebagai PDF.")
        elif suffix not in OFFICE_TYPES:
            raise forms.ValidationError("Jenis berkas ini tidak diterima. Pakai PDF, DOCX, XLSX.")
        elif not _is_office(upload, OFFICE_TYPES[suffix][1]):
            raise forms.ValidationError(
                f"Isi berkas bukan {suffix[1:].upper()} tanpa makro. Simpan ulang tanpa makro, "
                "atau simpan sebagai PDF."
            )
        upload.seek(0)
        return upload

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.refusal:
            self.add_error("file", self.refusal)
        if data.get("file") and data.get("remove_file"):
            self.add_error("remove_file", "Pilih salah satu: ganti berkas, atau hapus berkas.")
        return data


def suffix_of(upload: UploadedFile) -> str:
    """The file name's ending with its dot, in small letters."""
    stem, dot, ending = (upload.name or "").lower().rpartition(".")
    return f"{dot}{ending}" if stem else ""


def _is_office(upload: UploadedFile, part: str) -> bool:
    """Whether the package holds its main part and no macros; only its table of contents is read."""
    try:
        with zipfile.ZipFile(upload) as package:
            names = {name.lower() for name in package.namelist()}
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False
    has_macros = any(name.endswith(("vbaproject.bin", ".exe", ".js", ".vbs")) for name in names)
    return {"[content_types].xml", part} <= names and not has_macros
