import { createLogger } from '@jobstream/runtime';
import type { Pause } from '@jobstream/runtime';
import { Projector } from '../src/projection/projector.ts';
import type { ProjectorOptions } from '../src/projection/projector.ts';

/** A projector inside the test; `failure` resolves when it has given up. */
export interface TestProjector extends AsyncDisposable {
  readonly failure: Promise<unknown>;
  stop(): Promise<void>;
}

type Options = Pick<ProjectorOptions, 'eventLog' | 'databaseUrl' | 'watchIntervalMs' | 'patienceMs' | 'observer'> &
  Partial<Pick<ProjectorOptions, 'logger'>>;

/** Starts a projector; `pause` replaces its waits between two tries. */
export async function startProjector({
  pause,
  ...options
}: Options & { readonly pause?: Pause }): Promise<TestProjector> {
  const { promise: failure, resolve: onFailure } = Promise.withResolvers<unknown>();
  const logger = createLogger({ service: 'projector', level: 'silent' });
  const projector = new Projector({ logger, ...options, onFailure }, pause);
  await projector.start();
  return { failure, stop: () => projector.stop(), [Symbol.asyncDispose]: () => projector.stop() };
}
