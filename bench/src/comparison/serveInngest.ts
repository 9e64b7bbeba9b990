import { freePort } from '@jobstream/servers';
import { eventually } from '@jobstream/test-support';
import { startProcess } from '../servers/startProcess.ts';
import type { ComparedServers } from './comparedServers.ts';

interface Run {
  readonly run_id: string;
  readonly status: string;
}

const OUTPUT_ID = 'query($id: String!) { run(runID: $id) { trace { outputID } } }';
const OUTPUT = 'query($id: String!) { runTraceSpanOutputByID(outputID: $id) { data } }';

/** Starts Inngest's development server if INNGEST_SERVER is the path of its program. */
export async function serveInngest(): Promise<ComparedServers | undefined> {
  const program = process.env['INNGEST_SERVER'];
  if (program === undefined) return undefined;
  const port = await freePort();
  const args = ['dev', '--no-discovery', '--no-poll', '--host', '127.0.0.1', '--port', String(port)];
  for (const part of ['gateway-port', 'gateway-grpc-port', 'executor-grpc-port']) {
    args.push(`--connect-${part}`, String(await freePort()));
  }
  const server = await startProcess(program, args, { env: { ...process.env, DO_NOT_TRACK: '1' } });
  const url = `http://127.0.0.1:${port}`;
  await eventually(() => fetch(`${url}/health`), { timeoutMs: 60_000 });
  return {
    env: { INNGEST_DEV: url },
    results: () => completedRuns(url),
    stop: () => server.stop(),
  };
}

async function completedRuns(url: string): Promise<readonly unknown[]> {
  const events = await list<{ id: string }>(`${url}/v1/events?name=thumbnail`);
  const runs = await Promise.all(events.map(({ id }) => list<Run>(`${url}/v1/events/${id}/runs`)));
  const completed = runs.flat().filter(({ status }) => status === 'Completed');
  return Promise.all(completed.map((run) => outputOf(url, run)));
}

async function outputOf(url: string, { run_id: id }: Run): Promise<unknown> {
  const { run } = await query<{ run: { trace: { outputID: string } } }>(url, OUTPUT_ID, id);
  const output = await query<{ runTraceSpanOutputByID: { data: string } }>(url, OUTPUT, run.trace.outputID);
  return JSON.parse(output.runTraceSpanOutputByID.data) as unknown;
}

async function query<Data>(url: string, text: string, id: string): Promise<Data> {
  const response = await fetch(`${url}/v0/gql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: text, variables: { id } }),
  });
  return ((await response.json()) as { data: Data }).data;
}

async function list<Item>(url: string): Promise<readonly Item[]> {
  const { data } = (await (await fetch(url)).json()) as { data: readonly Item[] | null };
  return data ?? [];
}
