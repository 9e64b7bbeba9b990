import { Actor, JobDefaults, JobType, SignalName, Timestamp } from '@jobstream/domain';
import type { AnnouncedType, JobTypeInfo, KeptDefinition } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { ApiDeps } from '../apiDeps.ts';
import type { BodyOf } from '../http/sendJson.ts';
import { countingAnnouncements, type PayloadChecks } from '../payloads/payloadChecks.ts';
import { knownSignals } from '../payloads/signalChecks.ts';

/** What becomes of a payload that no worker of the type accepts. */
export const PayloadCheck = Schema.Literals(['refuse', 'warn']);

const MAX_OTHERS = 10;

const JsonSchema = Schema.Union([Schema.Boolean, Schema.Record(Schema.String, Schema.Unknown)]);

const TypeWorker = Schema.Struct({
  worker: Schema.String.annotateKey({ description: 'The id of the worker process.' }),
  name: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.String),
  host: Schema.String,
  startedAt: Schema.String,
}).annotate({ identifier: 'TypeWorker' });

const TypeDefinition = Schema.Struct({
  ...JobDefaults.fields,
  worker: Schema.String.annotateKey({ description: 'The worker that has announced it.' }),
  startedAt: Schema.String.annotateKey({ description: 'When that worker started.' }),
}).annotate({ identifier: 'TypeDefinition' });

/** A job type as clients see it. */
export const TypeView = Schema.Struct({
  type: JobType,
  paused: Schema.Boolean,
  until: Schema.optionalKey(Timestamp).annotateKey({ description: 'When the pause ends automatically.' }),
  pausedAt: Schema.optionalKey(Timestamp).annotateKey({
    description: 'When it was paused. This and who did it is not known of a pause that was set past this API.',
  }),
  pausedBy: Schema.optionalKey(Actor),
  pauseReason: Schema.optionalKey(Schema.String),
  pausedWithAll: Schema.optionalKey(Schema.Literal(true)).annotateKey({
    description: 'It was paused with all types, and resumes with them.',
  }),
  backlog: Schema.Int.annotateKey({ description: 'Jobs that have not been delivered to a worker.' }),
  waitingSince: Schema.optionalKey(Timestamp).annotateKey({ description: 'When the oldest of them became ready.' }),
  inFlight: Schema.Int.annotateKey({ description: 'Jobs that workers hold.' }),
  limits: Schema.optionalKey(
    Schema.Struct({ concurrency: Schema.optionalKey(Schema.Int), rate: Schema.optionalKey(Schema.String) }),
  ).annotateKey({ description: 'Per worker process, as reported by the one that started last.' }),
  announced: Schema.Boolean.annotateKey({
    description: 'Whether a worker has announced the type within the last day.',
  }),
  workers: Schema.Array(TypeWorker).annotateKey({ description: 'The living workers that have announced the type.' }),
  payloadCheck: Schema.optionalKey(PayloadCheck).annotateKey({
    description: 'Whether payloads that no worker accepts are refused, or accepted with a warning.',
  }),
  payloadSchema: Schema.optionalKey(JsonSchema).annotateKey({
    description: 'JSON Schema of the payloads that may be sent, as the worker has announced it that started last.',
  }),
  resultSchema: Schema.optionalKey(JsonSchema).annotateKey({ description: 'JSON Schema of the results.' }),
  signals: Schema.optionalKey(Schema.Record(SignalName, Schema.NullOr(JsonSchema))).annotateKey({
    description:
      'The signals that jobs of the type take, with the JSON Schema of their payloads: null for every payload. Left out for none. ' +
      'Of several workers, the schema of the one that started last; without any, what is kept of the definition.',
  }),
  schemasDiffer: Schema.optionalKey(Schema.Int).annotateKey({
    description: 'The number of different payload schemas that living workers have announced, if there are several.',
  }),
  schemaIgnored: Schema.optionalKey(Schema.String).annotateKey({
    description: 'Why payloads are accepted without a check, although there is a schema.',
  }),
  definition: Schema.optionalKey(TypeDefinition).annotateKey({
    description:
      'The settings of jobs whose creators leave them out: of all definitions that workers have announced, that of the worker which started last.',
  }),
  otherDefinitions: Schema.optionalKey(Schema.Array(TypeDefinition)).annotateKey({
    description: 'Different ones that living workers have announced, each with one of its workers, at most ten.',
  }),
}).annotate({ identifier: 'JobType' });

/** All job types, by name. */
export const TypeList = Schema.Struct({ items: Schema.Array(TypeView) }).annotate({ identifier: 'JobTypeList' });

/** What is known of a type: each part may be missing. */
export interface TypeParts {
  readonly type: string;
  readonly info?: JobTypeInfo | undefined;
  readonly announced?: AnnouncedType | undefined;
  readonly waitingSince?: string | undefined;
  /** Pending jobs in the table, for a type that has no consumers in the log. */
  readonly pending?: number | undefined;
}

type ViewDeps = Pick<ApiDeps, 'announced' | 'payloads'>;

export function typeView(parts: TypeParts, { announced: all, payloads }: ViewDeps): BodyOf<typeof TypeView> {
  const { type, info, announced, waitingSince } = parts;
  const { inFlight = 0, limits } = info ?? {};
  const backlog = backlogOf(parts);
  return {
    type,
    ...pauseView(info),
    backlog,
    waitingSince: backlog === 0 ? undefined : waitingSince,
    inFlight,
    limits: limits && { concurrency: limits.concurrency, rate: limits.rate && rateText(limits.rate) },
    ...announcementView(announced, payloads),
    signals: signalsView(knownSignals({ announced, definition: all.definition(type) })),
    ...definitionView(all.definition(type), announced),
  };
}

/** A type as it is now, for a process that follows the announcements. */
export function currentTypeView(parts: TypeParts, deps: ViewDeps): BodyOf<typeof TypeView> {
  return typeView({ ...parts, announced: deps.announced.type(parts.type) }, deps);
}

function pauseView({ paused = false, pausedUntil, pause }: Partial<JobTypeInfo> = {}) {
  const { at, by, reason, all } = pause ?? {};
  return { paused, until: pausedUntil, pausedAt: at, pausedBy: by, pauseReason: reason, pausedWithAll: all };
}

function backlogOf({ info, announced, pending }: TypeParts): number {
  if (announced === undefined && pending !== undefined) return pending;
  return info?.backlog ?? pending ?? 0;
}

function announcementView(announced: AnnouncedType | undefined, payloads: Pick<PayloadChecks, 'ignoredOf'>) {
  if (announced === undefined) return { announced: false, workers: [] };
  const [newest] = countingAnnouncements(announced);
  return {
    announced: true,
    workers: liveWorkers(announced),
    payloadCheck: announced.payloadCheck,
    payloadSchema: newest?.payloadSchema,
    resultSchema: newest?.resultSchema,
    schemasDiffer: differing(announced),
    schemaIgnored: payloads.ignoredOf(announced),
  };
}

function signalsView(known: ReturnType<typeof knownSignals>) {
  if (known === undefined || known.size === 0) return undefined;
  return Object.fromEntries([...known].map(([name, [newest = null]]) => [name, newest]));
}

function liveWorkers({ announcements }: AnnouncedType): readonly BodyOf<typeof TypeWorker>[] {
  return announcements
    .filter(({ live }) => live)
    .map(({ worker, name, version, host, startedAt }) => ({ worker, name, version, host, startedAt }));
}

/** The number of different payload schemas of living workers; undefined if they agree. */
function differing({ announcements }: AnnouncedType): number | undefined {
  const live = announcements.filter((one) => one.live);
  const { size } = new Set(live.map(({ payloadSchema }) => JSON.stringify(payloadSchema)));
  return size > 1 ? size : undefined;
}

/** A definition without settings is as good as none, unless a living worker has announced another one. */
function definitionView(holding: KeptDefinition | undefined, announced: AnnouncedType | undefined) {
  const others = otherDefinitions(holding, announced);
  const isSaid = holding !== undefined && (others.length > 0 || Object.keys(holding.defaults).length > 0);
  return {
    definition: isSaid ? shownDefinition(holding) : undefined,
    otherDefinitions: others.length > 0 ? others.map(shownDefinition) : undefined,
  };
}

function otherDefinitions(holding: KeptDefinition | undefined, announced: AnnouncedType | undefined) {
  const seen = new Set([JSON.stringify(holding?.defaults)]);
  const others: KeptDefinition[] = [];
  for (const { live, defaults, worker, startedAt } of announced?.announcements ?? []) {
    const text = JSON.stringify(defaults);
    if (!live || defaults === undefined || seen.has(text) || others.length === MAX_OTHERS) continue;
    seen.add(text);
    others.push({ defaults, worker, startedAt });
  }
  return others;
}

function shownDefinition({ defaults, worker, startedAt }: KeptDefinition): typeof TypeDefinition.Type {
  return { ...defaults, worker, startedAt };
}

const units: Readonly<Record<number, string>> = { 1_000: 's', 60_000: 'm', 3_600_000: 'h' };

/** Formats a rate as in WORKER_LIMITS: `20/m`. */
export function rateText({ starts, perMs }: { readonly starts: number; readonly perMs: number }): string {
  return `${starts}/${units[perMs] ?? `${perMs}ms`}`;
}
