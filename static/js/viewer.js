/* A browser that shows no PDF inside a page gets the pictures of its pages, as a phone does.
   Markup: .viewer with a .viewer__frame and .viewer__pages; without this script the link below both leads to the pictures. */
(() => {
  "use strict";

  if (navigator.pdfViewerEnabled !== false) return;
  for (const viewer of document.querySelectorAll(".viewer")) viewer.classList.add("viewer--pictures");
})();
