from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ReferenceConfig(AppConfig):
    name = "inpassing.reference"
    verbose_name = "Data acuan"

    def ready(self) -> None:
        post_migrate.connect(load_after_migrate, sender=self)


def load_after_migrate(sender: AppConfig, **kwargs: object) -> None:
    """Fill the shipped reference tables; rows that are there already stay as they are."""
    from .loaders import load_reference

    load_reference()
