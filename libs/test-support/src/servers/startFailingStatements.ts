import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { expect } from 'vitest';
import { leftOpenBy } from '../everyTest/leftOpenBy.ts';

/** A way to a Postgres on which one statement after the other fails. */
export interface FailingStatements extends AsyncDisposable {
  /** The address of the database through it. */
  readonly url: string;
  /**
   * Runs `work` again and again. Each time the first statement that has not failed yet, here or in an earlier call, does, until
   * all have: then `work` must end well. A failure must be that of `work`, which must have closed what it has opened when it ends.
   *
   * @returns the statements that have failed.
   */
  failEach(work: () => Promise<unknown>, which?: FailingStatement): Promise<readonly string[]>;
}

interface FailingStatement {
  /** Default: all. */
  readonly only?: RegExp | undefined;
  /** Whose failure is of no consequence. */
  readonly ignored?: RegExp | undefined;
}

/** What Postgres says of a statement that was replaced. */
const REFUSED = 'syntax error at or near "refused"';
const MOST_STATEMENTS = 300;

/** Which statement of a run fails. */
class Failures {
  readonly #failed = new Set<string>();
  #seen = new Map<string, number>();
  #now: string | undefined;
  #only: RegExp | undefined;
  #isOn = false;

  /** A new run; returns the statement that has failed in the last one. */
  begin(only?: RegExp): string | undefined {
    const last = this.#now;
    this.#isOn = true;
    this.#only = only;
    this.#seen = new Map();
    this.#now = undefined;
    return last;
  }

  end(): void {
    this.#isOn = false;
  }

  /** What is to be sent for a statement. */
  textFor(statement: string): string {
    const shape = shapeOf(statement.trim());
    const times = (this.#seen.get(shape) ?? 0) + 1;
    this.#seen.set(shape, times);
    const key = DEFINES.test(statement) ? shape : `${shape} (${times})`;
    if (this.#now !== undefined || this.#failed.has(key) || !this.#mayFail(statement)) return statement;
    this.#failed.add(key);
    this.#now = statement;
    return 'refused';
  }

  #mayFail(statement: string): boolean {
    return this.#isOn && !SPARED.test(statement) && this.#only?.test(statement) !== false;
  }
}

/** A rollback, a sign of life, and what every connection begins with. */
const SPARED = /^(?:ROLLBACK|SELECT 1)$|set_config\('(?:idle_session|search_path)|pgmigrations/;
/** What is done to one table after the other, or to one index, is done by the same code. */
const DEFINES = /^(?:CREATE|ALTER|DROP|LOCK|SELECT format)/;

function shapeOf(statement: string): string {
  if (!DEFINES.test(statement)) return statement;
  return statement.replaceAll(/("?\w+"?)\.\w+/g, '$1.*').replace(/(INDEX|ADD|SET \().*/s, '$1');
}

/** Starts it in front of the database: Postgres gets another text instead of the statement, and refuses it. */
export async function startFailingStatements(databaseUrl: string): Promise<FailingStatements> {
  const failures = new Failures();
  const sockets = new Set<Socket>();
  const target = new URL(databaseUrl);
  const server = createServer((client) => {
    const upstream = connect({ port: Number(target.port), host: target.hostname });
    const reader = new StatementReader((statement) => failures.textFor(statement));
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => socket.destroy()));
    client.on('data', (chunk: Buffer) => upstream.write(reader.replace(chunk)));
    client.on('close', () => upstream.destroy());
    upstream.pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.port = String((server.address() as { port: number }).port);
  return {
    url: url.href,
    failEach: (work, which) => failEach(failures, work, which),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function failEach(
  failures: Failures,
  work: () => Promise<unknown>,
  { only, ignored }: FailingStatement = {},
): Promise<string[]> {
  const failed: string[] = [];
  for (failures.begin(only); failed.length < MOST_STATEMENTS;) {
    let outcome: unknown;
    const open = await leftOpenBy(() => work().catch((error: unknown) => (outcome = error)), { fails: true });
    const statement = failures.begin(only);
    if (statement === undefined) {
      failures.end();
      expect(outcome, 'the work ends well when no statement fails').toBeUndefined();
      return failed;
    }
    failed.push(statement);
    if (ignored?.test(statement) !== true) expect(String(outcome), `when this fails: ${statement}`).toContain(REFUSED);
    expect(open, `when this fails: ${statement}`).toEqual([]);
  }
  throw new Error(`there are more than ${MOST_STATEMENTS} statements`);
}

/** Replaces statements in what a client of Postgres sends. */
class StatementReader {
  readonly #replace: (statement: string) => string;
  #rest = Buffer.alloc(0);
  #hasStarted = false;

  constructor(replace: (statement: string) => string) {
    this.#replace = replace;
  }

  replace(chunk: Buffer): Buffer {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const whole: Buffer[] = [];
    for (let message = this.#next(); message !== undefined; message = this.#next()) whole.push(this.#replaced(message));
    return Buffer.concat(whole);
  }

  /** The next whole message; the first one has no type. */
  #next(): Buffer | undefined {
    const start = this.#hasStarted ? 1 : 0;
    if (this.#rest.length < start + 4) return undefined;
    const end = start + this.#rest.readUInt32BE(start);
    if (this.#rest.length < end) return undefined;
    const message = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end);
    return message;
  }

  #replaced(message: Buffer): Buffer {
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      return message;
    }
    const type = message.toString('latin1', 0, 1);
    if (type !== 'Q' && type !== 'P') return message;
    const begin = type === 'Q' ? 5 : message.indexOf(0, 5) + 1; // a statement that is prepared has its name first
    const end = message.indexOf(0, begin);
    const text = Buffer.from(this.#replace(message.toString('utf8', begin, end)));
    const body = Buffer.concat([message.subarray(5, begin), text, message.subarray(end)]);
    const head = Buffer.alloc(5, type, 'latin1');
    head.writeUInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  }
}
