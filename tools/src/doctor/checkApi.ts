import type { Examination, Finding } from './examination.ts';

interface Readiness {
  readonly parts?: Readonly<Record<string, string>>;
  readonly reasons?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 5_000;
const REMEDY = 'Its log and docs/troubleshooting.md say more.';

/** Whether the API is ready, where its address is known. */
export async function checkApi({ apiUrl }: Pick<Examination, 'apiUrl'>): Promise<readonly Finding[]> {
  if (apiUrl === undefined) return [];
  try {
    const response = await fetch(new URL('/health/ready', apiUrl), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return [];
    const why = reasonsOf((await response.json()) as Readiness);
    return [{ wrong: `The API at ${apiUrl} is not ready: ${why || `it answers ${response.status}`}.`, remedy: REMEDY }];
  } catch {
    return [{ wrong: `The API at ${apiUrl} does not answer.`, remedy: 'Start it, or correct its address.' }];
  }
}

function reasonsOf({ parts = {}, reasons = {} }: Readiness): string {
  const down = Object.keys(parts).filter((part) => parts[part] === 'down');
  return down.map((part) => reasons[part] ?? `${part} is down`).join('; ');
}
