from django.urls import path

from .views import (
    corrections,
    participants,
    people,
    plans,
    proctors,
    result_imports,
    results,
    seating,
    sessions,
    statistics,
)

app_name = "competency"
urlpatterns = [
    # Sessions
    path("sesi/", sessions.session_list, name="sessions"),
    path("sesi/baru/", sessions.session_create, name="session_create"),
    path("sesi/rencana/", plans.plan_create, name="session_plan_create"),
    path("sesi/rencana/<int:pk>/", plans.plan, name="session_plan"),
    path("sesi/<int:pk>/", sessions.session, name="session"),
    path("sesi/<int:pk>/batalkan/", sessions.session_cancel, name="session_cancel"),
    path("sesi/<int:pk>/pengawas/", proctors.session_proctors, name="session_proctors"),
    path("sesi/<int:pk>/kejadian/", sessions.incident, name="incident"),
    path("sesi/<int:pk>/daftar-hadir.pdf", sessions.attendance_sheet, name="attendance_sheet"),
    path("sesi/<int:pk>/berita-acara.pdf", sessions.minutes, name="minutes"),
    path("kursi/<int:pk>/hadir/", sessions.attendance, name="attendance"),
    path("hadir/<str:number>/", sessions.checkin, name="checkin"),
    # Seating
    path("kursi/", seating.seating, name="seating"),
    path("kursi/usulkan/", seating.propose, name="propose_seats"),
    path("kursi/penetapan/<int:pk>/", seating.seating_run, name="seating_run"),
    path("kursi/penetapan/<int:pk>/undang/", seating.send_invitations, name="send_invitations"),
    path("peserta/<int:pk>/kursi/", seating.assign, name="assign_seat"),
    # Participants
    path("peserta/", people.people, name="people"),
    path("peserta/daftar.xlsx", people.people_file, name="people_file"),
    path("peserta/<int:pk>/", participants.test, name="test"),
    path("peserta/<int:pk>/kartu.pdf", participants.card, name="card"),
    # Results
    path("kursi/<int:pk>/nilai/", results.enter, name="enter_result"),
    path("sesi/<int:pk>/nilai/", results.enter_session, name="enter_results"),
    path("sesi/<int:pk>/pastikan/", results.confirm, name="confirm_results"),
    path("nilai/impor/", result_imports.import_create, name="result_import_create"),
    path("nilai/impor/<int:pk>/", result_imports.result_import, name="result_import"),
    path("nilai/impor/<int:pk>/simpan/", result_imports.save, name="result_import_save"),
    path("nilai/impor/<int:pk>/batalkan/", result_imports.cancel, name="result_import_cancel"),
    path("nilai/impor/<int:pk>/bertanda.xlsx", result_imports.marked, name="result_import_marked"),
    path("nilai/templat/<int:pk>.xlsx", result_imports.template, name="result_template"),
    path("nilai/koreksi/", corrections.correction_list, name="corrections"),
    path("nilai/<int:pk>/koreksi/", corrections.correct, name="correct"),
    path("nilai/koreksi/<int:pk>/setujui/", corrections.apply, name="apply_correction"),
    path("nilai/koreksi/<int:pk>/tolak/", corrections.reject, name="reject_correction"),
    path("statistik/<int:pk>/", statistics.statistics, name="statistics"),
    path("pengumuman/<int:pk>/pastikan/", results.confirm_complete, name="confirm_all"),
    path("pengumuman/", results.publication, name="publication"),
    path("pengumuman/<int:pk>/umumkan/", results.publish, name="publish"),
    path("pengumuman/<int:pk>/batalkan/", results.unpublish, name="unpublish"),
    path("hasil/", results.results, name="results"),
]
