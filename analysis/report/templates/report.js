"use strict";
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Chapters are open in the file, for readers without a script; here they are folded until somebody asks for them.
const folds = all("details.fold");
const fold = (open) => folds.forEach((details) => (details.open = open));
const reveal = (target) => {
  for (let at = target; at; at = at.parentElement) if (at.matches("details")) at.open = true;
  for (const chapter of target.querySelectorAll(":scope > details.chapter")) chapter.open = true;
};
const targetOf = (hash) => document.getElementById(decodeURIComponent(hash.slice(1)));
const follow = () => {
  const target = targetOf(location.hash);
  if (target) reveal(target), target.scrollIntoView();
};
fold(false);
follow();
addEventListener("hashchange", follow);
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const target = link && targetOf(link.getAttribute("href"));
  if (!target) return;
  reveal(target);
  if (location.protocol === "about:" || link.getAttribute("href") === location.hash) {
    event.preventDefault(); // in the frame of a notebook a link of this page would load the notebook's
    target.scrollIntoView();
  }
});
let before = [];
addEventListener("beforeprint", () => {
  before = folds.filter((details) => !details.open);
  fold(true);
});
addEventListener("afterprint", () => before.forEach((details) => (details.open = false)));

// Controls do nothing without a script, so they are hidden in the file.
all(".tools").forEach((tools) => (tools.hidden = false));
for (const button of all("button[data-all]")) {
  button.addEventListener("click", () => {
    const open = folds.some((details) => !details.open);
    fold(open);
    button.textContent = open ? "Fold all chapters" : "Open all chapters";
  });
}
for (const control of all("select[data-switch]")) {
  control.addEventListener("change", () => {
    for (const other of all("select[data-switch]")) other.value = control.value;
    for (const part of all(".of")) part.classList.toggle("off", part.dataset.profile !== control.value);
  });
}
for (const control of all("input[data-filter]")) {
  control.addEventListener("input", () => {
    const wanted = control.value.trim().toLowerCase();
    const shown = new Set(), names = new Set();
    for (const part of all("[data-layer]")) {
      const kept = part.dataset.layer.toLowerCase().includes(wanted);
      if (part instanceof SVGElement) part.classList.toggle("dim", !kept);
      else {
        part.hidden = !kept;
        names.add(part.dataset.layer);
        if (kept) shown.add(part.dataset.layer);
      }
    }
    for (const other of all("input[data-filter]")) {
      if (other !== control) other.value = control.value;
      other.closest(".tools").querySelector("output").textContent = wanted ? `${shown.size} of ${names.size} layers` : "";
    }
  });
}

// Values on hover: the title of a mark, at once and by touch too.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);
for (const mark of all("svg .v")) {
  const title = mark.querySelector(":scope > title");
  if (!title) continue;
  if (mark.matches("a")) mark.setAttribute("aria-label", title.textContent);
  mark.dataset.value = title.textContent;
  title.remove();
}
const show = (text, x, y) => {
  tip.textContent = text;
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - width - 4))}px`;
  tip.style.top = `${y + 18 + height > innerHeight ? y - height - 10 : y + 18}px`;
};
for (const kind of ["pointermove", "pointerdown"]) {
  document.addEventListener(kind, (event) => {
    const mark = event.target.closest(".v[data-value]"), strip = event.target.closest("img[data-steps]");
    if (mark) show(mark.dataset.value, event.clientX, event.clientY);
    else if (strip) {
      const box = strip.getBoundingClientRect(), steps = Number(strip.dataset.steps);
      const step = Math.min(steps, 1 + Math.floor((steps * (event.clientX - box.left)) / box.width));
      show(`step ${step}; ${strip.alt}`, event.clientX, event.clientY);
    } else tip.hidden = true;
  });
}
addEventListener("scroll", () => (tip.hidden = true), { passive: true });
addEventListener("keydown", (event) => {
  if (event.key === "Escape") tip.hidden = true;
});
for (const box of all("a.v[data-value]")) {
  box.addEventListener("focus", () => {
    if (!box.matches(":focus-visible")) return;
    const { left, bottom } = box.getBoundingClientRect();
    show(box.dataset.value, left, bottom - 14);
  });
  box.addEventListener("blur", () => (tip.hidden = true));
}

// The contents say where the reader is.
const links = all("nav.toc a");
const mark = () => {
  const passed = links.filter((link) => targetOf(link.hash)?.getBoundingClientRect().top < innerHeight / 3);
  const current = passed[passed.length - 1];
  if (!current || current.hasAttribute("aria-current")) return;
  links.forEach((link) => link.removeAttribute("aria-current"));
  current.setAttribute("aria-current", "true");
  const bar = current.closest("ul");
  bar.scrollLeft = current.offsetLeft - bar.offsetLeft - bar.clientWidth / 2 + current.offsetWidth / 2;
};
addEventListener("scroll", mark, { passive: true });
mark();

for (const table of all("table[data-sortable]")) {
  const body = table.tBodies[0];
  all("thead th", table).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending";
      all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const order = (a, b) => {
        const [x, y] = [value(a), value(b)];
        return (x !== "" && y !== "" && !isNaN(x) && !isNaN(y) ? x - y : x.localeCompare(y)) * (up ? 1 : -1);
      };
      body.append(...[...body.rows].sort(order));
    });
  });
}
