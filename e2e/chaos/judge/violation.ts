/** What the judge can find, each with the words in which its number is reported. */
export const rules = {
  lost: 'acknowledged jobs lost',
  'not-terminal': 'acknowledged jobs not ended',
  'lost-change': 'acknowledged cancellations and retries lost',
  invented: 'jobs that no client created, or twice for one creation',
  terminals: 'jobs with two ends and no requeue between',
  illegal: 'illegal transitions',
  unique: 'times that two jobs with one unique key had not ended',
  claim: 'unique jobs without a claim of their key',
  early: 'attempts before their time',
  clock: 'events whose times are not those of the server',
  timers: 'timers beyond what the waits of jobs need',
  version: 'breaks in the versions of a job',
  chain: 'breaks in the chain of sequences of a job',
  message: 'messages that are missing, doubled or not what their subject says',
  copy: 'servers whose copy of the log differs',
  row: 'rows that differ from the log',
  'missing-row': 'jobs of the log without a row',
  'extra-row': 'rows without a job in the log',
  counts: 'wrong numbers in job_counts',
  past: 'lists and counts of past moments that differ from the log',
  quarantine: 'messages in quarantine that do not belong there, or are missing',
  effect: 'side effects without a started attempt of their number',
  'double-effect': 'side effects run more than once without an explanation',
  steps: 'steps that ran again, or whose results are not what was recorded',
  sleeps: 'sleeps that were cut short, or waits that are not those of a sleep',
  signals: 'signals that were lost, read twice or out of their order, or that a wait has missed',
  'no-effect': 'completed webhooks without their side effect',
} as const;

export type Rule = keyof typeof rules;

export interface Violation {
  readonly rule: Rule;
  readonly jobId?: string;
  readonly detail: string;
}
