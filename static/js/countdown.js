/* Keeps "8 hari 6 jam lagi" true while the page stays open.
   Markup: <b data-countdown="2026-08-28T17:00:00+08:00">8 hari 6 jam lagi</b>; the exact time stands beside it. */
(() => {
  "use strict";

  const inWords = (left) => {
    if (left <= 0) return "sudah lewat";
    const all = Math.floor(left / 60000);
    const days = Math.floor(all / 1440), hours = Math.floor(all / 60) % 24, minutes = all % 60;
    let parts = [[minutes, "menit"]];
    if (days) parts = [[days, "hari"], [hours, "jam"]];
    else if (hours) parts = [[hours, "jam"], [minutes, "menit"]];
    const words = parts.filter(([number]) => number).map(([number, unit]) => `${number} ${unit}`).join(" ");
    return words ? `${words} lagi` : "kurang dari 1 menit lagi";
  };

  const tick = () => {
    for (const place of document.querySelectorAll("[data-countdown]")) {
      const left = Date.parse(place.dataset.countdown) - Date.now();
      const words = inWords(left);
      if (place.textContent !== words) place.textContent = words;
      place.closest(".deadline")?.classList.toggle("deadline--near", left < 86400000);
    }
  };

  if (!window.inpassingCountdown) window.inpassingCountdown = setInterval(tick, 30000);
})();
