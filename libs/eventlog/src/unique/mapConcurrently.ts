/** Concurrent requests for one batch. */
const CONCURRENCY = 50;

/** As Promise.all over `work` of each, with some at a time. */
export async function mapConcurrently<One, Result>(
  all: readonly One[],
  work: (one: One, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let done = 0; done < all.length; done += CONCURRENCY) {
    const some = all.slice(done, done + CONCURRENCY);
    results.push(...(await Promise.all(some.map((one, index) => work(one, done + index)))));
  }
  return results;
}
