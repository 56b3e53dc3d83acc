from django.apps import AppConfig


class TimelineConfig(AppConfig):
    name = "inpassing.timeline"
    verbose_name = "Linimasa"
