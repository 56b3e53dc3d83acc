from django.urls import URLPattern, path

from .views import batches, desk, formations, nominations, portfolio, requests, resit, review, work

app_name = "verification"
urlpatterns: list[URLPattern] = [
    path("", desk.desk, name="desk"),
    path("antrean/<slug:slug>/", desk.queue, name="queue"),
    path("ambil-berikutnya/", desk.next_one, name="next"),
    path("usulan/<int:pk>/ambil/", desk.take, name="take"),
    path("usulan/<int:pk>/lepas/", desk.release, name="release"),
    # Whose work it is
    path("pekerjaan/", work.my_work, name="my_work"),
    path("beban/", work.load, name="workload"),
    path("beban/<int:pk>/serahkan/", work.hand_over_everything, name="hand_over_all"),
    path("usulan/<int:pk>/serahkan/", work.hand_over_one, name="hand_over"),
    # Operator requests
    path("permohonan/tidak-sampai/", requests.undelivered_requests, name="undelivered_requests"),
    path("permohonan/<int:pk>/", requests.operator_request, name="operator_request"),
    path("permohonan/<int:pk>/surat/", requests.letter, name="operator_letter"),
    path("permohonan/<int:pk>/surat/halaman/", requests.letter_pages, name="letter_pages"),
    path(
        "permohonan/<int:pk>/surat/halaman/<int:number>/", requests.letter_page, name="letter_page"
    ),
    path("permohonan/<int:pk>/setujui/", requests.approve, name="approve_operator_request"),
    path("permohonan/<int:pk>/tolak/", requests.reject, name="reject_operator_request"),
    path("permohonan/<int:pk>/cabut/", requests.revoke, name="revoke_operator"),
    path("permohonan/<int:pk>/undangan/", requests.invite_again, name="invite_operator_again"),
    # Nominations
    path("usulan/<int:pk>/", nominations.nomination, name="nomination"),
    path("usulan/<int:pk>/setujui/", nominations.approve, name="approve_nomination"),
    path("usulan/<int:pk>/kembalikan/", nominations.send_back, name="return_nomination"),
    path("usulan/<int:pk>/tolak/", nominations.reject, name="reject_nomination"),
    # Formations
    path("formasi/<int:pk>/", formations.formation, name="formation"),
    path("formasi/<int:pk>/validasi/", formations.validate, name="validate_formation"),
    path("formasi/<int:pk>/kembalikan/", formations.send_back, name="return_formation"),
    # Documents
    path("berkas/<int:pk>/", review.review, name="review"),
    path("berkas/<int:pk>/kembalikan/", review.return_documents, name="return"),
    path("berkas/<int:pk>/memenuhi-syarat/", review.eligible, name="eligible"),
    path("berkas/<int:pk>/langsung-uji/", resit.send_to_test, name="send_to_test"),
    path("berkas/<int:pk>/tidak-memenuhi-syarat/", review.not_eligible, name="not_eligible"),
    path("berkas/<int:pk>/bidang/", review.set_education_field, name="set_education_field"),
    path("dokumen/<int:pk>/periksa/", review.check_document, name="check_document"),
    # Portfolio
    path("portofolio/<int:pk>/", portfolio.portfolio, name="portfolio"),
    path("portofolio/<int:pk>/nilai/", portfolio.assess, name="assess"),
    path("portofolio/<int:pk>/catat/", portfolio.note, name="note_answers"),
    # Many at once
    path("sekaligus/", batches.batch_list, name="batches"),
    path("antrean/<slug:slug>/sekaligus/", batches.decide_many, name="decide_many"),
    path("sekaligus/<int:pk>/", batches.batch, name="batch"),
    path("sekaligus/<int:pk>/hentikan/", batches.batch_cancel, name="batch_cancel"),
]
