import { checkLog } from './judge/checkLog.ts';
import type { Scenario } from './scenario.ts';
import { Stage } from './stage/stage.ts';
import type { Trial } from './trial.ts';
import type { Verdict } from './verdict.ts';

const LOG_LINES_SHOWN = 30;

/** Plays the trial on a server of its own. Never rejects. */
export async function runTrial(trial: Trial): Promise<Verdict> {
  const began = performance.now();
  const { complaints, evidence } = await played(trial);
  const wrong = trial.mustComplain === undefined ? complaints : unnoticed(complaints, trial.mustComplain);
  const seconds = (performance.now() - began) / 1_000;
  return { trial, complaints: wrong, evidence: wrong.length > 0 ? evidence : [], seconds };
}

async function played({ scenario, command }: Trial): Promise<Pick<Verdict, 'complaints' | 'evidence'>> {
  try {
    await using stage = await Stage.open(command);
    const complaints = await complaintsAbout(scenario, stage);
    return { complaints, evidence: complaints.length > 0 ? await evidenceOf(stage) : [] };
  } catch (error) {
    return { complaints: [messageOf(error)], evidence: [] };
  }
}

/** What is wrong with the worker. The log is judged even when the scenario came to no end: it may say why. */
async function complaintsAbout(scenario: Scenario, stage: Stage): Promise<readonly string[]> {
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

function unnoticed(complaints: readonly string[], wanted: RegExp): string[] {
  if (complaints.some((complaint) => wanted.test(complaint))) return [];
  return [`the worker is broken on purpose, and there should be a complaint like ${wanted}, but:`, ...complaints];
}

async function evidenceOf(stage: Stage): Promise<string[]> {
  const log = (await stage.log()).map(({ sequence, subject, body }) => `log ${sequence} ${subject} ${body}`);
  const said = stage.workers.flatMap(({ lines }, index) => lines.map((line) => `worker ${index + 1}: ${line}`));
  return [...log.slice(-LOG_LINES_SHOWN), ...said];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
