// The list of products: categories, a page at a time, which of them is chosen.

import { list } from "/api.js";

/** Categories are learned from the products seen; so many further pages are looked through for them at the start. */
const LOOK_AHEAD = 3;

export class Shelf {
  #categories = new Set();
  #category = "";
  #chosen = "";
  #cursor = null;
  #turn = 0;
  #rows = new Map();
  #prices;
  #parts;

  /** `parts` are the elements: {categories, items, state, more}. `prices` formats cents of a currency. */
  constructor(parts, prices) {
    this.#parts = parts;
    this.#prices = prices;
    parts.more.addEventListener("click", () => this.#page());
  }

  /** Shows a category, "" for all. Gives the first product's id, or null. */
  async show(category) {
    this.#category = category;
    this.#cursor = null;
    this.#turn += 1;
    if (category) this.#learn([category]);
    this.#drawCategories();
    await this.#page(true);
    return this.#rows.keys().next().value ?? null;
  }

  /** Marks the product that is shown in the gauge. */
  choose(id) {
    this.#chosen = id;
    for (const [own, row] of this.#rows) current(row.link, own === id);
    this.#drawCategories();
    for (const row of this.#rows.values()) row.link.href = route(this.#category, row.id);
  }

  /** Something happened to a product. */
  heard(id) {
    const link = this.#rows.get(id)?.link;
    if (!link) return;
    link.classList.remove("heard");
    requestAnimationFrame(() => link.classList.add("heard"));
  }

  /** A price is known. */
  price(id, cents, currency) {
    const row = this.#rows.get(id);
    if (row) row.price.textContent = this.#prices(cents, currency);
  }

  async #page(first = false) {
    const turn = this.#turn;
    const { items, state, more } = this.#parts;
    more.disabled = true;
    try {
      const page = await list({ category: this.#category, cursor: this.#cursor });
      if (turn !== this.#turn) return;
      if (first) {
        this.#rows.clear();
        items.replaceChildren();
      }
      const known = document.activeElement === more;
      const added = page.items.map((product) => this.#row(product));
      items.append(...added.map((row) => row.item));
      // The button may vanish under the keyboard: what it brought takes the focus.
      if (known && added.length > 0) added[0].link.focus();
      this.#cursor = page.next;
      this.#learn(page.items.map((product) => product.category));
      state.textContent = this.#rows.size > 0 || page.next ? "" : "No products here yet.";
      if (first && !this.#category) this.#lookAhead(page.next, LOOK_AHEAD);
    } catch (error) {
      if (turn === this.#turn) state.textContent = error.message;
    } finally {
      more.hidden = this.#cursor === null;
      more.disabled = false;
    }
  }

  async #lookAhead(cursor, pages) {
    if (!cursor || pages === 0) return;
    const page = await list({ cursor, limit: 100 }).catch(() => ({ items: [], next: null }));
    this.#learn(page.items.map((product) => product.category));
    await this.#lookAhead(page.next, pages - 1);
  }

  #learn(names) {
    const before = this.#categories.size;
    for (const name of names) if (name) this.#categories.add(name);
    if (this.#categories.size > before) this.#drawCategories();
  }

  #drawCategories() {
    const { categories } = this.#parts;
    const focused = categories.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    const links = ["", ...[...this.#categories].sort()].map((name) => {
      const link = document.createElement("a");
      link.href = route(name, this.#chosen);
      link.textContent = name || "All";
      link.dataset.name = name;
      current(link, name === this.#category);
      return link;
    });
    categories.replaceChildren(...links);
    links.find((link) => link.dataset.name === focused)?.focus();
  }

  #row(product) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    const [name, category, price] = ["span", "small", "b"].map((tag) => document.createElement(tag));
    link.href = route(this.#category, product.id);
    name.textContent = product.name || product.id;
    category.textContent = product.category || product.id;
    price.textContent = this.#prices(product.price_cents, product.currency);
    link.append(name, category, price);
    current(link, product.id === this.#chosen);
    item.append(link);
    const row = { id: product.id, item, link, price };
    this.#rows.set(product.id, row);
    return row;
  }
}

/** What is shown, as the part of the address behind `#`. */
export const route = (category, id) => `#/${encodeURIComponent(category)}/${encodeURIComponent(id)}`;

function current(link, yes) {
  if (yes) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}
