// What was searched for in this browser, kept nowhere else.
const NAME = "nextep-searches";
const MOST = 8;

export function recent() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(kept) ? kept.filter((text) => typeof text === "string").slice(0, MOST) : [];
  } catch {
    return [];  // storage is shut off, or holds what is not ours
  }
}

export function remember(text) {
  const said = text.trim().slice(0, 200);
  if (said) keep([said, ...recent().filter((other) => other.toLowerCase() !== said.toLowerCase())]);
}

export function forget(text) {
  keep(text === undefined ? [] : recent().filter((other) => other !== text));
}

function keep(texts) {
  try {
    if (texts.length) localStorage.setItem(NAME, JSON.stringify(texts.slice(0, MOST)));
    else localStorage.removeItem(NAME);
  } catch {
    // Storage is shut off: nothing is remembered.
  }
}
