import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { plantTree, removeTree, root } from './plantedTree.ts';

interface Report {
  readonly issues: readonly {
    readonly file: string;
    readonly files: readonly unknown[];
    readonly exports: readonly { readonly name: string }[];
  }[];
}

/** What knip finds in a tree with planted files, under the repository's settings; it exits with 1 if it finds anything. */
function reportOn(tree: string): Promise<Report> {
  const words = [path.join(root, 'node_modules', 'knip', 'bin', 'knip.js'), '--reporter', 'json', '--no-progress'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { cwd: tree }, (_error, stdout, stderr) => {
      if (stdout.startsWith('{')) resolve(JSON.parse(stdout) as Report);
      else reject(new Error(stderr));
    });
  });
}

test('a planted export that no file imports is found, and so is a file that no file imports', async () => {
  const tree = await plantTree({
    'libs/domain/src/index.ts': "export { used } from './planted.ts';\n",
    'libs/domain/src/planted.ts': 'export const used = 1;\nexport const unused = 2;\n',
    'libs/domain/src/orphan.ts': 'export const orphan = 1;\n',
  });
  try {
    const { issues } = await reportOn(tree);
    const found = (file: string) => issues.find((issue) => issue.file === file);
    expect(found('libs/domain/src/planted.ts')?.exports.map(({ name }) => name)).toEqual(['unused']);
    expect(found('libs/domain/src/orphan.ts')?.files).toHaveLength(1);
  } finally {
    await removeTree(tree);
  }
});
