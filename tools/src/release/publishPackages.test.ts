import { expect, test } from 'vitest';
import type { PackedPackage } from './packPackage.ts';
import { publishPackages } from './publishPackages.ts';

const packages = ['@jobstream/client', '@jobstream/worker'].map(
  (name) => ({ definition: { name }, version: '1.2.3', tarball: `${name}.tgz` }) as unknown as PackedPackage,
);

/** Stands for npm with a registry that has these releases. */
function recorded(published: readonly string[] = []) {
  const commands: string[] = [];
  const notes: string[] = [];
  const npm = async (...args: readonly string[]) => {
    commands.push(args.join(' '));
    if (args[0] === 'view' && !published.includes(args[1] ?? '')) throw new Error('E404');
    return '1.2.3\n';
  };
  return { commands, notes, npm, note: (line: string) => void notes.push(line) };
}

test('packages are published with provenance, each after those that it depends on', async () => {
  const { commands, npm, note } = recorded();
  await publishPackages(packages, { env: { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.2.3' }, note, npm });
  expect(commands.filter((command) => command.startsWith('publish'))).toEqual([
    'publish @jobstream/client.tgz --provenance --access public',
    'publish @jobstream/worker.tgz --provenance --access public',
  ]);
});

test('a release that was interrupted goes on with the packages that are not published yet', async () => {
  const { commands, notes, npm, note } = recorded(['@jobstream/client@1.2.3']);
  await publishPackages(packages, { env: {}, note, npm });
  expect(commands.filter((command) => command.startsWith('publish'))).toHaveLength(1);
  expect(notes).toEqual(['@jobstream/client@1.2.3 was published before.', '@jobstream/worker@1.2.3 was published.']);
});

test('nothing is published for a tag of another version', async () => {
  const { commands, npm, note } = recorded();
  const env = { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.2.4' };
  await expect(publishPackages(packages, { env, note, npm })).rejects.toThrow(
    /expected the tag v1\.2\.3.*got: v1\.2\.4/,
  );
  expect(commands).toEqual([]);
});
