// Values of marks on hover and on focus. Without this script, titles show them on hover.
"use strict";
(() => {
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true"); // A mark has the same words as its label.
  document.body.append(tip);
  let shown = null;
  const hide = () => {
    if (shown) shown.classList.remove("on");
    shown = null;
    tip.hidden = true;
  };
  const show = (mark) => {
    if (mark === shown) return;
    hide();
    shown = mark;
    mark.classList.add("on");
    tip.textContent = mark.dataset.tip;
    tip.style.left = tip.style.top = "0";
    tip.hidden = false;
    const at = mark.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const wide = document.documentElement.clientWidth;
    const left = Math.min(Math.max(at.left + at.width / 2 - own.width / 2, 4), wide - own.width - 4);
    const above = at.top - own.height - 6;
    tip.style.left = `${left + window.scrollX}px`;
    tip.style.top = `${(above > 0 ? above : at.bottom + 6) + window.scrollY}px`;
  };
  for (const title of document.querySelectorAll("[data-marks] title")) {
    const mark = title.parentElement;
    mark.dataset.tip = title.textContent;
    mark.setAttribute("aria-label", title.textContent.replaceAll("\n", ", "));
    title.remove();
  }
  // One stop of the Tab key for each chart; arrows go from mark to mark.
  for (const chart of document.querySelectorAll("[data-marks]")) {
    const marks = [...chart.querySelectorAll("[data-tip]")];
    marks.forEach((mark, i) => mark.setAttribute("tabindex", i ? "-1" : "0"));
    chart.addEventListener("keydown", (event) => {
      const now = marks.indexOf(document.activeElement);
      const to = { ArrowRight: now + 1, ArrowDown: now + 1, ArrowLeft: now - 1, ArrowUp: now - 1,
        Home: 0, End: marks.length - 1 }[event.key];
      if (now < 0 || to === undefined || !marks[to]) return;
      event.preventDefault();
      marks[now].setAttribute("tabindex", "-1");
      marks[to].setAttribute("tabindex", "0");
      marks[to].focus();
    });
  }
  const mark = (event) => event.target.closest?.("[data-tip]");
  document.addEventListener("pointerover", (event) => (mark(event) ? show(mark(event)) : hide()));
  document.addEventListener("focusin", (event) => (mark(event) ? show(mark(event)) : hide()));
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  // Paper cannot be unfolded; but nobody wants the 1,500 rows of a wide schema.
  addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details")) {
      folded.open ||= folded.querySelectorAll("tr").length < 100;
    }
  });
})();
