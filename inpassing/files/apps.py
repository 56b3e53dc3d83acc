from typing import Any

from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "inpassing.files"
    verbose_name = "Berkas"

    def ready(self) -> None:
        from celery.signals import worker_init

        worker_init.connect(warm_up_worker, dispatch_uid="inpassing.files.warm_up")


def warm_up_worker(sender: Any, **kwargs: object) -> None:
    """Start the inspector before a worker of the queue `inspect` forks: its children share it."""
    if "inspect" in sender.app.amqp.queues.consume_from:
        from .inspector import warm_up

        warm_up()
