import type { AnnouncedType, LiveAnnouncement } from '@jobstream/eventlog';
import { nearestNames } from '@jobstream/runtime';
import type { AnnouncedTypes } from '../announcements/announcedTypes.ts';
import type { FieldError } from '../problems/problem.ts';
import { CheckBudget } from './checkBudget.ts';
import { CountingSchemas } from './countingSchemas.ts';
import type { Mistake } from './mistakesOf.ts';
import type { PayloadWarning } from './payloadWarning.ts';
import type { WaitingTypes } from './waitingTypes.ts';

export interface PayloadChecksOptions {
  readonly announced: Pick<AnnouncedTypes, 'isCurrent' | 'type' | 'types'>;
  /** Whether types that no worker has announced are refused. */
  readonly strictTypes: boolean;
  readonly waitingTypes: Pick<WaitingTypes, 'admits' | 'most'>;
}

/** A job as it is to be checked. `place` is the pointer to it in the body; empty for the body itself. */
export interface CheckedJob {
  readonly type: string;
  readonly payload?: unknown;
  readonly place?: string;
  /** Of the caller. A tenant may not list types, so it is not told the names of others. */
  readonly tenant?: string | undefined;
  /** Whether it is to be created, or will be by a schedule: then its type counts for its tenant. */
  readonly isNew?: boolean;
}

/** What is wrong with a job: with `errors` it is refused. Both are empty for most. */
export interface PayloadVerdict {
  readonly errors: readonly FieldError[];
  readonly warnings: readonly PayloadWarning[];
}

const accepted: PayloadVerdict = { errors: [], warnings: [] };
const MAX_REMEMBERED = 1_000;
const REMEMBER_MS = 5_000;

/**
 * Checks jobs against what the workers of their type have announced. It never waits, and takes microseconds.
 *
 * A payload is accepted if one announcement of a living worker accepts it, or without such a worker the last one.
 */
export class PayloadChecks {
  readonly #announced: PayloadChecksOptions['announced'];
  readonly #options: PayloadChecksOptions;
  readonly #schemas = new CountingSchemas();
  readonly #nearest = new Map<string, readonly string[]>();
  #nearestSince = 0;

  constructor(options: PayloadChecksOptions) {
    this.#options = options;
    this.#announced = options.announced;
  }

  /** Checks one job. A request with several jobs passes the same `budget` with each. */
  check(job: CheckedJob, budget = new CheckBudget()): PayloadVerdict {
    const announced = this.#announced.type(job.type);
    if (announced === undefined) return this.#checkUnknown(job);
    const mistakes = this.#schemasOf(announced).mistakesIn(job.payload ?? null, budget);
    if (mistakes.length === 0) return accepted;
    const errors = mistakes.map(({ pointer, detail }) => ({ pointer: `${job.place ?? ''}/payload${pointer}`, detail }));
    return announced.payloadCheck === 'warn'
      ? { errors: [], warnings: [mismatch(job, errors)] }
      : { errors, warnings: [] };
  }

  /** Why a schema of the type is not checked, or was not for a recent payload; undefined if all are. */
  ignoredOf(announced: AnnouncedType): string | undefined {
    return this.#schemasOf(announced).ignored;
  }

  #schemasOf(announced: AnnouncedType) {
    const { type, version } = announced;
    return this.#schemas.of(type, version, () =>
      countingAnnouncements(announced).map(({ payloadSchema }) => payloadSchema),
    );
  }

  #checkUnknown({ type, place = '', tenant, isNew = false }: CheckedJob): PayloadVerdict {
    this.#schemas.remove(type);
    if (!this.#announced.isCurrent()) return accepted;
    const nearest = tenant === undefined ? this.#nearestTo(type) : [];
    const hint = nearest.length === 0 ? '' : `; did you mean ${nearest.join(' or ')}?`;
    const [pointer, detail] = [`${place}/type`, `no worker has announced the type ${type}${hint}`];
    if (this.#refusesUnknown()) return { errors: [{ pointer, detail }], warnings: [] };
    if (isNew && !this.#options.waitingTypes.admits(type, tenant))
      return { errors: [{ pointer, detail: `${detail}, ${this.#whyTooMany()}` }], warnings: [] };
    const warning = { code: 'unknown-type', pointer, detail, ...(nearest.length === 0 ? {} : { nearest }) } as const;
    return { errors: [], warnings: [warning] };
  }

  /** Not before anything is announced: then the workers are missing, or of a release that does not announce. */
  #refusesUnknown(): boolean {
    return this.#options.strictTypes && this.#announced.types().length > 0;
  }

  #whyTooMany(): string {
    const { most } = this.#options.waitingTypes;
    return `and there are jobs of ${most} other types without a worker, which is as many as may be (MAX_WAITING_TYPES)`;
  }

  /** A producer that sends thousands of jobs of an unknown type has its name compared once. */
  #nearestTo(type: string): readonly string[] {
    const now = performance.now();
    if (now - this.#nearestSince > REMEMBER_MS || this.#nearest.size >= MAX_REMEMBERED) {
      this.#nearest.clear();
      this.#nearestSince = now;
    }
    const known = this.#nearest.get(type);
    if (known !== undefined) return known;
    const nearest = nearestNames(
      type,
      this.#announced.types().map((one) => one.type),
    );
    this.#nearest.set(type, nearest);
    return nearest;
  }
}

/** Those of living workers, or else the last one; the newest first. */
export function countingAnnouncements({ announcements }: AnnouncedType): readonly LiveAnnouncement[] {
  const living = announcements.filter(({ live }) => live);
  return living.length > 0 ? living : announcements.slice(0, 1);
}

function mismatch({ type, place = '' }: CheckedJob, errors: readonly Mistake[]): PayloadWarning {
  const detail = `no worker of the type ${type} accepts this payload`;
  return { code: 'payload-mismatch', pointer: `${place}/payload`, detail, errors };
}
