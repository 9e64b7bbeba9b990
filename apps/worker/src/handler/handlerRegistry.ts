import { ConfigError } from '@jobstream/runtime';
import type { Handler } from './defineHandler.ts';

/** The handlers that this process runs, by job type. */
export type HandlerRegistry = ReadonlyMap<string, Handler>;

/** All handlers, or those that `types` (the setting WORKER_TYPES) selects; a ConfigError if it names an unknown one. */
export function handlerRegistry(handlers: readonly Handler[], types?: readonly string[]): HandlerRegistry {
  const registered = new Map<string, Handler>();
  for (const handler of handlers) {
    if (registered.has(handler.type)) throw new Error(`two handlers are registered for the job type ${handler.type}`);
    registered.set(handler.type, handler);
  }
  return types === undefined ? registered : select(registered, types);
}

function select(registered: HandlerRegistry, types: readonly string[]): HandlerRegistry {
  const known = [...registered.keys()].toSorted().join(', ');
  const unknown = types.filter((type) => !registered.has(type));
  if (types.length === 0 || unknown.length > 0) {
    const got = unknown.length === 0 ? 'none' : unknown.join(', ');
    throw new ConfigError([`expected WORKER_TYPES to name one or more of ${known}, got: ${got}`]);
  }
  return new Map([...registered].filter(([type]) => types.includes(type)));
}
