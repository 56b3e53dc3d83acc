"""Sign-in, password and second factor in our words: allauth's forms and sentences, nothing more.

Named in settings (ACCOUNT_FORMS, MFA_FORMS, MFA_ADAPTER); labels and hints are the only difference.
"""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.contrib.auth.password_validation import (
    MinimumLengthValidator,
    get_default_password_validators,
)

from .entrance_texts import MFA_ERRORS


class MFAAdapter(DefaultMFAAdapter):
    """allauth's second factor with our sentences and key names."""

    error_messages = DefaultMFAAdapter.error_messages | MFA_ERRORS

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return f"Kunci {Authenticator.objects.filter(user=user, type=type).count() + 1}"


def password_hint() -> str:
    """What a new password must be, with the length that the settings ask for."""
    lengths = [
        validator.min_length
        for validator in get_default_password_validators()
        if isinstance(validator, MinimumLengthValidator)
    ]
    hint = "Jangan memakai nama, NIP, atau kata sandi yang umum."
    return f"Paling sedikit {lengths[0]} karakter. {hint}" if lengths else hint


def _say(field: forms.Field, label: str, hint: str = "", **attrs: str) -> None:
    field.label, field.help_text = label, hint
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attrs)


def _say_new_password(form: forms.Form) -> None:
    _say(form.fields["password1"], "Kata sandi baru", password_hint())
    _say(form.fields["password2"], "Ketik sekali lagi")


class SignInForm(account.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(
            self.fields["login"],
            "Nama pengguna atau email",
            autocomplete="username webauthn",
            autocapitalize="none",
            spellcheck="false",
        )
        _say(self.fields["password"], "Kata sandi")


class ReauthenticateForm(account.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self.fields["password"], "Kata sandi")


class PasswordResetForm(account.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self.fields["email"], "Email", "Alamat yang menerima pesan dari Inpassing.")


class PasswordFromLinkForm(account.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_new_password(self)


class PasswordChangeForm(account.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self.fields["oldpassword"], "Kata sandi saat ini")
        _say_new_password(self)


def _say_code(form: forms.Form) -> None:
    _say(
        form.fields["code"],
        "Kode",
        "Enam angka dari aplikasi autentikator, atau satu kode pemulihan.",
        autocapitalize="none",
        spellcheck="false",
    )


class SecondFactorForm(mfa.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_code(self)


class SecondFactorAgainForm(mfa.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_code(self)


class ActivateAppForm(totp.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(
            self.fields["code"],
            "Kode 6 angka",
            **{"inputmode": "numeric", "class": "w-short"},
        )


class AddPasskeyForm(webauthn.AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self.fields["name"], "Nama kunci", "Supaya Anda mengenalinya, misalnya Ponsel kantor.")
        _say(
            self.fields["passwordless"],
            "Pakai juga untuk masuk tanpa kata sandi",
            "Perangkat meminta sidik jari, wajah, atau PIN.",
        )


class RenamePasskeyForm(webauthn.EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self.fields["name"], "Nama kunci")
