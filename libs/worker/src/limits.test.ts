import { defineJob } from '@jobstream/client';
import { expect, test } from 'vitest';
import { testContext } from '../testing/testContext.ts';
import { announcedSchema } from './announcing/announcedSchema.ts';
import type { AttemptCommand, JobChain } from './attempt/chain/jobChain.ts';
import { ProgressReporter } from './attempt/chain/progressReporter.ts';
import { AttemptLog } from './attemptLogs/attemptLog.ts';
import { logLine } from './attemptLogs/logLine.ts';
import { InvalidPayloadError } from './handler/handlerErrors.ts';
import { jobErrorOf } from './handler/jobErrorOf.ts';
import { jobHandler } from './handler/jobHandler.ts';
import { jsonResult } from './handler/jsonResult.ts';

const text = (length: number) => 'x'.repeat(length);
const given = { time: 1, level: 'info', bound: '', first: '', message: undefined, stacks: true } as const;
const lineOf = (parts: object) => JSON.parse(logLine({ ...given, ...parts })) as Record<string, unknown>;
const fieldOf = (fields: object) => (lineOf({ first: fields })['fields'] as { a: string | { b: string } }).a;

const withSchema = (validate: () => { issues: readonly { message: string }[] }, jsonSchema: object = {}) =>
  ({
    '~standard': {
      version: 1,
      vendor: 'test',
      validate,
      jsonSchema: { input: () => jsonSchema, output: () => jsonSchema },
    },
  }) as const;

async function progressOf(length: number): Promise<number> {
  const commands: AttemptCommand[] = [];
  const chain = { record: async (command: AttemptCommand) => void commands.push(command) };
  const reporter = new ProgressReporter(chain as unknown as JobChain, 1, (error) => expect.unreachable(String(error)));
  reporter.report({ message: text(length) });
  await reporter.finish();
  return commands[0]?.kind === 'ReportProgress' ? whole(commands[0].message) : 0;
}

/** How many of so many mistakes in a payload its error names. */
async function mistakesNamed(count: number): Promise<number> {
  const issues = Array.from({ length: count }, (_, index) => ({ message: `mistake ${index}` }));
  const handler = jobHandler(defineJob('order', { payload: withSchema(() => ({ issues })) as never }), () => undefined);
  const run = async () => handler.run({}, testContext());
  const error: unknown = await run().catch((thrown: unknown) => thrown);
  if (!(error instanceof InvalidPayloadError)) throw error;
  return error.message.split('mistake ').length - 1;
}

async function bytesAnnounced(bytes: number): Promise<number> {
  const schema = { title: text(bytes - '{"title":""}'.length) };
  const announced = await announcedSchema(
    withSchema(() => ({ issues: [] }), schema),
    'input',
  );
  return announced.kind === 'schema' ? JSON.stringify(announced.schema).length : 0;
}

function resultOf(bytes: number): number {
  try {
    return JSON.stringify(jsonResult(text(bytes - '""'.length))).length;
  } catch {
    return 0;
  }
}

function fieldsOf(length: number): number {
  const fields = JSON.stringify(lineOf({ bound: `"a":"${text(length - '"a":""'.length)}"` })['fields']);
  return fields.length - '{}'.length;
}

/** The bytes of the log of an attempt that writes so many: none if a line was not kept. */
function keptOfRun(bytes: number): number {
  const log = new AttemptLog({ jobId: 'j', attempt: 1, runId: 'r' }, 'email');
  const ofLine = logLine(given).length + 1;
  let left = bytes;
  for (; left > 9_000; left -= 8_000) log.add({ ...given, first: text(8_000 - ofLine) });
  log.add({ ...given, first: text(left - ofLine) });
  return log.skipped === 0 ? log.takeChunk().lines.length + 1 : 0;
}

type Keep = (size: number) => number | Promise<number>;

/** The characters of a text, none of one that was cut. */
const whole = (kept: unknown) => (typeof kept === 'string' && !kept.endsWith('…') ? kept.length : 0);
const failed = (fields: object) => jobErrorOf(Object.assign(new Error('failed'), fields));

test.each<[what: string, limit: number, Keep]>([
  ['the message of a log line', 8_192, (size) => whole(lineOf({ first: text(size) })['message'])],
  ['a field of a log line', 8_192, (size) => whole(fieldOf({ a: text(size) }))],
  [
    'a field of an object in a log line',
    8_192,
    (size) => whole((fieldOf({ a: { b: text(size) } }) as { b: string }).b),
  ],
  ['the fields of a log line', 16_384, fieldsOf],
  ['the lines of an attempt', 65_536 - 512, keptOfRun],
  ['the name of an error', 128, (size) => whole(failed({ name: text(size) }).name)],
  ['the code of an error', 128, (size) => whole(failed({ code: text(size) }).code)],
  ['the message of an error', 2_048, (size) => whole(failed({ message: text(size) }).message)],
  ['the text of what else is thrown', 2_048, (size) => whole(jobErrorOf(text(size)).message)],
  ['the stack of an error', 4_096, (size) => whole(failed({ stack: text(size) }).stack)],
  ['the JSON of a result', 262_144, resultOf],
  ['the message of a progress', 1_024, progressOf],
  ['the list of mistakes in a payload', 20, mistakesNamed],
  ['the JSON of a schema', 60_000, bytesAnnounced],
])('%s is kept whole up to %i, and not beyond', async (_what, limit, keep) => {
  expect(await keep(limit)).toBe(limit);
  expect(await keep(limit + 1)).toBeLessThanOrEqual(limit);
});
