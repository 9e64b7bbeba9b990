import type { FaultyWorker } from './faultyWorker.ts';

/** Mistakes with jobs of high and low priority. */
export const faultyPriorities: readonly FaultyWorker[] = [
  {
    name: 'takes normal jobs alone',
    edits: [['self.missing = late_consumers(job_type)', 'self.missing: dict[str, tuple[Consumer, ...]] = {}']],
    detectedBy: 'priorities',
    complaint: /should become completed; its events: JobCreatedWithPriority$/m,
  },
  {
    name: 'looks for the jobs of a priority once a minute only',
    edits: [['self.news.set()', 'pass']],
    detectedBy: 'priority-lane',
    complaint: /found when the server tells of it/,
  },
  {
    name: 'sets all timers for the way of normal jobs',
    edits: [['f"timers.{lane or \'due\'}.{self.job_type}"', 'f"timers.due.{self.job_type}"']],
    detectedBy: 'priority-retry',
    // A worker that takes it sets it again, for ever.
    complaint: /should become completed; its events: \w+ JobStarted JobRetryScheduled$/m,
  },
  {
    name: 'starts on a call from before a change of the priority',
    edits: [['called_from=sequence, calls_again=True)', 'calls_again=True)']],
    detectedBy: 'priority-changed',
    complaint: /a timer is the cause/,
  },
  {
    name: 'drops a call from before a change of the priority',
    edits: [['called_from=sequence, calls_again=True)', 'called_from=sequence)']],
    detectedBy: 'priority-changed',
    complaint: /should become completed; its events: \w+ JobPriorityChanged$/m,
  },
  {
    name: 'starts a job on the timer of the priority that it had',
    edits: [['self.priority != job.priority and job.status != "processing"', 'False']],
    detectedBy: 'priority-timer',
    complaint: /its timer is set again/,
  },
  {
    name: 'forgets the priority of a job that was carried',
    edits: [['priority=priority_of(event),\n            called_from', 'called_from']],
    detectedBy: 'priority-carried',
    complaint: /timers\.low\.conformance/,
  },
  {
    name: 'lets jobs of low priority starve',
    edits: [['"low": 1}', '"low": 0.001}']],
    detectedBy: 'priority-share',
    complaint: /low priority/,
  },
];
