// What makes the console quicker to use and is missed by nobody without it: keys, copying, choosing all of a list.
"use strict";

const help = document.querySelector("#keys");

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
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
  const live = document.querySelector("#live");
  if (live !== null) live.textContent = text;
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.querySelector(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(field.value ?? field.textContent);
      say("Copied.");
    } catch {
      field.focus();
      field.select?.();
      say("Selected; copy it with your keyboard.");
    }
  });
}

for (const all of document.querySelectorAll("[data-all]")) {
  const boxes = () => document.querySelectorAll(`input[type="checkbox"][name="${all.dataset.all}"]`);
  all.closest("label").hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    say(`${[...boxes()].filter((box) => box.checked).length} chosen.`);
  });
}

// What changes by itself, such as a checklist or progress, is looked at again while the page is in view.
for (const region of document.querySelectorAll("[data-live][id]")) {
  setInterval(async () => {
    if (document.hidden || region.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(region.id);
      if (fresh === null || fresh.innerHTML === region.innerHTML) return;
      region.replaceChildren(...fresh.childNodes);
      say(`${region.getAttribute("aria-label")} changed.`);
    } catch {
      // The next look may succeed; the page says how to look by hand.
    }
  }, 1000 * Number(region.dataset.live));
}
