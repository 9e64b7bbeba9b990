import type { InjectedFault } from './faults/injectFaults.ts';
import { rules } from './judge/violation.ts';
import type { Rule, Violation } from './judge/violation.ts';
import type { ScenarioReport } from './scenario.ts';

const SHOWN = 40;

/** The report of a scenario for people. */
export function reportLines({
  verdict,
  faults,
  crashes,
  unexpected,
  quiet,
  seconds,
}: ScenarioReport): readonly string[] {
  const { repeats, statuses } = verdict;
  const junk = Object.entries(verdict.junk);
  const ended = Object.entries(statuses).map(([status, count]) => `${status} ${count}`);
  return [
    ...recoveryTable(faults),
    '',
    `${faults.length} faults in ${seconds} s of load, ${verdict.events} events in the log`,
    `acknowledged jobs: ${verdict.acknowledged}; stored without an acknowledgement: ${verdict.unacknowledged}`,
    `ended as: ${ended.join(', ')}`,
    `messages of a stranger: ${junk.reduce((sum, [, count]) => sum + count, 0)}` +
      ` (${junk.map(([kind, count]) => `${kind} ${count}`).join(', ')})`,
    `side effects: ${verdict.effects}; jobs with more than one: ${repeats.jobs}, explained by ${repeats.afterRetry} retries,` +
      ` ${repeats.afterTakeOver} take-overs, ${repeats.afterWait} waits, ${repeats.afterRelease} releases, ${repeats.afterRequeue} requeues`,
    `steps: ${verdict.steps.done}; done again because their attempt was cut off: ${verdict.steps.repeated}`,
    `waits of attempts, without a worker: ${verdict.waits}; signals: ${verdict.signals.sent}, read: ${verdict.signals.read}`,
    ...listed('processes that ended by themselves', crashes),
    ...listed('answers that no client should get', unexpected),
    `the system ${quiet ? 'came to rest' : 'DID NOT COME TO REST'}`,
    '',
    ...(Object.keys(rules) as Rule[]).map(
      (rule) => `${String(countOf(verdict.violations, rule)).padStart(6)}  ${rules[rule]}`,
    ),
    ...violationLines(verdict.violations),
  ];
}

function listed(what: string, items: readonly string[]): readonly string[] {
  return [`${what}: ${items.length}`, ...items.slice(0, SHOWN).map((item) => `  ${item}`)];
}

/** Whether all went by the rules. */
export function passed({ verdict, faults, crashes, unexpected, quiet }: ScenarioReport): boolean {
  const recovered = faults.every(({ recovery }) => Object.values(recovery).every((sign) => sign !== undefined));
  const complaints = [...verdict.violations, ...crashes, ...unexpected];
  return complaints.length === 0 && quiet && recovered;
}

function countOf(violations: readonly Violation[], rule: Rule): number {
  return violations.filter((violation) => violation.rule === rule).length;
}

function violationLines(violations: readonly Violation[]): readonly string[] {
  const lines = violations.slice(0, SHOWN).map(({ rule, jobId = '-', detail }) => `  ${rule} ${jobId}: ${detail}`);
  return violations.length > SHOWN ? [...lines, `  … and ${violations.length - SHOWN} more`] : lines;
}

const columns = [
  'fault',
  'hit',
  'lasted',
  'acknowledged meanwhile',
  'creates after',
  'completes after',
  'in table after',
];

function recoveryTable(faults: readonly InjectedFault[]): readonly string[] {
  const rows = [columns, ...faults.map(rowOf)];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A plus marks a fault that came on top of the recovery from the one before, whose times it prolongs. */
function rowOf({ kind, target, holdMs, afterMs, acknowledged, recovery }: InjectedFault): string[] {
  const { created, completed, projected } = recovery;
  return [
    `${afterMs === 0 ? '+ ' : ''}${kind.name}`,
    target,
    ms(holdMs),
    String(acknowledged),
    ms(created),
    ms(completed),
    ms(projected),
  ];
}

function ms(value: number | undefined): string {
  return value === undefined ? 'NEVER' : `${value} ms`;
}
