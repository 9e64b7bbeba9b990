import type { FaultyWorker } from './faultyWorker.ts';

const SUSPEND = 'await self.append("JobSuspended", data, at)';
const SET_TIMER = 'await self.appender.set_timer(self.call, self.job, call_at)';
const SET_AGAIN = 'await self.appender.set_own_timer(self.call, self.job)';

/** Mistakes with attempts that wait. */
export const faultySleeps: readonly FaultyWorker[] = [
  {
    name: 'begins a sleep anew in each run',
    edits: [['if recorded is None or "error" in recorded:', 'if True:']],
    detectedBy: 'sleep-short',
    complaint: /begun once for the job/,
  },
  {
    name: 'sets no timer before it suspends an attempt',
    edits: [[`${SET_TIMER}\n        ${SUSPEND}`, SUSPEND]],
    detectedBy: 'sleep',
    complaint: /timer, event, timer, acknowledgement/,
  },
  {
    name: 'sets no timer behind JobSuspended',
    edits: [[`${SUSPEND}\n        ${SET_AGAIN}`, SUSPEND]],
    detectedBy: 'sleep',
    complaint: /timer, event, timer, acknowledgement/,
  },
  {
    name: 'uses up an attempt by waiting',
    edits: [['return "resume" if job.status == "waiting" else "start"', 'return "start"']],
    detectedBy: 'sleep',
    complaint: /JobStarted .* cannot follow on waiting/,
  },
  {
    name: 'counts the last run of an attempt alone',
    edits: [['round(self.job.ran_ms + (monotonic() - began) * 1000)', 'round((monotonic() - began) * 1000)']],
    detectedBy: 'sleep',
    complaint: /what it ran in both runs counts/,
  },
  {
    name: 'gives each run the whole time',
    edits: [['self.created["data"]["timeoutMs"] - self.ran_ms', 'self.created["data"]["timeoutMs"]']],
    detectedBy: 'sleep-timeout',
    complaint: /should become failed; .* JobCompleted$/m,
  },
  {
    name: 'lists a run under the id of an earlier one',
    edits: [['return self._begun(event)', 'return replace(self._begun(event), run=self.run)']],
    detectedBy: 'sleep-presence',
    complaint: /in a heartbeat, not/,
  },
  {
    name: 'waits until the last sleep is over',
    edits: [['min((one.end for one', 'max((one.end for one']],
    detectedBy: 'sleep-together',
    complaint: /it waits twice/,
  },
  {
    name: 'believes a handler that swallows the interruption',
    edits: [
      [
        'if suspension is not None and steps.fault is None:',
        'if suspension is not None and is_suspension(self.error):',
      ],
    ],
    detectedBy: 'sleep-swallowed',
    complaint: /nothing is done behind the sleep/,
  },
  {
    name: 'does things behind a sleep whose interruption was swallowed',
    edits: [['raise self._sleeps.interruption("another branch of the handler")', 'pass']],
    detectedBy: 'sleep-swallowed',
    complaint: /nothing is done behind the sleep/,
  },
  {
    name: 'sets a timer for years ahead',
    edits: [['min(self.run_at or now, now + LONGEST_TIMER)', 'self.run_at or now']],
    detectedBy: 'sleep-early',
    complaint: /an hour ahead at most/,
  },
  {
    name: 'drops the timer of a job that waits for longer',
    edits: [
      [
        'return "set timer"\n    return "resume"',
        'return "acknowledge" if job.status == "waiting" else "set timer"\n    return "resume"',
      ],
    ],
    detectedBy: 'sleep-early',
    complaint: /its timer is set again/,
  },
  {
    name: 'goes on with an attempt on a message that was served',
    edits: [['if served or (job.run_at', 'if (served and job.status != "waiting") or (job.run_at']],
    detectedBy: 'sleep-lost-behind',
    complaint: /a timer is the cause/,
  },
  {
    name: 'does not know a job that was carried while it waited',
    edits: [['"JobCarriedWithSteps", "JobCarriedWaiting")', '"JobCarriedWithSteps")']],
    detectedBy: 'sleep-carried',
    complaint: /should become completed; its events: JobCarriedWaiting$/m,
  },
  {
    name: 'suspends an attempt while a process lives that does not understand that',
    edits: [['if not self._sleeps.keeps_slot(end):', 'if False:']],
    detectedBy: 'sleep-upgrade',
    complaint: /it keeps its slot/,
  },
];
