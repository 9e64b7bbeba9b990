import { distance } from 'fastest-levenshtein';
import { nearestNames } from './nearestNames.ts';

interface MisspeltName {
  readonly name: string;
  /** The setting that may be meant. */
  readonly meant: string;
}

/** Of the tools and of `@jobstream/worker`. */
const OTHER_NAMES = ['LOG_FORMAT', 'NATS_SERVER', 'WORKER_NAME', 'WORKER_VERSION', 'JOBSTREAM_RELEASE'];
/** Near to a setting, but of other programs. */
const FOREIGN_NAMES = ['NATS_TOKEN'];

/** Shorter settings (HOST, PORT, AUTH) are near to too many other variables, such as HOME and PATH. */
const LEAST_LENGTH = 7;
const MOST_EDITS = 2;

/**
 * Finds variables that are probably misspelt settings: with the same first letter, and at most two edits away from one
 * that is not set itself.
 */
export function misspeltNames(env: NodeJS.ProcessEnv, settings: readonly string[]): readonly MisspeltName[] {
  const known = new Set([...settings, ...OTHER_NAMES, ...FOREIGN_NAMES]);
  const candidates = [...settings, ...OTHER_NAMES].filter((name) => name.length >= LEAST_LENGTH && !env[name]);
  return Object.keys(env).flatMap((name) => {
    if (known.has(name) || !/^[A-Z][A-Z0-9_]*$/.test(name)) return [];
    const [meant] = nearestNames(name, candidates);
    const isMeant = meant !== undefined && meant[0] === name[0] && distance(name, meant) <= MOST_EDITS;
    return isMeant ? [{ name, meant }] : [];
  });
}
