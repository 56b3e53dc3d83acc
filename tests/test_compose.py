"""What runs in production, read from docker-compose.yml and Dockerfile without an engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
APP = {"web", "worker", "beat", "migrate"}


def queues_in_use() -> set[str]:
    """Every queue that a task may be sent to."""
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return routed | {settings.CELERY_TASK_DEFAULT_QUEUE}


def worked_queues(command: list[str]) -> set[str]:
    return set(command[command.index("--queues") + 1].split(","))


def test_all_services_are_there() -> None:
    assert set(SERVICES) == APP | {"postgres", "redis", "mail"}


def test_one_image_serves_the_application() -> None:
    assert {SERVICES[name]["image"] for name in APP} == {"inpassing"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - APP))
def test_foreign_images_name_a_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.fullmatch(r"[a-z/]+:v?\d+(\.\d+)*", image), image


def test_the_worker_takes_every_queue_that_is_used() -> None:
    assert queues_in_use() <= worked_queues(SERVICES["worker"]["command"])
    assert worked_queues(SERVICES["worker"]["command"]) == {"inspect", "mail", "letters", "bulk"}


def test_secrets_have_no_default() -> None:
    secrets = {"SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "ALLOWED_HOSTS", "SITE_URL"}
    secrets |= {"DEFAULT_FROM_EMAIL"}
    uses = re.findall(r"\$\{(\w+)([^}]*)\}", TEXT)
    assert {name for name, rest in uses if rest == ":?set it in .env"} == secrets
    assert {rest for name, rest in uses if name in secrets} == {":?set it in .env"}


def test_the_example_names_every_required_variable() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert named == set(re.findall(r"\$\{(\w+):\?", TEXT))


def test_the_application_gets_what_settings_require() -> None:
    source = (ROOT / "inpassing" / "settings.py").read_text()
    required = set(re.findall(r'required\("(\w+)"\)', source)) | {"ALLOWED_HOSTS", "SITE_URL"}
    for name in APP:
        environment = SERVICES[name]["environment"]
        assert required <= set(environment)
        assert "DEBUG" not in environment


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_what_runs_on_is_watched_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert {"test", "interval", "timeout", "retries"} <= set(service["healthcheck"])


def test_nothing_begins_before_the_migrations_are_done() -> None:
    for name in APP - {"migrate"}:
        migrate = SERVICES[name]["depends_on"]["migrate"]
        assert migrate == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_data_lies_in_named_volumes() -> None:
    assert set(COMPOSE["volumes"]) == {"database", "files", "queue"}
    assert SERVICES["postgres"]["volumes"] == ["database:/var/lib/postgresql"]
    assert SERVICES["redis"]["volumes"] == ["queue:/data"]
    assert {SERVICES[name]["volumes"][0] for name in APP} == {"files:/srv/inpassing/var"}


def test_redis_keeps_its_queue_and_asks_for_a_password() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--requirepass" in command


def test_only_web_and_the_mail_catcher_are_reachable_and_only_from_the_host() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"web": ["${LISTEN:-127.0.0.1:8000}:8000"], "mail": ["127.0.0.1:8025:8025"]}


def test_the_image_is_made_from_the_same_scripts_and_lock_and_not_run_by_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = "\n".join(lines)
    assert "FROM python:3.11-slim" in lines
    assert "RUN scripts/install-system runtime" in text
    assert re.search(r"pip install [^&]*--require-hashes [^&]*-r requirements\.lock", text)
    assert lines.index("USER inpassing") < next(
        number for number, line in enumerate(lines) if line.startswith("CMD")
    )


def test_the_image_takes_in_what_it_copies() -> None:
    kept = {
        line[1:].rstrip("/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    apps = {name.partition(".")[0] for name in settings.INSTALLED_APPS}
    ours = {name for name in apps if (ROOT / name / "__init__.py").exists()}
    assert ours | {"manage.py", "requirements.lock", "templates", "static"} <= kept
    assert {"scripts/install-system", "scripts/healthcheck"} <= kept
    assert {name for name in kept if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_locks_carry_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    pinned = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE)
    assert len(pinned) > 30
    assert len(re.findall(r"==\S+( ; [^\\]+)? \\\n    --hash=sha256:", text)) == len(pinned)
    assert re.findall(r"--(?:extra-)?index-url|--find-links|https?://|file:", text) == []
