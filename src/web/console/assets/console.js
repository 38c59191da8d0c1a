// What makes the console quicker to use and is missed by nobody without it: keys, copying, choosing all of a list, and
// telling what changed. htmx swaps what looks again by itself.
"use strict";

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const help = document.querySelector("#keys");
  if (event.key === "/") {
    const search = document.querySelector("#search");
    if (search === null) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?" && help !== null && !help.open) {
    event.preventDefault();
    help.showModal();
  }
});

function say(text) {
  document.querySelector("#said").textContent = text;
}

async function copy(button) {
  const field = document.querySelector(button.dataset.copy);
  const name = button.textContent;
  try {
    await navigator.clipboard.writeText(field.value ?? field.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = name; }, 2000);
    say("Copied.");
  } catch {
    field.focus();
    field.select?.();
    say("Selected; copy it with your keyboard.");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button !== null) copy(button);
});

document.addEventListener("change", ({ target }) => {
  if (target.dataset.all === undefined) return;
  const boxes = [...document.querySelectorAll(`input[type="checkbox"][name="${target.dataset.all}"]`)];
  for (const box of boxes) box.checked = target.checked;
  say(`${boxes.filter((box) => box.checked).length} chosen.`);
});

// Shows what only a script can do.
function ready() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const all of document.querySelectorAll("[data-all]")) all.closest("label").hidden = false;
}
ready();

// Nobody sees a hidden page: what looks again by itself waits until somebody does.
document.addEventListener("htmx:config:request", (event) => {
  if (event.detail.ctx.sourceEvent.type === "every" && document.hidden) event.preventDefault();
});

// What a region says, times and moving numbers left out.
function words(region) {
  const copy = region.cloneNode(true);
  for (const moving of copy.querySelectorAll("time, [data-moving]")) moving.remove();
  return copy.textContent.replace(/\s+/g, " ").trim();
}

const told = new WeakMap();

document.addEventListener("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
  told.set(ctx, tasks.map(({ target }) => [target, words(target)]));
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  ready();
  const changed = (told.get(ctx) ?? []).filter(([region, before]) => words(region) !== before);
  if (changed.length > 0) say(changed.map(([region]) => `${region.getAttribute("aria-label")} changed.`).join(" "));
});
