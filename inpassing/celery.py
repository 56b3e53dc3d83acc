"""The Celery application and the beat schedule.

A task is only a hint that work may be waiting: the work itself is a row in the database, and the
sweeps below find whatever a lost hint left behind.
"""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inpassing.settings")

app = Celery("inpassing")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "heartbeat": {"task": "inpassing.health.tasks.beat_heartbeat", "schedule": 20.0},
    "sweep-mail": {"task": "inpassing.notifications.tasks.deliver_due", "schedule": 30.0},
    "sweep-inspections": {"task": "inpassing.files.tasks.inspect_due", "schedule": 20.0},
    "sweep-page-pictures": {"task": "inpassing.files.tasks.draw_due", "schedule": 30.0},
    "forget-interrupted": {"task": "inpassing.files.tasks.forget_interrupted", "schedule": 3600.0},
    "sweep-prints": {"task": "inpassing.letters.tasks.print_due", "schedule": 30.0},
    "check-letters": {"task": "recommendations.tasks.check_due", "schedule": 60.0},
    "sweep-letters": {"task": "recommendations.tasks.issue_due", "schedule": 30.0},
    "put-up-letters": {"task": "recommendations.tasks.run_due", "schedule": 900.0},
    "sweep-exports": {"task": "recommendations.tasks.export_due", "schedule": 60.0},
    "sweep-claims": {"task": "verification.tasks.release_expired_claims", "schedule": 60.0},
    "close-periods": {"task": "proposals.tasks.close_due", "schedule": 60.0},
    "remind-participants": {"task": "proposals.tasks.remind_due", "schedule": 900.0},
    "expire-requests": {"task": "proposals.tasks.expire_requests", "schedule": 900.0},
    "sweep-imports": {"task": "proposals.tasks.import_due", "schedule": 30.0},
    "clear-imports": {"task": "proposals.tasks.clear_imports", "schedule": 3600.0},
    "sweep-nominations": {"task": "proposals.tasks.nominate_due", "schedule": 30.0},
    "sweep-approvals": {"task": "verification.tasks.approve_due", "schedule": 30.0},
    "sweep-portfolios": {"task": "verification.tasks.pass_portfolios_due", "schedule": 30.0},
    "sweep-session-plans": {"task": "competency.tasks.make_sessions", "schedule": 60.0},
    "sweep-seating": {"task": "competency.tasks.seat_people", "schedule": 30.0},
    "sweep-invitations": {"task": "competency.tasks.invite_seated", "schedule": 60.0},
    "remind-test": {"task": "competency.tasks.remind_due", "schedule": 900.0},
    "sweep-scans": {"task": "proposals.tasks.shrink_due", "schedule": 60.0},
    "sweep-result-files": {"task": "competency.tasks.import_results", "schedule": 30.0},
    "publish-results": {"task": "competency.tasks.publish_due", "schedule": 60.0},
    "anchor-timeline": {
        "task": "inpassing.timeline.tasks.anchor",
        "schedule": crontab(hour=17, minute=5),  # 00.05 WIB
    },
}
