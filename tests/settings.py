"""The project's settings with what makes tests fast and self-contained."""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

# Test processes side by side have a database each; so that no Celery worker takes the others'
# tasks, they have a Redis database each too. Set in the environment for the processes they start.
if _worker := os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"):
    os.environ["REDIS_URL"] = (
        urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{int(_worker) + 1}").geturl()
    )

from inpassing.settings import *  # noqa: F403
from inpassing.settings import STORAGES

_files = tempfile.TemporaryDirectory(prefix="inpassing-test-files-")
STORAGES = {
    **STORAGES,
    "default": {
        # Not the product's: writing through to the disk would cost the suite minutes.
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(Path(_files.name))},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DEBUG = False
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
ALLOWED_HOSTS = ["*"]
