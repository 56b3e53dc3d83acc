"""What a person may type in stage 4."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from inpassing.accounts.models import Agency
from proposals.models import Proposal

from .letter_texts import BLOCKS, MAX_LENGTH, Texts, complaints, typed
from .models import Appointment, Export, Letter

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ReasonForm(forms.Form):
    """One reason, which is recorded and shown."""

    reason = forms.CharField(
        label="Alasan",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Satu atau dua kalimat. Dicatat di linimasa.",
        error_messages={"required": "Tulis alasannya."},
    )


class RevokeForm(ReasonForm):
    """Why a letter is revoked, and whether another takes its place."""

    REPLACE, WITHDRAW = "replace", "withdraw"
    outcome = forms.ChoiceField(
        label="Sesudah dicabut",
        choices=[
            (REPLACE, "Diganti dengan surat baru: peserta kembali siap direkomendasikan"),
            (WITHDRAW, "Rekomendasi ditarik: peserta menjadi tidak direkomendasikan"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Pilih salah satu."},
    )
    field_order = ["outcome", "reason"]

    def __init__(self, *args: Any, letter: Letter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = "Tampil pada halaman cek surat dan dikirim ke instansi."
        if letter.is_notice:
            del self.fields["outcome"]

    @property
    def replaces(self) -> bool:
        outcome: str = self.cleaned_data.get("outcome", self.REPLACE)
        return outcome == self.REPLACE


class PutUpForm(forms.Form):
    """Sending a run to the signers; earlier than the recommendation date with a reason."""

    early_reason = forms.CharField(
        label="Alasan terbit lebih awal",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Tulis alasan terbit sebelum tanggal rekomendasi."},
    )

    def __init__(self, *args: Any, is_early: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_early:
            del self.fields["early_reason"]


class ReferenceForm(forms.ModelForm[Letter]):
    """The agency's letter of proposal, which the opening names."""

    class Meta:
        model = Letter
        fields = ["reference_number", "reference_date"]
        widgets = {"reference_date": DAY}
        help_texts = {
            "reference_number": "Misalnya 800/1243/BKPSDM. Dikosongkan bila tidak ada.",
        }

    def clean(self) -> dict[str, Any]:
        """Number and date come together, or neither does."""
        data = super().clean() or {}
        number, date = data.get("reference_number"), data.get("reference_date")
        if number and not date and "reference_date" not in self.errors:
            self.add_error("reference_date", "Isi juga tanggal surat itu.")
        if date and not number:
            self.add_error("reference_number", "Isi juga nomor surat itu.")
        return data


class AddresseeForm(forms.ModelForm[Agency]):
    """Whom letters to an agency are addressed to."""

    class Meta:
        model = Agency
        fields = ["addressee", "addressee_via"]
        help_texts = {
            "addressee_via": "Misalnya Kepala BKPSDM Kota Baubau. Boleh dikosongkan.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["addressee"].required = True
        self.fields["addressee"].error_messages["required"] = "Isi jabatan penerima surat."


class AppointmentForm(forms.ModelForm[Appointment]):
    """The appointment decree, with its PDF."""

    upload = forms.FileField(
        label="Keputusan pengangkatan (PDF)",
        help_text="Satu berkas PDF, paling besar 2 MB.",
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"}),
        error_messages={"required": "Pilih berkas PDF keputusan pengangkatan."},
    )

    class Meta:
        model = Appointment
        fields = ["decree_number", "decree_date", "effective_on", "level", "rank"]
        widgets = {"decree_date": DAY, "effective_on": DAY}
        labels = {"level": "Jenjang pada keputusan"}

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.proposal = proposal
        levels = self.fields["level"]
        assert isinstance(levels, forms.ModelChoiceField)
        levels.queryset = proposal.position.levels.all()
        self.initial["rank"] = proposal.rank_id

    def clean_level(self) -> Any:
        """Another level than recommended is not an appointment on this recommendation."""
        level = self.cleaned_data["level"]
        if level.pk != self.proposal.level_id:
            raise forms.ValidationError(
                f"BPS merekomendasikan {self.proposal.level.name}. Minta keputusan diperbaiki, "
                "atau hubungi BPS."
            )
        return level

    def clean_decree_date(self) -> dt.date:
        """A decree is not dated ahead."""
        day: dt.date = self.cleaned_data["decree_date"]
        if day > timezone.localdate():
            raise forms.ValidationError("Tanggal keputusan belum tiba. Periksa tahunnya.")
        return day

    def clean_upload(self) -> Any:
        """Refused by name and size before anything is stored; the worker inspects the rest."""
        upload = self.cleaned_data["upload"]
        if upload.size > settings.UPLOAD_MAX_BYTES:
            raise forms.ValidationError("Berkas lebih dari 2 MB. Kecilkan lalu pilih lagi.")
        start = upload.read(1024)
        upload.seek(0)
        if b"%PDF-" not in start:
            raise forms.ValidationError("Berkas ini bukan PDF. Simpan sebagai PDF lalu pilih lagi.")
        return upload


class ExportForm(forms.Form):
    """What to make of the chosen letters; an operator of several agencies says of which."""

    agency_key = forms.ChoiceField(label="Instansi")
    content = forms.ChoiceField(
        label="Buat berkas",
        choices=[
            (content.value, content.label)
            for content in Export.Content
            if content != Export.Content.REGISTER
        ],
        initial=Export.Content.ORIGINALS,
        widget=forms.RadioSelect,
        error_messages={"required": "Pilih salah satu."},
    )

    def __init__(self, *args: Any, agencies: list[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agencies = {str(agency.pk): agency for agency in agencies}
        field = self.fields["agency_key"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(key, agency.name) for key, agency in self.agencies.items()]
        if len(agencies) < 2:
            del self.fields["agency_key"]

    @property
    def agency(self) -> Agency | None:
        """The agency whose letters are meant; None for an administrator: all."""
        if len(self.agencies) == 1:
            return next(iter(self.agencies.values()))
        return self.agencies.get(self.cleaned_data.get("agency_key", ""))


class LetterTextForm(forms.Form):
    """The text blocks of one kind of letter, one field each; blank means the default."""

    def __init__(self, *args: Any, kind: str, texts: Texts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for block, text in texts.items():
            words = typed(text)
            self.fields[block] = forms.CharField(
                label=BLOCKS[block],
                required=False,
                max_length=MAX_LENGTH,
                initial=words,
                widget=forms.Textarea(attrs={"rows": min(10, 2 + len(words) // 80)}),
                help_text="" if isinstance(text, str) else "Pisahkan butir dengan baris kosong.",
            )

    def clean(self) -> dict[str, Any]:
        """No field that nothing fills, no sign that the font of the letters lacks."""
        data = super().clean() or {}
        for block, text in list(data.items()):
            for complaint in complaints(self.kind, text):
                self.add_error(block, complaint)
        return data


class CheckForm(forms.Form):
    """The check code as it stands in a letter."""

    code = forms.CharField(
        label="Kode cek pada surat",
        max_length=40,
        help_text="12 angka dan huruf di samping kode QR, misalnya 7K2M-QX4R-0T9B.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Ketik kode cek yang ada pada surat."},
    )
