import { keptSignals } from './announcedSignals.ts';
import type { TypeAnnouncement } from './typeAnnouncement.ts';
import { encodeKeptDefinition, type KeptDefinition } from './keptDefinition.ts';

interface Known {
  readonly definition: KeptDefinition;
  /** Of the newest message that has it. */
  sequence: number;
}

/** Jobs of further types get the settings of all jobs. */
const MAX_DEFINITIONS = 1_000;

/**
 * The definition that holds for each job type: of all that workers have announced, that of the worker which started last. It
 * holds until another one is announced or the type is removed, whether its worker lives or not.
 */
export class KnownDefinitions {
  readonly #holding = new Map<string, Known>();
  /** The definitions that the stream keeps, as text. */
  readonly #kept = new Map<string, string>();
  readonly #unkept = new Set<string>();

  /** As fast as a Map. */
  get(type: string): KeptDefinition | undefined {
    return this.#holding.get(type)?.definition;
  }

  /** Takes note of what a worker has announced that started at this instant; one without a definition says nothing. */
  announced(announcement: TypeAnnouncement, startedAtMs: number, sequence: number): void {
    const { type, worker, defaults, signals } = announcement;
    if (defaults === undefined) return;
    const definition = { worker, startedAt: new Date(startedAtMs).toISOString(), defaults };
    this.#put(type, { ...definition, ...(signals === undefined ? {} : { signals: keptSignals(signals) }) }, sequence);
  }

  /** Takes note of what the stream keeps; undefined if it keeps nothing of the type any more. */
  kept(type: string, definition: KeptDefinition | undefined, sequence: number): void {
    if (definition === undefined) this.#kept.delete(type);
    else if (this.#put(type, definition, sequence)) this.#kept.set(type, encodeKeptDefinition(definition));
    this.#note(type);
  }

  /** Drops the definition of a type unless a later message than `sequence` has it. */
  removeBefore(type: string, sequence: number): void {
    this.#kept.delete(type);
    if ((this.#holding.get(type)?.sequence ?? 0) < sequence) this.#holding.delete(type);
    this.#note(type);
  }

  /** Drops what the stream has no message of. */
  retain(hasMessage: (type: string) => boolean): void {
    for (const type of this.#holding.keys()) if (!hasMessage(type)) this.removeBefore(type, Number.POSITIVE_INFINITY);
  }

  /** The definitions that the stream does not keep yet, by type. */
  unkept(): readonly (readonly [type: string, definition: KeptDefinition])[] {
    return [...this.#unkept].flatMap((type) => {
      const definition = this.get(type);
      return definition === undefined ? [] : [[type, definition]];
    });
  }

  /** Returns false if there are too many. */
  #put(type: string, definition: KeptDefinition, sequence: number): boolean {
    const known = this.#holding.get(type);
    if (known === undefined && this.#holding.size >= MAX_DEFINITIONS) return false;
    if (known === undefined || isNewer(definition, known.definition)) this.#holding.set(type, { definition, sequence });
    else if (definition.worker === known.definition.worker) known.sequence = sequence;
    this.#note(type);
    return true;
  }

  /** A definition that says nothing is kept only in place of another one. */
  #note(type: string): void {
    const definition = this.get(type);
    const kept = this.#kept.get(type);
    const says = definition !== undefined && (kept !== undefined || saysSomething(definition));
    if (says && encodeKeptDefinition(definition) !== kept) this.#unkept.add(type);
    else this.#unkept.delete(type);
  }
}

function saysSomething({ defaults, signals }: KeptDefinition): boolean {
  return signals !== undefined || Object.keys(defaults).length > 0;
}

/**
 * Whether its worker started after the other's; of two that started together, the name decides. A worker repeats what it has
 * announced, and one whose clock is ahead starts a little later each time.
 */
function isNewer(one: KeptDefinition, other: KeptDefinition): boolean {
  if (one.worker === other.worker) return whatItSays(one) !== whatItSays(other);
  const later = Date.parse(one.startedAt) - Date.parse(other.startedAt);
  return later > 0 || (later === 0 && one.worker < other.worker);
}

function whatItSays({ defaults, signals }: KeptDefinition): string {
  return JSON.stringify([defaults, signals]);
}
