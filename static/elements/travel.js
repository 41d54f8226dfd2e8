// From a card to its page: fetched on intent, and its poster flies over. Without this script it is a plain link.
// It runs before the page is first drawn, because the flight begins with that.
const INTENT = 65;
const asked = new Set();
let timer;
let last = null;

const path = (link) => new URL(link.href).pathname;
const slow = () => navigator.connection?.saveData || /2g/.test(navigator.connection?.effectiveType ?? "");

function prefetch(link) {
  const address = path(link);
  if (asked.has(address) || asked.size > 60 || slow()) return;
  asked.add(address);
  const hint = document.createElement("link");
  hint.rel = "prefetch";
  hint.href = address;
  document.head.append(hint);
}

const cardLink = (target) => target.closest?.(".card[data-title] > a, .preview a");

document.addEventListener("pointerover", (event) => {
  clearTimeout(timer);
  const link = event.pointerType === "mouse" && cardLink(event.target);
  if (link) timer = setTimeout(() => prefetch(link), INTENT);
});
document.addEventListener("touchstart", (event) => {
  const link = cardLink(event.target);
  if (link) prefetch(link);
}, { passive: true });
// What a list changed is another page now: the one that was kept says what was.
document.addEventListener("list-changed", ({ detail }) => {
  const address = `/titles/${detail.id}`;
  if (detail.saved && (asked.has(address) || location.pathname === address)) {
    fetch(address, { cache: "reload", headers: { Purpose: "prefetch" } }).catch(() => {});
  }
});

// Where a title was opened from counts; the address that a reader copies stays clean, so it is added only now.
document.addEventListener("click", (event) => {
  const link = cardLink(event.target);
  if (!link || event.defaultPrevented) return;
  const holder = link.closest("[data-from]");
  last = document.querySelector(`.card[data-title="${path(link).split("/").pop()}"] .poster`);
  if (link.closest(".card")) last = link.querySelector(".poster");
  if (!holder?.dataset.from) return;
  const plain = link.getAttribute("href");
  link.href = `${plain}?from=${encodeURIComponent(holder.dataset.from)}`;
  setTimeout(() => link.setAttribute("href", plain), 0);
}, true);

// Only the card that was activated has the name; a name that stands twice would end the transition.
const named = (element, name) => element?.style.setProperty("view-transition-name", name);
addEventListener("pageswap", (event) => {
  const to = event.activation?.entry?.url;
  if (!expected(event.viewTransition) || !to || !/^\/titles\/\d+$/.test(new URL(to).pathname) || !last?.isConnected) return;
  const own = document.querySelector(".title-poster .poster");
  named(own, "none");
  named(last, "poster");
  after(event.viewTransition, own, last);
});
addEventListener("pagereveal", (event) => {
  const from = expected(event.viewTransition) && globalThis.navigation?.activation?.from?.url;
  const id = from && /^\/titles\/(\d+)$/.exec(new URL(from).pathname)?.[1];
  if (!id || document.querySelector(".title-poster")) return;
  const card = last?.isConnected && last.closest(`[data-title="${id}"]`) ? last : document.querySelector(`.card[data-title="${id}"] .poster`);
  if (!card) return;
  named(card, "poster");
  after(event.viewTransition, card);
});

// A transition that the browser skips, even before anybody could listen, is no error: the page is there all the same.
addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof DOMException && event.reason.message.includes("Transition")) event.preventDefault();
});

function expected(transition) {
  for (const promise of [transition?.ready, transition?.finished, transition?.updateCallbackDone]) promise?.catch(() => {});
  return transition;
}

function after(transition, ...elements) {
  transition.finished.catch(() => {}).then(() => {
    for (const one of elements) one?.style.removeProperty("view-transition-name");
  });
}

// A page that came out of a prefetch was never counted as opened.
addEventListener("load", () => {
  const arrival = performance.getEntriesByType("navigation")[0];
  if (document.querySelector(".title-page") && arrival?.type === "navigate" && arrival.transferSize === 0) {
    fetch(`${location.pathname}/opened`, { keepalive: true }).catch(() => {});
  }
}, { once: true });
