import type { JetStreamManager } from '@nats-io/jetstream';
import { LogUnavailableError } from '../errors.ts';

/** The subjects under a filter that have messages in the stream, in alphabetical order: LogUnavailableError. */
export async function subjectsUnder(manager: JetStreamManager, stream: string, filter: string): Promise<string[]> {
  try {
    const { state } = await manager.streams.info(stream, { subjects_filter: filter });
    return Object.keys(state.subjects ?? {}).toSorted();
  } catch (error) {
    throw new LogUnavailableError(`the subjects of ${stream} could not be read`, { cause: error });
  }
}
