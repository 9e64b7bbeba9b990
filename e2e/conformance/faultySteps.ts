import type { FaultyWorker } from './faultyWorker.ts';

const RECORDED = 'if recorded is not None and "error" not in recorded:';

/** Mistakes with the steps of jobs. */
export const faultySteps: readonly FaultyWorker[] = [
  {
    name: 'runs a step again that has ended',
    edits: [[RECORDED, 'if False:']],
    detectedBy: 'steps',
    complaint: /nothing runs again/,
  },
  {
    name: 'counts the steps of each event from 0',
    edits: [['"from": self.job.steps_recorded', '"from": 0']],
    detectedBy: 'steps',
    complaint: /JobStepsRecorded .* cannot follow on processing/,
  },
  {
    name: 'takes a step that has failed for one that has ended',
    edits: [[RECORDED, 'if recorded is not None:']],
    detectedBy: 'steps-failing',
    complaint: /what failed runs again/,
  },
  {
    name: 'runs one step twice in an attempt',
    edits: [['if call.id in self._begun:', 'if False:']],
    detectedBy: 'steps-twice',
    complaint: /should become failed; .* JobCompleted$/m,
  },
  {
    name: 'records each step by itself',
    edits: [['await self._recorder.record(outcome)', 'await self._recorder._append([outcome])']],
    detectedBy: 'steps-together',
    complaint: /steps share events/,
  },
  {
    name: 'forgets the steps of a job that was carried',
    edits: [['steps={step_id(step): step for step in data.get("steps", ())},', '']],
    detectedBy: 'steps-carried',
    complaint: /nothing runs again/,
  },
  {
    name: 'keeps the steps of the payload before',
    edits: [['job = replace(job, steps={}, steps_recorded=0, generation=self.generation + 1)', 'pass']],
    detectedBy: 'steps-payload',
    complaint: /JobStepsRecorded .* cannot follow|with another key/,
  },
  {
    name: 'gives a step the idempotency key that it had with the payload before',
    edits: [['generation=self.generation + 1)', 'generation=self.generation)']],
    detectedBy: 'steps-payload',
    complaint: /with another key/,
  },
  {
    name: 'completes a job whose steps cannot be kept',
    edits: [['self.fault = self.fault or fault', 'pass']],
    detectedBy: 'steps-too-large',
    complaint: /should become failed; .* JobCompleted$/m,
  },
  {
    name: 'records steps while a process lives that would lose them',
    edits: [['older = [worker for worker, version in known if version < protocol]', 'older: list[str] = []']],
    detectedBy: 'steps-upgrade',
    complaint: /the first step waits/,
  },
];
