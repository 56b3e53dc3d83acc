/* Marks attendance without losing a mark when the line breaks, and reads the QR code of a card.
   Without this script every button is an ordinary form.

   Markup: <div data-attendance="USER"> holds the page's lists; each seat is
     <div class="seat" data-seat="7" data-number="P2-74-00031" data-state="present">
       <span data-mark-tag></span> <form data-mark action="…"> buttons named attendance </form></div>
   [data-unsent] takes the news, with the icons of template[data-sign]; [data-offline-note] is for forms that need a line, [data-count] holds
   a number; dialog[data-scan] is the scanner and [data-scan-open] its button.

   A mark is written to the browser's storage before it is sent: the seat's number in the database,
   the mark, what the person saw, and the moment; no name, no NIP. It is sent again until the server
   has answered, under the same key, so that it counts once; then it is removed. What another person
   marked meanwhile is not overwritten: both are shown and the person here decides. */
(() => {
  "use strict";

  const EVERY = 15000, PATIENCE = 10000;
  const WORDS = { "": "belum dicatat", present: "hadir", late: "hadir terlambat", absent: "tidak hadir" };
  const KINDS = { "": "wait", present: "ok", late: "fix", absent: "bad" };
  const here = () => document.querySelector("[data-attendance]");
  if (!here()) return;
  const owner = here().dataset.attendance;
  const PREFIX = `inpassing-mark:${owner}:`;
  const troubles = new Map(); // seat -> { text, state }: a conflict or a refusal, until it is settled
  let isSending = false, needsSignIn = "", isLost = false;
  const held = new Map(); // where the browser forbids storage, the marks last as long as the page

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  };

  // The marks that are kept, in the order in which they were made

  const keep = (mark) => {
    try {
      localStorage.setItem(PREFIX + mark.key, JSON.stringify(mark));
    } catch {
      held.set(mark.key, mark);
    }
  };
  const forget = (mark) => {
    held.delete(mark.key);
    try {
      localStorage.removeItem(PREFIX + mark.key);
    } catch {
      return; // it was only held
    }
  };
  const kept = () => {
    const marks = [...held.values()];
    try {
      for (let n = 0; n < localStorage.length; n += 1) {
        const name = localStorage.key(n);
        if (name.startsWith(PREFIX)) marks.push(JSON.parse(localStorage.getItem(name)));
      }
    } catch {
      return marks;
    }
    return marks.sort((a, b) => a.at - b.at);
  };
  const keptOf = (seat) => kept().filter((mark) => mark.seat === seat);
  const newKey = () =>
    crypto.randomUUID?.() ||
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
      (Number(c) ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (Number(c) / 4)))).toString(16));

  // Showing what is kept on top of what the server said

  const rowOf = (seat) => document.querySelector(`[data-seat="${seat}"]`);
  const stateOf = (row) => {
    const marks = keptOf(row.dataset.seat);
    return marks.length ? marks[marks.length - 1].attendance : row.dataset.state;
  };
  const isThere = (state) => state === "present" || state === "late";

  const paintRow = (row) => {
    const mine = keptOf(row.dataset.seat).length > 0;
    const tag = row.querySelector("[data-mark-tag]");
    if (tag.dataset.kept === undefined) tag.dataset.kept = tag.innerHTML;
    if (mine) {
      const state = stateOf(row);
      const word = WORDS[state];
      tag.replaceChildren(make("strong", `tag tag--${KINDS[state]}`, `${word[0].toUpperCase()}${word.slice(1)}, belum terkirim`));
    } else {
      tag.innerHTML = tag.dataset.kept; // what the server itself had put there
    }
    row.classList.toggle("is-turn", mine);
    const form = row.querySelector("form[data-mark]");
    if (!form) return;
    const state = stateOf(row);
    for (const button of form.querySelectorAll("button[name=attendance]")) {
      button.hidden = button.value === "" ? state === "" : state !== "";
    }
  };

  const paint = () => {
    const rows = [...document.querySelectorAll("[data-seat]")];
    rows.forEach(paintRow);
    const change = { present: 0, waiting: 0 };
    for (const row of rows) {
      const now = stateOf(row), was = row.dataset.state;
      change.present += isThere(now) - isThere(was);
      change.waiting += (now === "") - (was === "");
    }
    for (const place of document.querySelectorAll("[data-count]")) {
      if (place.dataset.base === undefined) place.dataset.base = place.textContent;
      place.textContent = Number(place.dataset.base) + change[place.dataset.count];
    }
    paintNews();
  };

  const act = (label, what, primary) => {
    const button = make("button", primary ? "btn btn-line" : "btn btn-text", label);
    button.type = "button";
    button.addEventListener("click", what);
    return button;
  };

  const sign = (name) => document.querySelector(`template[data-sign="${name}"]`).content.cloneNode(true);

  const paintNews = () => {
    const place = document.querySelector("[data-unsent]");
    const waiting = kept().filter((mark) => !troubles.has(mark.seat));
    const parts = [];
    for (const [seat, { text, state }] of troubles) {
      const marks = keptOf(seat);
      if (!marks.length) {
        troubles.delete(seat);
        continue;
      }
      const box = make("div", "banner banner--bad");
      const body = make("div");
      body.append(make("p", "", text));
      const acts = make("p", "acts mt-2");
      if (state !== undefined) {
        acts.append(act(`Pakai tanda saya: ${WORDS[marks[marks.length - 1].attendance]}`, () => insist(seat, state), true));
      }
      acts.append(act(state === undefined ? "Buang tanda ini" : "Biarkan yang tercatat", () => give_up(seat)));
      body.append(acts);
      box.append(sign("trouble"), body);
      parts.push(box);
    }
    if (waiting.length) {
      const box = make("div", "banner banner--fix");
      const body = make("div");
      body.append(make("p", "", `${waiting.length} tanda belum terkirim. Tersimpan di perangkat ini${needsSignIn ? "." : " dan dikirim sendiri begitu tersambung; halaman ini boleh dimuat ulang."}`));
      if (needsSignIn) {
        const link = make("a", "", "Masuk lagi untuk mengirimnya");
        link.href = needsSignIn;
        const line = make("p");
        line.append(link);
        body.append(line);
      } else if (isLost) {
        const line = make("p", "acts mt-2");
        line.append(act("Kirim sekarang", send, true));
        body.append(line);
      }
      box.append(sign("unsent"), body);
      parts.push(box);
    }
    const words = parts.map((part) => part.textContent).join("|");
    if (place.dataset.words !== words) {
      place.dataset.words = words;
      place.replaceChildren(...parts);
    }
  };

  const insist = (seat, state) => {
    const last = keptOf(seat).pop();
    keptOf(seat).forEach(forget);
    troubles.delete(seat);
    keep({ ...last, key: newKey(), seen: state });
    paint();
    send();
  };
  const give_up = (seat) => {
    keptOf(seat).forEach(forget);
    troubles.delete(seat);
    paint();
    refresh();
  };

  // Sending

  const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
  const ask = (url, options = {}) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    return fetch(url, { ...options, signal: stop.signal, credentials: "same-origin" }).finally(() => clearTimeout(timer));
  };
  const post = (mark) => {
    const body = new URLSearchParams({
      attendance: mark.attendance,
      seen: mark.seen,
      key: mark.key,
      ago: Math.max(0, Math.round((Date.now() - mark.at) / 1000)),
    });
    return ask(here().dataset.markUrl.replace("/0/", `/${mark.seat}/`), {
      method: "POST",
      headers: { Accept: "application/json", "HX-Request": "true", "X-CSRFToken": token() },
      body,
    });
  };

  /* Returns false when there is no use in trying further now. */
  const sendOne = async (mark) => {
    let answer = await post(mark);
    const isJson = () => (answer.headers.get("Content-Type") || "").includes("json");
    if (answer.status === 403 && !isJson()) {
      // The page's token is from before another sign-in, or nobody is signed in any more.
      answer = (await refresh()) === 401 ? new Response(null, { status: 401 }) : await post(mark);
    }
    if (answer.status === 401) {
      needsSignIn = `${here().dataset.signIn}?next=${encodeURIComponent(location.pathname)}`;
      return false;
    }
    needsSignIn = "";
    if (answer.status >= 500 || answer.status === 429) return false;
    const said = isJson() ? await answer.json() : null;
    if (answer.ok && said) {
      const row = rowOf(mark.seat);
      if (row) row.dataset.state = said.attendance;
      forget(mark);
      say(said.message);
    } else if (answer.status === 409 && said) {
      troubles.set(mark.seat, { text: said.message, state: said.attendance });
    } else {
      troubles.set(mark.seat, { text: said?.message || "Kursi ini bukan lagi kursi sesi Anda, atau Anda bukan pengawasnya. Tandanya tidak disimpan." });
    }
    return true;
  };

  const send = async () => {
    if (isSending) return;
    isSending = true;
    let sent = 0;
    try {
      for (let mark = next(); mark; mark = next()) {
        if (!(await sendOne(mark))) {
          isLost = true;
          return;
        }
        isLost = false;
        sent += 1;
      }
    } catch {
      isLost = true; // no line, or no answer in time: the mark stays and is sent again
    } finally {
      isSending = false;
      paint();
    }
    if (sent) await refresh();
  };
  const next = () => kept().find((mark) => !troubles.has(mark.seat));

  /* What others marked, and our own in their right places; returns the status of the answer. */
  const refresh = async () => {
    try {
      const answer = await ask(location.href, { headers: { "HX-Request": "true" } });
      if (!answer.ok) return answer.status;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-attendance]");
      if (!fresh) return answer.status;
      const focused = document.activeElement?.closest("[data-seat]")?.dataset.seat;
      here().replaceWith(document.adoptNode(fresh));
      for (const place of document.querySelectorAll("[data-count]")) {
        const now = page.querySelector(`[data-count="${place.dataset.count}"]`);
        if (now) place.dataset.base = now.textContent;
      }
      filter();
      paint();
      if (focused) rowOf(focused)?.querySelector("button:not([hidden])")?.focus({ preventScroll: true });
      return answer.status;
    } catch {
      return 0; // no line: the page stays as it is
    }
  };

  const say = (text) => {
    const live = document.querySelector("[data-said]");
    live.textContent = text;
  };

  const put = (seat, attendance) => {
    const row = rowOf(seat);
    keep({ key: newKey(), seat, attendance, seen: stateOf(row), at: Date.now() });
    paint();
    send();
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("form[data-mark]")) {
      event.preventDefault();
      put(form.closest("[data-seat]").dataset.seat, event.submitter.value);
    } else if (form.matches("[data-needs-line]") && !navigator.onLine) {
      event.preventDefault();
      form.querySelector("[data-offline-note]").hidden = false;
    } else if (form.matches("[data-find]") && !isFiltered()) {
      event.preventDefault();
      const shown = [...document.querySelectorAll("[data-seat]:not([hidden])")];
      if (shown.length === 1) shown[0].querySelector("button:not([hidden])")?.focus();
    }
  });

  // Finding by what one types, without a line

  const isFiltered = () => new URLSearchParams(location.search).get("q");
  const fold = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
  const filter = () => {
    const field = document.querySelector("[data-find] [name=q]");
    if (!field || isFiltered()) return;
    const wanted = fold(field.value);
    for (const row of document.querySelectorAll("[data-seat]")) {
      row.hidden = Boolean(wanted) && !fold(row.dataset.find).includes(wanted);
    }
    const none = document.querySelector("[data-found-none]");
    if (none) none.hidden = !wanted || Boolean(document.querySelector("[data-seat]:not([hidden])"));
  };
  document.addEventListener("input", (event) => {
    if (event.target.closest("[data-find]")) filter();
  });

  // The scanner

  const dialog = document.querySelector("dialog[data-scan]");
  const part = (name) => dialog.querySelector(`[data-scan-${name}]`);
  let stream = null, timer = 0;

  const numberIn = (text) => {
    const found = /\/uji\/hadir\/([^/?#\s]+)/.exec(text);
    return (found ? decodeURIComponent(found[1]) : text).trim().toUpperCase();
  };

  const close = () => {
    clearTimeout(timer);
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    part("video").hidden = true;
  };

  const show = (number) => {
    clearTimeout(timer);
    const row = document.querySelector(`[data-number="${CSS.escape(number)}"]`);
    const place = part("found");
    place.replaceChildren();
    if (!row) {
      place.append(make("p", "field-error", `Nomor ${number} tidak ada di sesi ini.`));
      const line = make("p");
      const link = make("a", "", "Cari di sesi lain kantor ini");
      link.href = `/uji/hadir/${encodeURIComponent(number)}/`;
      line.append(link);
      place.append(line, act("Pindai berikutnya", look, true));
    } else {
      const state = stateOf(row);
      place.append(make("p", "h3", row.dataset.name), make("p", "meta num", `Kursi ${row.dataset.seatNumber} · ${number}`));
      if (row.dataset.needs) place.append(make("p", "", `Kebutuhan khusus: ${row.dataset.needs}`));
      const acts = make("div", "acts");
      if (state) place.append(make("p", "", `Sudah tercatat ${WORDS[state]}.`));
      else {
        const mark = (attendance) => () => {
          put(row.dataset.seat, attendance);
          place.replaceChildren(make("p", "h3", `${row.dataset.name}: ${WORDS[attendance]}`));
          place.append(act("Pindai berikutnya", look, true));
          place.querySelector("button").focus();
        };
        const present = act("Hadir", mark("present"), true);
        present.className = "btn btn-primary";
        acts.append(present, act("Terlambat", mark("late"), true));
      }
      acts.append(act("Pindai berikutnya", look));
      place.append(acts);
    }
    place.querySelector("button, a")?.focus();
  };

  const look = async () => {
    part("found").replaceChildren();
    part("number").value = "";
    const canRead = "BarcodeDetector" in window &&
      (await BarcodeDetector.getSupportedFormats().catch(() => [])).includes("qr_code");
    if (!canRead || !navigator.mediaDevices) {
      part("blind").hidden = false;
      part("number").focus();
      return;
    }
    try {
      stream ||= await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      part("refused").hidden = false;
      part("number").focus();
      return;
    }
    const video = part("video");
    video.hidden = false;
    video.srcObject = stream;
    video.play().catch(() => {});
    const reader = new BarcodeDetector({ formats: ["qr_code"] });
    const read = async () => {
      if (!dialog.open || !stream) return;
      const [code] = await reader.detect(video).catch(() => []);
      if (code?.rawValue) show(numberIn(code.rawValue));
      else timer = setTimeout(read, 250);
    };
    read();
  };

  if (dialog) {
    document.querySelector("[data-scan-open]").hidden = false;
    document.querySelector("[data-scan-open]").addEventListener("click", () => {
      dialog.showModal();
      look();
    });
    dialog.addEventListener("close", close);
    part("close").addEventListener("click", () => dialog.close());
    part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (part("number").value.trim()) show(numberIn(part("number").value));
    });
  }

  window.addEventListener("online", send);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") send();
  });
  setInterval(send, EVERY);
  paint();
  send();
})();
