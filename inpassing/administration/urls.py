from django.urls import path

from .views import deadlines, guidelines, message_texts, offices, periods, reasons, sections, users

app_name = "administration"
urlpatterns = [
    path("periode/", periods.period_list, name="period_list"),
    path("periode/baru/", periods.period_create, name="period_create"),
    path("periode/<int:pk>/", periods.period, name="period"),
    path("periode/baru/dari-yang-terakhir/", periods.period_clone, name="period_clone"),
    path("periode/<int:pk>/ubah/<slug:section>/", sections.period_section, name="period_section"),
    path("periode/<int:pk>/buka/", periods.period_open, name="period_open"),
    path("periode/<int:pk>/tutup/", periods.period_close, name="period_close"),
    path("periode/<int:pk>/simulasi/", deadlines.closing_simulation, name="closing_simulation"),
    path("periode/<int:pk>/batas/", deadlines.agency_deadlines, name="agency_deadlines"),
    path("pedoman/", guidelines.guideline_list, name="guideline_list"),
    path("pedoman/baru/", guidelines.guideline_create, name="guideline_create"),
    path("pedoman/<int:pk>/", guidelines.guideline_edit, name="guideline_edit"),
    path("pedoman/<int:pk>/hapus/", guidelines.guideline_remove, name="guideline_remove"),
    path("pesan/", message_texts.message_texts, name="message_texts"),
    path("pesan/<slug:code>/", message_texts.message_text, name="message_text"),
    path("pesan/<slug:code>/bawaan/", message_texts.message_text_reset, name="message_text_reset"),
    path("alasan/", reasons.reason_list, name="reason_list"),
    path("alasan/baru/", reasons.reason_create, name="reason_create"),
    path("alasan/<slug:code>/", reasons.reason_edit, name="reason_edit"),
    path("kantor/", offices.office_list, name="office_list"),
    path("kantor/<int:pk>/", offices.office_edit, name="office_edit"),
    path("pengguna/", users.user_list, name="user_list"),
    path("pengguna/baru/", users.user_create, name="user_create"),
    path("pengguna/<int:pk>/", users.user, name="user"),
    path("pengguna/<int:pk>/peran/", users.role_grant, name="role_grant"),
    path("peran/<int:pk>/cabut/", users.role_revoke, name="role_revoke"),
    path("pengguna/<int:pk>/cakupan/", users.scope_add, name="scope_add"),
    path("cakupan/<int:pk>/hapus/", users.scope_remove, name="scope_remove"),
]
