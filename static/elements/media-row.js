// A row of cards: arrows that move by what is in view, and one stop for Tab with arrow keys inside.
class MediaRow extends HTMLElement {
  connectedCallback() {
    this.track = this.querySelector(".track");
    if (!this.track || this.back) return;
    this.links = [...this.track.querySelectorAll("a")];
    this.back = this.arrow("back", "chevron-left", this.dataset.previous, -1);
    this.on = this.arrow("on", "chevron-right", this.dataset.next, 1);
    this.prepend(this.back);
    this.append(this.on);
    this.links.forEach((link, at) => { link.tabIndex = at ? -1 : 0; });
    this.track.addEventListener("keydown", (event) => this.key(event));
    this.track.addEventListener("focusin", (event) => this.rove(event.target.closest("a")));
    this.track.addEventListener("scroll", () => {
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => this.ends());
    }, { passive: true });
    this.watcher = new ResizeObserver(() => this.ends());
    this.watcher.observe(this.track);
  }

  disconnectedCallback() {
    this.watcher?.disconnect();
  }

  arrow(side, symbol, label, direction) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `arrow ${side}`;
    // The keyboard has the arrow keys; these are for the mouse.
    button.tabIndex = -1;
    button.setAttribute("aria-label", label);
    const sprite = document.querySelector("search-box use").getAttribute("href").split("#")[0];
    button.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${sprite}#${symbol}"/></svg>`;
    button.addEventListener("click", () => { if (button.ariaDisabled !== "true") this.move(direction); });
    return button;
  }

  step() {
    const [first, second] = this.track.children;
    return second ? second.offsetLeft - first.offsetLeft : this.track.clientWidth;
  }

  move(direction) {
    const step = this.step();
    const inset = this.track.children[0].offsetLeft;
    const cards = Math.max(1, Math.floor((this.track.clientWidth - 2 * inset + 1) / step));
    const at = Math.round(this.track.scrollLeft / step);
    glide(this.track, (at + direction * cards) * step);
  }

  ends() {
    const { scrollLeft, scrollWidth, clientWidth } = this.track;
    const far = scrollWidth - clientWidth;
    this.back.ariaDisabled = String(scrollLeft < 4);
    this.on.ariaDisabled = String(far < 4 || scrollLeft > far - 4);
  }

  rove(link) {
    if (!link) return;
    for (const other of this.links) other.tabIndex = other === link ? 0 : -1;
  }

  key(event) {
    const at = this.links.indexOf(event.target.closest("a"));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.links.length - 1 }[event.key];
    if (to === undefined || at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const link = this.links[Math.min(Math.max(to, 0), this.links.length - 1)];
    link.focus({ preventScroll: true });
    link.closest("li").scrollIntoView({ block: "nearest", inline: "nearest", behavior: calm() ? "auto" : "smooth" });
  }
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Browsers' own smooth scrolling takes as long as it likes; this takes 350 ms.
function glide(track, wanted) {
  const from = track.scrollLeft;
  const to = Math.min(Math.max(wanted, 0), track.scrollWidth - track.clientWidth);
  if (calm()) { track.scrollLeft = to; return; }
  const began = performance.now();
  track.style.setProperty("scroll-snap-type", "none");
  const frame = (now) => {
    const part = Math.min((now - began) / 350, 1);
    track.scrollLeft = from + (to - from) * (1 - (1 - part) ** 3);
    if (part < 1) requestAnimationFrame(frame);
    else track.style.removeProperty("scroll-snap-type");
  };
  requestAnimationFrame(frame);
}

customElements.define("media-row", MediaRow);
