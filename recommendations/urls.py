from django.urls import path

from .views import (
    appointments,
    checking,
    exports,
    letter_texts,
    letters,
    previews,
    register,
    runs,
    signing,
)

app_name = "recommendations"
urlpatterns = [
    # Public
    path("cek/", checking.check, name="check"),
    path("cek/<str:code>/", checking.check_letter, name="check_letter"),
    # Runs
    path("penerbitan/", runs.runs, name="runs"),
    path("penerbitan/periode/<int:pk>/", runs.start, name="start"),
    path("penerbitan/periode/<int:pk>/teks/", letter_texts.letter_texts, name="letter_texts"),
    path(
        "penerbitan/periode/<int:pk>/teks/<slug:slug>/",
        letter_texts.letter_text,
        name="letter_text",
    ),
    path("penerbitan/<int:pk>/", runs.run, name="run"),
    path("penerbitan/<int:pk>/himpun/", runs.gather, name="gather"),
    path("penerbitan/<int:pk>/ulangi/", runs.retry_all, name="retry_all"),
    path("penerbitan/<int:pk>/pratinjau/", previews.previews, name="previews"),
    path("penerbitan/<int:pk>/kirim/", runs.put_up, name="put_up"),
    path("penerbitan/<int:pk>/instansi/<int:agency_pk>/", runs.addressee, name="addressee"),
    path(
        "penerbitan/<int:pk>/usulan/<int:proposal_pk>/tidak/",
        runs.not_recommend,
        name="not_recommend",
    ),
    # Signers
    path("surat/tanda-tangan/", signing.signing, name="signing"),
    path("surat/terbitkan/", signing.issue, name="issue"),
    path("surat/<int:pk>/tolak/", signing.refuse, name="refuse"),
    # Letters
    path("surat/", letters.letters, name="letters"),
    path("surat/<int:pk>/", letters.letter, name="letter"),
    path("surat/<int:pk>/unduh/", letters.letter_file, name="letter_file"),
    path("surat/<int:pk>/pratinjau/", previews.preview, name="preview"),
    path(
        "surat/<int:pk>/pratinjau/petikan/<int:proposal_pk>/",
        previews.preview_extract,
        name="preview_extract",
    ),
    path("surat/<int:pk>/pratinjau/bagian/", previews.preview_part, name="preview_part"),
    path(
        "surat/<int:pk>/pratinjau/<int:job_pk>/",
        previews.preview_picture,
        name="preview_picture",
    ),
    path("surat/<int:pk>/rujukan/", letters.reference, name="reference"),
    path("surat/<int:pk>/melebihi-formasi/", letters.overrun, name="overrun"),
    path("surat/<int:pk>/tarik/", letters.recall, name="recall"),
    path("surat/<int:pk>/ulangi/", letters.retry, name="retry"),
    path("surat/<int:pk>/batalkan/", letters.void, name="void"),
    path("surat/<int:pk>/cabut/", letters.revoke, name="revoke"),
    # Register and exports
    path("surat/register/", register.register, name="register"),
    path("surat/register/ekspor/", register.register_export, name="register_export"),
    path("surat/ekspor/", exports.exports, name="exports"),
    path("surat/ekspor/<int:pk>/", exports.export, name="export"),
    path("surat/ekspor/<int:pk>/ulangi/", exports.export_retry, name="export_retry"),
    path("surat/ekspor/<int:pk>/unduh/", exports.export_file, name="export_file"),
    # Appointment decrees
    path("usulan/<int:pk>/pengangkatan/", appointments.appointment, name="appointment"),
    path(
        "usulan/<int:pk>/pengangkatan/berkas/",
        appointments.appointment_file,
        name="appointment_file",
    ),
]
