import { faultyAnnouncements } from './faultyAnnouncements.ts';
import { faultyPriorities } from './faultyPriorities.ts';
import { faultySignals } from './faultySignals.ts';
import { faultySleeps } from './faultySleeps.ts';
import { faultySteps } from './faultySteps.ts';
import { SAME_ATTEMPT, type FaultyWorker } from './faultyWorker.ts';

const FILTER = `"Nats-Expected-Last-Subject-Sequence-Subject": f"jobs.{self.job_type}.{event['jobId']}.>",`;
const APPEND_OUTCOME = 'await self.append(name, data, at)';
const SETTLE = 'await (self.call.msg.nak() if name == "JobReleased" else self.call.msg.ack())';
const SET_RETRY_TIMER = `await self.appender.set_timer(self.call, self.job, retry_at)\n        ${SETTLE}`;

/** Mistakes that are easy to make. */
export const faultyWorkers: readonly FaultyWorker[] = [
  {
    name: 'expects nothing',
    edits: [
      ['"Nats-Expected-Last-Subject-Sequence": str(expected),', ''],
      [FILTER, ''],
    ],
    detectedBy: 'fast-path',
    complaint: /should expect sequence 1/,
  },
  {
    name: 'names another filter',
    edits: [[FILTER, FILTER.replace('{self.job_type}', '*')]],
    detectedBy: 'fast-path',
    complaint: /should name the filter/,
  },
  {
    name: 'counts versions wrong',
    edits: [['"version": job.version + 1,', '"version": job.version,']],
    detectedBy: 'fast-path',
    complaint: /should have version 2, but has 1/,
  },
  {
    name: 'completes twice',
    edits: [[APPEND_OUTCOME, `${APPEND_OUTCOME}\n        ${APPEND_OUTCOME}`]],
    detectedBy: 'fast-path',
    complaint: /JobCompleted .* cannot follow on completed/,
  },
  {
    name: 'acknowledges before it appends',
    edits: [
      [APPEND_OUTCOME, `await self.call.msg.ack()\n        ${APPEND_OUTCOME}`],
      [SETTLE, 'pass'],
    ],
    detectedBy: 'fast-path',
    complaint: /the acknowledgement comes last/,
  },
  {
    name: 'acknowledges when it starts',
    edits: [
      [
        'name, data = await self._run_handler(job_type, self.steps)',
        'await self.call.msg.ack()\n        name, data = await self._run_handler(job_type, self.steps)',
      ],
      [SETTLE, 'pass'],
    ],
    detectedBy: 'redelivery',
    complaint: /should become completed; its events: JobCreated JobStarted$/m,
  },
  {
    name: 'does not name the delivery',
    edits: [['return self.name if self.delivery == 1 else f"{self.name}#{self.delivery}"', 'return self.name']],
    detectedBy: 'redelivery',
    complaint: /the cause names the delivery/,
  },
  {
    name: 'does not keep its message alive',
    edits: [['await msg.in_progress()', 'pass']],
    detectedBy: 'heartbeat',
    complaint: /should become completed|it runs once/,
  },
  {
    name: 'ignores cancels',
    edits: [['return attempt.abort(MOVED_ON)', 'return None']],
    detectedBy: 'cancel',
    complaint: /should become completed; its events: JobCreated$/m,
  },
  {
    name: 'believes what it hears of a cancel',
    edits: [['if job is not None and (job.status, job.attempt, job.worker) != mine:', 'if mine:']],
    detectedBy: 'cancel-hint',
    complaint: /the job runs once, to its end/,
  },
  {
    name: 'retries without a timer',
    edits: [[SET_RETRY_TIMER, 'return await self.call.msg.nak(delay=0.2)']],
    detectedBy: 'retry',
    complaint: /event, timer, acknowledgement|a timer is the cause/,
  },
  {
    name: 'starts the retry on a message that was served',
    edits: [['served = call.has_started(job) or (call.delivery > 1 and not is_its_timer)', 'served = False']],
    detectedBy: 'parked-retry',
    complaint: /the timer starts the attempt/,
  },
  {
    name: 'sets the timer of a job as it was created, and does not look at it again',
    edits: [['found.is_unreadable or found.sequence <= job.sequence:', 'True:']],
    detectedBy: 'late-creation',
    complaint: /should become completed; its events: JobCreated JobDueNow JobStarted JobRetryScheduled$/m,
  },
  {
    name: 'starts delayed jobs at once',
    edits: [['served or (job.run_at or now) > (call.not_before or now)', 'served']],
    detectedBy: 'delayed',
    complaint: /a timer is the cause/,
  },
  {
    name: 'asks its clock whether a timer that has fired is due',
    edits: [['> (call.not_before or now)', '> now']],
    detectedBy: 'clock-ahead',
    complaint: /should become completed; its events: JobCreated$/m,
  },
  {
    name: 'does not measure the clock of the server',
    edits: [['server - (asked + answered) / 2', 'self.epoch']],
    detectedBy: 'clock-behind',
    complaint: /should become completed; its events: JobCreated$/m,
  },
  {
    name: 'takes over a job that runs',
    edits: [['return "hand back" if call.event is None and call.delivery == 1 else "watch"', 'return "start"']],
    detectedBy: 'duplicate-timer',
    complaint: /the job runs once/,
  },
  {
    name: 'forgets what another message has started',
    edits: [['call.delivery == 1 else "watch"', 'call.delivery == 1 else "acknowledge"']],
    detectedBy: 'lost-lease',
    complaint: /a timer is set before the acknowledgement/,
  },
  {
    name: 'starts nothing on a timer that comes again',
    edits: [['not is_its_timer)', 'True)']],
    detectedBy: 'timer-redelivery',
    complaint: /the timer that came again is the cause/,
  },
  {
    name: 'appends again after a conflict',
    edits: [
      [
        'raise OvertakenError from error',
        'return await self._store(event, (await self.log.history(event["jobId"]))[-1][1], trace)',
      ],
    ],
    detectedBy: 'conflict',
    complaint: /cannot follow on cancelled/,
  },
  {
    name: 'takes a message away that was handed back',
    edits: [['if job is not None and job.status in ("processing", "pending"):', 'if False:']],
    detectedBy: 'overtaken-release',
    complaint: /should become completed; .* JobReleased$/m,
  },
  {
    name: 'leaves a retry to a timer that nobody has set',
    edits: [
      ['await self.appender.set_timer(call, job, job.called_at(self.clock.now()))  # whoever', 'pass  # whoever'],
    ],
    detectedBy: 'overtaken-retry',
    complaint: /should become completed; .* JobRetryScheduled$/m,
  },
  {
    name: 'drops its result behind what is no event',
    edits: [['if found is None or found.sequence <= expected:', 'if True:']],
    detectedBy: 'junk',
    complaint: /should become completed; .* JobFailed$/m,
  },
  {
    name: 'drops its result behind a JobCarried',
    edits: [['if found.version > job.version and found.is_same_attempt(job):', 'if False:']],
    detectedBy: 'carried',
    complaint: /should become completed; its events: JobCarried$/m,
  },
  {
    name: 'gives an attempt up behind any event of another',
    edits: [[SAME_ATTEMPT, SAME_ATTEMPT.replace(':', ' and found.called_from > job.called_from:')]],
    detectedBy: 'foreign-event',
    complaint: /should become completed/,
  },
  {
    name: 'starts on a call from before a JobCarried',
    edits: [['            called_from=sequence,\n', '']],
    detectedBy: 'carried-call',
    complaint: /a timer is the cause/,
  },
  {
    name: 'knows no job that begins with a JobCarried',
    edits: [['event["event"] in (*CREATIONS, *CARRIES)', 'event["event"] in CREATIONS']],
    detectedBy: 'carried-lost',
    complaint: /should become completed; its events: JobCarried$/m,
  },
  {
    name: 'hands a carried job back to a message that is gone',
    edits: [['await self.appender.set_timer(self.call, self.job, at)', 'pass']],
    detectedBy: 'carried-release',
    complaint: /should become completed; .* JobReleased$/m,
  },
  {
    name: 'does not know that a job is due now',
    edits: [['return replace(job, run_at=parse_time(event["at"]))', 'return job']],
    detectedBy: 'due-now',
    complaint: /should become completed; its events: JobCreated JobDueNow$/m,
  },
  {
    name: 'runs a payload that was changed',
    edits: [['"payload": data["payload"]', '"payload": self.created["data"]["payload"]']],
    detectedBy: 'payload-changed',
    complaint: /should become completed; .* JobFailed$/m,
  },
  {
    name: 'does not wait for the time that a job was postponed to',
    edits: [['status="scheduled" if postponed else self.status', 'status=self.status']],
    detectedBy: 'revised',
    complaint: /a timer is the cause/,
  },
  {
    name: 'takes a copy of a JobCreated for a new job',
    edits: [
      [
        'event["event"] in CREATIONS and not is_first(headers, event["event"], event["jobType"], event["jobId"])',
        'False',
      ],
    ],
    detectedBy: 'junk-created',
    complaint: /should become completed; .* JobFailed$|it runs once/m,
  },
  {
    name: 'takes a copy of an event for a redelivery',
    edits: [['return newer and self.sequence not in job.dispatches', 'return False']],
    detectedBy: 'junk-created',
    complaint: /should become completed; .* JobFailed$|it runs once/m,
  },
  {
    name: 'runs a job that only newer workers understand',
    edits: [['if job.is_unreadable:', 'if False:']],
    detectedBy: 'newer-event-of-job',
    complaint: /it is not run/,
  },
  {
    name: 'goes on with an attempt that an event of a newer release may have ended',
    edits: [['if self.is_unreadable or not self.status', 'if not self.status']],
    detectedBy: 'newer-event-of-attempt',
    complaint: /JobCompleted/,
  },
  {
    name: 'takes a job that a newer release has begun in its own way for none',
    edits: [['if job is None and event is not None and event["event"] == NEWER:', 'if False:']],
    detectedBy: 'newer-first-event',
    complaint: /a timer offers it to newer workers/,
  },
  {
    name: 'hands back what only looks like an event of a newer release',
    edits: [['if newer is not None and is_checked(headers, newer):', 'if newer is not None:']],
    detectedBy: 'newer-junk',
    complaint: /should become processing/,
  },
  {
    name: 'follows links to other jobs',
    edits: [['own and (first or (checked and bool(previous)))', 'previous is not None']],
    detectedBy: 'junk-redelivery',
    complaint: /should become completed; .* JobStarted$/m,
  },
  {
    name: 'burns an attempt when it must end',
    edits: [['return "JobReleased", {"reason": SHUTDOWN}', 'return failure(RuntimeError("shutdown"), self.job)']],
    detectedBy: 'release',
    complaint: /should become completed; .* JobFailed/,
  },
  {
    name: 'retries a payload that it cannot read',
    edits: [['if isinstance(error, InvalidPayloadError):', 'if False:']],
    detectedBy: 'invalid-payload',
    complaint: /juggle/,
  },
  ...faultyPriorities,
  ...faultySteps,
  ...faultySleeps,
  ...faultySignals,
  ...faultyAnnouncements,
];
