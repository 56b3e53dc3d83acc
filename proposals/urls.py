from django.urls import URLPattern, path

from .views import (
    acts,
    batches,
    candidates,
    documents,
    formation_files,
    formations,
    imports,
    large_scans,
    listing,
    operator_requests,
    operators,
    papers,
    participant,
    record,
    resit,
    unit_imports,
    work_units,
)

app_name = "proposals"
UNITS = {"kind": "units"}
# One block per page group, in the order of the walk.
urlpatterns: list[URLPattern] = [
    # Operator requests
    path("permohonan-operator/", operator_requests.operator_request, name="operator_request"),
    path(
        "permohonan-operator/isi/",
        operator_requests.operator_request_form,
        name="operator_request_form",
    ),
    path(
        "permohonan-operator/terkirim/",
        operator_requests.operator_request_sent,
        name="operator_request_sent",
    ),
    path(
        "permohonan-operator/kirim-ulang/",
        operator_requests.operator_request_resend,
        name="operator_request_resend",
    ),
    path(
        "permohonan-operator/dikonfirmasi/",
        operator_requests.operator_request_confirmed,
        name="operator_request_confirmed",
    ),
    path(
        "permohonan-operator/konfirmasi/<str:token>/",
        operator_requests.operator_request_confirm,
        name="operator_request_confirm",
    ),
    # Formations
    path("formasi/", formations.formation_list, name="formation_list"),
    path("formasi/baru/", formations.formation_create, name="formation_create"),
    path("formasi/<int:pk>/", formations.formation, name="formation"),
    path("formasi/<int:pk>/baris/", formations.formation_line_create, name="formation_line_create"),
    path(
        "formasi/<int:pk>/baris/<int:line_pk>/",
        formations.formation_line_edit,
        name="formation_line_edit",
    ),
    path(
        "formasi/<int:pk>/baris/<int:line_pk>/hapus/",
        formations.formation_line_remove,
        name="formation_line_remove",
    ),
    path("formasi/<int:pk>/tabel/", formation_files.formation_table, name="formation_table"),
    path(
        "formasi/<int:pk>/tabel/unggah/",
        formation_files.formation_table_upload,
        name="formation_table_upload",
    ),
    path(
        "formasi/<int:pk>/perhitungan/",
        formation_files.formation_calculation,
        name="formation_calculation",
    ),
    path(
        "formasi/<int:pk>/perhitungan/unggah/",
        formation_files.formation_calculation_upload,
        name="formation_calculation_upload",
    ),
    path(
        "formasi/<int:pk>/perhitungan/lepas/",
        formation_files.formation_calculation_remove,
        name="formation_calculation_remove",
    ),
    path(
        "formasi/<int:pk>/<slug:paper>/halaman/",
        formation_files.formation_pages,
        name="formation_pages",
    ),
    path(
        "formasi/<int:pk>/<slug:paper>/halaman/<int:number>/",
        formation_files.formation_page,
        name="formation_page",
    ),
    path("formasi/<int:pk>/cetak/", formation_files.formation_print, name="formation_print"),
    path("formasi/<int:pk>/kirim/", formations.formation_submit, name="formation_submit"),
    # The agency's operators
    path("operator/", operators.agency_operators, name="agency_operators"),
    path("instansi/<int:pk>/", operators.agency_edit, name="agency_edit"),
    # Work units
    path("unit-kerja/", work_units.work_unit_list, name="work_unit_list"),
    path("unit-kerja/baru/", work_units.work_unit_create, name="work_unit_create"),
    path("unit-kerja/<int:pk>/", work_units.work_unit_edit, name="work_unit_edit"),
    path("unit-kerja/impor/", unit_imports.unit_import_create, name="unit_import_create"),
    path(
        "unit-kerja/impor/templat/<int:agency_pk>/",
        unit_imports.unit_import_template,
        name="unit_import_template",
    ),
    path("unit-kerja/impor/<int:pk>/", imports.import_preview, UNITS, name="unit_import"),
    path(
        "unit-kerja/impor/<int:pk>/galat/", imports.import_marked, UNITS, name="unit_import_marked"
    ),
    path("unit-kerja/impor/<int:pk>/simpan/", imports.import_save, UNITS, name="unit_import_save"),
    path(
        "unit-kerja/impor/<int:pk>/batal/", imports.import_cancel, UNITS, name="unit_import_cancel"
    ),
    # Candidates
    path("usulan/", listing.proposal_list, name="list"),
    path("usulan/baru/", candidates.candidate_create, name="create"),
    path("usulan/nip/", candidates.nip_reading, name="nip_reading"),
    path("usulan/impor/", imports.import_create, name="import_create"),
    path(
        "usulan/impor/templat/<int:agency_pk>/<int:period_pk>/",
        imports.import_template,
        name="import_template",
    ),
    path("usulan/impor/<int:pk>/", imports.import_preview, name="import"),
    path("usulan/impor/<int:pk>/galat/", imports.import_marked, name="import_marked"),
    path("usulan/impor/<int:pk>/simpan/", imports.import_save, name="import_save"),
    path("usulan/impor/<int:pk>/batal/", imports.import_cancel, name="import_cancel"),
    path("usulan/syarat/", candidates.verdicts, name="verdicts"),
    path("usulan/usulkan/", batches.nominate_many, name="nominate_many"),
    path("usulan/sekaligus/<int:pk>/", batches.batch, name="batch"),
    path("usulan/sekaligus/<int:pk>/hentikan/", batches.batch_cancel, name="batch_cancel"),
    path("usulan/<int:pk>/", record.detail, name="detail"),
    path("usulan/<int:pk>/ubah/", candidates.candidate_edit, name="edit"),
    path("usulan/<int:pk>/usulkan/", acts.nominate, name="nominate"),
    path("usulan/<int:pk>/tarik/", acts.withdraw, name="withdraw"),
    path("usulan/<int:pk>/buka-kembali/", acts.reopen, name="reopen"),
    path("usulan/<int:pk>/usulkan-lagi/", resit.propose_again, name="propose_again"),
    path("usulan/<int:pk>/undangan/", acts.invitation_resend, name="invitation_resend"),
    path("usulan/<int:pk>/email/", acts.participant_email, name="participant_email"),
    # Papers of the agency
    path("naskah/", papers.papers, name="papers"),
    path("naskah/<int:agency_pk>/<int:period_pk>/edaran.pdf", papers.circular, name="circular"),
    path(
        "naskah/<int:agency_pk>/<int:period_pk>/<slug:position>/daftar-usulan.pdf",
        papers.cover_letter,
        name="cover_letter",
    ),
    # Participant
    path("usulan/<int:pk>/berkas/", participant.tasks, name="tasks"),
    path(
        "usulan/<int:pk>/data/<slug:step>/", participant.participant_data, name="participant_data"
    ),
    path("usulan/<int:pk>/periksa/", participant.check, name="check"),
    path("usulan/<int:pk>/kirim/", participant.submit_proposal, name="submit"),
    path("usulan/<int:pk>/tanda-terima/", participant.receipt, name="receipt"),
    path("usulan/<int:pk>/surat/<slug:code>.pdf", participant.statement, name="statement"),
    # Documents
    path("dokumen/<int:pk>/", documents.document, name="document"),
    path("dokumen/<int:pk>/slot/", documents.document_slot, name="document_slot"),
    path("dokumen/<int:pk>/unggah/", documents.document_upload, name="document_upload"),
    path("dokumen/<int:pk>/berkas-sama/", documents.document_same_file, name="document_same_file"),
    path("dokumen/<int:pk>/kecilkan/", large_scans.large_scan, name="large_scan"),
    path(
        "dokumen/<int:pk>/kecilkan/unggah/",
        large_scans.large_scan_upload,
        name="large_scan_upload",
    ),
    path(
        "dokumen/kecilkan/<int:pk>/pakai/",
        large_scans.large_scan_accept,
        name="large_scan_accept",
    ),
    path(
        "dokumen/kecilkan/<int:pk>/buang/",
        large_scans.large_scan_discard,
        name="large_scan_discard",
    ),
    path(
        "dokumen/kecilkan/<int:pk>/hasil/",
        large_scans.large_scan_result,
        name="large_scan_result",
    ),
    path(
        "dokumen/kecilkan/<int:pk>/halaman-pertama/<slug:which>/",
        large_scans.large_scan_picture,
        name="large_scan_picture",
    ),
    path("dokumen/versi/<int:pk>/", documents.document_file, name="document_file"),
    path("dokumen/versi/<int:pk>/halaman/", documents.document_pages, name="document_pages"),
    path(
        "dokumen/versi/<int:pk>/halaman/<int:number>/",
        documents.document_page,
        name="document_page",
    ),
    path(
        "dokumen/versi/<int:pk>/halaman-pertama/",
        documents.document_preview,
        name="document_preview",
    ),
]
