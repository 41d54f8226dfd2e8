// What makes pages livelier; every one of these works as a plain link without it.

// "/" goes to the search box.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const input = document.querySelector("search-box input[type=search]");
  input.focus();
  input.select();
});

// The theme changes at once; the link's address remembers it.
const themeSwitch = document.querySelector("[data-theme-switch]");
const shownTheme = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen !== "auto" ? chosen : matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
};
const offerTheme = () => {
  const wanted = shownTheme() === "light" ? "dark" : "light";
  const address = new URL(themeSwitch.href);
  address.searchParams.set("look", wanted);
  themeSwitch.href = address;
  themeSwitch.setAttribute("aria-label", themeSwitch.dataset[wanted]);
};
if (themeSwitch) {
  // Only here is it known what "as the browser prefers" has come to.
  offerTheme();
  themeSwitch.addEventListener("click", (event) => {
    event.preventDefault();
    const wanted = shownTheme() === "light" ? "dark" : "light";
    document.documentElement.dataset.theme = wanted;
    fetch(`/about?look=${wanted}`, { credentials: "same-origin" }).catch(() => {});
    offerTheme();
  });
}

// A row turns to the last 30 days in its place.
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-row]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { row, window: wanted } = link.dataset;
  const section = document.getElementById(`row-${row}`);
  section.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`/rows/${encodeURIComponent(row)}?${encodeURIComponent(row)}=${wanted}`);
    if (!response.ok) throw new Error(String(response.status));
    const template = document.createElement("template");
    template.innerHTML = await response.text();
    section.replaceWith(template.content);
    document.querySelector(`#row-${CSS.escape(row)} a[data-window="${wanted}"]`)?.focus();
  } catch {
    location.assign(link.href);
  }
});
// On narrow screens the facets begin folded.
const facets = document.querySelector("details.facets");
if (facets && matchMedia("(max-width: 899px)").matches) facets.open = false;

// "?" shows the keys, and so does the link at the foot of the page.
const keys = document.getElementById("keys-dialog");
document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  if (!keys?.open) keys?.showModal();
});
document.querySelector("a[data-keys]")?.addEventListener("click", (event) => {
  if (!keys || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  keys.showModal();
});
keys?.addEventListener("click", (event) => { if (event.target === keys) keys.close(); });

// The page for when there is no network; browsers keep service workers to secure addresses.
if ("serviceWorker" in navigator) {
  const register = () => setTimeout(() => navigator.serviceWorker.register("/sw.js").catch(() => {}), 1500);
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
