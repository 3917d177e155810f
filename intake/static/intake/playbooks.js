// Line numbers beside a playbook's text, and a way from a problem to its line. The page works without this.
"use strict";
(() => {
  const source = document.getElementById("source");
  const numbers = document.querySelector(".li-numbers");
  if (!source || !numbers) return;
  const count = () => {
    const lines = source.value.split("\n").length;
    source.rows = lines + 1;
    numbers.textContent = Array.from({ length: lines }, (_, index) => index + 1).join("\n");
  };
  source.addEventListener("input", count);
  count();
  for (const link of document.querySelectorAll("[data-line]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const lines = source.value.split("\n");
      const line = Number(link.dataset.line);
      const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
      source.focus();
      source.setSelectionRange(start, start + (lines[line - 1] || "").length);
      const box = source.parentElement;
      box.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(source).lineHeight));
    });
  }
})();
