import { hasInexactNumber, jobEvents, mayBeInexact } from '@jobstream/domain';
import type {
  Job,
  JobError,
  JobEvent,
  JobEventName,
  JobProgress,
  SecretKind,
  Signal,
  StepOutcome,
} from '@jobstream/domain';
import { headerOf, open, seal } from './jwe.ts';
import type { JobKey } from './jobKeys.ts';

/** Replaces contents whose key was destroyed; see `isShredded`. */
const SHREDDED = Object.freeze({ shredded: true });
/** Replaces contents whose key this process does not have; see `isUnreadable`. */
const UNREADABLE = Object.freeze({ unreadable: true });
const TEXT_PREFIX = '$jwe:';

/** Whether `openJob` or `openEvent` replaced these contents since their key was destroyed. */
export function isShredded(contents: unknown): boolean {
  return contents === SHREDDED;
}

/** Whether `openJob` or `openEvent` replaced these contents since their key is missing or locked. */
export function isUnreadable(contents: unknown): boolean {
  return contents === UNREADABLE;
}

/** Seals or opens the contents of one job. */
interface Transform extends Record<SecretKind, unknown> {
  readonly value: (value: unknown) => unknown;
  readonly text: (text: string) => string;
  readonly error: (error: JobError) => JobError;
  readonly progress: (progress: JobProgress) => JobProgress;
  readonly steps: (steps: readonly StepOutcome[]) => readonly StepOutcome[];
  readonly signals: (signals: readonly Signal[]) => readonly Signal[];
}

/** Returns the event with its contents encrypted by the key of its job. */
export function sealEvent<Event extends JobEvent>(event: Event, secret: Uint8Array): Event {
  return changed(event, sealing(event.jobId, secret)) as Event;
}

/** Returns the event with its contents decrypted; see `isShredded` and `isUnreadable` for those that cannot be. */
export function openEvent<Event extends JobEvent>(event: Event, key: JobKey): Event {
  const opened = changed(event, opening(event.jobId, key)) as Event;
  if (event.event !== 'JobCompleted' || opened.event !== 'JobCompleted') return opened;
  const mark = resultMark({ id: event.jobId, result: event.data.result }, opened.data.result, key);
  return { ...opened, data: { ...opened.data, ...mark } };
}

/** The mark of a result that has a number which JavaScript does not hold exactly; see `decodeJobEvent`. */
function resultMark(
  { id, result }: Pick<Job, 'id' | 'result'>,
  opened: unknown,
  key: JobKey,
): Pick<Job, 'resultInexact'> {
  const token = mayBeInexact(opened) ? tokenOfValue(result, id) : undefined;
  const isInexact = token !== undefined && key.kind === 'key' && hasInexactNumber(openText(token, key.secret));
  return isInexact ? { resultInexact: true } : {};
}

/** As `openEvent`, for the state of a job. */
export function openJob(job: Job, key: JobKey): Job {
  const { value, text, error, progress } = opening(job.id, key);
  const result = value(job.result);
  return {
    ...job,
    payload: value(job.payload),
    ...('result' in job ? { result, ...resultMark(job, result, key) } : {}),
    ...(job.error === undefined ? {} : { error: error(job.error) }),
    ...(job.progress === undefined ? {} : { progress: progress(job.progress) }),
    ...(job.fingerprint === undefined ? {} : { fingerprint: text(job.fingerprint) }),
  };
}

/** As `openEvent`, for steps of a job. */
export function openSteps<Step extends StepOutcome>(
  steps: readonly Step[],
  jobId: string,
  key: JobKey,
): readonly Step[] {
  return opening(jobId, key).steps(steps) as readonly Step[];
}

/** As `openEvent`, for signals of a job. */
export function openSignals(signals: readonly Signal[], jobId: string, key: JobKey): readonly Signal[] {
  return opening(jobId, key).signals(signals);
}

/** Whether the event has contents, to be encrypted where keys are configured. */
export function hasContents(event: JobEvent): boolean {
  return secretsOf(event).some(([field]) => fieldsOf(event)[field] !== undefined);
}

const HAVE_VALUES: ReadonlySet<SecretKind> = new Set(['value', 'steps', 'signals']);

/** Whether events of this name have a payload or a result, which must not be lost. */
export function hasValue(event: JobEventName): boolean {
  return Object.values<SecretKind>(jobEvents[event].secrets).some((kind) => HAVE_VALUES.has(kind));
}

/** Whether a part of the job or the event is sealed. */
export function isSealed(jobOrEvent: Job | JobEvent): boolean {
  if ('event' in jobOrEvent) {
    const fields = fieldsOf(jobOrEvent);
    return secretsOf(jobOrEvent).some(([field, kind]) =>
      kind === 'steps' || kind === 'signals'
        ? haveSealed((fields[field] ?? []) as readonly Entry[], jobOrEvent.jobId)
        : isSealedContent(fields[field], jobOrEvent.jobId),
    );
  }
  const { id, payload, result, error, progress, fingerprint } = jobOrEvent;
  return [payload, result, error, progress, fingerprint].some((content) => isSealedContent(content, id));
}

/** The contents of a step or a signal. */
interface Entry {
  readonly payload?: unknown;
  readonly result?: unknown;
  readonly error?: JobError;
}

/** Whether contents of one of the steps or signals are sealed. */
export function haveSealed(entries: readonly Entry[], jobId: string): boolean {
  return entries.some(({ payload, result, error }) =>
    [payload, result, error].some((content) => isSealedContent(content, jobId)),
  );
}

/** Of whatever kind of secret it is; `changed` is what treats each in its way. */
function isSealedContent(content: unknown, jobId: string): boolean {
  if (typeof content === 'string') return tokenOfText(content, jobId) !== undefined;
  if (typeof content !== 'object' || content === null) return false;
  if (tokenOfValue(content, jobId) !== undefined) return true;
  return (
    'message' in content && typeof content.message === 'string' && tokenOfText(content.message, jobId) !== undefined
  );
}

function changed(event: JobEvent, transform: Transform): JobEvent {
  const data = { ...fieldsOf(event) };
  for (const [field, kind] of secretsOf(event)) {
    const apply = transform[kind] as (content: unknown) => unknown;
    if (data[field] !== undefined) data[field] = apply(data[field]);
  }
  return { ...event, data } as unknown as JobEvent;
}

function fieldsOf({ data }: JobEvent): Readonly<Record<string, unknown>> {
  return data;
}

function secretsOf({ event }: JobEvent): readonly (readonly [field: string, kind: SecretKind])[] {
  return Object.entries(jobEvents[event].secrets);
}

function sealing(jobId: string, secret: Uint8Array): Transform {
  const token = (value: unknown) => seal(Buffer.from(JSON.stringify(value)), secret, { kid: jobId });
  const text = (plainText: string) => TEXT_PREFIX + token(plainText);
  return withEntries({
    value: (value) => ({ $jwe: token(value) }),
    text,
    progress: (progress) => withMessage(progress, text),
    error: ({ message, stack, ...shown }) => ({ ...shown, message: TEXT_PREFIX + token({ message, stack }) }),
  });
}

function opening(jobId: string, key: JobKey): Transform {
  const missing = key.kind === 'shredded' ? SHREDDED : UNREADABLE;
  const missingText = key.kind === 'shredded' ? 'shredded' : 'unreadable';
  const read = (token: string) => (key.kind === 'key' ? plain(token, key.secret) : undefined);
  const text = (sealed: string) => {
    const token = tokenOfText(sealed, jobId);
    return token === undefined ? sealed : String(valueOf(read(token), missingText));
  };
  return withEntries({
    value: (value) => {
      const token = tokenOfValue(value, jobId);
      return token === undefined ? value : valueOf(read(token), missing);
    },
    text,
    progress: (progress) => withMessage(progress, text),
    error: (error) => {
      const token = tokenOfText(error.message, jobId);
      if (token === undefined) return error;
      return { ...error, ...(valueOf(read(token), { message: missingText }) as Pick<JobError, 'message' | 'stack'>) };
    },
  });
}

/** Adds what treats steps and signals, by what treats their contents. */
function withEntries(transform: Omit<Transform, 'steps' | 'signals'>): Transform {
  const changedStep = (step: StepOutcome): StepOutcome => {
    if (step.error !== undefined) return { ...step, error: transform.error(step.error) };
    return 'result' in step ? { ...step, result: transform.value(step.result) } : step;
  };
  const changedSignal = (signal: Signal): Signal => ({ ...signal, payload: transform.value(signal.payload) });
  return {
    ...transform,
    steps: (steps) => steps.map(changedStep),
    signals: (signals) => signals.map(changedSignal),
  };
}

function withMessage({ message, ...rest }: JobProgress, change: (text: string) => string): JobProgress {
  return message === undefined ? rest : { ...rest, message: change(message) };
}

function valueOf(found: { readonly value: unknown } | undefined, otherwise: unknown): unknown {
  return found === undefined ? otherwise : found.value;
}

/** Returns undefined when the token was sealed with another key. */
function plain(token: string, secret: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(openText(token, secret)) };
  } catch {
    return undefined;
  }
}

function openText(token: string, secret: Uint8Array): string {
  return Buffer.from(open(token, secret)).toString();
}

function tokenOfValue(value: unknown, jobId: string): string | undefined {
  if (typeof value !== 'object' || value === null || !('$jwe' in value)) return undefined;
  return typeof value.$jwe === 'string' && headerOf(value.$jwe)?.kid === jobId ? value.$jwe : undefined;
}

function tokenOfText(text: string, jobId: string): string | undefined {
  if (!text.startsWith(TEXT_PREFIX)) return undefined;
  const token = text.slice(TEXT_PREFIX.length);
  return headerOf(token)?.kid === jobId ? token : undefined;
}
