import { randomBytes, randomUUID } from 'node:crypto';
import { decide, isRejection, type JobCommand } from '@jobstream/domain';
import { migrate, type Scope, scopes } from '@jobstream/readmodel';
import { createDatabase, freePort, startNats } from '@jobstream/test-support';
import { followPast } from '../followPast.ts';
import { projectAll } from '../projectAll.ts';
import { startApi, type TestApi } from '../startApi.ts';
import { type Exchange, readExchange } from './exchange.ts';
import type { DocumentedOperation } from './openApi.ts';

/** The parts of a request that its operation does not determine. */
export interface Ask {
  /** Values for `{name}` in the path; a missing one is made up. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly isEnough?: (text: string) => boolean;
}

/**
 * Servers and several APIs on them: one with authentication, an open one, one with a tight limit, one that cannot read
 * its keys, and an open one that has lost both log and table.
 */
export interface ContractSystem extends AsyncDisposable {
  readonly guarded: TestApi;
  readonly open: TestApi;
  readonly limited: TestApi;
  readonly keyless: TestApi;
  readonly lost: TestApi;
  readonly databaseUrl: string;
  /** Returns a key with this scope alone, for all tenants or for one. */
  keyWith(scope: Scope, tenant?: string): string;
  ask(operation: DocumentedOperation, ask?: Ask, api?: TestApi): Promise<Exchange>;
  /** Applies a command to a job, as a worker would. */
  carryOut(jobId: string, command: PartialCommand): Promise<void>;
  /** Brings the table up to date. */
  project(): Promise<void>;
  /** Brings the past states of jobs up to date. */
  followPast(): Promise<void>;
}

type WithoutContext<Command> = Command extends JobCommand ? Omit<Command, 'eventId' | 'at' | 'actor'> : never;
export type PartialCommand = WithoutContext<JobCommand>;

export const TENANT = 'acme';
/** Some documented answers are given when these are over. */
const limits = { versionMs: 500, lateLinesMs: 500 };
const logsRetention = { maxAgeMs: 86_400_000, maxBytes: 67_108_864 };

export async function startContractSystem(): Promise<ContractSystem> {
  const [nats, databaseUrl, doomed] = await Promise.all([startNats(), createDatabase(), startNats()]);
  await migrate(databaseUrl);
  const servers = { natsUrl: nats.url, databaseUrl };
  const masterKeys = [{ id: 'test', secret: randomBytes(32) }];
  const nowhere = `postgres://nobody@127.0.0.1:${await freePort()}/nothing`;
  const [guarded, open, limited, keyless, lost] = await Promise.all([
    startApi({ ...servers, limits, auth: { open: false }, log: { masterKeys, logsRetention } }),
    startApi({ ...servers, limits }),
    startApi({ ...servers, auth: { open: false, rateLimit: { count: 1, perMs: 3_600_000 } } }),
    startApi({ natsUrl: nats.url, databaseUrl: nowhere, auth: { open: false } }),
    startApi({ natsUrl: doomed.url, databaseUrl: nowhere }),
  ]);
  await doomed.stop();
  const keys = await makeKeys(guarded);
  const keyWith = (scope: Scope, tenant?: string) => keys.get(`${scope} ${tenant ?? ''}`) ?? '';
  return {
    guarded,
    open,
    limited,
    keyless,
    lost,
    databaseUrl,
    keyWith,
    ask: (operation, ask = {}, api = guarded) => send(api, operation, ask, `Bearer ${keyWith('admin')}`),
    carryOut: (jobId, command) => carryOut(guarded, jobId, command),
    project: () => projectAll(guarded.log, databaseUrl),
    followPast: () => followPast(guarded.log, databaseUrl),
    [Symbol.asyncDispose]: async () => {
      for (const api of [lost, keyless, limited, open, guarded]) await api.stop();
      await nats.stop();
    },
  };
}

async function makeKeys({ keys }: TestApi): Promise<ReadonlyMap<string, string>> {
  const made = new Map<string, string>();
  for (const scope of scopes) {
    for (const tenant of [undefined, TENANT]) {
      const { text } = await keys.create({ name: scope, scopes: [scope], tenant: tenant ?? null, expiresAt: null });
      made.set(`${scope} ${tenant ?? ''}`, text);
    }
  }
  return made;
}

async function send(
  api: TestApi,
  { method, path, body: content }: DocumentedOperation,
  { params = {}, query = '', headers = {}, body, isEnough }: Ask,
  authorization: string,
): Promise<Exchange> {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? madeUp(name));
  const type = Object.keys(content ?? {})[0] ?? 'application/json';
  const ending = new AbortController();
  const response = await api.fetch(address + query, {
    method,
    headers: { authorization, ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: ending.signal,
  });
  const exchange = await readExchange(response, isEnough);
  ending.abort();
  return exchange;
}

function madeUp(name: string): string {
  const made = { id: randomUUID(), attempt: '1', name: `unknown-${randomUUID()}`, type: `unknown-${randomUUID()}` };
  return made[name as keyof typeof made] ?? 'unknown';
}

async function carryOut({ log }: TestApi, jobId: string, command: PartialCommand): Promise<void> {
  const snapshot = await log.readJob(jobId);
  const context = { eventId: randomUUID(), at: new Date().toISOString(), actor: { kind: 'worker', id: 'w1' } } as const;
  const decision = decide({ ...context, ...command }, snapshot?.job);
  if (isRejection(decision)) throw new Error(decision.detail);
  await log.append(decision, snapshot?.sequence ?? 0);
}
