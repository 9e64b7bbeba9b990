interface Closable {
  close(): Promise<void>;
}

/** Returns what `work` makes of something opened, which it then owns; closes it when `work` rejects. */
export async function closedUnless<Opened extends Closable, Result>(
  opened: Opened,
  work: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}
