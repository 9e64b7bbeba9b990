import { createContext, useContext } from 'react';

type Scope = 'jobs:read' | 'jobs:write' | 'jobs:debug' | 'schedules:write' | 'admin';

/** Who looks at the page, and what it may offer. */
export interface Session {
  readonly actor: { readonly kind: string; readonly id: string };
  readonly scopes: readonly Scope[];
  readonly tenant?: string;
  /** Whether the API needs no credentials. */
  readonly open: boolean;
  /** Lists show all events until this sequence; undefined while the table is unavailable. */
  readonly position?: number;
}

/** An API that takes longer counts as one that does not answer. */
const HANGS_MS = 10_000;

const ADDRESS = '/dashboard/session';

/** Returns the session of this browser; null when it has to log in. */
export async function readSession(): Promise<Session | null> {
  const response = await fetch(ADDRESS, { signal: AbortSignal.timeout(HANGS_MS) });
  if (response.status === 401 || response.status === 403) return null;
  if (!response.ok) throw new Error(`the API answered ${response.status}`);
  return (await response.json()) as Session;
}

/** Exchanges a key or token for a cookie that scripts cannot read. @throws Error in the words of the API when it is refused. */
export async function logIn(credential: string): Promise<void> {
  const headers = { authorization: `Bearer ${credential.trim()}` };
  const response = await fetch(ADDRESS, { method: 'POST', headers });
  if (response.ok) return;
  const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string };
  throw new Error(`${problem.title ?? response.status}: ${problem.detail ?? 'no reason was given'}.`);
}

/** Only the API can take the cookie back. @throws Error when it does not: whoever comes next is still logged in. */
export async function logOut(): Promise<void> {
  const response = await fetch(ADDRESS, { method: 'DELETE' }).catch(() => undefined);
  if (response === undefined) throw new Error('Still logged in: the API does not answer.');
  if (!response.ok && response.status !== 401) throw new Error(`Still logged in: the API answered ${response.status}.`);
}

export const SessionContext = createContext<Omit<Session, 'position'> | undefined>(undefined);

/** Returns the session; the page shows its views only to those who have one. */
export function useSession(): Omit<Session, 'position'> {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('there is no session');
  return session;
}

/** Whether the page may offer what needs the scope. */
export function useMay(scope: Scope): boolean {
  const { scopes } = useSession();
  return scopes.includes(scope) || scopes.includes('admin');
}
