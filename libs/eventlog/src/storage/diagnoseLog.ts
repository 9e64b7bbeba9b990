import { AuthorizationError, NoRespondersError, RequestError, type NatsConnection } from '@nats-io/transport-node';
import { Connection, type ConnectionOptions } from '../connection/connection.ts';
import { isForbidden, STREAM_NOT_FOUND } from '../connection/serverErrors.ts';
import { LogUnreachableError, UnsupportedServerError } from '../errors.ts';
import { JOBS_STREAM, TIMERS_STREAM, TYPES_STREAM, WORKERS_STREAM } from '../streams/streams.ts';

/** What keeps a log from being used; a kind for each thing that an operator does about it. */
export type LogTrouble =
  | { readonly kind: 'unreachable' | 'unsupported'; readonly reason: string }
  | { readonly kind: 'credentials-refused' | 'no-jetstream' | 'no-leader' }
  | { readonly kind: 'no-permission' | 'missing'; readonly streams: readonly string[] };

export interface LogDiagnosis {
  readonly troubles: readonly LogTrouble[];
  /** How far the clock of this machine is ahead of the server's, in milliseconds; undefined if the server did not say. */
  readonly clockOffsetMs: number | undefined;
}

type Finding = 'found' | 'missing' | 'no-permission' | 'no-jetstream' | 'no-leader';

interface StreamAnswer {
  readonly finding: Finding;
  readonly clockOffsetMs?: number;
}

interface InfoResponse {
  readonly ts?: string;
  readonly error?: { readonly err_code?: number };
  readonly cluster?: { readonly leader?: string };
}

const STREAMS = [JOBS_STREAM, TIMERS_STREAM, WORKERS_STREAM, TYPES_STREAM];
const ASK_MS = 3_000;
/** "JetStream not enabled", for the server and for the account. */
const NOT_ENABLED = new Set<number | undefined>([10_076, 10_039]);

/** Finds out what is wrong with the servers of a log. Changes nothing, and never rejects. */
export async function diagnoseLog(options: ConnectionOptions): Promise<LogDiagnosis> {
  try {
    const connection = await Connection.open(options);
    try {
      return summaryOf(await Promise.all(STREAMS.map((stream) => askAbout(stream, connection.nats))));
    } finally {
      await connection.close();
    }
  } catch (error) {
    return { troubles: [troubleOf(error)], clockOffsetMs: undefined };
  }
}

function troubleOf(error: unknown): LogTrouble {
  const { message, cause } = error as Error;
  if (error instanceof UnsupportedServerError) return { kind: 'unsupported', reason: message };
  if (cause instanceof AuthorizationError) return { kind: 'credentials-refused' };
  return { kind: 'unreachable', reason: error instanceof LogUnreachableError ? error.reason : message };
}

async function askAbout(stream: string, nats: NatsConnection): Promise<StreamAnswer> {
  const asked = Date.now();
  try {
    const answer = await nats.request(`$JS.API.STREAM.INFO.${stream}`, '', { timeout: ASK_MS });
    const { ts, ...response } = answer.json<InfoResponse>();
    const now = (asked + Date.now()) / 2;
    return { finding: findingIn(response), ...(ts === undefined ? {} : { clockOffsetMs: now - Date.parse(ts) }) };
  } catch (error) {
    if (isForbidden(error)) return { finding: 'no-permission' };
    return { finding: isUnanswered(error) ? 'no-jetstream' : 'no-leader' };
  }
}

function findingIn({ error, cluster }: InfoResponse): Finding {
  if (error === undefined) return cluster !== undefined && !cluster.leader ? 'no-leader' : 'found';
  if (error.err_code === STREAM_NOT_FOUND) return 'missing';
  return NOT_ENABLED.has(error.err_code) ? 'no-jetstream' : 'no-leader';
}

/** Whether no server has JetStream, which would listen. */
function isUnanswered(error: unknown): boolean {
  return error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
}

function summaryOf(answers: readonly StreamAnswer[]): LogDiagnosis {
  const streamsWith = (wanted: Finding) => STREAMS.filter((_stream, index) => answers[index]?.finding === wanted);
  const troubles: LogTrouble[] = [];
  for (const kind of ['no-jetstream', 'no-leader'] as const) if (streamsWith(kind).length > 0) troubles.push({ kind });
  for (const kind of ['no-permission', 'missing'] as const) {
    const streams = streamsWith(kind);
    if (streams.length > 0) troubles.push({ kind, streams });
  }
  return { troubles, clockOffsetMs: answers.find(({ clockOffsetMs }) => clockOffsetMs !== undefined)?.clockOffsetMs };
}
