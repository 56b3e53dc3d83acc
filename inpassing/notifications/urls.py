from django.urls import path

from . import views

app_name = "notifications"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("<int:pk>/", views.message, name="message"),
    path("terkirim/", views.outbox, name="outbox"),
    path("terkirim/<int:pk>/kirim-ulang/", views.outbox_resend, name="outbox_resend"),
]
