import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeFloors, nodeOfTypeScript, spokenFloor } from '../src/release/nodeFloors.ts';
import { publishedManifest } from '../src/release/publishedManifest.ts';
import { publishedPackages } from '../src/release/publishedPackages.ts';
import { root } from './plantedTree.ts';

interface Manifest {
  readonly engines?: { readonly node: string };
}

function read(file: string): Promise<string> {
  return readFile(path.join(root, file), 'utf8');
}

async function enginesOf(file: string): Promise<string | undefined> {
  return (JSON.parse(await read(file)) as Manifest).engines?.node;
}

test.each(publishedPackages.map((definition) => [definition.name, definition] as const))(
  'the published package.json of %s has its floor',
  async (name, definition) => {
    expect(await publishedManifest(definition, [])).toMatchObject({ engines: { node: `>=${nodeFloors[name]}` } });
  },
);

test('so has that of a clone, and of the example app, which runs TypeScript', async () => {
  expect(await enginesOf('package.json')).toBe(`>=${nodeFloors.clone}`);
  expect(await enginesOf('examples/app/package.json')).toBe(`>=${nodeOfTypeScript}`);
  const lock = JSON.parse(await read('package-lock.json')) as { readonly packages: { readonly '': Manifest } };
  expect(lock.packages[''].engines?.node).toBe(`>=${nodeFloors.clone}`);
});

test('the command line checks the floor of the server as well, which it starts', () => {
  expect(nodeFloors.jobstream).toBe(nodeFloors['@jobstream/server']);
});

test('a floor is the first release of its line: the check of the command line compares no more', () => {
  expect(Object.values(nodeFloors).filter((floor) => !floor.endsWith('.0'))).toEqual([]);
});

describe('the documents say the same', () => {
  test.each(publishedPackages.map(({ name, folder }) => [`${folder}/README.md`, name] as const))(
    '%s that of its package, and no other',
    async (file, name) => {
      const said = [...(await read(file)).matchAll(/Node ([\d.]+\d) or\s+newer/gu)].map(([, floor]) => floor);
      expect(new Set(said)).toEqual(new Set([spokenFloor(nodeFloors[name])]));
    },
  );

  test.each([
    ['README.md', `With Node ${spokenFloor(nodeOfTypeScript)} or newer on Linux or macOS`],
    ['README.md', `for JavaScript ${spokenFloor(nodeFloors.jobstream)} will do`],
    ['docs/tutorial.md', `all else runs on ${spokenFloor(nodeOfTypeScript)}`],
    ['docs/cli.md', `It needs Node ${spokenFloor(nodeFloors.jobstream)} or newer`],
    ['docs/client.md', `${spokenFloor(nodeFloors['@jobstream/client'])} or newer`],
    ['docs/development.md', `Node ${spokenFloor(nodeFloors.clone)} or newer`],
  ])('%s: %s', async (file, sentence) => {
    expect((await read(file)).replaceAll(/\s+/gu, ' ')).toContain(sentence);
  });
});
