from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "inpassing.notifications"
    verbose_name = "Pesan"
