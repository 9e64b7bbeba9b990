import { setTimeout as pause } from 'node:timers/promises';
import type { TableDifference, Verification, Verifications } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { formatDuration } from '../output/times.ts';
import { countOf } from '../output/countOf.ts';

interface ProofOptions extends ApiOptions {
  readonly now?: true;
}

const POLL_MS = 500;
const NUMBERS = new Intl.NumberFormat('en');

export function proofCommand(run: RunOnApi) {
  return apiCommand(
    'proof',
    'Says when the table was last compared with the log, and whether they are equal. It needs the scope admin.',
  )
    .option('--now', 'compare them now, which reads the whole log, and wait for the end')
    .addHelpText(
      'after',
      examples('jobstream proof', 'jobstream proof --now', 'jobstream proof --json | jq .last.differences'),
    )
    .action(run(showProof));
}

/** The exit codes are those of `verify`. */
async function showProof(api: Api, { now }: ProofOptions): Promise<ExitCode> {
  const { client, printer, signal } = api;
  const proof = now ? await verified(api) : await client.proof.read({ signal });
  printer.document(proof, () => describe(proof, api).join('\n'));
  const { status } = proof.last ?? { status: 'failed' };
  if (status === 'equal') return ExitCode.ok;
  return status === 'failed' ? ExitCode.failed : ExitCode.negative;
}

async function verified({ client, printer, signal }: Api): Promise<Verifications> {
  const { current } = await client.proof.request({ signal });
  if (current !== undefined && !printer.json) printer.note('A projector compares the table with the log.');
  for (;;) {
    const proof = await client.proof.read({ signal });
    if (proof.current?.id !== current?.id) return proof;
    await pause(POLL_MS, undefined, { signal });
  }
}

function describe({ current, last }: Verifications, { printer }: Api): readonly string[] {
  const lines = last === undefined ? ['The table was not compared with the log yet.'] : describeEnd(last, printer);
  return current === undefined ? lines : [...lines, `A comparison is ${current.status}${progressOf(current)}.`];
}

function describeEnd(last: Verification, { time, tone }: Api['printer']): readonly string[] {
  const { status, first = [], finishedAt = '', reason = 'no reason given' } = last;
  if (status === 'failed') return [tone('bad', `The comparison failed ${time(finishedAt)}: ${reason}`)];
  const rest = `${figuresOf(last)} compared ${time(finishedAt)}${tookOf(last)}`;
  if (status === 'equal') return [`${tone('good', 'equal')} ${rest}`];
  return [...first.map(differenceLine), `${tone('bad', status === 'lags' ? 'lags behind' : 'different')} ${rest}`];
}

function figuresOf({ position = 0, end = 0, jobs = 0, differences = 0 }: Verification): string {
  const [at, of] = [position, end].map((number) => NUMBERS.format(number));
  return `at event ${at} of ${of}: ${countOf(jobs, 'job')}, ${countOf(differences, 'difference')},`;
}

function differenceLine({ table, key, field, live, log }: TableDifference): string {
  return `${table} ${key}: ${field} is ${live ?? 'missing'}, but ${log ?? 'missing'} by the log`;
}

function tookOf({ startedAt, finishedAt }: Verification): string {
  if (startedAt === undefined || finishedAt === undefined) return '';
  return ` in ${formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))}`;
}

function progressOf({ progress }: Verification): string {
  return progress === undefined ? '' : `: ${progress.step}, ${progress.done} of ${progress.total}`;
}
