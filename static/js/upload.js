/* Uploads a PDF with progress, tries again when the line breaks, and waits for the verdict.
   Without this script the form works as it stands: file input, button, ordinary POST.

   Markup (document slot, one per document):
     <article class="slot slot--empty" id="slot-ijazah" data-poll-url="/…/slot/">
       <div class="slot__head"><h3>Ijazah</h3><strong class="tag …">…</strong></div>
       <form data-upload data-max-bytes="2097152" method="post" enctype="multipart/form-data" action="/…/">
         {% csrf_token %} <input type="file" name="file" accept="application/pdf"> <button>Unggah</button>
       </form>
     </article>
   The server needs nothing special. It answers the POST as always: a redirect to a page that shows
   the same slot (same id), or the page again with an error inside the slot. The slot is taken out of
   that page; messages (#messages) too. When the page has no such slot, the browser goes there.
   While a slot has the class slot--waiting, data-poll-url is fetched (header HX-Request) until the
   slot that comes back is no longer waiting; the whole page or the slot alone may come back.
   After every exchange the event "slotchanged" is sent from the new slot, so that other parts of the
   page can refresh themselves. The same bytes may arrive twice when an answer was lost on the way.
   A form with data-shrink-url and data-shrink-bytes offers that address for a file over its limit;
   the answer there is a page of its own. An answer 503 with Retry-After is tried again after it. */
(() => {
  "use strict";

  const TRIES = 6;
  const GATEWAY = [502, 503, 504];
  const WAIT_AT_MOST = 20 * 60 * 1000; // for a verdict; then the page's own link is the way
  const words = {
    notPdf: "Berkas ini bukan PDF. Pindai atau simpan sebagai PDF, lalu pilih lagi.",
    photo: "Foto bukan PDF. Di ponsel, pilih Cetak atau Bagikan pada foto itu, simpan sebagai PDF, lalu pilih PDF-nya.",
    none: "Pilih dulu satu berkas PDF.",
    many: "Satu berkas saja. Gabungkan semua halaman dalam satu PDF.",
    busy: "Tiga pindaian besar sedang kami terima; berkas Anda belum sampai.",
    broken: "Sambungan terputus dan berkas belum sampai. Tekan tombol unggah untuk mencoba lagi.",
    cancelled: "Unggahan dibatalkan. Tidak ada yang tersimpan.",
  };

  const size = (bytes) => {
    if (bytes < 1048576) return `${Math.ceil(bytes / 1024)} KB`;
    return `${(Math.ceil(bytes / 104857.6) / 10).toString().replace(".", ",")} MB`;
  };

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  };

  const live = make("p", "visually-hidden");
  live.setAttribute("role", "status");
  document.body.append(live);

  // Refusals before anything is sent

  const complain = (form, text) => {
    form.querySelectorAll("[data-upload-error], [data-upload-offer]").forEach((part) => part.remove());
    const input = form.querySelector("input[type=file]");
    input.classList.toggle("is-invalid", Boolean(text));
    if (!text) {
      input.removeAttribute("aria-invalid");
      return;
    }
    const error = make("p", "field-error", text);
    error.dataset.uploadError = "";
    error.setAttribute("role", "alert");
    input.setAttribute("aria-invalid", "true");
    form.prepend(error);
  };

  const refusal = async (form, files) => {
    if (files.length === 0) return words.none;
    if (files.length > 1) return words.many;
    const [file] = files;
    const most = Number(form.dataset.maxBytes || 2097152);
    if (file.size > most) {
      return `Berkas ini ${size(file.size)}, paling besar ${size(most)}. Pindai ulang pada 150 dpi, lalu pilih lagi.`;
    }
    if (await isPdf(file)) return "";
    return file.type.startsWith("image/") ? words.photo : words.notPdf;
  };

  const isPdf = async (file) => {
    const start = new TextDecoder("latin1").decode(await file.slice(0, 1024).arrayBuffer());
    return start.includes("%PDF-");
  };

  // A scan over the limit: offered to the address that makes it smaller

  const offer = async (form, files) => {
    const [file] = files;
    const most = Number(form.dataset.shrinkBytes || 0);
    if (files.length !== 1 || !form.dataset.shrinkUrl || file.size > most) return;
    if (file.size <= Number(form.dataset.maxBytes) || !(await isPdf(file))) return;
    const place = make("div", "slot__acts");
    const button = make("button", "btn btn-line", `Kecilkan berkas ini (${size(file.size)})`);
    button.type = "button";
    place.dataset.uploadOffer = "";
    place.append(button, make("span", "meta", "Anda melihat hasilnya dahulu, lalu memutuskan."));
    form.querySelector("[data-upload-error]")?.after(place);
    button.addEventListener("click", () => {
      complain(form, "");
      send(form, file, form.dataset.shrinkUrl);
    });
  };

  document.addEventListener("change", async (event) => {
    const form = event.target.closest?.("form[data-upload]");
    if (!form || event.target.type !== "file" || event.target.files.length === 0) return;
    const files = [...event.target.files];
    const text = await refusal(form, files);
    complain(form, text);
    if (!text) return;
    event.target.value = "";
    await offer(form, files);
  });

  // Drag and drop puts the file into the input; sending stays the person's own act

  const formUnder = (event) => {
    const scope = event.target.closest?.("article.slot, .drop, form[data-upload]");
    return scope?.closest("form[data-upload]") ?? scope?.querySelector("form[data-upload]");
  };
  document.addEventListener("dragover", (event) => {
    const form = formUnder(event);
    if (!form || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.closest("article.slot, .drop, form")?.classList.add("is-over");
  });
  const leave = () => document.querySelectorAll(".is-over").forEach((place) => place.classList.remove("is-over"));
  document.addEventListener("dragleave", leave);
  document.addEventListener("drop", (event) => {
    const form = formUnder(event);
    leave();
    if (!form || event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    const input = form.querySelector("input[type=file]");
    if (event.dataTransfer.files.length > 1) {
      complain(form, words.many);
      return;
    }
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    form.querySelector("[type=submit]")?.focus();
  });

  // Sending

  const setTag = (slot, kind, text) => {
    const tag = slot?.querySelector(".slot__head .tag");
    if (!tag) return () => {};
    const before = [tag.className, tag.textContent];
    tag.className = `tag tag--${kind}`;
    tag.textContent = text;
    return () => {
      [tag.className, tag.textContent] = before;
    };
  };

  const send = (form, file, address = form.action) => {
    const slot = form.closest("article.slot, [data-poll-url]");
    const restoreTag = setTag(slot, "wait", "Mengunggah");
    const stateClass = [...(slot?.classList ?? [])].find((name) => name.startsWith("slot--"));
    slot?.classList.replace(stateClass, "slot--uploading");

    const panel = make("div", "uploading");
    const line = make("div", "progress-line");
    const progress = make("progress");
    progress.max = file.size;
    progress.value = 0;
    progress.setAttribute("aria-label", `Kemajuan unggahan ${file.name}`);
    const amount = make("span", "num");
    const note = make("p", "meta", `${file.name} · jangan tutup halaman ini`);
    const cancel = make("button", "btn btn-text", "Batalkan unggahan");
    cancel.type = "button";
    line.append(progress, amount);
    panel.append(line, note, cancel);
    form.hidden = true;
    form.after(panel);
    cancel.focus();
    live.textContent = `Mengunggah ${file.name}`;

    let tries = 0, xhr, timer;
    const giveUp = (text) => {
      clearTimeout(timer);
      window.removeEventListener("online", attempt);
      panel.remove();
      form.hidden = false;
      restoreTag();
      slot?.classList.replace("slot--uploading", stateClass);
      complain(form, text);
      form.querySelector("[type=submit]")?.focus();
    };

    const later = (asked = 0) => {
      if (tries >= TRIES) {
        giveUp(asked ? words.busy : words.broken);
        return;
      }
      const seconds = asked || 2 ** tries;
      const why = asked ? words.busy : "Sambungan terputus.";
      note.textContent = `${why} Mencoba lagi dalam ${seconds} detik (percobaan ${tries + 1} dari ${TRIES}).`;
      live.textContent = note.textContent;
      timer = setTimeout(attempt, seconds * 1000);
      if (!asked) window.addEventListener("online", attempt, { once: true });
    };
    const lost = () => later();

    function attempt() {
      clearTimeout(timer);
      window.removeEventListener("online", attempt);
      tries += 1;
      xhr = new XMLHttpRequest();
      xhr.open("POST", address);
      xhr.setRequestHeader("X-Requested-With", "XMLHttpRequest");
      xhr.upload.addEventListener("progress", (event) => {
        const sent = Math.min(event.loaded, file.size);
        progress.value = sent;
        amount.textContent = `${size(sent)} dari ${size(file.size)}`;
        note.textContent = sent < file.size ? `${file.name} · jangan tutup halaman ini` : `${file.name} · menunggu jawaban server`;
      });
      xhr.addEventListener("error", lost);
      xhr.addEventListener("timeout", lost);
      xhr.addEventListener("load", () => {
        const asked = Number(xhr.getResponseHeader("Retry-After") || 0);
        if (GATEWAY.includes(xhr.status)) later(Math.min(asked, 60));
        else if (xhr.status === 413) giveUp("Server menolak berkas ini karena terlalu besar. Pindai ulang pada 150 dpi, lalu pilih lagi.");
        else arrived();
      });
      const body = new FormData(form);
      body.set("file", file);
      xhr.send(body);
    }

    const arrived = () => {
      const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
      const fresh = slot?.id && page.getElementById(slot.id);
      if (fresh) {
        const messages = document.getElementById("messages");
        const news = page.getElementById("messages");
        if (messages && news) messages.replaceWith(document.adoptNode(news));
        swap(slot, fresh);
      } else if (xhr.status < 400) {
        window.location.assign(xhr.responseURL);
      } else {
        const sentence = (page.querySelector("[data-upload-error]") ?? page.querySelector("main .lead"))?.textContent.trim();
        giveUp(sentence || `Unggahan ditolak (kode ${xhr.status}). Muat ulang halaman ini.`);
      }
    };

    cancel.addEventListener("click", () => {
      xhr.abort();
      giveUp(words.cancelled);
    });
    attempt();
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-upload]")) return;
    event.preventDefault();
    const input = form.querySelector("input[type=file]");
    const text = await refusal(form, input.files);
    complain(form, text);
    if (text) input.focus();
    else if (!form.hidden) send(form, input.files[0]);
  });

  // Exchanging a slot, and waiting for the worker's verdict

  const swap = (old, fresh) => {
    const hadFocus = old.contains(document.activeElement);
    const slot = document.adoptNode(fresh);
    old.replaceWith(slot);
    window.htmx?.process(slot);
    const heading = slot.querySelector("h3, h2");
    if (hadFocus && heading) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
    live.textContent = `${heading?.textContent ?? ""}: ${slot.querySelector(".tag")?.textContent ?? ""}`;
    slot.dispatchEvent(new CustomEvent("slotchanged", { bubbles: true }));
    watch(slot);
  };

  const watch = (slot) => {
    if (!slot.dataset.pollUrl || !slot.classList.contains("slot--waiting")) return;
    let wait = 1000;
    const until = Date.now() + WAIT_AT_MOST;
    const again = () => {
      if (Date.now() > until) {
        live.textContent = "Hasil belum ada. Tekan Perbarui status nanti.";
        return;
      }
      wait = Math.min(wait * 1.5, 15000);
      setTimeout(look, wait);
    };
    const look = async () => {
      if (!slot.isConnected) return;
      if (document.hidden) {
        document.addEventListener("visibilitychange", look, { once: true });
        return;
      }
      let response;
      try {
        response = await fetch(slot.dataset.pollUrl, { headers: { "HX-Request": "true" } });
      } catch {
        again(); // no line: the slot still says that it waits, which is true
        return;
      }
      const elsewhere = response.headers.get("HX-Redirect");
      if (elsewhere) {
        window.location.assign(elsewhere);
        return;
      }
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = response.ok && page.getElementById(slot.id);
      if (fresh && !fresh.classList.contains("slot--waiting")) swap(slot, fresh);
      else again();
    };
    setTimeout(look, wait);
  };

  document.querySelectorAll("[data-poll-url]").forEach(watch);
})();
