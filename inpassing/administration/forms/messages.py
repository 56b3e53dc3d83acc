"""What an administrator types about messages: their wording, and the reasons of a return."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms

from inpassing.notifications.texts import complaints
from inpassing.reference.models import ReturnReason

SENTENCE_LENGTH = 200  # what a returned document keeps of its reason


class MessageTextForm(forms.Form):
    """Subject and body of one message; which fields they may name is checked with the code."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    subject = forms.CharField(label="Subjek", max_length=150)
    body = forms.CharField(
        label="Isi",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text="Baris kosong memisahkan paragraf. Baris yang dimulai “- ” menjadi daftar, yang "
        "dimulai “> ” menjadi kutipan.",
    )

    def __init__(self, data: Any = None, *, code: str, **options: Any) -> None:
        self.code = code
        super().__init__(data, **options)

    def clean_subject(self) -> str:
        return " ".join(self.cleaned_data["subject"].split())

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"].replace("\r\n", "\n").replace("\r", "\n")
        return "\n".join(line.rstrip() for line in body.split("\n")).strip()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "subject" in cleaned and "body" in cleaned:
            for sentence in complaints(self.code, cleaned["subject"], cleaned["body"]):
                self.add_error("body", sentence)
        return cleaned

    def restamp(self, version: int) -> None:
        """Let the refused form, shown again beside the present text, speak of its version."""
        self.data = dict(self.data.items()) | {"version": str(version)}


class ReasonForm(forms.ModelForm[ReturnReason]):
    """A reusable reason; its code is given once and never changes."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    class Meta:
        model = ReturnReason
        fields = ["code", "text", "action", "order", "is_active"]
        labels = {"code": "Kode"}
        help_texts = {
            "code": "Huruf kecil, angka, garis bawah. Tidak dapat diubah kemudian.",
            "text": "Misalnya: Belum dilegalisasi.",
            "action": "Satu kalimat untuk peserta. Misalnya: Mintakan legalisir, lalu pindai lagi.",
            "order": "Nomor kecil tampil lebih dahulu.",
            "is_active": "Yang tidak dipilih lagi tetap tampil pada pengembalian yang lalu.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            del self.fields["code"]
            self.initial["seen"] = mark_of(self.instance)

    def clean_text(self) -> str:
        return " ".join(self.cleaned_data["text"].split()).rstrip(".")

    def clean_action(self) -> str:
        return " ".join(self.cleaned_data["action"].split()).rstrip(".")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        text, action = cleaned.get("text", ""), cleaned.get("action", "")
        if len(ReturnReason(text=text, action=action).sentence) > SENTENCE_LENGTH:
            self.add_error(
                "action",
                f"Alasan dan yang harus dilakukan bersama paling banyak {SENTENCE_LENGTH} huruf. "
                "Persingkat.",
            )
        return cleaned


def mark_of(reason: ReturnReason) -> str:
    """What a page remembers of a reason, to notice that somebody changed it meanwhile."""
    parts = (reason.text, reason.action, reason.order, reason.is_active)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
