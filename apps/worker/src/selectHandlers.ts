import { ConfigError, type TypeLimits } from '@jobstream/runtime';
import type { HandlerRegistry } from '@jobstream/worker/engine';

/**
 * Selects the handlers that this process runs: all, or those that the setting WORKER_TYPES names.
 * @throws ConfigError for a type without a handler.
 */
export function selectHandlers(registered: HandlerRegistry, types?: readonly string[]): HandlerRegistry {
  if (types === undefined) return registered;
  const unknown = types.filter((type) => !registered.has(type));
  if (types.length === 0 || unknown.length > 0) {
    const got = unknown.length === 0 ? 'none' : unknown.join(', ');
    throw new ConfigError([`expected WORKER_TYPES to name one or more of ${namesOf(registered)}, got: ${got}`]);
  }
  return new Map([...registered].filter(([type]) => types.includes(type)));
}

/**
 * Returns the setting WORKER_LIMITS. Types that this process leaves to others may be named, so that all workers can
 * share one setting.
 * @throws ConfigError for a type without a handler.
 */
export function checkLimits(
  registered: HandlerRegistry,
  limits: ReadonlyMap<string, TypeLimits> | undefined,
): ReadonlyMap<string, TypeLimits> | undefined {
  const unknown = [...(limits?.keys() ?? [])].filter((type) => !registered.has(type));
  if (unknown.length === 0) return limits;
  throw new ConfigError([`expected WORKER_LIMITS to name only ${namesOf(registered)}, got: ${unknown.join(', ')}`]);
}

function namesOf(registered: HandlerRegistry): string {
  return [...registered.keys()].toSorted().join(', ');
}
