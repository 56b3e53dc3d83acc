/* Keyboard shortcuts on the review board.
   Markup: data-key="t" on a radio, button or link; [data-keys] marks where the switch goes.
   Used: T accept, G legalisation, K return, S save, J and L previous and next document, P decision.
   data-then names the field that comes next. A letter does nothing while one types, with Ctrl, Alt or Meta, or when the person has
   switched shortcuts off (WCAG 2.1.4). Ctrl+Enter saves from inside a field too. */
(() => {
  "use strict";

  const STORE = "inpassing-shortcuts";
  let isOn = true;
  try {
    isOn = localStorage.getItem(STORE) !== "off";
  } catch {
    isOn = true; // storage is forbidden in this browser: the switch then lasts for one page
  }

  const isTyping = (element) =>
    element.isContentEditable ||
    ["TEXTAREA", "SELECT"].includes(element.tagName) ||
    (element.tagName === "INPUT" && !["radio", "checkbox", "button", "submit"].includes(element.type));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey && event.target.form) {
      const save = event.target.form.querySelector('[type="submit"]:not([name])');
      if (save) save.click();
      return;
    }
    if (!isOn || event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (!/^[a-z]$/.test(key)) return;
    const targets = [...document.querySelectorAll(`[data-key="${key}"]`)];
    const target = targets.find((element) => !element.disabled && element.getClientRects().length > 0);
    if (!target) return;
    event.preventDefault();
    target.focus();
    target.click();
    const next = document.getElementById(target.dataset.then || "");
    if (next) next.focus();
  });

  for (const place of document.querySelectorAll("[data-keys]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-text";
    const show = () => {
      button.textContent = isOn ? "Matikan pintasan" : "Nyalakan pintasan";
    };
    button.addEventListener("click", () => {
      isOn = !isOn;
      try {
        localStorage.setItem(STORE, isOn ? "on" : "off");
      } catch {
        button.title = "Peramban ini tidak menyimpan pilihan Anda.";
      }
      show();
    });
    show();
    place.append(" ", button);
  }
})();
