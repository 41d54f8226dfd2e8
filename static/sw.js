// Without a network, a page that says so instead of the browser's own. Nothing else is kept, and never a page of a person.
const CACHE = `nextep-offline-${VERSION}`;
const LANGUAGE = "/offline-language";

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    // Without cookies: what is kept knows nobody.
    await Promise.all(KEPT.map(async (address) => {
      const response = await fetch(address, { credentials: "omit", cache: "reload" });
      if (!response.ok) throw new Error(`${address}: ${response.status}`);
      await cache.put(address, response);
    }));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("nextep-") && name !== CACHE).map((name) => caches.delete(name)));
    await self.registration.navigationPreload?.enable();
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(navigate(event));
  // The style sheet of the page without a network; with one the browser's own cache has it.
  else if (origin === location.origin && KEPT.includes(pathname)) event.respondWith(fetch(request).catch(() => caches.match(pathname, { ignoreVary: true })));
});

async function navigate(event) {
  try {
    const response = (await event.preloadResponse) ?? (await fetch(event.request));
    event.waitUntil(remember(response.headers.get("Content-Language")));
    return response;
  } catch {
    const said = await (await caches.match(LANGUAGE))?.text();
    const page = PAGES[said ?? navigator.language.slice(0, 2)] ?? PAGES.en;
    // Kept without cookies, and shown to whoever has some: the address alone tells which page it is.
    return (await caches.match(page, { ignoreVary: true })) ?? Response.error();
  }
}

let known;
async function remember(code) {
  if (!code || code === known) return;
  known = code;
  const cache = await caches.open(CACHE);
  await cache.put(LANGUAGE, new Response(code));
}
