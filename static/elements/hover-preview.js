// One layer over the page that shows more of the card under the cursor or the focus: its facts, its reason, its lists.
const OPEN_AFTER = 400;
const OPEN_AT_LAST = 1200;
const FETCH_AFTER = 65;
const BUILD_AFTER = 260;
const OUT = 250;
const GROWS = 1.25;
const EDGE = 12;
const hovers = matchMedia("(hover: hover) and (pointer: fine)");
const fragments = new Map();

// A prefetched fragment is kept until a list changes what it says.
export function fragment(id) {
  if (!fragments.has(id)) {
    const asked = fetch(`/titles/${id}/preview`, { headers: { Accept: "text/html" } }).then(async (response) => {
      if (!response.ok) throw new Error(String(response.status));
      const template = document.createElement("template");
      template.innerHTML = await response.text();
      new Image().src = template.content.querySelector("img")?.getAttribute("src") ?? "";
      return template;
    });
    asked.catch(() => fragments.delete(id));
    if (fragments.size > 100) fragments.clear();
    fragments.set(id, asked);
  }
  return fragments.get(id);
}

document.addEventListener("list-changed", (event) => fragments.delete(String(event.detail.id)));

class HoverPreview extends HTMLElement {
  connectedCallback() {
    if (this.bound) return;
    this.bound = true;
    const on = (name, does, options) => document.addEventListener(name, does, options);
    on("pointerover", (event) => { if (event.pointerType === "mouse" && hovers.matches) this.over(event.target); });
    on("pointermove", (event) => this.moved(event), { passive: true });
    // The cursor has left the window: nothing opens behind it, and what is open goes.
    on("pointerleave", () => { if (!this.keyboard && !(this.wanted && this.wantedBy)) { this.forget(); this.later(); } });
    on("focusin", (event) => this.focused(event.target));
    on("keydown", (event) => this.key(event), true);
    // A click leads away; what is open must not stand over the page that is left, or be kept with it.
    on("click", (event) => { if (event.target.closest?.(".card > a")) this.forget(); });
    on("scroll", (event) => { if (event.target !== document) this.shut(); }, { passive: true, capture: true });
    on("list-changed", (event) => { if (event.detail.hidden && this.card?.dataset.title === String(event.detail.id)) this.shut(); });
    addEventListener("resize", () => this.shut());
    addEventListener("blur", () => this.forget());
    this.addEventListener("focusout", (event) => { if (event.relatedTarget && !this.contains(event.relatedTarget)) this.shut(); });
  }

  over(target) {
    if (this.contains(target)) return clearTimeout(this.leaving);
    const card = target.closest?.(".card[data-title]");
    if (card === this.wanted && card) return clearTimeout(this.leaving);
    this.forget();
    if (card === this.card && card) return clearTimeout(this.leaving);
    if (this.card && !this.keyboard) this.later();
    if (card && card !== this.dismissed) this.intend(card, false);
    if (!card) this.dismissed = null;
  }

  // Somebody who plays with a card does not want it covered yet; somebody who rests on it does.
  moved(event) {
    if (!this.wanted || this.keyboard || event.pointerType !== "mouse") return;
    if (Math.hypot(event.movementX, event.movementY) < 5 || performance.now() - this.since > OPEN_AT_LAST - OPEN_AFTER) return;
    clearTimeout(this.opening);
    this.opening = setTimeout(() => this.open(), OPEN_AFTER);
  }

  focused(target) {
    if (this.contains(target)) return clearTimeout(this.leaving);
    const card = target.matches?.(":focus-visible") ? target.closest(".card[data-title]") : null;
    if (!card) {
      if (this.keyboard) this.shut();
      // The focus has gone on before the preview was there.
      else if (this.wantedBy) this.forget();
      return;
    }
    if (card === this.card) return;
    this.shut();
    this.dismissed = null;
    this.intend(card, true);
  }

  intend(card, keyboard) {
    this.forget();
    this.wanted = card;
    this.wantedBy = keyboard;
    this.since = performance.now();
    this.fetching = setTimeout(() => fragment(card.dataset.title).catch(() => {}), FETCH_AFTER);
    this.building = setTimeout(() => this.prepare(card), BUILD_AFTER);
    this.opening = setTimeout(() => this.open(), OPEN_AFTER);
  }

  forget() {
    for (const timer of [this.fetching, this.building, this.opening]) clearTimeout(timer);
    this.wanted = null;
  }

  // Built while the cursor makes up its mind, so that opening is only a transition.
  async prepare(card) {
    try {
      const found = await fragment(card.dataset.title);
      if (this.wanted !== card || this.card) return;
      this.fill(card, found);
    } catch {
      // The card is still a link to all that the preview would have said.
    }
  }

  fill(card, found) {
    this.filled = card;
    this.replaceChildren(found.content.cloneNode(true));
    this.reason(card);
    this.setAttribute("aria-label", this.firstElementChild.dataset.name);
  }

  async open() {
    const card = this.wanted;
    const keyboard = this.wantedBy;
    if (!card) return;
    const found = await fragment(card.dataset.title).catch(() => null);
    if (!found || this.wanted !== card || !card.isConnected) return;
    clearTimeout(this.leaving);
    this.wanted = null;
    this.card = card;
    this.keyboard = keyboard;
    if (this.filled !== card) this.fill(card, found);
    this.filled = null;
    // Placed while it is closed, so that it grows out of the card.
    this.place(card);
    this.inert = false;
    this.classList.add("open");
    document.dispatchEvent(new CustomEvent("preview-open"));
    if (keyboard) card.querySelector("a").setAttribute("aria-describedby", "preview-hint");
  }

  // The row knows better than the title why it is there.
  reason(card) {
    const said = card.querySelector("[data-why]")?.textContent.trim();
    const slot = this.querySelector(".why");
    if (said && slot) slot.textContent = said;
    if (slot) slot.hidden = !slot.textContent.trim();
    this.firstElementChild.dataset.from = card.dataset.from ?? "";
  }

  place(card) {
    const poster = card.querySelector(".poster") ?? card;
    // The card leans and is larger under the cursor; its centre stays where it was, and its own size is the offset's.
    const leaning = poster.getBoundingClientRect();
    const { offsetWidth: wide, offsetHeight: tall } = poster;
    const start = leaning.left + leaning.width / 2 - wide / 2;
    const head = document.querySelector("header.top")?.offsetHeight ?? 0;
    const width = Math.round(wide * (wide > tall ? 1.1 : GROWS));
    this.style.setProperty("--width", `${width}px`);
    this.style.setProperty("--least", `${Math.round(tall * 1.08)}px`);
    const height = this.offsetHeight;
    const view = document.documentElement.clientWidth;
    const gutter = parseFloat(getComputedStyle(card.parentElement).paddingLeft) || EDGE;
    // The first and the last card in view grow inwards.
    const first = start < gutter + EDGE;
    const last = start + wide > view - gutter - EDGE;
    const left = first ? start : last ? start + wide - width : start - (width - wide) / 2;
    const top = leaning.top + leaning.height / 2 - height / 2;
    const most = innerHeight - height - EDGE;
    this.style.setProperty("--origin", first ? "0%" : last ? "100%" : "50%");
    this.style.setProperty("--left", `${Math.round(Math.min(Math.max(left, EDGE), view - width - EDGE) + scrollX)}px`);
    this.style.setProperty("--top", `${Math.round(Math.max(Math.min(top, most), head + EDGE / 2) + scrollY)}px`);
  }

  later() {
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => this.shut(), OUT / 2);
  }

  shut() {
    this.forget();
    clearTimeout(this.leaving);
    if (!this.card) return;
    const link = this.card.querySelector("a");
    link?.removeAttribute("aria-describedby");
    // Whoever pressed a button in here is not thrown back to the top of the page.
    if (link?.isConnected && this.contains(document.activeElement)) link.focus({ preventScroll: true });
    this.card = null;
    this.keyboard = false;
    // While it fades Tab must not lead into it.
    this.inert = true;
    this.classList.remove("open");
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape" && (this.card || this.wanted)) {
      const { card } = this;
      this.dismissed = card ?? this.wanted;
      this.shut();
      if (card) { event.preventDefault(); event.stopPropagation(); }
    } else if (event.key === "ArrowDown" && this.keyboard && this.card?.contains(document.activeElement)) {
      // The layer stands at the end of the page; this is the way into it, and Tab or Escape the way out.
      const first = this.querySelector("button, .preview-text a");
      if (first) { event.preventDefault(); first.focus(); }
    } else if (event.key === "Tab" && this.contains(document.activeElement)) {
      const stops = [...this.querySelectorAll("button, .preview-text a")];
      const at = stops.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
      if (stops[at]) return;
      event.preventDefault();
      this.shut();
    }
  }
}

customElements.define("hover-preview", HoverPreview);
