import os from 'node:os';

const COLLECT_AT_PERCENT = 400;
const MEMORY_SHARE = 0.5;

/**
 * The environment of a nats-server: what Go is told about garbage, unless it is there already. By its own rule it collects
 * whenever as much was allocated as is in use, and each time it walks all that the server keeps about the log. Four times as
 * much saves a tenth of the server's processor time (measured), up to half of the machine's memory.
 */
export function natsEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const memory = Math.min(os.totalmem(), process.constrainedMemory() || Infinity);
  return { GOGC: String(COLLECT_AT_PERCENT), GOMEMLIMIT: String(Math.floor(memory * MEMORY_SHARE)), ...env };
}
