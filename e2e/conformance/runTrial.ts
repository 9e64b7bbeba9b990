import { checkLog } from './checkLog.ts';
import type { Scenario } from './scenario.ts';
import { Testbed } from './testbed/testbed.ts';

/** One scenario with one worker. */
export interface Trial {
  /** The name of the worker in the report. */
  readonly worker: string;
  /** Starts it. */
  readonly command: string;
  readonly scenario: Scenario;
  /** The worker is faulty on purpose: the scenario must fail with a complaint like this one. */
  readonly expectedComplaint?: RegExp;
}

export interface Verdict {
  readonly trial: Trial;
  /** Empty if the trial passed. */
  readonly complaints: readonly string[];
  /** The log and the output of the workers. */
  readonly evidence: readonly string[];
  readonly seconds: number;
}

const LOG_LINES_SHOWN = 30;
/** Scenarios wait most of the time, so several run at once; more would starve a small machine. */
const CONCURRENCY = 6;

/** Runs the trials, each on a server of its own, and reports each verdict as it comes. Never rejects. */
export async function runTrials(trials: readonly Trial[], report: (verdict: Verdict) => void): Promise<void> {
  const queue = trials.values();
  const lane = async () => {
    for (const trial of queue) report(await runTrial(trial));
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
}

async function runTrial(trial: Trial): Promise<Verdict> {
  const began = performance.now();
  const found = await run(trial);
  const complaints =
    trial.expectedComplaint === undefined ? found.complaints : undetected(found.complaints, trial.expectedComplaint);
  const seconds = (performance.now() - began) / 1_000;
  return { trial, complaints, evidence: complaints.length > 0 ? found.evidence : [], seconds };
}

async function run({ scenario, command }: Trial): Promise<Pick<Verdict, 'complaints' | 'evidence'>> {
  try {
    await using testbed = await Testbed.open(command);
    const complaints = await complaintsAbout(scenario, testbed);
    return { complaints, evidence: complaints.length > 0 ? await evidenceOf(testbed) : [] };
  } catch (error) {
    return { complaints: [messageOf(error)], evidence: [] };
  }
}

/** The log is checked even when the scenario failed: it may say why. */
async function complaintsAbout(scenario: Scenario, testbed: Testbed): Promise<readonly string[]> {
  const complaints: string[] = [];
  try {
    await scenario.run(testbed);
    if (scenario.leavesMessage !== true) await testbed.untilIdle();
    for (const worker of testbed.workers) await worker.terminate();
  } catch (error) {
    complaints.push(messageOf(error));
  }
  return [...complaints, ...checkLog(await testbed.log())];
}

function undetected(complaints: readonly string[], expected: RegExp): string[] {
  if (complaints.some((complaint) => expected.test(complaint))) return [];
  return [`the worker is faulty on purpose, and there should be a complaint like ${expected}, but:`, ...complaints];
}

async function evidenceOf(testbed: Testbed): Promise<string[]> {
  const log = (await testbed.log()).map(({ sequence, subject, body }) => `log ${sequence} ${subject} ${body}`);
  const output = testbed.workers.flatMap(({ lines }, index) => lines.map((line) => `worker ${index + 1}: ${line}`));
  return [...log.slice(-LOG_LINES_SHOWN), ...output];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The verdict as lines of the report: one when the trial passed, else with its complaints and evidence. */
export function verdictLines({ trial, complaints, evidence, seconds }: Verdict): string[] {
  const { worker, scenario, expectedComplaint } = trial;
  const title = expectedComplaint === undefined ? scenario.title : 'detects it';
  const line = `${worker}, ${scenario.name}: ${title} (${seconds.toFixed(1)} s)`;
  if (complaints.length === 0) return [`ok      ${line}`];
  return [`NOT OK  ${line}`, ...complaints.flatMap(indented), ...evidence.flatMap((text) => indented(`  ${text}`))];
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `        ${line}`);
}
