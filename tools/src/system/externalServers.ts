import { connect } from 'node:net';
import { databaseTrouble } from '@jobstream/readmodel';
import { Client } from 'pg';
import { compareVersions, minimumNatsVersion, parseVersion } from '@jobstream/servers';

/** A server that the user named cannot be used. */
class ServerUnusableError extends Error {
  readonly code = 'SERVER_UNUSABLE';
}

const timeoutMs = 5_000;

/** Checks that the NATS server of that address answers and is new enough; rejects with one sentence. */
export async function checkNats(url: string): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const greeting = await greetingOf(hostname, Number(port) || 4222, protocol).catch((cause: unknown) => {
    throw new ServerUnusableError(
      `NATS_URL=${withoutPassword(url)} cannot be reached: ${reason(cause)}. Start it, or correct NATS_URL.`,
      {
        cause,
      },
    );
  });
  const version = parseVersion(/"version":"([^"]*)"/.exec(greeting)?.[1] ?? '');
  if (version === undefined || compareVersions(version, minimumNatsVersion) >= 0) return;
  const wanted = minimumNatsVersion.join('.');
  throw new ServerUnusableError(
    `NATS_URL=${withoutPassword(url)} is nats-server ${version.join('.')}, but ${wanted} or newer is needed.`,
  );
}

/** Checks that the database answers; rejects with one sentence. */
export async function checkPostgres(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: timeoutMs });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (cause) {
    const trouble = databaseTrouble(cause, url);
    if (trouble === undefined) throw cause;
    throw new ServerUnusableError(`${trouble.wrong} ${trouble.remedy}`, { cause });
  } finally {
    await client.end().catch(() => {});
  }
}

/** The first words of a NATS server; of one behind TLS or a web socket only that it accepts a connection. */
function greetingOf(host: string, port: number, protocol: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('it does not answer')));
    socket.once('error', reject);
    socket.once('data', (data) => {
      resolve(data.toString('utf8'));
      socket.destroy();
    });
    socket.once('close', () => reject(new Error('it closed the connection')));
    if (protocol !== 'nats:') socket.once('connect', () => socket.end(() => resolve('')));
  });
}

function reason(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return reason(cause.errors[0]);
  return cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
}

/** Addresses are printed; passwords are not. */
function withoutPassword(url: string): string {
  const address = new URL(url);
  if (address.password !== '') address.password = '***';
  return address.href;
}
