from typing import Any

from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "inpassing.letters"
    verbose_name = "Surat"

    def ready(self) -> None:
        from celery.signals import worker_init

        worker_init.connect(warm_up_worker, dispatch_uid="inpassing.letters.warm_up")


def warm_up_worker(sender: Any, **kwargs: object) -> None:
    """Load WeasyPrint before a worker of the queue `letters` forks: its children share the load."""
    if "letters" in sender.app.amqp.queues.consume_from:
        from .render import warm_up

        warm_up()
