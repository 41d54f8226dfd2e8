// A combobox over /api/suggest. Without this script the form searches just the same.
import { forget, recent, remember } from "./recent.js";

const DEBOUNCE = 120;
const KINDS = ["recent", "title", "genre", "studio", "search"];
const ICONS = { recent: "clock", genre: "shapes", studio: "building-2", search: "search", clear: "trash-2" };

class SearchBox extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=search]");
    if (!this.input || this.list) return;
    this.form = this.input.form;
    this.list = document.createElement("div");
    this.list.className = "listbox";
    this.list.id = "suggestions";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.form.querySelector("label").textContent);
    this.list.hidden = true;
    this.status = document.createElement("p");
    this.status.className = "hidden";
    this.status.setAttribute("role", "status");
    this.append(this.list, this.status);
    const attributes = { role: "combobox", "aria-expanded": "false", "aria-controls": "suggestions", "aria-autocomplete": "list" };
    for (const [name, value] of Object.entries(attributes)) this.input.setAttribute(name, value);
    this.sprite = this.querySelector("use").getAttribute("href").split("#")[0];
    this.options = [];
    this.at = -1;
    this.known = new Map();
    this.input.addEventListener("input", (event) => { if (!event.isComposing) this.later(); });
    // Hangul and kana are composed: what stands in the field is searched for while the last syllable is open, too.
    this.input.addEventListener("compositionupdate", () => this.later());
    this.input.addEventListener("compositionend", () => this.later());
    this.input.addEventListener("focus", () => (this.input.value.trim() ? this.later() : this.ask()));
    this.form.addEventListener("submit", () => { remember(this.input.value); this.close(); });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (!option) return;
      const at = this.options.indexOf(option);
      if (event.target.closest(".forget")) this.forget(at);
      else this.choose(at);
    });
    this.addEventListener("focusout", (event) => { if (!this.contains(event.relatedTarget)) this.close(); });
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), DEBOUNCE);
  }

  async ask() {
    const text = this.input.value.trim();
    this.request?.abort();
    if (document.activeElement !== this.input) return;
    // What this browser remembers needs no server: it is there at once.
    if (!text && !this.known.has(text)) this.show([]);
    if (this.known.has(text)) return this.show(this.known.get(text));
    this.request = new AbortController();
    try {
      const address = `${this.dataset.endpoint}?limit=8&lang=${this.dataset.lang}&q=${encodeURIComponent(text)}`;
      const response = await fetch(address, { signal: this.request.signal, headers: { Accept: "application/json" } });
      if (!response.ok) return this.close();
      const { suggestions } = await response.json();
      if (this.known.size > 200) this.known.clear();
      this.known.set(text, suggestions);
      this.show(suggestions);
    } catch (error) {
      if (error.name !== "AbortError") this.close();
    }
  }

  show(suggestions) {
    if (document.activeElement !== this.input) return;
    this.list.replaceChildren();
    this.options = [];
    this.at = -1;
    this.input.removeAttribute("aria-activedescendant");
    const own = this.input.value.trim() ? [] : recent();
    const offered = suggestions.filter((one) => !(one.kind === "search" && own.includes(one.text)));
    for (const kind of KINDS) {
      const members = kind === "recent" ? own.map((text) => ({ kind, text, matched: [] })) : offered.filter((one) => one.kind === kind);
      if (!members.length) continue;
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.setAttribute("aria-labelledby", `suggested-${kind}`);
      const heading = document.createElement("div");
      heading.className = "group";
      heading.id = `suggested-${kind}`;
      heading.setAttribute("role", "presentation");
      heading.textContent = this.dataset[`heading${kind[0].toUpperCase()}${kind.slice(1)}`];
      group.append(heading, ...members.map((one) => this.option(one)));
      if (kind === "recent") group.append(this.option({ kind: "clear", text: this.dataset.clear, matched: [] }));
      this.list.append(group);
    }
    const count = this.options.filter((option) => option.dataset.kind !== "clear").length;
    this.status.textContent = count === 0 ? (this.input.value.trim() ? this.dataset.countNone : "")
      : count === 1 ? this.dataset.countOne : this.dataset.countMany.replace("{n}", count);
    this.list.hidden = count === 0;
    this.input.setAttribute("aria-expanded", String(count > 0));
  }

  option(one) {
    const option = document.createElement("div");
    option.className = "option";
    option.id = `suggestion-${this.options.length}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.kind = one.kind;
    option.dataset.text = one.text;
    option.dataset.address = one.kind === "title" ? `/titles/${one.id}`
      : one.kind === "search" || one.kind === "recent" ? `/search?q=${encodeURIComponent(one.text)}`
      : `/browse?${one.kind}=${encodeURIComponent(one.text)}`;
    if (one.art) {
      const picture = new Image(32, 48);
      picture.alt = "";
      picture.src = one.art;
      option.append(picture);
    } else {
      option.append(this.icon(ICONS[one.kind]));
    }
    const text = document.createElement("span");
    text.append(...marked(one.text, one.matched));
    option.append(text);
    if (one.kind === "recent") {
      // For the pointer; by keyboard the Delete key does it, which the description says.
      const cross = document.createElement("span");
      cross.className = "forget";
      cross.title = this.dataset.forget;
      cross.setAttribute("aria-hidden", "true");
      cross.append(this.icon("x"));
      option.append(cross);
      option.setAttribute("aria-description", this.dataset.forgetKey);
    }
    if (one.year) {
      const year = document.createElement("small");
      year.textContent = one.year;
      option.append(year);
    }
    this.options.push(option);
    return option;
  }

  icon(name) {
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("class", "icon");
    icon.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${this.sprite}#${name}`);
    icon.append(use);
    return icon;
  }

  key(event) {
    // Enter and arrows belong to the input method while a syllable is open.
    if (event.isComposing || event.keyCode === 229) return;
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return this.ask();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const places = this.options.length + 1;
      this.select(((this.at + 1 + step + places) % places) - 1);
    } else if (event.key === "Delete" && open && this.options[this.at]?.dataset.kind === "recent") {
      event.preventDefault();
      this.forget(this.at);
    } else if (event.key === "Enter" && open && this.at >= 0) {
      event.preventDefault();
      this.choose(this.at);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  select(at) {
    this.options[this.at]?.setAttribute("aria-selected", "false");
    this.at = at;
    const option = this.options[at];
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  choose(at) {
    const { kind, text, address } = this.options[at].dataset;
    if (kind === "clear") return this.forget();
    if (kind !== "search" && kind !== "recent") return location.assign(address);
    // Submitted like typed text, so that the page of results can take it up without loading anew.
    this.input.value = text;
    this.form.requestSubmit();
  }

  forget(at) {
    if (at === undefined) forget();
    else forget(this.options[at].dataset.text);
    this.show(this.known.get("") ?? []);
    if (this.options[at]?.dataset.kind === "recent") this.select(at);
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

function marked(text, spans) {
  const letters = [...text];
  // Positions count code points, as Python does.
  const parts = [];
  let from = 0;
  for (const [start, end] of spans) {
    parts.push(letters.slice(from, start).join(""));
    const mark = document.createElement("mark");
    mark.textContent = letters.slice(start, end).join("");
    parts.push(mark);
    from = end;
  }
  parts.push(letters.slice(from).join(""));
  return parts;
}

customElements.define("search-box", SearchBox);
