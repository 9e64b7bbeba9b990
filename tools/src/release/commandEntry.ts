import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
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
  return `#!/usr/bin/env node
'use strict';
${checkOf(command, floor)}
if (isOld) process.exitCode = 2;
else require('./${main}.cjs');
`;
}

/**
 * Lets a built library check its Node first: below the floor the import ends the process, which could do nothing else, with a sentence
 * and the exit code 2. It stands before all other imports, on the line of the first, so that the map of the code stays right.
 *
 * @param folder where the library's `index.js` is.
 */
export async function addFloorCheck(
  { name, floor }: { readonly name: string; readonly floor: string },
  folder: string,
): Promise<void> {
  const index = path.join(folder, 'index.js');
  await writeFile(path.join(folder, 'nodeFloor.js'), `${checkOf(name, floor)}\nif (isOld) process.exit(2);\n`);
  await writeFile(index, `import "./nodeFloor.js"; ${await readFile(index, 'utf8')}`);
}

function checkOf(name: string, floor: string): string {
  const [major, minor] = floor.split('.').map(Number);
  const needed = `${name}: Node ${spokenFloor(floor)} or newer is needed, and this is `;
  return `var version = process.versions.node.split('.').map(Number);
var isOld = version[0] < ${major} || (version[0] === ${major} && version[1] < ${minor});
if (isOld) console.error('${needed}' + process.versions.node + ': install a newer one and try again.');`;
}
