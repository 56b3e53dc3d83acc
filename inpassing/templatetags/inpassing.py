"""Tags and filters of the shared look: `{% load inpassing %}`."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django import forms, template
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.forms.formsets import BaseFormSet
from django.forms.widgets import DateTimeBaseInput
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from inpassing import formats, icons

register = template.Library()

#: How a line of a message begins, by what it becomes.
LINE_MARKS = {
    "ul": re.compile(r"^- "),
    "ol": re.compile(r"^\d+\. "),
    "reason": re.compile(r"^> "),
    "h2": re.compile(r"^# "),
}
#: What HTML's own date inputs take as their value.
NATIVE_FORMATS = {"date": "%Y-%m-%d", "datetime-local": "%Y-%m-%dT%H:%M", "time": "%H:%M"}
#: Sign in the user agent → name; the first that fits counts, so the order matters.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
TAG_KINDS = ("still", "turn", "wait", "fix", "ok", "bad", "lock")
NOTHING = "–"
STOCK_REQUIRED = forms.Field.default_error_messages["required"]
STOCK_EMAIL = EmailValidator.message
STOCK_DATE = forms.DateField.default_error_messages["invalid"]
STOCK_INTEGER = forms.IntegerField.default_error_messages["invalid"]
STOCK_EMPTY_FILE = forms.FileField.default_error_messages["empty"]


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """`{% icon "clock" %}`: an inline SVG; `label=` only where no word stands beside it."""
    return icons.icon(name, css, label)


@register.simple_tag
def mark() -> SafeString:
    """`{% mark %}`: the mark of the header."""
    return icons.mark()


@register.simple_tag
def stage_mark(stage: int) -> SafeString:
    """`{% stage_mark 3 %}`: the mark as it stands at stage 1 to 4."""
    return icons.stage_mark(stage)


@register.simple_tag
def tag(kind: str, word: str, live: bool = False) -> SafeString:
    """`{% tag "ok" "Diterima" %}`: a status tag; `live=True` turns while we wait.

    Raises ValueError for a kind that the look does not have.
    """
    if kind not in TAG_KINDS:
        raise ValueError(f"No status tag {kind!r}; there are: {', '.join(TAG_KINDS)}")
    css = f"tag tag--{kind} tag--live" if live else f"tag tag--{kind}"
    return format_html('<strong class="{}">{}</strong>', css, word)


@register.filter
def banner_kind(level: str) -> str:
    """The banner's kind for a message level: "info", "ok", "fix" or "bad"."""
    return {"success": "ok", "warning": "fix", "error": "bad"}.get(level, "info")


@register.simple_tag
def banner_icon(kind: str) -> SafeString:
    """The icon that belongs to a kind of banner."""
    return icons.icon({"ok": "check", "fix": "triangle", "bad": "cross"}.get(kind, "info"))


@register.filter
def browser_name(user_agent: str) -> str:
    """What a person calls their browser: "Chrome di Android"."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "Peramban lain")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return f"{browser} di {system}" if system else browser


# Dates, numbers, names


@register.filter
def nip(value: str | None) -> str:
    """An employee number in its groups: 19860926 201505 1 901."""
    return formats.format_nip(value) if value else NOTHING


@register.filter
def mask_nip(value: str | None) -> str:
    """An employee number for the public: 1986•••• •••••• • ••1."""
    return formats.mask_nip(value) if value else NOTHING


@register.filter
def mask_name(value: str | None) -> str:
    """The initials of a name for the public: A*** B***."""
    return formats.mask_name(value) if value else NOTHING


@register.filter
def long_date(value: date | None) -> str:
    """28 Agustus 2026; a moment in time is shown in the server's zone."""
    return formats.long_date(_day(value)) if value else NOTHING


@register.filter
def short_date(value: date | None) -> str:
    """28 Agu 2026; a moment in time is shown in the server's zone."""
    return formats.short_date(_day(value)) if value else NOTHING


@register.filter
def datetime_zone(value: datetime | None, tz: Any = None) -> str:
    """Jumat, 28 Agustus 2026 pukul 17.00 WITA."""
    return formats.long_datetime(value, _zone(tz)) if value else NOTHING


@register.filter
def short_datetime(value: datetime | None, tz: Any = None) -> str:
    """28 Agustus 2026 pukul 17.00 WITA."""
    return formats.short_datetime(value, _zone(tz)) if value else NOTHING


@register.filter
def clock(value: datetime | None, tz: Any = None) -> str:
    """17.00 WITA."""
    return formats.clock(value, _zone(tz)) if value else NOTHING


@register.simple_tag
def moment(value: datetime, tz: Any = None) -> SafeString:
    """`{% moment deadline tz %}`: the long form inside a `<time>` that machines can read."""
    return format_html(
        '<time datetime="{}">{}</time>',
        value.isoformat(timespec="minutes"),
        formats.long_datetime(value, _zone(tz)),
    )


@register.filter
def seconds_left(deadline: datetime) -> int:
    """Whole seconds until then, for the countdown; never below zero."""
    return max(0, int((deadline - timezone.now()).total_seconds()))


@register.filter
def time_left(deadline: datetime) -> str:
    """How long until then in its two largest units: "8 hari 6 jam lagi", or "sudah lewat"."""
    return left_in_words(deadline - timezone.now())


@register.filter
def is_near(deadline: datetime) -> bool:
    """Whether less than 24 hours are left."""
    return deadline - timezone.now() < timedelta(hours=24)


def left_in_words(left: timedelta) -> str:
    """A time span in words, rounded down: "8 hari 6 jam lagi", "5 jam 20 menit lagi"."""
    if left <= timedelta(0):
        return "sudah lewat"
    minutes = int(left.total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        parts = [(days, "hari"), (hours, "jam")]
    elif hours:
        parts = [(hours, "jam"), (minutes, "menit")]
    else:
        parts = [(minutes, "menit")]
    words = " ".join(f"{number} {unit}" for number, unit in parts if number)
    return f"{words} lagi" if words else "kurang dari 1 menit lagi"


@register.filter
def filesize_id(value: int | None) -> str:
    """1,8 MB."""
    return formats.format_bytes(value) if value is not None else NOTHING


@register.filter
def number_id(value: int | Decimal | None) -> str:
    """1.284."""
    return formats.format_number(value) if value is not None else NOTHING


@register.filter
def breakable(text: str) -> SafeString:
    """The text, escaped, in which a line may end after each slash of a letter's number."""
    return mark_safe(conditional_escape(text).replace("/", "/<wbr>"))


@register.filter
def message_html(body: str) -> SafeString:
    """The plain text of a message as HTML, for the mail and for the inbox.

    Paragraphs stand apart by an empty line. Within one, lines that begin with "- " or "1. " become
    a list, lines that begin with "> " a reason, and a line that begins with "# " a small heading.
    """
    paragraphs = re.split(r"\n\s*\n", body.strip())
    return format_html_join("\n", "{}", ((_paragraph(text),) for text in paragraphs if text))


def _paragraph(text: str) -> SafeString:
    kinds = groupby(
        text.splitlines(),
        key=lambda line: next((kind for kind, mark in LINE_MARKS.items() if mark.match(line)), "p"),
    )
    blocks = []
    for kind, group in kinds:
        lines = [LINE_MARKS[kind].sub("", line) if kind in LINE_MARKS else line for line in group]
        if kind in ("ul", "ol"):
            items = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
            blocks.append(format_html("<{0}>{1}</{0}>", mark_safe(kind), items))
        elif kind == "h2":
            blocks.append(format_html_join("", "<h2>{}</h2>", ((line,) for line in lines)))
        else:
            inner = format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))
            css = mark_safe(' class="alasan"' if kind == "reason" else "")
            blocks.append(format_html("<p{}>{}</p>", css, inner))
    return format_html_join("", "{}", ((block,) for block in blocks))


# Forms


@register.simple_tag
def control(bound: forms.BoundField) -> SafeString:
    """The bare input of a field with the classes of the look; its attributes come from Django."""
    widget = bound.field.widget
    if isinstance(widget, DateTimeBaseInput) and not widget.format:
        # A date input shows nothing at all unless its value is written the ISO way.
        widget.format = NATIVE_FORMATS.get(widget.input_type or "")
    classes = widget.attrs.get("class", "").split()
    classes.append("form-select" if isinstance(widget, forms.Select) else "form-control")
    if bound.errors:
        classes.append("is-invalid")
    return bound.as_widget(attrs={"class": " ".join(dict.fromkeys(classes))})


@register.simple_tag
def field(bound: forms.BoundField) -> SafeString:
    """`{% field form.email %}`: one field as `{{ form|crispy }}` renders it."""
    return render_to_string("bootstrap5/field.html", {"field": bound, "form_show_labels": True})


@register.filter
def is_optional(bound: forms.BoundField) -> bool:
    """Whether the label must say that the field may stay empty; a hint says it in its words."""
    return not (bound.field.required or bound.help_text or bound.field.disabled)


@register.filter
def error_texts(bound: forms.BoundField) -> list[str]:
    """The errors of a field as sentences that still make sense away from it, in the summary."""
    return [_sentence(bound, error) for error in bound.form.errors.as_data().get(bound.name, [])]


@register.simple_tag
def summarize_errors(*sources: forms.BaseForm | BaseFormSet | str | None) -> list[dict[str, str]]:
    """The errors of forms and formsets as links for the error summary, in the order of the fields.

    A form is summarized once: the page's own summary comes first, and `_form.html`, which would
    print it too, then finds nothing left to say.
    """
    links: list[dict[str, str]] = []
    for source in sources:
        if isinstance(source, BaseFormSet):
            if source.is_bound:
                links += [{"anchor": "", "text": str(e)} for e in source.non_form_errors()]
                for form in source.forms:
                    links += _form_errors(form)
        elif isinstance(source, forms.BaseForm):
            links += _form_errors(source)
    return links


def _form_errors(form: forms.BaseForm) -> list[dict[str, str]]:
    if not form.is_bound or getattr(form, "is_summarized", False):
        return []
    form.is_summarized = True  # type: ignore[attr-defined]  # a mark for this one rendering
    links = [{"anchor": "", "text": str(error)} for error in form.non_field_errors()]
    for bound in form:
        links += [{"anchor": _anchor(bound), "text": text} for text in error_texts(bound)]
    return links


def _sentence(bound: forms.BoundField, error: ValidationError) -> str:
    """The error's own words; only Django's stock sentences, which know no field, are put better."""
    message = str(error.messages[0])
    if error.code == "required" and message == str(STOCK_REQUIRED):
        return _what_is_missing(bound)
    if error.code == "invalid" and message == str(STOCK_EMAIL):
        return f"{bound.label}: alamat belum lengkap. Contoh yang benar: nama@instansi.go.id."
    if error.code == "invalid" and message == str(STOCK_DATE):
        return f"{bound.label}: tanggal tidak terbaca. Contoh yang benar: 28-08-2026."
    if error.code == "invalid" and message == str(STOCK_INTEGER):
        return f"{bound.label}: isi dengan angka bulat."
    if error.code == "invalid_choice" and isinstance(bound.field, forms.ChoiceField):
        return f"{bound.label}: pilihan itu tidak ada lagi. Pilih dari daftar."
    if error.code == "empty" and message == str(STOCK_EMPTY_FILE):
        return f"{bound.label}: berkas itu kosong. Pilih berkas lain."
    return message


def _what_is_missing(bound: forms.BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return f"Belum dicentang: {bound.label}"
    if isinstance(widget, forms.FileInput):
        return f"{bound.label}: berkas belum dipilih."
    if isinstance(widget, forms.widgets.ChoiceWidget):
        return f"{bound.label}: belum dipilih."
    return f"{bound.label}: belum diisi."


def _anchor(bound: forms.BoundField) -> str:
    """The id of what takes the focus: the input, or the first of several."""
    if bound.is_hidden:
        return ""
    return bound.id_for_label or f"{bound.auto_id}_0"


def _day(value: date) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


def _zone(tz: Any) -> str:
    return str(tz) if tz else settings.TIME_ZONE
