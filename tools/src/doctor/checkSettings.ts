import { ConfigError, misspeltSettings, readConfig } from '@jobstream/runtime';
import type { Examination, Finding } from './examination.ts';

/** Whether the settings are valid, and none is misspelt. */
export function checkSettings({ env, given }: Pick<Examination, 'env' | 'given'>): readonly Finding[] {
  const misspelt = misspeltSettings(given).map((wrong) => ({ wrong, remedy: 'Correct the name of the variable.' }));
  const remedy = 'Correct the setting: docs/configuration.md.';
  return [...problemsOf(env).map((problem) => ({ wrong: `${problem}.`, remedy })), ...misspelt];
}

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
