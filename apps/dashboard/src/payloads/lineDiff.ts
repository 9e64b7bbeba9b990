/** A line of a comparison. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly line: string;
}

/** Beyond so many pairs of lines between the first and the last change, these are not compared one by one. */
const MOST_PAIRS = 4_000_000;

/** Compares two texts line by line: what they have in common, in order, and what only one of them has. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, new_] = [before.split('\n'), after.split('\n')];
  const start = commonLength(old, new_);
  const end = commonLength(old.slice(start).toReversed(), new_.slice(start).toReversed());
  const [removed, added] = [old.slice(start, old.length - end), new_.slice(start, new_.length - end)];
  const between = removed.length * added.length > MOST_PAIRS ? apart(removed, added) : alongLongest(removed, added);
  return [...all('same', old.slice(0, start)), ...between, ...all('same', old.slice(old.length - end))];
}

function commonLength(one: readonly string[], other: readonly string[]): number {
  const differs = one.findIndex((line, index) => line !== other[index]);
  return differs === -1 ? one.length : differs;
}

function all(kind: DiffLine['kind'], lines: readonly string[]): readonly DiffLine[] {
  return lines.map((line) => ({ kind, line }));
}

function apart(removed: readonly string[], added: readonly string[]): readonly DiffLine[] {
  return [...all('removed', removed), ...all('added', added)];
}

/** Along the longest common subsequence. */
function alongLongest(old: readonly string[], new_: readonly string[]): readonly DiffLine[] {
  const lengthAt = lengthsOf(old, new_);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < new_.length) {
    const [was, is] = [old[i] ?? '', new_[j] ?? ''];
    if (was === is) {
      lines.push({ kind: 'same', line: was });
      i += 1;
      j += 1;
    } else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) {
      lines.push({ kind: 'removed', line: was });
      i += 1;
    } else {
      lines.push({ kind: 'added', line: is });
      j += 1;
    }
  }
  return [...lines, ...apart(old.slice(i), new_.slice(j))];
}

/** The length of the longest common subsequence of what begins at two positions. */
function lengthsOf(old: readonly string[], new_: readonly string[]): (i: number, j: number) => number {
  const width = new_.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const lengthAt = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = new_.length - 1; j >= 0; j -= 1) {
      const isCommon = old[i] === new_[j];
      lengths[i * width + j] = isCommon ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  return lengthAt;
}
