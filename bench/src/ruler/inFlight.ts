/** Begins so many pieces of work at once and each further one when one is done; resolves when all are done. */
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
