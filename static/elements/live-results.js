// Searches, filters and pages of results change the page in its place. Without this script each is a plain link or form.
const BUSY_AFTER = 120;
const FILTER_PAUSE = 350;
const main = document.getElementById("main");
const status = document.createElement("p");
status.className = "hidden";
status.setAttribute("role", "status");
document.body.append(status);
let request;
let pause;

const ours = (address) => address.origin === location.origin && address.pathname === "/search";

// Where the focus is, in words that hold for the page to come, too.
function trigger(element) {
  if (!element || !main.contains(element)) return null;
  const filters = Boolean(element.closest(".filters"));
  if (element.name) return { filters, selector: `[name="${CSS.escape(element.name)}"]${element.type === "checkbox" ? `[value="${CSS.escape(element.value)}"]` : ""}` };
  if (element.matches("summary")) return { filters, selector: ".filters > summary" };
  return { filters, selector: element.rel ? `a[rel="${CSS.escape(element.rel)}"]` : "" };
}

async function go(address, { push = true, scroll = null, from = document.activeElement } = {}) {
  clearTimeout(pause);
  request?.abort();
  const mine = (request = new AbortController());
  const back = trigger(from);
  const open = main.querySelector(".filters")?.open;
  if (push) history.replaceState({ ...history.state, scroll: scrollY }, "");
  const busy = setTimeout(() => main.setAttribute("aria-busy", "true"), BUSY_AFTER);
  try {
    const response = await fetch(address, { signal: mine.signal, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("main");
    if (!fresh || !ours(new URL(response.url))) return location.assign(address);
    if (push) history.pushState({ scroll: 0 }, "", response.url);
    const swap = () => show(page, fresh, { back, open, push, scroll });
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (document.startViewTransition && !still) {
      const transition = document.startViewTransition(swap);
      // One that the browser skips, because the next search is there already, is no error.
      for (const promise of [transition.ready, transition.finished]) promise.catch(() => {});
      await transition.updateCallbackDone;
    } else swap();
  } catch (error) {
    if (error.name !== "AbortError") location.assign(address);
  } finally {
    clearTimeout(busy);
    if (request === mine) {
      main.removeAttribute("aria-busy");
      request = undefined;
    }
  }
}

function show(page, fresh, { back, open, push, scroll }) {
  document.title = page.title;
  main.replaceChildren(...document.importNode(fresh, true).childNodes);
  const filters = main.querySelector(".filters");
  if (filters && open) filters.open = true;
  // The links of the header speak of the address: language and theme.
  const links = page.querySelectorAll("header .switches a");
  document.querySelectorAll("header .switches a").forEach((link, at) => {
    if (links[at] && !link.dataset.themeSwitch) link.setAttribute("href", links[at].getAttribute("href"));
  });
  const input = document.querySelector("search-box input[type=search]");
  const said = page.querySelector("search-box input[type=search]")?.getAttribute("value") ?? "";
  if (input && (!push || document.activeElement !== input)) input.value = said;
  status.textContent = main.querySelector("[data-said]")?.dataset.said ?? page.title;
  focus(back, push);
  if (scroll !== null) scrollTo({ top: scroll, behavior: "instant" });
  else if (!back?.filters) scrollTo({ top: 0, behavior: "instant" });
}

function focus(back, push) {
  if (!back) return;
  const same = back.selector ? main.querySelector(back.selector) : null;
  const heading = main.querySelector("h1");
  if (same && push) return same.focus({ preventScroll: true });
  // What was pressed is gone, a removed filter for instance: the heading says what is shown now.
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "get") return;
  const address = new URL(form.action);
  if (!ours(address)) return;
  event.preventDefault();
  const values = [...new FormData(form)].filter(([, value]) => String(value).trim());
  address.search = new URLSearchParams(values);
  go(address);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || !main.contains(link) || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const address = new URL(link.href);
  if (!ours(address) || link.target || address.hash) return;
  event.preventDefault();
  go(address, { from: link });
});

// A ticked filter counts at once; whoever ticks several is waited for.
main.addEventListener("change", (event) => {
  const form = event.target.closest(".filters form");
  if (!form) return;
  clearTimeout(pause);
  pause = setTimeout(() => { if (form.isConnected && form.checkValidity()) form.requestSubmit(); }, FILTER_PAUSE);
});

// Each entry of the history knows how far its page was scrolled; the browser's own memory would move the old page.
history.scrollRestoration = "manual";
if (history.state?.scroll && performance.getEntriesByType("navigation")[0]?.type !== "navigate") {
  scrollTo({ top: history.state.scroll, behavior: "instant" });
}
const place = () => { if (!request) history.replaceState({ ...history.state, scroll: scrollY }, ""); };
addEventListener("scrollend", place);
addEventListener("pagehide", place);

addEventListener("popstate", (event) => {
  if (ours(new URL(location.href))) go(location.href, { push: false, scroll: event.state?.scroll ?? 0, from: null });
});
