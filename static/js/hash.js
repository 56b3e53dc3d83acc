/* Compares a PDF with a letter's SHA-256 in the browser; the file is not sent anywhere.
   Markup:
     <form method="get" data-hash-compare data-expected="9f2c41d7…">
       <div class="drop" data-hash-drop hidden>
         <label class="lbl" for="pdf">Pilih atau tarik berkas PDF ke sini</label>
         <input class="form-control" id="pdf" type="file" accept="application/pdf">
       </div>
       … the text input name="sha256" and its button, which work without this script …
       <div data-hash-result role="status"></div>
     </form>
   The drop zone stays hidden where the browser cannot compute (no HTTPS, very old). */
(() => {
  "use strict";

  if (!window.crypto?.subtle) return;

  const ICONS = { ok: "m4 12.5 5 5L20 6.5", bad: "M6 6l12 12M18 6 6 18", info: "M12 11v5.5M12 7.6v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18" };
  const SVG = "http://www.w3.org/2000/svg";

  const say = (place, kind, bold, rest) => {
    const banner = document.createElement("div");
    banner.className = `banner banner--${kind} mt-3 mb-0`;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "i");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", ICONS[kind]);
    svg.append(path);
    const text = document.createElement("p");
    const strong = document.createElement("b");
    strong.textContent = bold;
    text.append(strong, ` ${rest}`);
    banner.append(svg, text);
    place.replaceChildren(banner);
  };

  const compare = async (form, file) => {
    const place = form.querySelector("[data-hash-result]");
    say(place, "info", "Menghitung sidik", `${file.name} …`);
    let digest;
    try {
      digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    } catch {
      say(place, "bad", "Berkas tidak dapat dibaca.", "Simpan berkas di perangkat ini, lalu pilih lagi.");
      return;
    }
    const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const typed = form.querySelector("[name=sha256]");
    if (typed) typed.value = hex.match(/.{4}/g).join(" ");
    if (hex === form.dataset.expected.toLowerCase()) {
      say(place, "ok", "Sidik cocok.", `${file.name} sama persis dengan surat yang diterbitkan.`);
    } else {
      say(place, "bad", "Sidik berbeda.", `${file.name} bukan berkas surat ini, atau isinya sudah berubah. Jangan dipakai sebelum Anda memastikannya ke BPS.`);
    }
  };

  for (const form of document.querySelectorAll("form[data-hash-compare]")) {
    const drop = form.querySelector("[data-hash-drop]");
    drop.hidden = false;
    drop.addEventListener("change", (event) => {
      if (event.target.files?.length) compare(form, event.target.files[0]);
    });
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("is-over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("is-over");
      if (event.dataTransfer.files.length) compare(form, event.dataTransfer.files[0]);
    });
  }
})();
