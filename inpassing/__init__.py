"""The project package and the foundation that every stage stands on."""

from .celery import app as celery_app

__all__ = ["celery_app"]
