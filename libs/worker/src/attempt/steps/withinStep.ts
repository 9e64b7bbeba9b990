import { AsyncLocalStorage } from 'node:async_hooks';

/** The name of the step whose work is running; undefined outside of steps. */
export const withinStep = new AsyncLocalStorage<string>();
