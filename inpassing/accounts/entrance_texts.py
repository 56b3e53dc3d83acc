"""What sign-in says when something is wrong: what happened, and what to do."""

ACCOUNT_ERRORS = {
    "account_inactive": "Akun ini sudah dinonaktifkan. Hubungi operator instansi atau "
    "administrator BPS.",
    "email_password_mismatch": "Email atau kata sandi tidak cocok. Periksa huruf besar dan kecil, "
    "atau atur ulang kata sandi.",
    "username_password_mismatch": "Nama pengguna atau kata sandi tidak cocok. Periksa huruf besar "
    "dan kecil, atau atur ulang kata sandi.",
    "invalid_login": "Nama pengguna atau kata sandi tidak cocok. Periksa huruf besar dan kecil, "
    "atau atur ulang kata sandi.",
    "too_many_login_attempts": "Terlalu banyak percobaan masuk yang gagal. Tunggu 5 menit, atau "
    "atur ulang kata sandi.",
    "enter_current_password": "Kata sandi saat ini tidak cocok. Ketik sekali lagi.",
    "incorrect_password": "Kata sandi tidak cocok. Ketik sekali lagi.",
    "incorrect_code": "Kode tidak cocok atau sudah lewat waktunya. Ketik kode yang sekarang "
    "tampil di aplikasi.",
    "invalid_password_reset": "Tautan tidak berlaku lagi. Minta tautan baru.",
    "rate_limited": "Terlalu banyak percobaan. Tunggu beberapa menit, lalu coba lagi.",
    "same_as_current": "Sama dengan yang sekarang. Isi yang berbeda.",
}

MFA_ERRORS = {
    "incorrect_code": ACCOUNT_ERRORS["incorrect_code"],
    "cannot_delete_authenticator": "Peran Anda mewajibkan verifikasi dua langkah. Pasang cara lain "
    "dulu, baru lepas yang ini.",
    "cannot_generate_recovery_codes": "Kode pemulihan dibuat setelah aplikasi autentikator atau "
    "kunci sandi terpasang.",
}
