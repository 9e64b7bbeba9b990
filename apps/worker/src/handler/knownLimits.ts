import { ConfigError, type TypeLimits } from '@jobstream/runtime';
import type { HandlerRegistry } from './handlerRegistry.ts';

/**
 * The setting WORKER_LIMITS; a ConfigError if it names a type that no handler is for. Types that this process leaves to
 * others may be named, so that all workers can share one setting.
 */
export function knownLimits(
  registered: HandlerRegistry,
  limits: ReadonlyMap<string, TypeLimits> | undefined,
): ReadonlyMap<string, TypeLimits> | undefined {
  const unknown = [...(limits?.keys() ?? [])].filter((type) => !registered.has(type));
  if (unknown.length === 0) return limits;
  const known = [...registered.keys()].toSorted().join(', ');
  throw new ConfigError([`expected WORKER_LIMITS to name only ${known}, got: ${unknown.join(', ')}`]);
}
