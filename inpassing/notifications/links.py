"""One-time links, made at the moment a mail is sent."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from inpassing.accounts.models import OneTimeLink, User

# kind -> URL name that takes the token
TOKEN_PAGES = {
    OneTimeLink.Kind.INVITATION: "accounts:invitation",
    OneTimeLink.Kind.OPERATOR_REQUEST: "proposals:operator_request_confirm",
}


def make_link(kind: str, subject_id: int) -> str:
    """The full address of a fresh one-time link for the subject."""
    if kind == "password_reset":
        user = User.objects.get(pk=subject_id)
        key = default_token_generator.make_token(user)
        path = reverse(
            "account_reset_password_from_key",
            kwargs={"uidb36": user_pk_to_url_str(user), "key": key},
        )
        return settings.SITE_URL + path
    valid_for = (
        timedelta(days=settings.INVITATION_DAYS)
        if kind == OneTimeLink.Kind.INVITATION
        else timedelta(hours=settings.LINK_HOURS)
    )
    token = OneTimeLink.issue(kind, subject_id, valid_for=valid_for)
    return settings.SITE_URL + reverse(TOKEN_PAGES[OneTimeLink.Kind(kind)], args=[token])
