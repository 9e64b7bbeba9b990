/** What a caller may do: `admin` includes all else. */
export const scopes = ['jobs:read', 'jobs:write', 'schedules:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export function isScope(text: string): text is Scope {
  return scopes.some((scope) => scope === text);
}
