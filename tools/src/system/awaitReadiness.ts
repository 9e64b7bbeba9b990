import { setTimeout as pause } from 'node:timers/promises';

interface AwaitedApi {
  readonly apiUrl: string;
  readonly isStopping: () => boolean;
  readonly say: (line: string) => void;
}

interface Answer {
  readonly parts?: Readonly<Record<string, string>>;
  readonly reasons?: Readonly<Record<string, string>>;
}

const POLL_MS = 500;

/**
 * Waits until the API is ready, or the system stops, and says in a line what it waits for: processes also start beside a log
 * that takes nothing, such as one whose disk is full.
 */
export async function awaitReadiness({ apiUrl, isStopping, say }: AwaitedApi): Promise<void> {
  let said: string | undefined;
  while (!isStopping()) {
    const reason = await whyNotReady(apiUrl);
    if (reason === undefined) return;
    const kind = reason.replaceAll(/[\d.]+/g, ''); // its figures change all the time
    if (kind !== said) say(`not ready: ${reason}`);
    said = kind;
    await pause(POLL_MS);
  }
}

/** Returns what keeps the API from accepting jobs; undefined if nothing does. */
async function whyNotReady(apiUrl: string): Promise<string | undefined> {
  const response = await fetch(`${apiUrl}/health/ready`).catch(() => undefined);
  if (response === undefined) return 'the API does not answer';
  const { parts = {}, reasons = {} } = (await response.json()) as Answer;
  if (response.ok) return undefined;
  const down = Object.keys(parts).filter((part) => parts[part] === 'down');
  return down.map((part) => reasons[part] ?? `${part} is down`).join('; ');
}
