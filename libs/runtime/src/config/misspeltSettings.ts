import { distance } from 'fastest-levenshtein';
import { settingNames } from './config.ts';
import { nearestNames } from './nearestNames.ts';

/** Of the tools and of `@jobstream/worker`. */
const OTHER_NAMES = ['LOG_FORMAT', 'NATS_SERVER', 'WORKER_NAME', 'WORKER_VERSION'];
/** Near to a setting, but of other programs. */
const FOREIGN_NAMES = ['NATS_TOKEN'];

/** Shorter settings (HOST, PORT, AUTH) are near to too many other variables, such as HOME and PATH. */
const LEAST_LENGTH = 7;
const MOST_EDITS = 2;

/**
 * Finds variables that are probably misspelt settings: with the same first letter, and at most two edits away from one
 * that is not set itself.
 *
 * @returns a sentence for each, with the setting that may be meant.
 */
export function misspeltSettings(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const known = new Set([...settingNames, ...OTHER_NAMES, ...FOREIGN_NAMES]);
  const candidates = [...settingNames, ...OTHER_NAMES].filter((name) => name.length >= LEAST_LENGTH && !env[name]);
  return Object.keys(env).flatMap((name) => {
    if (known.has(name) || !/^[A-Z][A-Z0-9_]*$/.test(name)) return [];
    const [meant] = nearestNames(name, candidates);
    if (meant === undefined || meant[0] !== name[0] || distance(name, meant) > MOST_EDITS) return [];
    return [`${name} is not a setting and has no effect: is ${meant} meant?`];
  });
}
