import { containerSystem } from './containerSystem.ts';
import { npmStartSystem } from './npmStartSystem.ts';
import type { TestSystem } from './testSystem.ts';
import { chosenServers } from '@jobstream/testing';

/** Starts the whole system with these settings: in containers of our images where the run asks for that, else by `npm start`. */
export function startTestSystem(env: Readonly<Record<string, string>> = {}): Promise<TestSystem> {
  const containers = chosenServers();
  return containers === undefined ? npmStartSystem(env) : containerSystem(env, containers);
}
