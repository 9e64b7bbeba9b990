import assert from 'node:assert/strict';
import { checkLog } from './judge/checkLog.ts';
import type { Scenario } from './scenario.ts';
import { Stage } from './stage/stage.ts';

export interface Verdict {
  readonly scenario: Scenario;
  /** Empty if the worker passed; else why not, and what a person needs to see why. */
  readonly complaints: readonly string[];
  readonly evidence: readonly string[];
  readonly seconds: number;
}

const LOG_LINES_SHOWN = 30;

/** Plays one scenario with a worker started by `command`, on a server of its own. Never rejects. */
export async function runScenario(scenario: Scenario, command: string): Promise<Verdict> {
  const began = performance.now();
  const verdict = (complaints: readonly string[], evidence: readonly string[] = []): Verdict => {
    return { scenario, complaints, evidence, seconds: (performance.now() - began) / 1_000 };
  };
  try {
    await using stage = await Stage.open(command);
    const complaints = await played(scenario, stage);
    return verdict(complaints, complaints.length > 0 ? await evidenceOf(stage) : []);
  } catch (error) {
    return verdict([messageOf(error)]);
  }
}

/** What is wrong with the worker. The log is judged even when the scenario came to no end: it may say why. */
async function played(scenario: Scenario, stage: Stage): Promise<readonly string[]> {
  const complaints: string[] = [];
  try {
    await scenario.run(stage);
    if (scenario.leavesMessage !== true) await stage.settled();
    for (const worker of stage.workers) await worker.terminate();
  } catch (error) {
    complaints.push(messageOf(error));
  }
  return [...complaints, ...checkLog(await stage.log())];
}

async function evidenceOf(stage: Stage): Promise<string[]> {
  const log = (await stage.log()).map(({ sequence, subject, body }) => `log ${sequence} ${subject} ${body}`);
  const said = stage.workers.flatMap(({ lines }, index) => lines.map((line) => `worker ${index + 1}: ${line}`));
  return [...log.slice(-LOG_LINES_SHOWN), ...said];
}

function messageOf(error: unknown): string {
  if (error instanceof assert.AssertionError || !(error instanceof Error)) return String(error);
  return error.message;
}
