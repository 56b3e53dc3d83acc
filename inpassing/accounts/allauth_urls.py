"""What we use of allauth: sign-in and -out, reset, password change, second factor, sessions.

Sign-up, e-mail management and social accounts have no address here.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import path, re_path

urlpatterns = [
    path("masuk/", account.login, name="account_login"),
    path("keluar/", account.logout, name="account_logout"),
    path("nonaktif/", account.account_inactive, name="account_inactive"),
    path("konfirmasi-sandi/", account.reauthenticate, name="account_reauthenticate"),
    path("sandi/ganti/", account.password_change, name="account_change_password"),
    path("sandi/buat/", account.password_set, name="account_set_password"),
    path("sandi/lupa/", account.password_reset, name="account_reset_password"),
    path("sandi/lupa/terkirim/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^sandi/lupa/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "sandi/lupa/selesai/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("pengaman/", mfa.index, name="mfa_index"),
    path("pengaman/kode/", mfa.authenticate, name="mfa_authenticate"),
    path("pengaman/konfirmasi/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("pengaman/aplikasi/pasang/", totp.activate_totp, name="mfa_activate_totp"),
    path("pengaman/aplikasi/lepas/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("pengaman/pemulihan/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "pengaman/pemulihan/buat/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "pengaman/pemulihan/unduh/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("pengaman/kunci/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("pengaman/kunci/tambah/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("pengaman/kunci/masuk/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path(
        "pengaman/kunci/konfirmasi/",
        passkeys.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path("pengaman/kunci/<int:pk>/hapus/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("pengaman/kunci/<int:pk>/ubah/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("sesi/", sessions.list_usersessions, name="usersessions_list"),
]
