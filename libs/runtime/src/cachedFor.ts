/**
 * Asks at most once in so many milliseconds; whoever asks meanwhile gets the same answer, or the same error. It keeps
 * scrapers, however many and eager, from putting load on what they look at.
 */
export function cachedFor<Value>(ms: number, ask: () => Promise<Value>): () => Promise<Value> {
  let answer: Promise<Value> | undefined;
  let askedAt = 0;
  return () => {
    if (answer !== undefined && performance.now() - askedAt < ms) return answer;
    askedAt = performance.now();
    answer = ask();
    return answer;
  };
}
