// The tide gauge: four tubes side by side, the water in each at the version it holds, and for every version a mark that
// is drawn across the levels that know of it. A new version raises the scale; a level that lags stays below.

const LEVELS = ["dynamodb", "valkey", "edge", "browser"];
/** Where the newest version stands and how far apart versions are, in percent of the height. */
const TOP = 75;
const STEP = 15;
const FLOOR = 7;
/** Versions below the newest whose marks are kept. */
const SHOWN = 6;
/** How far a version has come after each step, in percent of the width: a level's middle, or on the way to it. */
const REACH = { written: 12.5, streamed: 25, floor: 37.5, published: 50, purged: 62.5, stored: 75, here: 100 };

export class Gauge {
  #root;
  #staff;
  #marks = new Map();

  constructor(root) {
    this.#root = root;
    this.#staff = root.querySelector("#staff");
  }

  /** Forgets the marks: another product. */
  clear() {
    this.#staff.replaceChildren();
    this.#marks.clear();
  }

  /** Draws `view`: {newest, travel: step → ms, levels: name → {version|null, told, price, state, tone}}. */
  draw(view) {
    for (const name of LEVELS) {
      const level = view.levels[name];
      const at = level.version ? height(level.version, view.newest) : 0;
      const tube = this.#root.querySelector(`[data-tube=${name}]`);
      tube.style.setProperty("--at", `${at}%`);
      tube.dataset.tone = level.tone;
      this.#read(this.#root.querySelector(`[data-level=${name}]`), level, view);
    }
    this.#mark(view);
  }

  #read(item, level, view) {
    const [lead, tail] = parts(level.version);
    put(item.querySelector(".version"), lead, tail);
    text(item.querySelector(".price"), level.price ?? "–");
    text(item.querySelector(".state"), level.state);
    item.dataset.tone = level.tone;
    for (const step of item.querySelectorAll("[data-step]")) {
      const ms = view.travel.get(step.dataset.step);
      step.classList.toggle("done", ms !== undefined);
      text(step.querySelector("b"), ms === undefined ? "" : span(ms));
    }
  }

  /** One line for each version that was seen. A new one comes in from above, so that it is seen to sink into place as
   * everything older sinks below it. */
  #mark({ newest, travel, levels }) {
    for (const version of [newest, ...Object.values(levels).map((level) => level.version)]) {
      if (version && !this.#marks.has(version)) this.#add(version);
    }
    for (const [version, mark] of this.#marks) {
      if (version > newest || version < newest - SHOWN) {
        mark.remove();
        this.#marks.delete(version);
        continue;
      }
      const at = TOP - (newest - version) * STEP;
      mark.style.setProperty("--at", `${at}%`);
      mark.classList.toggle("gone", at < FLOOR);
      const reach = reached(version, levels, version === newest ? travel : new Map());
      mark.style.setProperty("--reach", reach / 100);
      mark.classList.toggle("newest", version === newest);
      mark.classList.toggle("travelling", version === newest && reach > 0 && reach < 100);
    }
  }

  #add(version) {
    const mark = line(version);
    this.#marks.set(version, mark);
    this.#staff.append(mark);
    if (this.#marks.size === 1) return;
    mark.style.setProperty("--at", `${TOP + STEP}%`);
    // Only a style that was computed once can be left by a transition.
    mark.getBoundingClientRect();
  }
}

/** How far a version has come: as its steps say, or as far as levels side by side hold it or have been told of it. */
function reached(version, levels, travel) {
  const steps = [...travel.keys()].map((step) => REACH[step]);
  let next = LEVELS.findIndex((name) => (levels[name].version ?? 0) < version && (levels[name].told ?? 0) < version);
  if (next < 0) next = LEVELS.length;
  const held = next === LEVELS.length ? 100 : Math.max(0, next * 25 - 12.5);
  return Math.max(held, ...steps);
}

function height(version, newest) {
  return Math.max(FLOOR, TOP - (newest - version) * STEP);
}

function line(version) {
  const mark = document.createElement("div");
  mark.className = "mark";
  const label = document.createElement("span");
  label.textContent = parts(version)[1];
  const reach = document.createElement("i");
  const tip = document.createElement("b");
  mark.append(label, reach, tip);
  return mark;
}

/** A version in two parts: what hardly changes, and the last four digits. */
export function parts(version) {
  if (!version) return ["", "–"];
  const digits = String(version);
  return digits.length > 6 ? [digits.slice(0, -4), digits.slice(-4)] : ["", digits];
}

/** Milliseconds, as a person reads them. */
export function span(ms) {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

function put(element, lead, tail) {
  if (element.textContent === lead + tail) return;
  const small = document.createElement("small");
  small.textContent = lead;
  const first = element.children.length === 0;
  element.replaceChildren(small, tail);
  if (first) return;
  element.classList.remove("new");
  element.getBoundingClientRect();
  element.classList.add("new");
}
