import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { PYTHON_SOURCE, pythonCommand } from './exampleWorkers.ts';

const FOLDER = path.join(repositoryRoot, '.data', 'conformance', 'faulty');

const FILTER = `"Nats-Expected-Last-Subject-Sequence-Subject": f"jobs.{self.job_type}.{event['jobId']}.>",`;
const APPEND_OUTCOME = 'await attempt.append(name, data, at)';
const SET_RETRY_TIMER =
  'await self.set_timer(call, retry_at)\n        await (call.msg.nak() if name == "JobReleased" else call.msg.ack())';

/** The Python example with one planted fault, the scenario that must detect it, and the complaint that it must make. */
export interface FaultyWorker {
  readonly name: string;
  /** Each text stands exactly once in the example. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  readonly detectedBy: string;
  readonly complaint: RegExp;
}

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
      [APPEND_OUTCOME, `await call.msg.ack()\n        ${APPEND_OUTCOME}`],
      ['await (call.msg.nak() if name == "JobReleased" else call.msg.ack())', 'pass'],
    ],
    detectedBy: 'fast-path',
    complaint: /the acknowledgement comes last/,
  },
  {
    name: 'acknowledges when it starts',
    edits: [
      [
        'name, data = await self.run_handler(attempt)',
        'await call.msg.ack()\n            name, data = await self.run_handler(attempt)',
      ],
      ['await (call.msg.nak() if name == "JobReleased" else call.msg.ack())', 'pass'],
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
    edits: [[SET_RETRY_TIMER, 'return await call.msg.nak(delay=0.2)']],
    detectedBy: 'retry',
    complaint: /event, timer, acknowledgement|a timer is the cause/,
  },
  {
    name: 'starts the retry on a message that was served',
    edits: [
      ['served = call.delivery > 1 or (job.started_by is not None and started_by is not None)', 'served = False'],
    ],
    detectedBy: 'parked-retry',
    complaint: /the timer starts the attempt/,
  },
  {
    name: 'starts delayed jobs at once',
    edits: [['served or (job.run_at or now) > (call.fired_for or now)', 'served']],
    detectedBy: 'delayed',
    complaint: /a timer is the cause/,
  },
  {
    name: 'asks its clock whether a timer that has fired is due',
    edits: [['> (call.fired_for or now)', '> now']],
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
    edits: [['return "hand back" if call.event is None and call.delivery == 1 else "acknowledge"', 'return "start"']],
    detectedBy: 'duplicate-timer',
    complaint: /the job runs once/,
  },
  {
    name: 'appends again after a conflict',
    edits: [
      [
        'raise Overtaken from error',
        'return await self.store(event, (await self.history(event["jobId"]))[-1][1], trace)',
      ],
    ],
    detectedBy: 'conflict',
    complaint: /cannot follow on cancelled/,
  },
  {
    name: 'drops its result behind what is no event',
    edits: [['if found is None or found.sequence <= expected:', 'if True:']],
    detectedBy: 'junk',
    complaint: /should become completed; .* JobFailed$/m,
  },
  {
    name: 'drops its result behind a JobCarried',
    edits: [['if found.version > job.version and found.is_same_attempt(job):  # it was carried', 'if False:']],
    detectedBy: 'carried',
    complaint: /should become completed; its events: JobCarried$/m,
  },
  {
    name: 'starts on a call from before a JobCarried',
    edits: [['if call.event is not None and call.sequence < job.carried:', 'if False:']],
    detectedBy: 'carried-call',
    complaint: /a timer is the cause/,
  },
  {
    name: 'knows no job that begins with a JobCarried',
    edits: [['event["event"] in ("JobCreated", "JobCarried")', 'event["event"] == "JobCreated"']],
    detectedBy: 'carried-lost',
    complaint: /should become completed; its events: JobCarried$/m,
  },
  {
    name: 'hands a carried job back to a message that is gone',
    edits: [['name == "JobReleased" and attempt.job.carried > attempt.began', 'False']],
    detectedBy: 'carried-release',
    complaint: /should become completed; .* JobReleased$/m,
  },
  {
    name: 'takes a copy of a JobCreated for a new job',
    edits: [
      [
        'if event["event"] == "JobCreated" and not is_first(headers or {}, event["jobType"], event["jobId"]):',
        'if False:',
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
    edits: [['if job is not None and job.is_unreadable:', 'if False:']],
    detectedBy: 'newer-event-of-job',
    complaint: /it is not run/,
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
    edits: [
      [
        'return "JobReleased", {"reason": attempt.aborted_for or "the handler was cancelled"}',
        'return failure(RuntimeError("shutdown"), attempt.job)',
      ],
    ],
    detectedBy: 'release',
    complaint: /should become completed; .* JobFailed/,
  },
  {
    name: 'retries a payload that it cannot read',
    edits: [['if isinstance(error, InvalidPayload):', 'if False:']],
    detectedBy: 'invalid-payload',
    complaint: /juggle/,
  },
  {
    name: 'announces its type forever',
    edits: [['json.dumps(announcement).encode(), headers={"Nats-TTL": "24h"})', 'json.dumps(announcement).encode())']],
    detectedBy: 'announcement',
    complaint: /Nats-TTL/,
  },
  {
    name: 'announces a schema that refuses its payloads',
    edits: [['("sleep", "ms")', '("sleep", "seconds")']],
    detectedBy: 'announcement',
    complaint: /accepts \{"do":"sleep","ms":0\}/,
  },
  {
    name: 'beats once',
    edits: [['await self.next_beat()', 'await self.stopping.wait()']],
    detectedBy: 'presence',
    complaint: /the running job in a heartbeat/,
  },
  {
    name: 'does not say that it stops',
    edits: [['heartbeat["stopping"] = True', 'pass']],
    detectedBy: 'stopping',
    complaint: /the last heartbeat says/,
  },
  {
    name: 'runs nothing where it cannot announce',
    edits: [
      [
        'announcing = asyncio.create_task(self.announce())',
        'await self.announce_type()\n        announcing = asyncio.create_task(self.announce())',
      ],
    ],
    detectedBy: 'unannounced',
    complaint: /ended before it was ready/,
  },
];

/** Writes the example with the edits, and returns how to start it. Rejects when an edit does not fit the example. */
export async function writeFaultyWorker({ name, edits }: FaultyWorker): Promise<string> {
  let source = await readFile(PYTHON_SOURCE, 'utf8');
  for (const [from, to] of edits) {
    const found = source.split(from).length - 1;
    if (found !== 1) throw new Error(`"${from}" should stand once in the example, but it stands there ${found} times`);
    source = source.replace(from, () => to);
  }
  await mkdir(FOLDER, { recursive: true });
  const file = path.join(FOLDER, `${name.replaceAll(' ', '-')}.py`);
  await writeFile(file, source);
  return pythonCommand(file);
}
