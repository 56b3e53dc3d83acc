from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "inpassing.health"
    verbose_name = "Kesehatan sistem"
