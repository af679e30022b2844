// What this page knows of one product: which versions were written, who has been told of them, and how the answers it
// got compare with that. No drawing, no requests, no clock.

/** The steps of a version's travel, in their order. */
export const STEPS = ["written", "streamed", "floor", "published", "purged", "stored", "here"];

export class Ledger {
  /** The highest version known to be in the table. */
  written = 0;
  /** The highest version the edge is known to have been told of. */
  told = 0;
  counts = { current: 0, travelling: 0, stale: 0 };
  /** version → {steps: Map(step → wall ms), arrived: page ms when the first of them was heard of} */
  journeys = new Map();

  /** A step of a version, as the stack reports it. `now` is the page's clock, in ms. */
  step({ step, version, at_ms }, now) {
    if (step === "written") this.written = Math.max(this.written, version);
    if (step === "purged") this.told = Math.max(this.told, version);
    const journey = this.journeys.get(version) ?? { steps: new Map(), arrived: now };
    if (!journey.steps.has(step)) journey.steps.set(step, at_ms);
    this.journeys.set(version, journey);
    while (this.journeys.size > 12) this.journeys.delete(Math.min(...this.journeys.keys()));
  }

  /** What the table holds. `known` is what was known when it was asked: a lower version in the table means that the
   * item began again, not that the table lags. */
  table(version, known) {
    if (version < known.written) {
      this.written = version;
      this.told = Math.min(this.told, version);
    } else {
      this.written = Math.max(this.written, version);
    }
  }

  /** Taken before a request; the answer is judged by what was known then. */
  known() {
    return { written: this.written, told: this.told };
  }

  /** Counts an answer the edge gave: "current", "travelling" (below what was written) or "stale" (below what the edge
   * had been told). An answer "no such product" has no version and is not compared: null. */
  answer(version, known, now) {
    if (!version) return null;
    const verdict = version < known.told ? "stale" : version < known.written ? "travelling" : "current";
    this.counts[verdict] += 1;
    const journey = this.journeys.get(version);
    if (journey && !journey.steps.has("here")) {
      // The stack's clock and the page's need not agree: the last step is measured on the page's own.
      const heard = journey.steps.get("written") ?? Math.min(...journey.steps.values());
      journey.steps.set("here", heard + (now - journey.arrived));
    }
    return verdict;
  }

  /** step → ms since the write, for one version. */
  travel(version) {
    const steps = this.journeys.get(version)?.steps ?? new Map();
    const start = steps.get("written") ?? Math.min(...steps.values());
    return new Map([...steps].map(([step, at]) => [step, Math.max(0, Math.round(at - start))]));
  }
}
