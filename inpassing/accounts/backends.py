"""Sign-in by username (NIP with or without spaces) or e-mail."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend


class AccountBackend(AuthenticationBackend):
    """allauth's backend, told that "19860926 201505 1 001" and the bare digits are one name."""

    def authenticate(self, request: Any, **credentials: Any) -> Any:
        for key in ("username", "login"):
            value = credentials.get(key)
            if isinstance(value, str):
                packed = "".join(value.split())
                if packed.isdigit():
                    credentials[key] = packed
        return super().authenticate(request, **credentials)

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return False
