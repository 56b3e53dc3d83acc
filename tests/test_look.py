"""The shared look: parts, forms, tags, the pages around sign-in, the rules of templates."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import time_machine
from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from inpassing import icons
from inpassing.accounts.models import User
from inpassing.templatetags import inpassing as tags

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STATIC = Path(settings.BASE_DIR) / "static"
PARTS = [
    str(path.relative_to(TEMPLATES))
    for path in sorted(TEMPLATES.rglob("_*.html"))
    if path.parent.name != "emails"
]


def render(source: str, **context: object) -> str:
    return Template("{% load inpassing crispy_forms_tags %}" + source).render(Context(context))


class Ids(HTMLParser):
    """Collects the ids of a page and everything that refers to one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in {"for", "aria-describedby", "aria-labelledby", "popovertarget"}:
                self.references |= set((value or "").split())
            elif name == "href" and value and value.startswith("#"):
                self.references.add(value[1:])


class CandidateForm(forms.Form):
    nip = forms.CharField(
        label="NIP",
        help_text="18 angka, boleh dengan spasi.",
        widget=forms.TextInput(attrs={"class": "w-nip nip", "inputmode": "numeric"}),
    )
    rank = forms.ChoiceField(label="Pangkat", choices=[("", "Pilih"), ("a", "III/a")])
    position = forms.ChoiceField(
        label="Jabatan",
        choices=[("s", "Statistisi"), ("p", "Pranata Komputer")],
        widget=forms.RadioSelect,
    )
    papers = forms.MultipleChoiceField(
        label="Dokumen",
        help_text="Pilih yang ada.",
        choices=[("c", "SK CPNS"), ("p", "SK PNS")],
        widget=forms.CheckboxSelectMultiple,
    )
    agreed = forms.BooleanField(label="Data ini benar", help_text="Dicatat dengan nama Anda.")
    born = forms.DateField(
        label="Tanggal lahir", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    email = forms.EmailField(label="Email", required=False)
    letter = forms.FileField(
        label="Surat tugas", widget=forms.FileInput(attrs={"accept": "application/pdf"})
    )
    token = forms.CharField(widget=forms.HiddenInput, required=False)


# Parts

SAMPLE: dict[str, tuple[dict[str, object], list[str]]] = {
    "_banner.html": (
        {"kind": "bad", "title": "Sudah diputus.", "text": "Putusan Anda tidak disimpan."},
        ['class="banner banner--bad" role="alert"', "<b>Sudah diputus.</b> Putusan Anda"],
    ),
    "_confirm.html": (
        {"title": "Tarik usulan?", "text": "Berhenti.", "submit": "Tarik", "cancel_url": "/x/"},
        ['<h1 class="h2"', "btn-warn", ">Tarik</button>", 'href="/x/">Batal</a>'],
    ),
    "_deadline.html": (
        {"deadline": datetime(2026, 8, 28, 9, 0, tzinfo=UTC), "tz": "Asia/Makassar"},
        [
            '<b data-seconds-left="713040">8 hari 6 jam lagi</b>',
            '<time datetime="2026-08-28T09:00+00:00">Jumat, 28 Agustus 2026 pukul 17.00 WITA',
            "js/countdown.js",
        ],
    ),
    "_empty.html": (
        {"title": "Belum ada calon", "text": "Tambahkan.", "url": "/baru/", "action": "Tambah"},
        ['<div class="empty"><svg', "Belum ada calon</h2>", 'href="/baru/">Tambah</a>'],
    ),
    "_errsum.html": ({"form": CandidateForm()}, []),
    "_facts.html": (
        {"facts": [{"label": "NIP", "value": "", "css": "nip", "url": "/ubah/"}]},
        ['<dd class="nip">–</dd>', '<a href="/ubah/">Ubah<span class="visually-hidden"> nip'],
    ),
    "_footer.html": (
        {"footer_items": [{"label": "Bantuan", "url": "/bantuan/"}]},
        ['<a href="/bantuan/">Bantuan</a>', "Tidak dipungut biaya"],
    ),
    "_form.html": (
        {"form": CandidateForm(), "submit": "Simpan", "cancel_url": "/x/"},
        ['enctype="multipart/form-data"', 'type="submit">Simpan</button>', ">Batal</a>"],
    ),
    "_messages.html": ({"messages": []}, []),
    "_nav.html": (
        {"nav_items": [{"label": "Pesan", "url": "/pesan/", "current": True, "count": 2}]},
        [
            '<a href="/pesan/" aria-current="page">Pesan <span class="count">2',
            'popovertarget="menu"',
            "Masuk</a>",
        ],
    ),
    "_next.html": ({"steps": ["Tunggu email."]}, ["Apa selanjutnya</h2>\n<ol><li>Tunggu email."]),
    "_pager.html": (
        {"range_text": "1–25 dari 37", "next_url": "?h=2"},
        ["1–25 dari 37", 'href="?h=2" rel="next"'],
    ),
    "_steps.html": (
        {"steps": [{"label": "A", "state": "done"}, {"label": "B", "state": "now"}]},
        ['<li class="is-done"><span>A', '<li aria-current="step"><span><i>Tahap 2 dari 2: </i>B'],
    ),
    "_timeline.html": (
        {"events": [{"label": "Dikirim", "actor_label": "Ika", "when_text": "19 Agustus 2026"}]},
        ['<li class="is-now"><b>Dikirim</b><span class="meta">Ika · 19 Agustus 2026</span></li>'],
    ),
}


@pytest.mark.parametrize("name", SAMPLE)
def test_part_renders_what_it_is_given(name: str) -> None:
    context, expected = SAMPLE[name]
    with time_machine.travel(datetime(2026, 8, 20, 2, 56, tzinfo=UTC), tick=False):
        html = render_to_string(name, context)
    assert [text for text in expected if text not in html] == []
    page = Ids(html)
    assert page.references <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize("name", PARTS)
def test_part_says_first_what_it_needs(name: str) -> None:
    assert re.match(r"\{# (needs|optional): ", (TEMPLATES / name).read_text("utf-8"))


def test_messages_become_banners_of_their_level() -> None:
    class Message:
        def __init__(self, level_tag: str) -> None:
            self.level_tag, self.message = level_tag, f"<{level_tag}>"

    levels = ["success", "warning", "error", "info"]
    html = render_to_string("_messages.html", {"messages": [Message(level) for level in levels]})
    assert re.findall(r'class="(banner[^"]*)" role="(\w+)"', html) == [
        ("banner banner--ok", "status"),
        ("banner banner--fix", "status"),
        ("banner banner--bad", "alert"),
        ("banner", "status"),
    ]
    assert "&lt;error&gt;" in html


# Forms


def test_text_field_has_hint_and_error_that_the_input_names() -> None:
    form = CandidateForm({"nip": ""})
    assert render("{% field form.nip %}", form=form).replace("\n", "") == (
        '<div class="field field--error"><label for="id_nip">NIP</label>'
        '<div class="hint" id="id_nip_helptext">18 angka, boleh dengan spasi.</div>'
        '<div class="field-errors" id="id_nip_error"><p class="field-error">'
        + icons.icon("cross")
        + "<span>NIP: belum diisi.</span></p></div>"
        '<input type="text" name="nip" class="w-nip nip form-control is-invalid" '
        'inputmode="numeric" required aria-invalid="true" '
        'aria-describedby="id_nip_helptext id_nip_error" id="id_nip"></div>'
    )


def test_radios_and_checkboxes_are_picks_in_a_fieldset() -> None:
    html = render("{% field form.position %}", form=CandidateForm()).replace("\n", "")
    assert html.startswith('<fieldset class="field"><legend>Jabatan</legend><div class="picks">')
    assert html.count('<label class="pick" for="id_position_') == 2
    several = render("{% field form.papers %}", form=CandidateForm({}))
    assert 'aria-describedby="id_papers_helptext id_papers_error"' in several
    assert "Dokumen: belum dipilih." in several


def test_single_checkbox_stands_before_its_label() -> None:
    html = render("{% field form.agreed %}", form=CandidateForm()).replace("\n", "")
    assert '<label class="pick" for="id_agreed"><input type="checkbox" name="agreed"' in html
    assert html.endswith("Dicatat dengan nama Anda.</div></div>")


def test_optional_field_says_so_unless_a_hint_speaks_for_it() -> None:
    assert "(boleh dikosongkan)" in render("{% field form.email %}", form=CandidateForm())
    assert "(boleh dikosongkan)" not in render("{% field form.nip %}", form=CandidateForm())


def test_native_date_input_keeps_its_value() -> None:
    html = render("{% field form.born %}", form=CandidateForm(initial={"born": date(1989, 4, 14)}))
    assert 'value="1989-04-14"' in html


def test_hidden_field_is_only_an_input() -> None:
    html = render("{% field form.token %}", form=CandidateForm())
    assert html.strip() == '<input type="hidden" name="token" id="id_token">'


@pytest.mark.parametrize("source", ["{{ form|crispy }}", "{% include '_form.html' %}"])
def test_every_reference_in_a_failed_form_exists(source: str) -> None:
    page = Ids(render(source, form=CandidateForm({"email": "salah"}), submit="Simpan"))
    assert page.references <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_error_summary_lists_the_fields_in_order_with_links() -> None:
    form = CandidateForm({"email": "salah", "rank": "z", "born": "kemarin"})
    form.add_error(None, "Formasi sudah habis.")
    html = render('{% include "_errsum.html" %}', form=form)
    assert "Ada 9 hal yang perlu dibetulkan" in html
    assert re.findall(r'<li>(?:<a href="#([^"]*)">)?([^<]+)', html) == [
        ("", "Formasi sudah habis."),
        ("id_nip", "NIP: belum diisi."),
        ("id_rank", "Pangkat: pilihan itu tidak ada lagi. Pilih dari daftar."),
        ("id_position_0", "Jabatan: belum dipilih."),
        ("id_papers_0", "Dokumen: belum dipilih."),
        ("id_agreed", "Belum dicentang: Data ini benar"),
        ("id_born", "Tanggal lahir: tanggal tidak terbaca. Contoh yang benar: 28-08-2026."),
        ("id_email", "Email: alamat belum lengkap. Contoh yang benar: nama@instansi.go.id."),
        ("id_letter", "Surat tugas: berkas belum dipilih."),
    ]


def test_an_authors_own_sentence_is_kept() -> None:
    class Own(forms.Form):
        reason = forms.CharField(
            label="Alasan", error_messages={"required": "Tulis alasan penarikan."}
        )

    assert tags.error_texts(Own({})["reason"]) == ["Tulis alasan penarikan."]


def test_form_is_summarized_once_at_the_top_of_the_page() -> None:
    page = '{% extends "base.html" %}{% block main %}{% include "_form.html" %}{% endblock %}'
    html = Template(page).render(Context({"form": CandidateForm({}), "submit": "Simpan"}))
    assert html.count('class="errsum"') == 1
    assert html.index('class="errsum"') < html.index("<form")
    assert "<title>Galat: " in html


def test_formset_errors_are_summarized_with_the_prefix_of_each_form() -> None:
    lines = forms.formset_factory(CandidateForm, extra=0)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-email": "salah"}
    )
    lines.forms[0].empty_permitted = False
    anchors = [link["anchor"] for link in tags.summarize_errors("", lines)]
    assert anchors[:2] == ["id_form-0-nip", "id_form-0-rank"]


def test_crispy_tag_renders_the_same_fields() -> None:
    form = CandidateForm()
    assert 'class="w-nip nip form-control"' in render("{% crispy form %}", form=form)


# Tags and filters


@pytest.mark.parametrize("name", icons.ICONS)
def test_icon_is_well_formed(name: str) -> None:
    root = ElementTree.fromstring(icons.icon(name))
    assert (root.get("class"), root.get("aria-hidden")) == ("i", "true")
    assert len(root) > 0


def test_unknown_names_fail_loudly() -> None:
    with pytest.raises(ValueError, match="No icon 'kucing'"):
        icons.icon("kucing")
    with pytest.raises(ValueError, match="No status tag 'red'"):
        tags.tag("red", "Gagal")


def test_icon_with_a_label_is_a_picture() -> None:
    assert 'role="img" aria-label="Tahap &lt;2&gt;"' in icons.icon("clock", label="Tahap <2>")


def test_mark_sinks_one_step_per_stage() -> None:
    heights = [re.search(r'cy="(\d+)"', icons.stage_mark(stage)) for stage in (1, 2, 3, 4)]
    assert [match and match[1] for match in heights] == ["6", "14", "22", "30"]


def test_status_tag_escapes_its_word() -> None:
    assert tags.tag("ok", "<b>") == '<strong class="tag tag--ok">&lt;b&gt;</strong>'
    assert 'class="tag tag--wait tag--live"' in tags.tag("wait", "Sedang diperiksa", live=True)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ nip|nip }}", "19890414 201403 2 901"),
        ("{{ nip|mask_nip }}", "1989•••• •••••• • ••1"),
        ("{{ name|mask_name }}", "W*** O***"),
        ("{{ day|long_date }}", "28 Agustus 2026"),
        ("{{ day|short_date }}", "28 Agu 2026"),
        ("{{ moment|long_date }}", "29 Agustus 2026"),  # 23.30 UTC is the next day in Jakarta
        ("{{ moment|datetime_zone:'Asia/Jayapura' }}", "Sabtu, 29 Agustus 2026 pukul 08.30 WIT"),
        ("{{ moment|datetime_zone }}", "Sabtu, 29 Agustus 2026 pukul 06.30 WIB"),
        ("{{ moment|clock:'Asia/Makassar' }}", "07.30 WITA"),
        ("{{ size|filesize_id }}", "1,8 MB"),
        ("{{ count|number_id }}", "1.284"),
        ("{{ nothing|nip }}{{ nothing|long_date }}{{ nothing|filesize_id }}", "–––"),
        ("{{ zero|filesize_id }} {{ zero|number_id }}", "0 byte 0"),
    ],
)
def test_filter(source: str, expected: str) -> None:
    values = {
        "nip": "198904142014032901",
        "name": "Wa Ode",
        "day": date(2026, 8, 28),
        "moment": datetime(2026, 8, 28, 23, 30, tzinfo=UTC),
        "size": 1_800_000,
        "count": 1284,
        "nothing": None,
        "zero": 0,
    }
    assert render(source, **values) == expected


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=8, hours=6, minutes=59), "8 hari 6 jam lagi"),
        (timedelta(days=1), "1 hari lagi"),
        (timedelta(hours=5, minutes=20, seconds=59), "5 jam 20 menit lagi"),
        (timedelta(minutes=3), "3 menit lagi"),
        (timedelta(seconds=59), "kurang dari 1 menit lagi"),
        (timedelta(0), "sudah lewat"),
        (timedelta(days=-2), "sudah lewat"),
    ],
)
def test_left_in_words(left: timedelta, words: str) -> None:
    assert tags.left_in_words(left) == words


def test_message_text_becomes_paragraphs_lists_and_reasons() -> None:
    text = (
        "Yth. Ika,\n\nSatu perlu <diperbaiki>:\n> Belum ditandatangani.\n\n"
        "# Apa selanjutnya\n1. Pindai ulang.\n2. Unggah.\n\n- satu\n- dua"
    )
    assert tags.message_html(text).replace("\n", "") == (
        "<p>Yth. Ika,</p><p>Satu perlu &lt;diperbaiki&gt;:</p>"
        '<p class="alasan">Belum ditandatangani.</p><h2>Apa selanjutnya</h2>'
        "<ol><li>Pindai ulang.</li><li>Unggah.</li></ol><ul><li>satu</li><li>dua</li></ul>"
    )


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge di Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari", "Chrome di Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari", "Safari di iPhone"),
        ("curl/8.5", "Peramban lain"),
    ],
)
def test_browser_name(agent: str, name: str) -> None:
    assert tags.browser_name(agent) == name


# Mail


def test_mail_says_where_the_link_leads_in_both_forms() -> None:
    context = {
        "subject": "Atur ulang <kata sandi>",
        "body": "Yth. Ika,\n\nIsi & pesan.",
        "link": "https://inpassing.example/a/",
        "path": "",
        "site": "https://inpassing.example",
    }
    html = render_to_string("emails/_base.html", context)
    assert "<h1>Atur ulang &lt;kata sandi&gt;</h1>" in html
    assert '<a class="tombol" href="https://inpassing.example/a/">' in html
    text = render_to_string("emails/_base.txt", context)
    assert text.startswith("Yth. Ika,\n\nIsi & pesan.\n")
    assert "\nhttps://inpassing.example/a/\n" in text
    inbox = render_to_string("emails/_base.txt", context | {"link": "", "path": "/usulan/3/"})
    assert "\nhttps://inpassing.example/usulan/3/\n" in inbox


# Pages


ERROR_PAGES = ["400", "403", "403_csrf", "404", "405", "413", "429", "500"]


@pytest.mark.parametrize("name", ERROR_PAGES)
def test_error_page_needs_no_context(name: str) -> None:
    html = render_to_string(f"{name}.html")
    assert len(re.findall(r"<h1[ >]", html)) == 1
    assert 'href="/">Ke beranda</a>' in html


def test_server_error_page_offers_no_menu() -> None:
    assert "rolenav" not in render_to_string("500.html")


@pytest.mark.django_db
def test_unknown_address_is_answered_in_the_look(client: Client, settings: object) -> None:
    response = client.get("/tidak-ada/")
    assert response.status_code == 404
    assert "<h1>Halaman tidak ditemukan</h1>" in response.content.decode()


@pytest.fixture
def ika(db: None) -> User:
    return User.objects.create_user(
        "ika.wulandari", "ika@bps.example", "demo-inpassing", name="Ika Wulandari Sasmita"
    )


@pytest.fixture
def ikas_client(client: Client, ika: User) -> Client:
    signed_in = client.post(
        reverse("account_login"), {"login": "ika.wulandari", "password": "demo-inpassing"}
    )
    assert signed_in.headers["Location"] == reverse("home")
    return client


@pytest.fixture
def ikas_sure_client(ikas_client: Client) -> Client:
    """Ika has typed her password once more, as the pages of the second factor ask."""
    again = ikas_client.post(reverse("account_reauthenticate"), {"password": "demo-inpassing"})
    assert again.status_code == 302
    return ikas_client


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("account_login", "Masuk"),
        ("account_reset_password", "Atur ulang kata sandi"),
        ("account_reset_password_done", "Periksa email Anda"),
        ("account_reset_password_from_key_done", "Kata sandi tersimpan"),
        ("account_inactive", "Akun tidak aktif"),
    ],
)
def test_public_account_page(client: Client, name: str, heading: str) -> None:
    html = client.get(reverse(name)).content.decode()
    assert f"<h1>{heading}</h1>" in html
    assert "signup" not in html


@pytest.mark.django_db
def test_wrong_password_says_what_to_do_and_keeps_the_name(client: Client, ika: User) -> None:
    response = client.post(reverse("account_login"), {"login": "ika.wulandari", "password": "x"})
    html = response.content.decode()
    assert "Nama pengguna atau kata sandi tidak cocok." in html
    assert 'value="ika.wulandari"' in html
    assert "<title>Galat: Masuk · Inpassing</title>" in html


@pytest.mark.django_db
def test_sign_in_leads_on_to_the_page_that_was_asked_for(client: Client, ika: User) -> None:
    page = client.get(reverse("account_login"), {"next": reverse("accounts:profile")})
    assert "Setelah itu halaman yang Anda tuju langsung terbuka." in page.content.decode()


@pytest.mark.django_db
def test_used_up_reset_link_offers_a_new_one(client: Client) -> None:
    address = reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "abc-def"})
    html = client.get(address).content.decode()
    assert "<h1>Tautan tidak berlaku lagi</h1>" in html
    assert f'href="{reverse("account_reset_password")}">Minta tautan baru</a>' in html


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("account_change_password", "Ganti kata sandi"),
        ("account_reauthenticate", "Pastikan ini Anda"),
        ("account_logout", "Keluar dari Inpassing?"),
        ("mfa_index", "Verifikasi dua langkah"),
        ("mfa_activate_totp", "Pasang aplikasi autentikator"),
        ("mfa_list_webauthn", "Kunci sandi"),
        ("mfa_add_webauthn", "Tambah kunci sandi"),
        ("usersessions_list", "Sesi masuk"),
    ],
)
def test_own_account_page(ikas_sure_client: Client, name: str, heading: str) -> None:
    response = ikas_sure_client.get(reverse(name))
    assert response.status_code == 200
    assert re.search(rf"<h1[^>]*>{re.escape(heading)}</h1>", response.content.decode())


@pytest.mark.django_db
def test_wrong_code_keeps_the_second_factor_off(ikas_sure_client: Client) -> None:
    ikas_sure_client.get(reverse("mfa_activate_totp"))
    response = ikas_sure_client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert "Ketik kode yang sekarang tampil di aplikasi." in response.content.decode()
    assert "Belum dipasang" in ikas_sure_client.get(reverse("mfa_index")).content.decode()


@pytest.mark.django_db
def test_signing_out_is_a_post_from_every_page(ikas_client: Client) -> None:
    html = ikas_client.get(reverse("mfa_index")).content.decode()
    assert f'<form method="post" action="{reverse("account_logout")}">' in html
    assert "Ika Wulandari Sasmita</a>" in html
    assert ikas_client.post(reverse("account_logout")).headers["Location"] == reverse("landing")
    assert ikas_client.get(reverse("mfa_index")).status_code == 302


@pytest.mark.django_db
def test_htmx_is_configured_for_our_policy(ikas_client: Client) -> None:
    html = ikas_client.get(reverse("mfa_index")).content.decode()
    assert '"includeIndicatorStyles":false,"allowEval":false,"historyCacheSize":0' in html
    assert "django_htmx/htmx-2.min.js" in html
    assert 'hx-headers=\'{"X-CSRFToken": ' in html


# House rules


def template_sources() -> list[Path]:
    """All our templates that a browser shows; mails have a small style of their own."""
    return [
        path for path in TEMPLATES.rglob("*.html") if path.parts[-2] not in {"emails", "letters"}
    ]


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("no style attribute", r"\sstyle\s*="),
        ("no style element", r"<style[\s>]"),
        ("no script inside the page", r"<script(?![^>]*(\bsrc=|application/json))"),
        ("no event attributes", r"\son[a-z]+\s*="),
        ("no hx-on", r"\shx-on"),
        ("nothing from other servers", r"(src|href)=[\"'](https?:)?//"),
        ("no sideways scrolling tables", r"table-responsive"),
    ],
)
def test_templates_keep_the_rule(rule: str, pattern: str) -> None:
    found = [
        f"{path.relative_to(TEMPLATES)}: {match.group(0)}"
        for path in template_sources()
        for match in re.finditer(pattern, path.read_text("utf-8"))
    ]
    assert found == []


def test_stylesheet_asks_only_for_its_own_font() -> None:
    css = (STATIC / "css" / "app.css").read_text("utf-8")
    assert re.findall(r"url\(([^)]*)\)", css) == ['"fonts/plus-jakarta-sans-latin.woff2"']


def test_first_visit_is_light(tmp_path: Path, settings: object) -> None:
    """Styles, htmx and the font as they are sent: compressed (the goal is 150 kB with the page)."""
    sent = 0
    for name in ("css/bootstrap.min.css", "css/app.css", "django_htmx/htmx-2.min.js"):
        path = finders.find(name)
        assert path is not None
        sent += len(gzip.compress(Path(path).read_bytes()))
    sent += sum(len(gzip.compress(path.read_bytes())) for path in (STATIC / "js").glob("*.js"))
    assert sent < 75_000


def test_build_fonts_writes_once(
    tmp_path: Path, settings: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]
    call_command("build_fonts")
    font = tmp_path / "static" / "css" / "fonts" / "plus-jakarta-sans-latin.woff2"
    assert font.read_bytes()[:4] == b"wOF2"
    assert font.stat().st_size < 20_000
    written = font.stat().st_mtime_ns
    call_command("build_fonts")
    assert "up to date" in capsys.readouterr().out
    assert font.stat().st_mtime_ns == written
    assert [path.name for path in font.parent.iterdir()] == [font.name]
