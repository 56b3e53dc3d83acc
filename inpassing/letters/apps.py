from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "inpassing.letters"
    verbose_name = "Surat"
