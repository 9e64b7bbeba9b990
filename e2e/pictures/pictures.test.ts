import { globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { expect, test } from 'vitest';
import { animate, framesIn } from './animate.ts';
import { PICTURE_BYTES, pictures, picturesFolder, WALK, WALK_BYTES } from './pictures.ts';

/** The files in docs/images that a document shows. */
function shownIn(document: string): readonly string[] {
  const text = readFileSync(path.join(repositoryRoot, document), 'utf8');
  const images = [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, target = '']) => target);
  const files = images.map((target) => path.resolve(repositoryRoot, path.dirname(document), target));
  return files.filter((file) => file.startsWith(picturesFolder));
}

const documents = ['README.md', ...globSync('docs/**/*.md', { cwd: repositoryRoot })];

test('every picture that a document shows is taken by npm run pictures, and every one that is taken is shown', () => {
  const shown = new Set(documents.flatMap(shownIn).map((file) => path.basename(file)));
  const taken = [...pictures.map(({ name }) => `${name}.png`), WALK];
  expect([...shown].toSorted()).toEqual(taken.toSorted());
});

test('the pictures are there, 1280 by 800, and small', () => {
  for (const { name } of pictures) {
    const file = path.join(picturesFolder, `${name}.png`);
    const header = readFileSync(file).subarray(0, 24);
    expect({ name, width: header.readUInt32BE(16), height: header.readUInt32BE(20) }).toEqual({
      name,
      width: 1_280,
      height: 800,
    });
    expect(statSync(file).size).toBeLessThanOrEqual(PICTURE_BYTES);
  }
});

test('the walk is an animation of several pictures, and small', () => {
  const animation = readFileSync(path.join(picturesFolder, WALK));
  expect(framesIn(animation)).toBeGreaterThan(4);
  expect(animation.length).toBeLessThanOrEqual(WALK_BYTES);
});

test('pictures of different sizes make no animation', () => {
  const [one, other] = ['overview.png', WALK].map((name) => readFileSync(path.join(picturesFolder, name)));
  if (one === undefined || other === undefined) throw new Error('the pictures are gone');
  expect(framesIn(animate([one, one], 100))).toBe(2);
  expect(() => animate([one, other], 100)).toThrow('the pictures are not alike');
});

test('all pictures together are small enough for every clone to have them', () => {
  const files = globSync('*.png', { cwd: picturesFolder }).map((name) => path.join(picturesFolder, name));
  expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThanOrEqual(1_500_000);
});
