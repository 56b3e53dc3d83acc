from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "inpassing.accounts"
    verbose_name = "Akun"
