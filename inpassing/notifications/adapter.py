"""Teaches allauth our rules: no self-signup, and its mails go through the outbox."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from inpassing.accounts.entrance_texts import ACCOUNT_ERRORS
from inpassing.accounts.models import User

from .outbox import enqueue

# allauth's template prefix -> our message
MESSAGES = {
    "account/email/password_reset_key": "password_reset",
    "account/email/password_changed": "password_changed",
    "account/email/password_reset": "password_changed",
    "account/email/password_set": "password_changed",
    "mfa/email/totp_activated": "second_factor_changed",
    "mfa/email/totp_deactivated": "second_factor_changed",
    "mfa/email/webauthn_added": "second_factor_changed",
    "mfa/email/webauthn_removed": "second_factor_changed",
    "mfa/email/recovery_codes_generated": "second_factor_changed",
}


class AccountAdapter(DefaultAccountAdapter):
    """The account rules of Inpassing."""

    error_messages = DefaultAccountAdapter.error_messages | ACCOUNT_ERRORS

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue allauth's mail as one of our own messages; the reset key is made at sending."""
        user = context.get("user") or User.objects.filter(email__iexact=email).first()
        if user is None:
            return
        template = MESSAGES[template_prefix]
        enqueue(
            f"{template}:{user.pk}:{uuid.uuid4().hex}",
            to=user,
            template=template,
            fields={"username": user.username},
            link=("password_reset", user.pk) if template == "password_reset" else None,
        )
