import { setTimeout as pause } from 'node:timers/promises';
import type { JobEvent, JobEventOf } from '@jobstream/domain';
import { type Claim, EventLog } from '@jobstream/eventlog';
import { installOutbox, Outbox, outboxStatus } from '@jobstream/outbox';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { createLogger, type Logger, Metrics } from '@jobstream/runtime';
import {
  createDatabase,
  createMigratedDatabase,
  eventually,
  queryDatabase,
  startNats,
  type TestNats,
} from '@jobstream/test-support';
import { type ClaimRoom, claimRoom } from '../src/claimRoom.ts';
import { LogBeginning } from '../src/logBeginning.ts';
import { OutboxRelay } from '../src/outboxRelay.ts';
import type { RelayDeps } from '../src/relayRow.ts';
import { relayMetrics } from '../src/relayMetrics.ts';

type Created = JobEventOf<'JobCreated'>;

/** A server, a log on it, the tables of the read model, and the database of an application with an outbox. */
export class RelayStage implements AsyncDisposable {
  readonly nats: TestNats;
  readonly log: EventLog;
  readonly table: ReadModel;
  readonly databaseUrl: string;
  /** The application's database. */
  readonly url: string;
  readonly metrics = new Metrics();
  readonly #counts = relayMetrics(this.metrics);

  private constructor(parts: Pick<RelayStage, 'nats' | 'log' | 'table' | 'databaseUrl' | 'url'>) {
    this.nats = parts.nats;
    this.log = parts.log;
    this.table = parts.table;
    this.databaseUrl = parts.databaseUrl;
    this.url = parts.url;
  }

  /** @param application is the application's database, without an outbox; default a new one. */
  static async open({
    application = createDatabase(),
    ...options
  }: { readonly maxAgeMs?: number; readonly application?: Promise<string> } = {}): Promise<RelayStage> {
    const [nats, databaseUrl, url] = await Promise.all([startNats(), createMigratedDatabase(migrate), application]);
    await installOutbox(url);
    const log = new EventLog({ url: nats.url, name: 'test', ...options });
    const table = new ReadModel({ databaseUrl, name: 'test', queryMs: 30_000 });
    await Promise.all([log.start(), table.start()]);
    return new RelayStage({ nats, log, table, databaseUrl, url });
  }

  /** Starts a relay in the process of the test. */
  async startRelay({
    url = this.url,
    log = this.log,
    table = this.table,
    room = claimRoom(1),
    logger = createLogger({ service: 'test', level: 'silent' }),
  }: {
    url?: string;
    log?: RelayDeps['log'];
    table?: RelayDeps['table'];
    room?: ClaimRoom;
    logger?: Logger;
  } = {}): Promise<AsyncDisposable> {
    const relay = new OutboxRelay({
      outbox: new Outbox({ url }),
      deps: { log, table, beginning: new LogBeginning({ log: this.log, hasArchive: false }) },
      log: this.log,
      room,
      isWritable: () => this.log.isWritable(),
      metrics: this.#counts,
      logger,
    });
    await relay.start();
    return { [Symbol.asyncDispose]: () => relay.stop() };
  }

  /** The log, but for what `append` does with some events; undefined for those that are appended as usual. */
  logWith(append: (event: JobEvent) => Promise<number> | undefined): RelayDeps['log'] {
    const { log } = this;
    return {
      announcements: log.announcements,
      clock: log.clock,
      contents: log.contents,
      expiresPermanently: log.expiresPermanently,
      readJob: (id) => log.readJob(id),
      unique: log.unique,
      appendAll: (events, claims) => log.appendAll(events, claims),
      append: (event: JobEvent, expected: number, claim?: Claim) => append(event) ?? log.append(event, expected, claim),
    };
  }

  async query<Row extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return queryDatabase<Row>(this.url, text, values);
  }

  /** Enqueues a job in a transaction of its own, and returns its id. */
  async enqueue(type: string, payload: unknown = null, options: object = {}): Promise<string> {
    const text = 'SELECT jobstream.enqueue($1, $2, $3) AS id';
    const [row] = await this.query<{ id: string }>(text, [type, JSON.stringify(payload), JSON.stringify(options)]);
    return row?.id ?? '';
  }

  /** Waits until no job is left in the outbox. */
  async untilDrained(): Promise<void> {
    await eventually(async () => {
      const { waiting } = await outboxStatus(this.url);
      if (waiting > 0) throw new Error(`${waiting} jobs wait`);
    });
  }

  /** The JobCreated of the log, in its order. */
  async created(): Promise<readonly Created[]> {
    const end = await this.log.lastSequence();
    const created: Created[] = [];
    if (end === 0) return created;
    for await (const entries of this.log.follow({ after: 0 })) {
      for (const entry of entries) {
        if (entry.kind === 'event' && entry.event.event === 'JobCreated') created.push(entry.event);
      }
      if ((entries.at(-1)?.sequence ?? 0) >= end) return created;
      await pause(0);
    }
    return created;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log.stop();
    await this.table.stop();
    await this.nats.stop();
  }
}
