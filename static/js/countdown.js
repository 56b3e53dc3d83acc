/* Keeps "8 hari 6 jam lagi" true while the page stays open.
   Markup: <b data-seconds-left="713040">8 hari 6 jam lagi</b>; the exact time stands beside it.
   The server says how much is left; here only the time since then is measured, because the clock
   of a computer may be wrong. */
(() => {
  "use strict";

  const inWords = (seconds) => {
    if (seconds <= 0) return "sudah lewat";
    const all = Math.floor(seconds / 60);
    const days = Math.floor(all / 1440), hours = Math.floor(all / 60) % 24, minutes = all % 60;
    let parts = [[minutes, "menit"]];
    if (days) parts = [[days, "hari"], [hours, "jam"]];
    else if (hours) parts = [[hours, "jam"], [minutes, "menit"]];
    const words = parts.filter(([number]) => number).map(([number, unit]) => `${number} ${unit}`).join(" ");
    return words ? `${words} lagi` : "kurang dari 1 menit lagi";
  };

  const tick = () => {
    for (const place of document.querySelectorAll("[data-seconds-left]")) {
      const left = Number(place.dataset.secondsLeft) - performance.now() / 1000;
      const words = inWords(left);
      if (place.textContent !== words) place.textContent = words;
      place.closest(".deadline")?.classList.toggle("deadline--near", left < 86400);
    }
  };

  if (!window.inpassingCountdown) window.inpassingCountdown = setInterval(tick, 20000);
})();
