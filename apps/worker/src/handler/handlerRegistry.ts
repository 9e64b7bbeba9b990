import type { Handler } from './defineHandler.ts';

/** Handlers by job type. */
export type HandlerRegistry = ReadonlyMap<string, Handler>;

/** Every handler that there is; two of one type are a defect. */
export function handlerRegistry(handlers: readonly Handler[]): HandlerRegistry {
  const registered = new Map<string, Handler>();
  for (const handler of handlers) {
    if (registered.has(handler.type)) throw new Error(`two handlers are registered for the job type ${handler.type}`);
    registered.set(handler.type, handler);
  }
  return registered;
}
