"""Signs of life of the background processes, as rows."""

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of one kind of process: "beat", or a worker's queue."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
