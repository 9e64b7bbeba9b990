import type { AnnouncedType, JsonSchema, KeptDefinition } from '@jobstream/eventlog';
import { nearestNames } from '@jobstream/runtime';
import type { AnnouncedTypes } from '../announcements/announcedTypes.ts';
import { CheckBudget } from './checkBudget.ts';
import { CountingSchemas } from './countingSchemas.ts';
import { countingAnnouncements, type PayloadVerdict } from './payloadChecks.ts';

type Announced = Pick<AnnouncedTypes, 'definition' | 'type'>;
/** The signals that a type takes, by their names: the schemas of whoever announces it, the newest first; null accepts every payload. */
type KnownSignals = ReadonlyMap<string, readonly (JsonSchema | null)[]>;

/** What is known of a type. */
interface Knowledge {
  readonly announced: AnnouncedType | undefined;
  readonly definition: KeptDefinition | undefined;
}

/** A signal as it is to be checked. */
export interface CheckedSignal {
  readonly type: string;
  readonly name: string;
  readonly payload: unknown;
}

/** `unknown-name`: no worker of the type takes a signal of this name. */
export type SignalVerdict =
  ({ readonly kind: 'checked' } & PayloadVerdict) | { readonly kind: 'unknown-name'; readonly detail: string };

const MOST_KNOWN = 1_000;

/**
 * Checks signals as PayloadChecks does payloads: against what the living workers of the type have announced, or else the last one, or
 * else what is kept of its definition. Of a type of which nothing is known, every signal is accepted, with a warning.
 */
export class SignalChecks {
  readonly #announced: Announced;
  readonly #schemas = new CountingSchemas();

  constructor({ announced }: { readonly announced: Announced }) {
    this.#announced = announced;
  }

  check(signal: CheckedSignal): SignalVerdict {
    const { type, name, payload } = signal;
    const announced = this.#announced.type(type);
    const definition = this.#announced.definition(type);
    const known = knownSignals({ announced, definition });
    if (known === undefined) return { kind: 'checked', errors: [], warnings: [unknownType(signal)] };
    const schemas = known.get(name);
    if (schemas === undefined) return { kind: 'unknown-name', detail: unknownName(signal, [...known.keys()]) };
    const version = announced?.version ?? definition;
    this.#schemas.limitTo(MOST_KNOWN);
    const mistakes = this.#schemas
      .of(`${type} ${name}`, version, () => schemas)
      .mistakesIn(payload ?? null, new CheckBudget());
    const errors = mistakes.map(({ pointer, detail }) => ({ pointer: `/payload${pointer}`, detail }));
    if (errors.length === 0 || announced?.payloadCheck !== 'warn') return { kind: 'checked', errors, warnings: [] };
    const detail = `no worker of the type ${type} accepts this payload of the signal ${name}`;
    const mismatch = { code: 'payload-mismatch', pointer: '/payload', detail, errors } as const;
    return { kind: 'checked', errors: [], warnings: [mismatch] };
  }
}

/** Returns the signals that a type takes; undefined if no worker has announced the type, and no definition of it is known that has some. */
export function knownSignals({ announced, definition }: Knowledge): KnownSignals | undefined {
  if (announced !== undefined) return announcedSignals(announced);
  const kept = definition?.signals;
  return kept && new Map(Object.entries(kept).map(([name, schema]) => [name, [schema]]));
}

function announcedSignals(announced: AnnouncedType): KnownSignals {
  const known = new Map<string, (JsonSchema | null)[]>();
  for (const { signals = {} } of countingAnnouncements(announced)) {
    for (const [name, schema] of Object.entries(signals)) known.set(name, [...(known.get(name) ?? []), schema]);
  }
  return known;
}

function unknownType({ type, name }: CheckedSignal) {
  const detail = `no worker has announced the type ${type}: whether it takes the signal ${name} is not known`;
  return { code: 'unknown-type', pointer: '', detail } as const;
}

function unknownName({ type, name }: CheckedSignal, names: readonly string[]): string {
  if (names.length === 0) return `jobs of the type ${type} take no signals`;
  const nearest = nearestNames(name, names);
  const hint = nearest.length === 0 ? '' : `; did you mean ${nearest.join(' or ')}?`;
  return `jobs of the type ${type} take no signal ${name}, only ${names.join(', ')}${hint}`;
}
