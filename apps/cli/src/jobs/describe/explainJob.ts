import { explainWaiting, foldStack, type Job, type WaitingFor } from '@jobstream/client';
import type { Printer } from '../../output/printer.ts';
import { plainText } from '../../output/table.ts';
import { formatDuration } from '../../output/times.ts';
import { describeError } from './describeEvent.ts';

/** Why a job does not run in a sentence, and what to do in another where there is something. */
interface Explanation {
  readonly because: string;
  readonly advice?: string | undefined;
}

/** The command that helps, where there is one. */
const COMMANDS: {
  readonly [Reason in WaitingFor['reason']]?: (waiting: Extract<WaitingFor, { reason: Reason }>, job: Job) => string;
} = {
  due: (_waiting, { id }) => `If it is not needed any more: jobstream cancel ${id}`,
  sleep: (_waiting, { id }) => `If it is not needed any more: jobstream cancel ${id}`,
  signal: ({ names: [name] }, { id }) => `To send it: jobstream signal ${id} ${name}`,
  backoff: (_waiting, { id }) => `If the cause is gone: jobstream run-now ${id}`,
  paused: ({ all }, { type }) => `When the reason is gone: jobstream types resume ${all ? '--all' : type}`,
  noWorker: ({ announced }, { type }) =>
    announced
      ? `Start the workers of ${type}; jobstream workers has those that are gone.`
      : `Start a worker for ${type}, or correct the type if it is misspelt: jobstream types`,
};

/** Explains a job to people. */
export function explainJob(job: Job, printer: Pick<Printer, 'time'>): Explanation {
  const { status, waitingFor, error, attempt, maxAttempts, id } = job;
  const waiting = explainWaiting(job, { time: printer.time, duration: formatDuration });
  if (waiting !== undefined) {
    const stack = waitingFor?.reason === 'backoff' ? stackOf(error) : '';
    return { because: `${plainText(waiting.because)}${stack}`, advice: commandFor(job) ?? waiting.advice };
  }
  if (status === 'completed') return { because: 'It has completed.' };
  if (status === 'cancelled')
    return { because: 'It was cancelled.', advice: `To run it after all: jobstream retry ${id}` };
  const why = job.byDefinition?.settings.includes('maxAttempts') === true ? ', as its definition says' : '';
  const because = `It has failed, in attempt ${attempt} of ${maxAttempts}${why}${causeOf(error)}`;
  return { because, advice: `When the cause is gone: jobstream retry ${id}` };
}

function commandFor(job: Job): string | undefined {
  const { waitingFor } = job;
  if (waitingFor === undefined) return 'jobstream doctor';
  const command = COMMANDS[waitingFor.reason] as ((waiting: WaitingFor, job: Job) => string) | undefined;
  return command?.(waitingFor, job);
}

function causeOf(error: Job['error']): string {
  return error === undefined ? '.' : `: ${plainText(describeError(error))}${stackOf(error)}`;
}

/** The stack where the caller may see it, as people read it. */
export function stackOf(error: Job['error']): string {
  const { stack = '' } = error ?? {};
  return stack === '' ? '' : `\n${foldStack(stack).split('\n').map(plainText).join('\n')}`;
}
