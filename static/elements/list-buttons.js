// The list buttons change at once and are saved behind; a failure takes the change back and says so. Without this script
// each is a plain form.
const TRIES = 4;
const PAUSE = 400;
const PATIENCE = 8000;
const SHOWN_FOR = 8000;
const LEAVING = 180;
const region = document.getElementById("toasts");
const csrf = document.querySelector("meta[name=csrf-token]")?.content ?? "";
// By title: the changes that are still under way, what the server last said, and where hidden cards stood.
const queues = new Map();
const confirmed = new Map();
const latest = new Map();
const gone = new Map();

const forms = (id) => document.querySelectorAll(`form.list-form[data-title="${id}"]`);
const cards = (id) => document.querySelectorAll(`:is(.card, .hit, .wide)[data-title="${id}"]`);
const wait = (time) => new Promise((done) => setTimeout(done, time));
const newToken = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!region || !button || !form.matches("form.list-form")) return;
  event.preventDefault();
  const id = form.dataset.title;
  const name = form.closest("[data-name]")?.dataset.name ?? document.querySelector("h1").textContent.trim();
  if ("hide" in button.dataset) hide(id, name, form, button.getAttribute("aria-pressed") !== "true");
  else move(id, name, form, button);
});

// -- lists ------------------------------------------------------------------------------------------------------------

function move(id, name, form, button) {
  const before = form.dataset.status || null;
  const status = before === button.dataset.status ? null : button.dataset.status;
  if (!confirmed.has(id)) confirmed.set(id, before);
  const label = button.textContent.trim();
  const from = form.closest("[data-from]")?.dataset.from;
  const total = Number(form.dataset.episodes);
  const body = { status, ...(from && { from }), ...(status === "completed" && total && { episodes: total }) };
  const address = `/api/people/${form.dataset.person}/lists/${id}`;
  show(id, status, button.querySelector("svg"), label);
  const saved = save(id, () => (status ? send("PUT", address, body) : send("DELETE", address)), name);
  say(status ? region.dataset.put : region.dataset.off, { name, list: label }, () => {
    show(id, before);
    // What stood there before comes back whole, with its score and its episodes, unless another tab has changed it since.
    save(id, async () => {
      const done = await saved;
      if (!done?.changed) return done;
      const answer = await send("POST", `${address}/undo`, { undo: done.undo });
      if (!answer.changed) say(region.dataset.since, { name });
      return answer;
    }, name);
    say(region.dataset.undone, { name });
  });
}

// One change of a title after the other, in the order of the clicks.
function save(id, change, name) {
  const mine = Symbol(id);
  latest.set(id, mine);
  const saved = (queues.get(id) ?? Promise.resolve()).then(change).then((answer) => {
    if (answer) confirmed.set(id, answer.entry?.status ?? null);
    if (answer && latest.get(id) === mine) {
      show(id, confirmed.get(id));
      changed({ id, saved: true });
      fields(id, answer.entry);
    }
    return answer;
  }, () => {
    if (latest.get(id) === mine) show(id, confirmed.get(id));
    say(region.dataset.failed, { name }, null, true);
    return null;
  });
  queues.set(id, saved);
  return saved;
}

// A lost answer is asked for again under the same key, so that nothing is changed twice.
async function send(method, address, body, more = {}) {
  const headers = { "X-CSRFToken": csrf, Accept: "application/json", "Idempotency-Key": newToken(), ...more };
  if (body && !(body instanceof URLSearchParams)) headers["Content-Type"] = "application/json";
  const payload = body instanceof URLSearchParams ? body : body && JSON.stringify(body);
  for (let tried = 1; ; tried += 1) {
    try {
      const response = await fetch(address, { method, headers, body: payload, keepalive: true, signal: AbortSignal.timeout(PATIENCE) });
      if (response.ok) return response.status === 204 ? {} : await response.json();
      if (response.status < 500) throw new RangeError(String(response.status));
      throw new Error(String(response.status));
    } catch (error) {
      // What the server refused it will refuse again.
      if (error instanceof RangeError || tried === TRIES) throw error;
    }
    await wait(PAUSE * 2 ** (tried - 1));
  }
}

function show(id, status, icon, label) {
  for (const form of forms(id)) {
    form.dataset.status = status ?? "";
    for (const button of form.querySelectorAll("button[data-status]")) {
      const on = button.dataset.status === status;
      button.setAttribute("aria-pressed", String(on));
      button.name = on ? "action" : "status";
      button.value = on ? "remove" : button.dataset.status;
      if (on) { icon = button.querySelector("svg"); label = button.textContent.trim(); }
    }
  }
  for (const card of cards(id)) badge(card, id, status, icon, label);
  changed({ id });
}

// Whoever keeps something of a title, a preview or its page, keeps it no longer.
function changed(detail) {
  document.dispatchEvent(new CustomEvent("list-changed", { detail }));
}

function badge(card, id, status, icon, label) {
  const shown = card.querySelector(".badge");
  if (!status) return shown?.remove();
  if (shown?.classList.contains(`on-${status}`) || !label) return;
  const made = document.createElement("span");
  made.className = `badge on-${status}`;
  made.dataset.badge = id;
  const hidden = document.createElement("span");
  hidden.className = "hidden";
  hidden.textContent = `${region.dataset.onList} `;
  made.append(...(icon ? [icon.cloneNode(true)] : []), hidden, label);
  if (shown) shown.replaceWith(made);
  else card.querySelector(".hit-facts, .poster:not(.hit *)")?.append(made);
}

// The form of the title's page says the same as its buttons.
function fields(id, entry) {
  const form = document.querySelector(`.entry-form[action="/my-list/${id}"]`);
  if (!form || !entry) return;
  for (const name of ["status", "score", "episodes"]) {
    if (form.elements[name]) form.elements[name].value = entry[name] ?? "";
  }
  // It shows another entry than the page came with.
  form.elements.was?.remove();
}

// -- not interested ----------------------------------------------------------------------------------------------------

function hide(id, name, form, wanted) {
  const from = form.closest("[data-from]")?.dataset.from;
  const post = (what) => send("POST", `/my-list/${id}/${what}`, new URLSearchParams(from ? { from } : {}));
  const turn = (on) => (on ? takeAway(id) : bringBack(id));
  const go = (on) => {
    turn(on);
    const saved = (queues.get(id) ?? Promise.resolve()).then(() => post(on ? "hide" : "unhide")).then(() => changed({ id, saved: true }), () => {
      turn(!on);
      say(region.dataset.failed, { name }, null, true);
    });
    queues.set(id, saved);
  };
  go(wanted);
  say(wanted ? region.dataset.hidden : region.dataset.unhidden, { name }, () => {
    go(!wanted);
    say(region.dataset.undone, { name });
  });
}

function press(id, on) {
  for (const form of forms(id)) {
    const button = form.querySelector("[data-hide]");
    button.setAttribute("aria-pressed", String(on));
    button.setAttribute("formaction", `/my-list/${id}/${on ? "unhide" : "hide"}`);
  }
}

function takeAway(id) {
  press(id, true);
  const inPreview = document.activeElement?.closest("hover-preview");
  const places = gone.get(id) ?? [];
  let next = null;
  for (const card of cards(id)) {
    // A work that was asked for by its name is still the answer.
    if (card.matches(".wide")) continue;
    const place = document.createComment("");
    if (inPreview || card.contains(document.activeElement)) next ??= (card.nextElementSibling ?? card.previousElementSibling)?.querySelector("a:not([aria-hidden])");
    card.before(place);
    places.push({ card, place });
    card.classList.add("leaving");
    setTimeout(() => { if (card.classList.contains("leaving")) card.remove(); }, LEAVING);
  }
  gone.set(id, places);
  changed({ id, hidden: true });
  next?.focus({ preventScroll: true });
}

function bringBack(id) {
  press(id, false);
  for (const { card, place } of gone.get(id) ?? []) {
    card.classList.remove("leaving");
    place.replaceWith(card);
  }
  gone.delete(id);
  changed({ id });
}

// -- saying so ---------------------------------------------------------------------------------------------------------

function say(text, { name, list = "" }, undo = null, failed = false) {
  const toast = document.createElement("div");
  toast.className = failed ? "toast failed-toast" : "toast";
  const words = document.createElement("span");
  words.textContent = text.replace("{title}", name).replace("{list}", list);
  toast.append(words);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = region.dataset.undo;
    button.addEventListener("click", () => { toast.remove(); undo(); });
    toast.append(button);
  }
  // One change at a time can be undone here; My list undoes the others.
  region.replaceChildren(...[...region.children].filter((one) => failed && !one.matches(".failed-toast")), toast);
  let left = setTimeout(() => toast.remove(), SHOWN_FOR);
  const stay = () => clearTimeout(left);
  const go = () => { stay(); left = setTimeout(() => toast.remove(), SHOWN_FOR / 2); };
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, stay);
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, go);
}

// "u" undoes without leaving the place where one is; on a Korean keyboard the same key writes "ㅕ".
document.addEventListener("keydown", (event) => {
  if (!["u", "U", "ㅕ"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const button = region?.querySelector("button") ?? document.querySelector(".said-now form button");
  if (button) { event.preventDefault(); button.click(); }
});
