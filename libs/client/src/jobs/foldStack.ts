/** A line of a stack that names a place in code. */
const FRAME = /^\s+at /u;
/** Places in Node, in installed packages, and in a worker that runs from the sources of Jobstream. */
const FOREIGN = /\(?(?:node:|native\b|<anonymous>)|[\\/]node_modules[\\/]|[\\/]libs[\\/]worker[\\/]src[\\/]/u;

/**
 * Puts the frames of one's own code first in a stack, and folds those of Node and of packages, Jobstream among them, into a line with
 * their number. Frames of which none is one's own stay as they are, and so does everything else.
 *
 * Use it where people read a stack. What is folded is still in the job.
 *
 * @example
 * console.error(foldStack(error.stack ?? ''));
 */
export function foldStack(stack: string): string {
  const folded: string[] = [];
  let frames: string[] = [];
  for (const line of stack.split('\n')) {
    if (FRAME.test(line)) {
      frames.push(line);
      continue;
    }
    folded.push(...foldFrames(frames), line);
    frames = [];
  }
  return [...folded, ...foldFrames(frames)].join('\n');
}

function foldFrames(frames: readonly string[]): readonly string[] {
  const own = frames.filter((frame) => !FOREIGN.test(frame));
  const count = frames.length - own.length;
  if (own.length === 0 || count === 0) return frames;
  return [...own, `    … ${count} ${count === 1 ? 'frame' : 'frames'} of Node and packages`];
}
