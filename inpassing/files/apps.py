from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "inpassing.files"
    verbose_name = "Berkas"
