"""What a worker loads before it forks."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import sys, django
from unittest.mock import Mock
from celery.signals import worker_init
django.setup()

def started(*queues):
    worker = Mock()
    worker.app.amqp.queues.consume_from = dict.fromkeys(queues)
    worker_init.send(sender=worker)
    return "weasyprint" in sys.modules

print(started("mail", "inspect"), started("bulk", "letters"))
"""


def test_only_a_worker_of_letters_loads_weasyprint_before_it_forks():
    output = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    ).stdout
    assert output.split() == ["False", "True"]
