import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import { isConsumerExists, isConsumerNotFound } from '../../connection/serverErrors.ts';
import type { DurableConsumer } from './consumerSettings.ts';

/** How an update removes the filters of a consumer; the library's types do not know it. */
export const NO_FILTER = { filter_subject: undefined, filter_subjects: undefined };
/** Longer than a request to the server takes, or the pause would be over before it is set. */
const RESUME_AFTER_MS = 100;

/** Creates a consumer, or updates the settings of an existing one. */
export async function ensureConsumer(manager: JetStreamManager, { stream, config }: DurableConsumer): Promise<void> {
  const created = await createConsumer(manager, { stream, config });
  if (!created)
    await manager.consumers.update(stream, config.durable_name, { ...NO_FILTER, ...config } as Partial<ConsumerConfig>);
}

/** Creates a consumer; returns false if one of this name exists with other settings. */
export async function createConsumer(manager: JetStreamManager, { stream, config }: DurableConsumer): Promise<boolean> {
  try {
    await manager.consumers.add(stream, config);
    return true;
  } catch (error) {
    if (isConsumerExists(error)) return false;
    throw error;
  }
}

/** Returns undefined if there is none. */
export async function findConsumer(
  manager: JetStreamManager,
  stream: string,
  consumer: string,
): Promise<ConsumerInfo | undefined> {
  try {
    return await manager.consumers.info(stream, consumer);
  } catch (error) {
    if (isConsumerNotFound(error)) return undefined;
    throw error;
  }
}

/** Deletes a consumer, if there is one. */
export async function removeConsumer(manager: JetStreamManager, { stream, config }: DurableConsumer): Promise<void> {
  try {
    await manager.consumers.delete(stream, config.durable_name);
  } catch (error) {
    if (!isConsumerNotFound(error)) throw error;
  }
}

/** Pauses a consumer until then; creates it if there is none. */
export async function pauseConsumer(manager: JetStreamManager, consumer: DurableConsumer, until: Date): Promise<void> {
  const { stream, config } = consumer;
  try {
    await manager.consumers.pause(stream, config.durable_name, until);
  } catch (error) {
    if (!isConsumerNotFound(error)) throw error;
    await createConsumer(manager, consumer);
    await manager.consumers.pause(stream, config.durable_name, until);
  }
}

/**
 * Lifts the pause of a consumer. The server serves open pull requests when a pause ends by itself, but not when it is lifted. So it is
 * lifted by letting it end in a moment, on the server's own clock.
 */
export async function resumeConsumer(manager: JetStreamManager, { stream, config }: DurableConsumer): Promise<void> {
  for (let ms = RESUME_AFTER_MS; ; ms *= 2) {
    const info = await findConsumer(manager, stream, config.durable_name);
    if (info?.paused !== true) return;
    const { ts = new Date().toISOString() } = info;
    const response = await manager.consumers.pause(stream, config.durable_name, new Date(Date.parse(ts) + ms));
    if (response.paused) return;
  }
}
