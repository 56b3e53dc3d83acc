/* Passkeys: shows the buttons that need JavaScript, and says in words why a passkey did not work.
   Markup: button[data-passkey][hidden] and p[data-passkey-error][hidden]; the ceremony itself is
   allauth's webauthn.js, which reports failures as the event "allauth.error". */
(() => {
  "use strict";

  if (!window.PublicKeyCredential) return;
  for (const button of document.querySelectorAll("[data-passkey]")) button.hidden = false;

  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const place = document.querySelector("[data-passkey-error]");
    if (!place) return;
    const name = event.detail.exception?.name;
    if (name === "InvalidStateError") {
      place.textContent = "Kunci ini sudah terdaftar. Pakai kunci yang lain.";
    } else if (name === "NotAllowedError" || name === "AbortError") {
      place.textContent = "Kunci sandi tidak jadi dipakai. Coba lagi, atau pilih cara lain.";
    } else {
      place.textContent = "Kunci sandi tidak dapat dibaca. Muat ulang halaman, atau pilih cara lain.";
    }
    place.hidden = false;
  });
})();
