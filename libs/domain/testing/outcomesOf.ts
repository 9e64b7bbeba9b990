import { decide } from '../src/job/decide.ts';
import { evolve, fold } from '../src/job/evolve.ts';
import type { JobState } from '../src/job/job.ts';
import type { JobCommand, JobCommandName } from '../src/job/jobCommand.ts';
import type { JobEvent } from '../src/job/jobEvent.ts';
import { isRejection } from '../src/messages/commandContext.ts';
import { numbered } from './given.ts';
import { historyOf, type Situation } from './historyOf.ts';
import {
  TOO_EARLY,
  cancelJob,
  carryJob,
  changePayload,
  changePriority,
  completeAttempt,
  createJob,
  failAttempt,
  recordSteps,
  releaseAttempt,
  reportProgress,
  requeueJob,
  resumeAttempt,
  reviseJob,
  runJobNow,
  signalJob,
  startAttempt,
  suspendAttempt,
  takeOverAttempt,
} from './jobCommands.ts';
import { jobCreated, jobCreatedWithPriority, jobStarted, jobStepsRecorded } from './jobEvents.ts';

/** Every command in the variants that can make a difference. */
const variants: Record<JobCommandName, readonly JobCommand[]> = {
  CreateJob: [createJob(), createJob({ runAt: '9999-01-01T00:00:00Z' })].flatMap((command) => [
    command,
    { ...command, priority: 'high' },
  ]),
  StartAttempt: [startAttempt(), startAttempt({ at: TOO_EARLY })],
  TakeOverAttempt: [takeOverAttempt(), takeOverAttempt({ attempt: 2 })],
  ReportProgress: [reportProgress(), reportProgress({ attempt: 2 })],
  RecordSteps: [recordSteps(), recordSteps({ attempt: 2 })],
  SuspendAttempt: [suspendAttempt(), suspendAttempt({ attempt: 2 })],
  ResumeAttempt: [resumeAttempt(), resumeAttempt({ at: TOO_EARLY })],
  CompleteAttempt: [completeAttempt(), completeAttempt({ attempt: 2 })],
  FailAttempt: [
    failAttempt(),
    failAttempt({ cause: 'unrecoverable' }),
    failAttempt({ cause: 'invalid-payload' }),
    failAttempt({ attempt: 2 }),
  ],
  ReleaseAttempt: [releaseAttempt(), releaseAttempt({ attempt: 2 })],
  CancelJob: [cancelJob()],
  RequeueJob: [requeueJob()],
  RunJobNow: [runJobNow()],
  ChangePayload: [changePayload()],
  ChangePriority: [changePriority(), changePriority({ priority: 'normal' })],
  ReviseJob: [reviseJob(), reviseJob({ runAt: '9999-01-01T00:00:00Z' })],
  SignalJob: [signalJob()],
  CarryJob: [carryJob()],
};

export const commandNames = Object.keys(variants) as readonly JobCommandName[];

/** All that the command can lead to in the situation, as `JobStarted → processing` or as the code of a refusal. */
export function outcomesOf(command: JobCommandName, situation: Situation): readonly string[] {
  const states = historiesOf(situation).map((events) => fold(numbered(events)));
  return [...new Set(states.flatMap((state) => variants[command].map((variant) => outcome(variant, state))))];
}

/** A job may have another priority than normal, or steps, and a running one may have attempts left or not. */
function historiesOf(situation: Situation): readonly (readonly JobEvent[])[] {
  const [first, ...further] = historyOf(situation);
  if (first === undefined) return [[]];
  const data = first.event === 'JobCreated' ? first.data : {};
  const hasSteps = further.some(({ event }) => event === 'JobStepsRecorded');
  const histories = [
    [first, ...further],
    [jobCreatedWithPriority(data), ...further],
    ...(hasSteps ? [] : [[first, ...further.flatMap(withSteps)]]),
  ];
  return situation === 'processing' ? [...histories, [jobCreated({ maxAttempts: 1 }), jobStarted()]] : histories;
}

function withSteps(event: JobEvent): readonly JobEvent[] {
  return event.event === 'JobStarted' ? [event, jobStepsRecorded()] : [event];
}

function outcome(command: JobCommand, state: JobState): string {
  const decision = decide(command, state);
  if (isRejection(decision)) return decision.kind;
  return `${decision.event} → ${evolve(state, decision)?.status ?? 'no job'}`;
}
