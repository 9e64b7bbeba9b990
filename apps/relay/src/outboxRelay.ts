import type { Outbox } from '@jobstream/outbox';
import type { BackgroundLoop, Service } from '@jobstream/runtime';
import { CauseLog } from './causeLog.ts';
import { LANES } from './claimRoom.ts';
import { Lane } from './lane.ts';
import type { OutboxRelayOptions, Shared } from './relayContext.ts';
import { RepeatedFailures } from './repeatedFailures.ts';
import { Rotation } from './rotation.ts';
import { TableCursors } from './tableCursors.ts';
import { UnknownTypes } from './unknownTypes.ts';

/**
 * Relays the jobs of one outbox into the log. Any number of relays may work on it. `stop` waits until the claims at hand are
 * committed or given back.
 */
export class OutboxRelay implements Service {
  readonly name: string;
  readonly #outbox: Outbox;
  readonly #unknownTypes: UnknownTypes;
  readonly #loops: readonly BackgroundLoop[];

  constructor(options: OutboxRelayOptions) {
    this.#outbox = options.outbox;
    this.name = `relay of ${options.outbox.name}`;
    const causes = new CauseLog(options.logger);
    const { log, outbox } = options;
    this.#unknownTypes = new UnknownTypes({ log, causes, outbox: outbox.name });
    const shared: Shared = {
      cursors: new TableCursors(),
      causes,
      failures: new RepeatedFailures(),
      unknownTypes: this.#unknownTypes,
      isBusy: false,
      hasDeferred: false,
    };
    const lanes = Array.from({ length: LANES }, (_, number) => new Lane(options, shared, number));
    this.#loops = [new Rotation(options, shared), ...lanes];
  }

  async start(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    await this.#unknownTypes.stop();
    await this.#outbox.close();
  }
}
