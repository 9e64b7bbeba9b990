import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The label of all values beyond the first `max`. */
const OTHER = 'other';
/** How often the event loop is looked at. Ten milliseconds, as is usual, would be half of what an idle process costs. */
const LOOP_MS = 50;

/** `name` follows `jobstream_<noun>_<unit>`; counters end in `_total`. */
export interface MetricOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  /** Each must have few values: every combination is a time series that is never dropped. */
  readonly labels?: readonly Label[];
}

export interface GaugeOptions<Label extends string> extends MetricOptions<Label> {
  /** Sets the gauge at each scrape; labels that it does not set are not shown. When it rejects, the scrape fails. */
  readonly collect?: (gauge: Gauge<Label>) => Promise<void> | void;
}

export interface HistogramOptions<Label extends string> extends MetricOptions<Label> {
  /** Upper bounds in the unit of the metric, in ascending order. */
  readonly buckets: readonly number[];
}

/** The metrics of one process, in the text format of Prometheus. */
export class Metrics {
  readonly #registry = new Registry();
  #text: Promise<string> | undefined;

  /** The media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Adds prom-client's metrics of this process: CPU, memory, file descriptors, event loop, garbage collection. */
  watchProcess(): this {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LOOP_MS });
    return this;
  }

  counter<Label extends string = never>({ name, help, labels = [] }: MetricOptions<Label>): Counter<Label> {
    return new Counter({ name, help, labelNames: labels, registers: [this.#registry] });
  }

  histogram<Label extends string = never>({ buckets, ...options }: HistogramOptions<Label>): Histogram<Label> {
    const { name, help, labels = [] } = options;
    return new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [this.#registry] });
  }

  gauge<Label extends string = never>({ name, help, labels = [], collect }: GaugeOptions<Label>): Gauge<Label> {
    const registers = [this.#registry];
    if (collect === undefined) return new Gauge({ name, help, labelNames: labels, registers });
    return new Gauge({ name, help, labelNames: labels, registers, collect: collectorOf(collect, labels.length) });
  }

  /** Collects all metrics; concurrent calls share one collection. */
  text(): Promise<string> {
    this.#text ??= this.#registry.metrics().finally(() => (this.#text = undefined));
    return this.#text;
  }
}

/** prom-client calls back on the gauge itself. */
function collectorOf<Label extends string>(collect: (gauge: Gauge<Label>) => Promise<void> | void, labels: number) {
  return function (this: Gauge<Label>): Promise<void> | void {
    this.reset();
    // A gauge without labels is reset to 0, which would be a value that was never set.
    if (labels === 0) this.remove();
    return collect(this);
  };
}

/**
 * Limits the number of values of a label that users choose.
 *
 * @returns a function that keeps the first `max` values and maps all others to `other`, for the life of the process.
 */
export function boundedLabel(max: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= max) return OTHER;
    known.add(value);
    return value;
  };
}

/**
 * Caches the result of `ask`, or its error, for `ms` milliseconds, so that frequent scrapes do not load the measured
 * system.
 */
export function cachedFor<Value>(ms: number, ask: () => Promise<Value>): () => Promise<Value> {
  let answer: Promise<Value> | undefined;
  let askedAt = 0;
  return () => {
    if (answer !== undefined && performance.now() - askedAt < ms) return answer;
    askedAt = performance.now();
    answer = ask();
    return answer;
  };
}
