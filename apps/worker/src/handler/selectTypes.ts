import { ConfigError } from '@jobstream/runtime';
import type { HandlerRegistry } from './handlerRegistry.ts';

/** The handlers that this process runs: all, or those that the setting WORKER_TYPES names; a ConfigError for an unknown one. */
export function selectTypes(registered: HandlerRegistry, types?: readonly string[]): HandlerRegistry {
  if (types === undefined) return registered;
  const unknown = types.filter((type) => !registered.has(type));
  if (types.length === 0 || unknown.length > 0) {
    const got = unknown.length === 0 ? 'none' : unknown.join(', ');
    const known = [...registered.keys()].toSorted().join(', ');
    throw new ConfigError([`expected WORKER_TYPES to name one or more of ${known}, got: ${got}`]);
  }
  return new Map([...registered].filter(([type]) => types.includes(type)));
}
