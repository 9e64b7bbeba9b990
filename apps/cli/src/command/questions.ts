import { createInterface } from 'node:readline';
import type { Surroundings } from './surroundings.ts';

/** Questions to the person at the terminal. */
export interface Questions extends Disposable {
  /** Whether the answer is yes; without an answer, no. */
  readonly agrees: (question: string) => Promise<boolean>;
}

/** Opens standard input for questions; the same must ask all of them, since it reads ahead. */
export function openQuestions({ stdin, stderr, signal }: Surroundings): Questions {
  const lines = createInterface({ input: stdin, signal });
  const answers = lines[Symbol.asyncIterator]();
  return {
    async agrees(question) {
      stderr.write(`${question} [y/N] `);
      const { value = '' } = (await answers.next()) as { value?: string };
      signal.throwIfAborted();
      return /^y(?:es)?$/iu.test(value.trim());
    },
    [Symbol.dispose]: () => lines.close(),
  };
}
