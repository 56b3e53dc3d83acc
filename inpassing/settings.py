"""Settings of Inpassing: one file, driven by environment variables.

SECRET_KEY, DATABASE_URL and REDIS_URL have no default: without them nothing starts.
"""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

django_stubs_ext.monkeypatch()  # lets forms.ModelForm[Period] be written for the type checker

BASE_DIR = Path(__file__).resolve().parent.parent


def required(name: str) -> str:
    """The value of an environment variable that has no default."""
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"Environment variable {name} is not set. See README, Deploy.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """A yes-or-no environment variable: 1, true, yes and on mean yes."""
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def names(name: str, default: str = "") -> list[str]:
    """A comma-separated environment variable as a list."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def database(url: str) -> dict[str, object]:
    """Django's connection settings from postgresql://user:password@host:port/name?host=/socket."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": str(parts.port or query.get("port", "")),
        "CONN_MAX_AGE": int(os.environ.get("CONN_MAX_AGE", "60")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "application_name": "inpassing",
            # A record with its nine relations takes 9 ms to plan with the default of 8, 1.3 ms
            # with 4: they are joined by primary keys, in whatever order.
            "options": "-c join_collapse_limit=4",
        },
        "TEST": {"NAME": os.environ.get("TEST_DB_NAME") or None},
    }


DEBUG = flag("DEBUG")
SECRET_KEY = required("SECRET_KEY")
DATABASES = {"default": database(required("DATABASE_URL"))}
REDIS_URL = required("REDIS_URL")
ALLOWED_HOSTS = names("ALLOWED_HOSTS", "127.0.0.1,localhost" if DEBUG else "")
SITE_URL = (os.environ.get("SITE_URL") or ("http://127.0.0.1:8000" if DEBUG else "")).rstrip("/")
if not SITE_URL:
    raise ImproperlyConfigured("Environment variable SITE_URL is not set. See README, Deploy.")
CSRF_TRUSTED_ORIGINS = names("CSRF_TRUSTED_ORIGINS", "" if DEBUG else SITE_URL)
VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "inpassing.static_files.CollectedFilesConfig",
    "django_include_bootstrap",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "inpassing.reference",
    "inpassing.accounts",
    "inpassing.files",
    "inpassing.timeline",
    "inpassing.notifications",
    "inpassing.health",
    "inpassing.letters",
    "inpassing",
    "proposals",
    "verification",
    "competency",
    "recommendations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "inpassing.middleware.GzipPagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "inpassing.browser_features.BrowserFeaturesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "inpassing.files.middleware.UploadLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "inpassing.accounts.middleware.LoginRequiredMiddleware",
]

ROOT_URLCONF = "inpassing.urls"
WSGI_APPLICATION = "inpassing.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "inpassing.navigation.navigation",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Language, time
LANGUAGE_CODE = "id"
TIME_ZONE = "Asia/Jakarta"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

# Static and stored files
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static", ("panduan", BASE_DIR / "docs" / "images")]
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or VAR_DIR / "static")
STORAGES = {
    "default": {
        "BACKEND": os.environ.get("FILE_STORAGE")
        or "inpassing.files.disk.DurableFileSystemStorage",
        "OPTIONS": {"location": os.environ.get("FILES_DIR") or str(VAR_DIR / "files")}
        if not os.environ.get("FILE_STORAGE")
        else {},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["png", "jpg", "webp", "woff", "woff2", "gz", "br", "map"]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
UPLOAD_MAX_BYTES = 2 * 1024 * 1024  # Source: domain.md section 2, A.6
PDF_MAX_PAGES = int(os.environ.get("PDF_MAX_PAGES", "300"))
# Scans over the limit: taken at an address of their own and made smaller by a worker.
SCAN_MAX_BYTES = 20 * 1024 * 1024
SCAN_UPLOADS_AT_ONCE = 3
SHRINK_LOOK_CPU_SECONDS = float(os.environ.get("SHRINK_LOOK_CPU_SECONDS", "20"))
SHRINK_LOOK_WALL_SECONDS = float(os.environ.get("SHRINK_LOOK_WALL_SECONDS", "60"))
SHRINK_CPU_SECONDS = float(os.environ.get("SHRINK_CPU_SECONDS", "90"))
SHRINK_WALL_SECONDS = float(os.environ.get("SHRINK_WALL_SECONDS", "150"))
SHRINK_MEMORY_MB = int(os.environ.get("SHRINK_MEMORY_MB", "1024"))

# Sign-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["inpassing.accounts.backends.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "inpassing.notifications.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_CHANGE_EMAIL = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = False
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
_FORMS = "inpassing.accounts.entrance"
ACCOUNT_FORMS = {
    "login": f"{_FORMS}.SignInForm",
    "reauthenticate": f"{_FORMS}.ReauthenticateForm",
    "reset_password": f"{_FORMS}.PasswordResetForm",
    "reset_password_from_key": f"{_FORMS}.PasswordFromLinkForm",
    "change_password": f"{_FORMS}.PasswordChangeForm",
}
MFA_FORMS = {
    "authenticate": f"{_FORMS}.SecondFactorForm",
    "reauthenticate": f"{_FORMS}.SecondFactorAgainForm",
    "activate_totp": f"{_FORMS}.ActivateAppForm",
    "add_webauthn": f"{_FORMS}.AddPasskeyForm",
    "edit_webauthn": f"{_FORMS}.RenamePasskeyForm",
}
MFA_ADAPTER = "inpassing.accounts.entrance.MFAAdapter"
# Nobody signs up: an address is the one that the invitation went to.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Inpassing BPS"
USERSESSIONS_TRACK_ACTIVITY = False  # else every page costs four queries, one a write
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(os.environ.get("SESSION_SECONDS", str(12 * 3600)))
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "inpassing.views.csrf_failure"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
IMPORT_DAYS = 30  # rows and bytes of an imported file stay so long after it ended or was left alone
INVITATION_DAYS = 14
LINK_HOURS = 72
REQUEST_DAYS = 7  # an operator request whose address nobody confirms ends after it

# Transport
SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^readyz/$"]
SECURE_HSTS_SECONDS = int(os.environ.get("HSTS_SECONDS", "0" if DEBUG else "31536000"))
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = not DEBUG
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = flag("SECURE_COOKIES", default=not DEBUG)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if flag("TRUST_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("PROXY_COUNT", "1"))
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Mail: smtp://user:password@host:port, smtps://… or file: (one file per mail in VAR_DIR/mail)
_mail = urlsplit(os.environ.get("EMAIL_URL") or ("file:" if DEBUG else required("EMAIL_URL")))
if _mail.scheme == "file":
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(Path(_mail.path) if _mail.path else VAR_DIR / "mail")
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
    EMAIL_HOST_USER = unquote(_mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
    EMAIL_USE_SSL = _mail.scheme == "smtps"
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "Inpassing BPS <inpassing@localhost>")

# Letters
LETTER_SIGNING_P12 = os.environ.get("LETTER_SIGNING_P12", "")
LETTER_SIGNING_PASSWORD = os.environ.get("LETTER_SIGNING_PASSWORD", "")
LETTER_SIGNING_TSA_URL = os.environ.get("LETTER_SIGNING_TSA_URL", "")
LETTER_NUMBER_PATTERN = os.environ.get(
    "LETTER_NUMBER_PATTERN", "B-{sequence:04d}/BPS/{unit}/{month:02d}/{year}"
)
LETTERHEAD = {
    "name": "BADAN PUSAT STATISTIK",
    "address": os.environ.get("LETTERHEAD_ADDRESS", ""),
    "contact": os.environ.get("LETTERHEAD_CONTACT", ""),
    "city": os.environ.get("LETTERHEAD_CITY", "Jakarta"),
}

# Celery: the database is the truth, the queue a hint (docs/decisions)
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 1,
    # The web process waits briefly; a worker may wait for the broker as long as it likes.
    "socket_connect_timeout": float(os.environ.get("BROKER_CONNECT_TIMEOUT", "0.5")),
    "socket_timeout": float(os.environ.get("BROKER_SOCKET_TIMEOUT", "1")),
    "max_retries": 0,
}
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_TASK_ROUTES = {
    "inpassing.files.tasks.*": {"queue": "inspect"},
    "inpassing.notifications.tasks.*": {"queue": "mail"},
    "inpassing.letters.tasks.*": {"queue": "letters"},
    # Exact names go before patterns: a large export holds up no letter.
    "recommendations.tasks.export_due": {"queue": "bulk"},
    "recommendations.tasks.run_due": {"queue": "bulk"},
    "recommendations.tasks.check_due": {"queue": "bulk"},
    "recommendations.tasks.*": {"queue": "letters"},
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain" if DEBUG else "json",
        }
    },
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
