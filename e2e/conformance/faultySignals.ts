import { SAME_ATTEMPT, type FaultyWorker } from './faultyWorker.ts';

const NEVER_GOES_ON = /should become completed; .* JobSignalled$/m;
const IS_FOR_NOTHING = 'call.is_signal and not call.has_started(job) and not job.waits_until(call.not_before or now)';

/** Mistakes with jobs that are sent signals. */
export const faultySignals: readonly FaultyWorker[] = [
  {
    name: 'does not see a signal that came before its wait',
    edits: [['if self._is_for(call, one)), None)', 'if False), None)']],
    detectedBy: 'signal-unread',
    complaint: /should become completed; .* JobResumed JobSuspended/m,
  },
  {
    name: 'does not say which signal a step has read',
    edits: [['"signal": read, "result": signal["payload"]', '"result": signal["payload"]']],
    detectedBy: 'signal-unread',
    complaint: /which signal it has read|STEP_MISUSED|should become completed/,
  },
  {
    name: 'does not pull from the consumer of signals',
    edits: [[', SIGNALS: (signals,)}', '}']],
    detectedBy: 'signal',
    complaint: NEVER_GOES_ON,
  },
  {
    name: 'drops all signals whose messages have started nothing',
    edits: [[IS_FOR_NOTHING, 'call.is_signal and not call.has_started(job)']],
    detectedBy: 'signal',
    complaint: NEVER_GOES_ON,
  },
  {
    name: 'does not say which signals it waits for',
    edits: [['if suspension.signals else {}', 'if False else {}']],
    detectedBy: 'signal',
    complaint: NEVER_GOES_ON,
  },
  {
    name: 'sets the timer behind JobSuspended for later than a signal that came before it',
    edits: [['set_own_timer(self.call, self.job)', 'set_timer(self.call, self.job, call_at)']],
    detectedBy: 'signal-overtakes',
    complaint: /should become completed; .* JobSignalled JobSuspended$/m,
  },
  {
    name: 'sleeps through a signal that came before JobSuspended',
    edits: [['event["at"] if is_called else data["until"]', 'data["until"]']],
    detectedBy: 'signal-overtakes',
    complaint: /should become completed; .* JobSignalled JobSuspended$/m,
  },
  {
    name: 'begins a time limit anew in each run',
    edits: [['self._record_of(call, self._job.steps.get(call.id))', 'self._record_of(call, None)']],
    detectedBy: 'signal-timeout',
    complaint: /it waits once|should become completed/,
  },
  {
    name: 'waits for longer than its time limit',
    edits: [['return call.expired if end <= now else None', 'return None']],
    detectedBy: 'signal-timeout',
    complaint: /should become completed/,
  },
  {
    name: 'does not look which signals have come when a time limit is over',
    edits: [['await self._config.refresh()', 'pass']],
    detectedBy: 'signal-beside',
    complaint: /read when the time limit is over/,
  },
  {
    name: 'does not look for a signal while a time limit runs',
    edits: [['if self._is_for(call, one)), None)', 'if recorded is None and self._is_for(call, one)), None)']],
    detectedBy: 'signal-in-time',
    complaint: /should become completed/,
  },
  {
    name: 'reads the newest signal first',
    edits: [['for one in self._unread().values() if', 'for one in reversed(self._unread().values()) if']],
    detectedBy: 'signal-order',
    complaint: /the oldest is read first/,
  },
  {
    name: 'lets several waits read one signal',
    edits: [[' or signal["id"] in self._taken', '']],
    detectedBy: 'signal-order',
    complaint: /cannot follow|no two waits read the same/,
  },
  {
    name: 'goes on by any signal',
    edits: [['and signal["name"] in self.awaits and', 'and']],
    detectedBy: 'signal-other',
    complaint: /nothing follows on the other signal/,
  },
  {
    name: 'starts a job by a signal',
    edits: [[IS_FOR_NOTHING, 'False']],
    detectedBy: 'signal-pending',
    complaint: /nothing starts on the signal/,
  },
  {
    name: 'gives an attempt up behind a signal',
    edits: [[SAME_ATTEMPT, SAME_ATTEMPT.replace(':', ' and len(found.signals) <= len(job.signals):')]],
    detectedBy: 'signal-running',
    complaint: /should become completed; .* JobSignalled JobFailed$/m,
  },
  {
    name: 'believes its clock more than a signal',
    edits: [['(job.run_at or now) > (call.not_before or now)', '(job.run_at or now) > (call.fired_for or now)']],
    detectedBy: 'signal-ahead',
    complaint: NEVER_GOES_ON,
  },
  {
    name: 'goes on before the signal was sent by which it does',
    edits: [['return max(now, call.not_before or now)', 'return max(now, call.fired_for or now)']],
    detectedBy: 'signal-ahead',
    complaint: /not before it was sent/,
  },
  {
    name: 'does not take an attempt over that a signal let go on',
    edits: [[IS_FOR_NOTHING, 'call.is_signal and not job.waits_until(call.not_before or now)']],
    detectedBy: 'signal-lost',
    complaint: /should become completed; .* JobResumed JobStepsRecorded$/m,
  },
  {
    name: 'forgets the signals of a job that was carried',
    edits: [['            signals=carried_signals(data),\n', '']],
    detectedBy: 'signal-carried',
    complaint: /should become completed/,
  },
  {
    name: 'forgets what a job that was carried waits for',
    edits: [['            awaits=tuple(data.get("awaits", ())),\n', '']],
    detectedBy: 'signal-carried-waiting',
    complaint: NEVER_GOES_ON,
  },
  {
    name: 'takes a signal of any payload',
    edits: [['model = self._models.get(name)', 'model = None']],
    detectedBy: 'signal-invalid',
    complaint: /should become failed; .* JobCompleted$/m,
  },
  {
    name: 'waits for signals that its jobs do not take',
    edits: [['self._waits.check(call)', 'pass']],
    detectedBy: 'signal-invalid',
    complaint: /should become failed; .* JobSuspended$/m,
  },
  {
    name: 'waits for a signal while a process lives that does not understand that',
    edits: [['await self._until_understood(SIGNALS_PROTOCOL, call.title)', 'pass']],
    detectedBy: 'signal-upgrade',
    complaint: /it keeps its slot/,
  },
  {
    name: 'does not announce its signals',
    edits: [['announcement["signals"] = job_type.signal_schemas', 'pass']],
    detectedBy: 'signal-announced',
    complaint: /is described/,
  },
];
