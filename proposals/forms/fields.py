"""Fields that several forms of this stage share: employee number, date, PDF, yes or no."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import EmailValidator
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from inpassing.files.inspector import MESSAGES
from inpassing.formats import format_nip

from ..nip import Nip, NipError, read_nip

DATE_FORMATS = ["%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%d %m %Y", "%Y-%m-%d"]


class NipField(forms.CharField):
    """An employee number with or without spaces; cleans to a `Nip`, or None when left empty."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "NIP")
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("help_text", "18 angka, boleh dengan spasi.")
        kwargs.setdefault(
            "widget",
            forms.TextInput(
                attrs={"inputmode": "numeric", "autocomplete": "off", "class": "w-nip nip"}
            ),
        )
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return format_nip(value) if isinstance(value, str) else value

    def clean(self, value: Any) -> Nip | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_nip(text, today=timezone.localdate())
        except NipError as error:
            raise ValidationError(str(error), code="nip") from error


class PhoneField(forms.CharField):
    """A telephone number in whatever way it is written; only what cannot be one is refused."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault(
            "widget",
            forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "class": "w-nip"}),
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        phone: str = super().clean(value)
        if phone and sum(c.isdigit() for c in phone) < 6:
            raise ValidationError("Nomor telepon belum lengkap. Contoh: 0812 3456 7890.")
        return phone


class DateField(forms.DateField):
    """A date as people write it, 14-05-1989."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("input_formats", DATE_FORMATS)
        kwargs.setdefault(
            "widget",
            forms.DateInput(
                format="%d-%m-%Y",
                attrs={
                    "inputmode": "numeric",
                    "autocomplete": "off",
                    "class": "w-short",
                    "placeholder": "",
                },
            ),
        )
        kwargs.setdefault(
            "error_messages",
            {"invalid": "Tanggal tidak terbaca. Tulis hari-bulan-tahun, misalnya 14-05-1989."},
        )
        super().__init__(**kwargs)


class PastDateField(DateField):
    """A date that has come: not after today."""

    def clean(self, value: Any) -> dt.date | None:
        day: dt.date | None = super().clean(value)
        if day and day > timezone.localdate():
            raise ValidationError("Tanggal ini masih akan datang. Periksa tahunnya.", code="future")
        if day and day.year < 1900:
            raise ValidationError("Tahun ini tidak mungkin. Tulis empat angka.", code="past")
        return day


class MailField(forms.EmailField):
    """An e-mail address, stored in lower case."""

    default_validators = [
        EmailValidator("Alamat email belum lengkap. Contoh yang benar: nama@instansi.go.id.")
    ]

    def clean(self, value: Any) -> str:
        address: str = super().clean(value)
        return address.lower()


class PdfField(forms.FileField):
    """One PDF within the size limit. What the file holds is judged by the worker afterwards."""

    widget = forms.FileInput(attrs={"accept": "application/pdf,.pdf"})

    def clean(self, data: Any, initial: Any = None) -> UploadedFile | None:
        upload: UploadedFile | None = super().clean(data, initial)
        if upload:
            check_pdf(upload)
        return upload


class PlainSelect(forms.Select):
    """A select of flat choices, written without a template for each option: the filters of a
    list have up to seven of them with some eighty options."""

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, _SELECTED if key == chosen else "", label) for key, label in self.choices),
        )
        every = flatatt(self.build_attrs(self.attrs, dict(attrs or {})))
        return format_html('<select name="{}"{}>{}</select>', name, every, options)


_SELECTED = mark_safe(" selected")


class YesNoField(forms.TypedChoiceField):
    """A question that is answered yes or no; nothing is chosen beforehand."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.RadioSelect)
        super().__init__(
            choices=[("ya", "Ya"), ("tidak", "Tidak")],
            coerce=lambda value: value == "ya",
            empty_value=None,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "ya", False: "tidak"}.get(value, value) if value is not None else None


def check_pdf(upload: UploadedFile) -> None:
    """Refuse at once what need not wait for the worker: too large, or no PDF at all."""
    if (upload.size or 0) > settings.UPLOAD_MAX_BYTES:
        raise ValidationError(MESSAGES["too_large"], code="too_large")
    head = upload.read(1024)
    upload.seek(0)
    if b"%PDF-" not in head:
        raise ValidationError(MESSAGES["not_pdf"], code="not_pdf")
