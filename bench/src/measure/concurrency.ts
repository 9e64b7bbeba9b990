/** Runs `count` pieces of work, `lanes` at a time, each lane one after another. */
export async function inLanes(count: number, lanes: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

/** Starts `limit` pieces of work at once, and each further one when one is done; resolves when all `count` are done. */
export function inFlight(
  count: number,
  limit: number,
  begin: (index: number, done: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let [begun, ended] = [0, 0];
    const next = () => {
      if (begun < count) begin(begun++, onDone);
    };
    const onDone = () => {
      ended += 1;
      if (ended === count) resolve();
      else next();
    };
    for (let lane = 0; lane < Math.min(limit, count); lane += 1) next();
  });
}
