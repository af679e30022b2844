// What the page asks, and whom. Every answer about a product becomes a Reading:
// {version, cents, product|null, etag, age: seconds|null, from: text, asked: ms, took: ms}.

const ADMIN = "/api/admin/products/";

/** What is here besides the API; only the local stack has more. */
export async function about() {
  try {
    const response = await fetch("/_tidemark/about");
    return response.ok ? await response.json() : { local: false };
  } catch {
    return { local: false };
  }
}

/** A page of products: {items, next: cursor|null}. */
export async function list({ category, cursor, limit = 24 }) {
  const query = new URLSearchParams();
  if (category) query.set("category", category);
  if (limit) query.set("limit", limit);
  if (cursor) query.set("cursor", cursor);
  const response = await fetch(`/api/products?${query}`);
  if (!response.ok) throw await failure(response);
  return response.json();
}

/** Through the edge. `no-cache` makes the browser ask: its own copy would say nothing of the edge. */
export const readEdge = (id) => read(`/api/products/${id}`, { cache: "no-cache" });

/** From the table. */
export const readTable = (id) => read(`/api/fresh/products/${id}`, {});

/** Through Valkey, past the edge: an answer with a minimum is never taken from the edge. */
export const readValkey = (id) => read(`/api/products/${id}`, { headers: { "x-cache-min-version": "0" } });

async function read(path, init) {
  const asked = performance.now();
  const response = await fetch(path, init);
  if (!response.ok && response.status !== 404) throw await failure(response);
  const product = response.ok ? await response.json() : null;
  const header = (name) => response.headers.get(name);
  return {
    version: Number(header("x-cache-version") ?? 0),
    cents: product?.price_cents ?? null,
    product,
    etag: header("etag"),
    age: header("age") === null ? null : Number(header("age")),
    from: header("x-cache") ?? "",
    asked,
    took: performance.now() - asked,
  };
}

/** What each level holds right now, without touching it. Local only. */
export async function levels(id) {
  const response = await fetch(`/_tidemark/levels?id=${id}`);
  if (!response.ok) throw await failure(response);
  return response.json();
}

/** Writes a price over the version that `etag` names. Local only. */
export async function writePrice(id, etag, cents) {
  const response = await fetch(ADMIN + id, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json", "if-match": etag },
    body: JSON.stringify({ price_cents: cents }),
  });
  if (!response.ok) throw await failure(response);
  return Number(response.headers.get("x-cache-version") ?? 0);
}

/** Calls `seen` with every step of every version: {at_ms, step, id, version}. Local only. */
export function steps(seen) {
  const source = new EventSource("/_tidemark/events");
  source.addEventListener("message", (message) => seen(JSON.parse(message.data)));
}

/** Answers that are no success are problems (RFC 9457); their detail is written for people. */
async function failure(response) {
  const problem = await response.json().catch(() => ({}));
  return new Error(problem.detail ?? `The answer was ${response.status}.`);
}
