import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import type { Actor } from '@jobstream/domain';
import { JOBS_STREAM } from '../../streams/streams.ts';

/** Who has paused a job type, kept in the metadata of a consumer: a note, which may be missing. */
export interface PauseNote {
  readonly by: Actor;
  /** RFC 3339. */
  readonly at: string;
  readonly reason?: string | undefined;
  /** It was paused with all types. */
  readonly all?: true | undefined;
}

/** A note with the end of the pause that it belongs to. */
type StoredNote = PauseNote & { readonly until: string };

const PAUSE_KEY = 'jobstream-pause';

/** A pause that consumers have when they are created. */
export interface KeptPause {
  readonly until?: string | undefined;
  /** As text. */
  readonly note?: string | undefined;
  /** Whether there are no metadata yet that must be kept. */
  readonly isNew?: true;
}

/** The pause of a type that has some of its consumers. */
export function pauseOf(existing: readonly ConsumerInfo[]): KeptPause {
  const until = existing.find(({ paused }) => paused === true)?.config.pause_until;
  const note = existing.map(({ config }) => config.metadata?.[PAUSE_KEY]).find((text) => text !== undefined);
  return { until, note };
}

/** The pause of all types, as any of them has it; none for those who may not list consumers. */
export async function findPauseOfAll(manager: JetStreamManager): Promise<KeptPause> {
  try {
    for await (const { config, paused } of manager.consumers.list(JOBS_STREAM)) {
      const { pause_until: until } = config;
      if (paused !== true || until === undefined) continue;
      if (readPauseNote(config, new Date(until).toISOString())?.all)
        return { until, note: config.metadata?.[PAUSE_KEY], isNew: true };
    }
  } catch {
    // What follows fails as well if the server is away.
  }
  return {};
}

/** Adds the note to the settings of a new consumer. */
export function withPauseNote<Config extends Partial<ConsumerConfig>>(
  wanted: Config,
  { note, isNew }: KeptPause,
): Config {
  const { metadata = isNew && {} } = wanted;
  if (metadata === undefined || note === undefined) return wanted;
  return { ...wanted, metadata: { ...metadata, [PAUSE_KEY]: note } };
}

/** Notes who has paused a type until then. */
export async function writePauseNote(
  manager: JetStreamManager,
  { config: { metadata = {} }, name, stream_name: stream }: ConsumerInfo,
  stored: StoredNote,
): Promise<void> {
  await manager.consumers.update(stream, name, {
    metadata: { ...ownMetadata(metadata), [PAUSE_KEY]: JSON.stringify(stored) },
  });
}

/** Returns those of the metadata that are not the server's. */
export function ownMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => key.startsWith('jobstream-')));
}

/** Returns who has set the pause that ends then; undefined if somebody did without saying so. */
export function readPauseNote({ metadata }: ConsumerConfig, until: string): PauseNote | undefined {
  const text = metadata?.[PAUSE_KEY];
  if (text === undefined) return undefined;
  const { until: noted, ...note } = JSON.parse(text) as StoredNote;
  return noted === until ? note : undefined;
}
