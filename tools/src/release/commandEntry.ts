import { spokenFloor } from './nodeFloors.ts';

interface CommandEntry {
  /** What the user types. */
  readonly command: string;
  /** The oldest Node that runs it. */
  readonly floor: string;
  /** The module that does the work, beside this one. */
  readonly main: string;
}

/**
 * Returns the program that Node starts for a command: a Node below the floor gets a sentence and the exit code 2, before anything
 * else of the package is read. It is CommonJS without any newer syntax, since an old Node must be able to read it; that of the
 * import, which only Node 8 and older do not know, stands in another file.
 */
export function commandEntry({ command, floor, main }: CommandEntry): string {
  const [major, minor] = floor.split('.').map(Number);
  return `#!/usr/bin/env node
'use strict';
var version = process.versions.node.split('.').map(Number);
if (version[0] > ${major} || (version[0] === ${major} && version[1] >= ${minor})) {
  require('./${main}.cjs');
} else {
  console.error('${command}: Node ${spokenFloor(floor)} or newer is needed, and this is ' + process.versions.node + ': install a newer one and try again.');
  process.exitCode = 2;
}
`;
}
