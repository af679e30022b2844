// Wires the page: what is chosen, when levels are asked, what is drawn.

import { about, levels, readEdge, readTable, readValkey, steps, writePrice } from "/api.js";
import { Gauge, parts, span } from "/gauge.js";
import { Ledger } from "/ledger.js";
import { Shelf, route } from "/shelf.js";

/** Between reads, in ms: at leisure, and while a version is travelling. */
const LEISURE = { local: 1_000, deployed: 5_000 };
const HURRY = 120;
/** A version that has not arrived by then, in ms, is no longer hurried after. */
const PATIENCE = 15_000;
const NOTHING = { version: null, told: 0, price: null, state: "", tone: "empty" };

const part = (id) => document.getElementById(id);
const keep = part("keep-reading");
const gauge = new Gauge(part("gauge"));
const shelf = new Shelf(
  { categories: part("categories"), items: part("items"), state: part("shelf-state"), more: part("more") },
  money,
);

const here = await about();
let chosen = fresh("");

function fresh(id) {
  const held = { dynamodb: NOTHING, valkey: NOTHING, edge: NOTHING, browser: NOTHING };
  return { id, ledger: new Ledger(), held, currency: null, heardAt: -Infinity, announced: 0, asking: false, again: false };
}

// --- What is asked ---------------------------------------------------------------------------------------------------

async function read() {
  const now = chosen;
  if (!now.id) return;
  try {
    if (here.local) await readThrough(now);
    else await readEach(now);
    trouble("");
  } catch (error) {
    if (now === chosen) trouble(error.message);
  }
}

async function readThrough(now) {
  await answered(now, await judged(now));
  await look(now);
}

/** Deployed, no level can be looked into: each is asked. The table first, so that the edge is judged by what it says. */
async function readEach(now) {
  const known = now.ledger.known();
  const table = await readTable(now.id);
  if (table.product) now.ledger.table(table.version, known);
  if (table.product) shelf.price(now.id, table.cents, table.product.currency);
  describe(now, table.product);
  hold(now, "dynamodb", table, table.product ? "the truth" : "no such product");
  const [edge, valkey] = await Promise.all([judged(now), readValkey(now.id)]);
  hold(now, "valkey", valkey, "asked past the edge");
  hold(now, "edge", edge, edge.age === null ? "filled just now" : `${edge.age} s old`);
  await answered(now, edge);
}

/** Asks the edge and counts the answer against what was known when it was asked. */
async function judged(now) {
  const known = now.ledger.known();
  const answer = await readEdge(now.id);
  answer.verdict = now.ledger.answer(answer.version, known, performance.now());
  return answer;
}

async function answered(now, answer) {
  describe(now, answer.product);
  const how = /^(\w+)/.exec(answer.from)?.[1].toLowerCase().replace("refreshhit", "refreshed") ?? "read";
  hold(now, "browser", answer, answer.product ? `${how}, ${span(Math.round(answer.took))}` : "no such product");
  if (answer.verdict === "stale") Object.assign(now.held.browser, { tone: "stale", state: "below the mark" });
  announce(now);
  draw(now);
}

/** Looks into each level. One look at a time: a later one must not be overtaken by an earlier one. */
async function look(now) {
  if (now.asking) {
    now.again = true;
    return;
  }
  now.asking = true;
  try {
    do {
      now.again = false;
      const known = now.ledger.known();
      const { dynamodb, valkey, edge } = await levels(now.id);
      if (dynamodb) now.ledger.table(dynamodb.version, known);
      if (dynamodb && now.currency) shelf.price(now.id, dynamodb.price_cents, now.currency);
      now.held.dynamodb = held(now, dynamodb, dynamodb ? "the truth" : "no such product");
      const live = valkey?.kind === "live" ? valkey : null;
      now.held.valkey = { ...held(now, live, valkeyState(valkey)), told: valkey?.floor ?? 0 };
      if (live && live.version < live.floor) now.held.valkey.tone = "fenced";
      now.held.edge = held(now, edge, edge ? `${edge.age} s old` : "empty");
      draw(now);
    } while (now.again && now === chosen);
  } finally {
    now.asking = false;
  }
}

function valkeyState(valkey) {
  if (!valkey) return "empty";
  if (valkey.kind === "absent") return "knows of none";
  if (valkey.kind === "pending") return "filling";
  return valkey.version < valkey.floor ? "fenced" : "live";
}

// --- What is known ---------------------------------------------------------------------------------------------------

function hold(now, name, reading, state) {
  const level = reading.product ? { version: reading.version, price_cents: reading.cents } : null;
  now.held[name] = held(now, level, state);
}

function held(now, level, state) {
  if (!level?.version) return { ...NOTHING, state };
  const price = level.price_cents === null ? null : money(level.price_cents, now.currency);
  return { version: level.version, told: 0, price, state, tone: "level" };
}

function describe(now, product) {
  if (now !== chosen) return;
  if (!product) {
    part("product-facts").textContent = "There is no such product.";
    return;
  }
  now.currency = product.currency;
  const name = product.name || product.id;
  document.title = `${name} · Tidemark`;
  part("product-name").textContent = name;
  part("product-facts").textContent = [product.id, product.category].filter(Boolean).join(" · ");
}

/** Tells of a version once it has come all the way. Few words: a screen reader speaks them. */
function announce(now) {
  const version = now.ledger.written;
  const travel = now.ledger.travel(version);
  if (!travel.has("here") || now.announced === version) return;
  now.announced = version;
  const told = [["floor", "Valkey told after"], ["purged", "edge purged after"], ["here", "seen here after"]];
  const words = told.filter(([step]) => travel.has(step)).map(([step, said]) => `${said} ${span(travel.get(step))}`);
  part("news").textContent = `Version ${parts(version)[1]}: ${words.join(", ")}.`;
}

// --- What is drawn ---------------------------------------------------------------------------------------------------

let drawing = 0;

function draw(now) {
  if (now !== chosen || drawing) return;
  drawing = requestAnimationFrame(() => {
    drawing = 0;
    paint(chosen);
  });
}

function paint({ ledger, held }) {
  const newest = Math.max(ledger.written, ...Object.values(held).map((level) => level.version ?? 0));
  const shown = Object.entries(held).map(([name, level]) => {
    const told = name === "edge" ? Math.max(level.told, ledger.told) : level.told;
    const tone = level.tone === "level" && level.version < newest ? "behind" : level.tone;
    return [name, { ...level, told, tone, state: tone === "behind" ? behind(newest - level.version) : level.state }];
  });
  gauge.draw({ newest, travel: ledger.travel(newest), levels: Object.fromEntries(shown) });
  for (const [name, count] of Object.entries(ledger.counts)) part(`count-${name}`).textContent = count;
  part("answers").classList.toggle("alarmed", ledger.counts.stale > 0);
}

function behind(by) {
  return by > 999 ? "far behind" : `${by} behind`;
}

function money(cents, currency) {
  if (cents === null) return null;
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency: currency ?? "XXX" }).format(cents / 100);
  } catch {
    return (cents / 100).toFixed(2);
  }
}

function trouble(message) {
  if (part("trouble").textContent !== message) part("trouble").textContent = message;
}

// --- When ------------------------------------------------------------------------------------------------------------

let timer = 0;
let due = Infinity;

/** Reads now and goes on for as long as that is wanted. */
async function tick() {
  clearTimeout(timer);
  due = Infinity;
  await read();
  const travelling = (chosen.held.browser.version ?? 0) < chosen.ledger.written;
  const hurry = travelling && performance.now() - chosen.heardAt < PATIENCE;
  within(hurry ? HURRY : here.local ? LEISURE.local : LEISURE.deployed);
}

/** Reads in so many ms, or sooner if that was planned already: a flood of events must not put it off for ever. */
function within(ms) {
  const at = performance.now() + ms;
  if (!keep.checked || document.hidden || at >= due) return;
  clearTimeout(timer);
  due = at;
  timer = setTimeout(tick, ms);
}

function heard(event) {
  shelf.heard(event.id);
  if (event.id !== chosen.id) return;
  const now = chosen;
  now.ledger.step(event, performance.now());
  if (event.step === "written" || event.step === "streamed") now.heardAt = performance.now();
  draw(now);
  look(now).catch((error) => trouble(error.message));
  if (event.version > (now.held.browser.version ?? 0)) within(HURRY);
}

let writing = Promise.resolve();

/** Presses are carried out one after another, each over the version that the table has by then. */
function raisePrice() {
  const now = chosen;
  writing = writing.then(async () => {
    const table = await readTable(now.id);
    if (!table.product) throw new Error("There is no such product.");
    const known = now.ledger.known();
    now.ledger.table(await writePrice(now.id, table.etag, table.cents + 100), known);
    now.heardAt = performance.now();
    draw(now);
  }).catch((error) => trouble(error.message));
}

// --- What is chosen --------------------------------------------------------------------------------------------------

let category = null;

/** What the address asks for: {wanted: category, id}, both "" if it does not say. */
function asked() {
  const [, wanted = "", id = ""] = /^#\/([\w%.~!*'()-]*)\/([\w-]{0,64})$/.exec(location.hash) ?? [];
  try {
    return { wanted: decodeURIComponent(wanted), id };
  } catch {
    return { wanted: "", id };
  }
}

async function follow(byHand) {
  if (location.hash && !location.hash.startsWith("#/")) return;
  const { wanted, id } = asked();
  const moved = wanted !== category;
  category = wanted;
  const listed = moved ? shelf.show(wanted) : Promise.resolve(null);
  if (id) choose(id, byHand && !moved);
  const first = await listed;
  if (!id && first && category === wanted) {
    history.replaceState(null, "", route(wanted, first));
    choose(first, false);
  }
  shelf.choose(chosen.id);
}

function choose(id, focus) {
  if (id === chosen.id) return;
  chosen = fresh(id);
  gauge.clear();
  part("product-name").textContent = id;
  part("product-facts").textContent = "";
  part("read").disabled = part("write").disabled = false;
  shelf.choose(id);
  paint(chosen);
  if (focus) part("product-name").focus();
  tick();
}

for (const element of document.querySelectorAll("[data-local]")) element.hidden = !here.local;
if (here.local) {
  part("place").hidden = false;
  part("place").textContent = ["Local stack", here.purge && `${here.purge} purge`].filter(Boolean).join(" · ");
  part("travelling-label").textContent = "Behind while travelling";
  part("travelling-meaning").textContent = "below what was written, before the edge was told";
  keep.checked = true;
  steps(heard);
}
keep.addEventListener("change", tick);
part("read").addEventListener("click", tick);
part("write").addEventListener("click", raisePrice);
document.addEventListener("visibilitychange", () => document.hidden || tick());
addEventListener("hashchange", () => follow(true));
follow(false);
