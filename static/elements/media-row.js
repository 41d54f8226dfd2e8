// A row of cards: arrows that move by what is in view, and one stop for Tab with arrow keys inside.
class MediaRow extends HTMLElement {
  connectedCallback() {
    this.track = this.querySelector(".track");
    if (!this.track || this.back) return;
    this.back = this.arrow("back", "chevron-left", this.dataset.previous, -1);
    this.on = this.arrow("on", "chevron-right", this.dataset.next, 1);
    this.prepend(this.back);
    this.append(this.on);
    this.track.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["touchstart", "pointerdown"]) this.track.addEventListener(name, () => stop(this.track), { passive: true });
    this.track.addEventListener("wheel", (event) => { if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) stop(this.track); }, { passive: true });
    this.track.addEventListener("focusin", (event) => this.rove(event.target.closest("a")));
    this.track.addEventListener("scroll", () => {
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => this.ends());
    }, { passive: true });
    // Cards come and go: what nobody is interested in leaves the row, and an undo brings it back.
    new MutationObserver(() => { this.rove(); this.ends(); }).observe(this.track, { childList: true });
    this.watcher = new ResizeObserver(() => this.ends());
    this.watcher.observe(this.track);
    this.rove();
  }

  disconnectedCallback() {
    this.watcher?.disconnect();
  }

  get links() {
    return [...this.track.querySelectorAll(":scope > li > a")];
  }

  arrow(side, symbol, label, direction) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `arrow ${side}`;
    // The keyboard has the arrow keys; these are for the mouse.
    button.tabIndex = -1;
    button.setAttribute("aria-label", label);
    const sprite = document.querySelector("use[href*='icons']").getAttribute("href").split("#")[0];
    button.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${sprite}#${symbol}"/></svg>`;
    button.addEventListener("click", () => { if (button.ariaDisabled !== "true") this.move(direction); });
    return button;
  }

  // Forward to the first card that is not wholly in view; back until the one before the first is the last in view.
  move(direction) {
    const { clientWidth, children } = this.track;
    if (!children.length) return;
    // Whoever clicks again while the row still moves goes on from where it is going.
    const scrollLeft = gliding.get(this.track)?.to ?? this.track.scrollLeft;
    const inset = children[0].offsetLeft;
    const places = [...children].map((card) => card.offsetLeft - inset);
    const room = clientWidth - 2 * inset + 2;
    const right = (at) => places[at] + children[at].offsetWidth;
    let to;
    if (direction > 0) {
      to = places.findIndex((place, at) => place > scrollLeft + 2 && right(at) > scrollLeft + room);
    } else {
      const before = places.findLastIndex((place) => place < scrollLeft - 2);
      to = places.findIndex((place) => place >= right(before) - room);
    }
    if (to >= 0) glide(this.track, places[to]);
  }

  ends() {
    const { scrollLeft, scrollWidth, clientWidth } = this.track;
    const far = scrollWidth - clientWidth;
    this.back.ariaDisabled = String(scrollLeft < 4);
    this.on.ariaDisabled = String(far < 4 || scrollLeft > far - 4);
  }

  rove(link) {
    const links = this.links;
    const chosen = link && links.includes(link) ? link : links.find((one) => one.tabIndex === 0 && one.dataset.roved) ?? links[0];
    for (const one of links) {
      one.tabIndex = one === chosen ? 0 : -1;
      if (one === chosen) one.dataset.roved = ""; else delete one.dataset.roved;
    }
  }

  key(event) {
    const links = this.links;
    const at = links.indexOf(event.target.closest("a"));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    stop(this.track);
    const link = links[Math.min(Math.max(to, 0), links.length - 1)];
    link.focus({ preventScroll: true });
    link.closest("li").scrollIntoView({ block: "nearest", inline: "nearest", behavior: calm() ? "auto" : "smooth" });
  }
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Rows that move now, and where they are going.
const gliding = new WeakMap();

// Browsers' own smooth scrolling takes as long as it likes; this takes 350 ms.
function glide(track, wanted) {
  const from = track.scrollLeft;
  const to = Math.min(Math.max(wanted, 0), track.scrollWidth - track.clientWidth);
  if (calm()) { track.scrollLeft = to; return; }
  const began = performance.now();
  const mine = { to };
  gliding.set(track, mine);
  track.style.setProperty("scroll-snap-type", "none");
  const frame = (now) => {
    if (gliding.get(track) !== mine) return;
    const part = Math.min(Math.max((now - began) / 350, 0), 1);
    track.scrollLeft = from + (to - from) * (1 - (1 - part) ** 3);
    if (part < 1) return requestAnimationFrame(frame);
    stop(track);
  };
  requestAnimationFrame(frame);
}

// Whoever takes hold of a row that moves has it at once.
function stop(track) {
  if (gliding.delete(track)) track.style.removeProperty("scroll-snap-type");
}

customElements.define("media-row", MediaRow);

const FIRST = 7;
const MORE = 3;
const APART = 30;

// Rows that are still headings are fetched shortly before they are scrolled to.
const nearing = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) fill(target);
}, { rootMargin: "700px 0px" });

async function fill(section) {
  nearing.unobserve(section);
  section.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(section.dataset.fill);
    if (!response.ok) throw new Error(String(response.status));
    const template = document.createElement("template");
    template.innerHTML = await response.text();
    const focused = section.contains(document.activeElement);
    const made = template.content.querySelector("section");
    const next = inPieces(template.content);
    section.replaceWith(template.content);
    next();
    if (focused) made?.querySelector("h2 a")?.focus({ preventScroll: true });
  } catch {
    section.removeAttribute("aria-busy");
    const said = document.getElementById("row-failed")?.content.cloneNode(true);
    if (!said) return;
    const skeleton = section.querySelector(".skeleton");
    said.querySelector("button").addEventListener("click", () => {
      section.querySelector(".failed").replaceWith(skeleton);
      fill(section);
    });
    skeleton.replaceWith(said);
  }
}

// A row at once would be a long task, and so would its pictures in one frame: the cards in view come first, then their
// pictures one by one, then the other cards a few at a time. Returns what does the next of these steps.
function inPieces(content) {
  const track = content.querySelector(".track");
  const later = [...(track?.children ?? [])].slice(FIRST);
  for (const card of later) card.remove();
  const steps = [...content.querySelectorAll("img")].map((picture) => {
    const source = picture.getAttribute("src");
    picture.removeAttribute("src");
    return () => picture.setAttribute("src", source);
  });
  while (later.length) {
    const cards = later.splice(0, MORE);
    steps.push(() => track.append(...cards));
  }
  const next = () => {
    steps.shift()?.();
    if (steps.length) setTimeout(next, APART);
  };
  return next;
}

for (const section of document.querySelectorAll("[data-fill]")) nearing.observe(section);
