import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { PackedPackage } from './packPackage.ts';
import { checksNode, type PublishedPackage, publishedPackages } from './publishedPackages.ts';

const EXPECTED = /^(?:LICENSE|README\.md|package\.json|dist\/[\w.-]+\.(?:cjs|js|js\.map|d\.ts))$/u;
const BUNDLED = /^(?:LICENSE|README\.md|package\.json|(?:apps|chunks|libs|tools)\/[\w./-]+\.mjs)$/u;
const ALWAYS = ['LICENSE', 'README.md', 'package.json'];
const IMPORTED = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)['"]([^'"]+)['"]/gu;
/** Their own declarations do not pass the checks that users of ours may have switched on; our internal entries have none. */
const NOT_IN_DECLARATIONS = [
  'effect',
  '@nats-io',
  ...publishedPackages.flatMap(({ name, internalEntries = {} }) =>
    Object.keys(internalEntries).map((entry) => `${name}/${entry}`),
  ),
];
const README_BYTES = { min: 500, max: 6_000 };

/** Returns what is wrong with the files of a tarball; an empty list when they are those of a package and no others. */
export async function checkContents({ definition, files, folder }: PackedPackage): Promise<string[]> {
  const { bundled } = definition;
  const isExpected = (file: string) =>
    bundled === undefined
      ? EXPECTED.test(file)
      : BUNDLED.test(file) || isIn([...bundled.assets, bundled.dashboard], file);
  const strange = files.filter((file) => !isExpected(file)).map((file) => `${file} does not belong into the package`);
  const missing = requiredFiles(definition)
    .filter((file) => !files.includes(file))
    .map((file) => `${file} is missing`);
  const declarations = files.filter((file) => file.endsWith('.d.ts'));
  const foreign = await Promise.all(declarations.map((file) => foreignTypes(folder, file)));
  return [...strange, ...missing, ...foreign.flat(), ...(await checkReadme(folder))];
}

/** Whether a file is an asset, or lies in the folder of one. */
function isIn(assets: readonly string[], file: string): boolean {
  return assets.some((asset) => file === asset || file.startsWith(`${asset}/`));
}

function requiredFiles(definition: PublishedPackage): readonly string[] {
  const { entries, commands = {}, bundled } = definition;
  const built = Object.keys(entries).flatMap((name) => [`dist/${name}.js`, `dist/${name}.js.map`]);
  const entered = Object.entries(commands).flatMap(([command, main]) => [`dist/${command}.cjs`, `dist/${main}.cjs`]);
  const library =
    'index' in entries ? ['dist/index.d.ts', ...(checksNode(definition) ? ['dist/nodeFloor.js'] : [])] : [];
  if (bundled === undefined) return [...ALWAYS, ...built, ...entered, ...library];
  const programs = bundled.programs.map((source) => source.replace(/\.ts$/u, '.mjs'));
  return [...ALWAYS, ...programs, `${bundled.dashboard}/index.html`];
}

async function foreignTypes(folder: string, file: string): Promise<string[]> {
  const text = await readFile(path.join(folder, file), 'utf8');
  const imported = [...text.matchAll(IMPORTED)].map(([, id = '']) => id);
  const found = NOT_IN_DECLARATIONS.filter((name) => imported.some((id) => id === name || id.startsWith(`${name}/`)));
  return found.map((name) => `${file} has types of ${name}`);
}

async function checkReadme(folder: string): Promise<string[]> {
  const { length } = await readFile(path.join(folder, 'README.md'));
  if (length >= README_BYTES.min && length <= README_BYTES.max) return [];
  return [`README.md has ${length} bytes; one page has ${README_BYTES.min} to ${README_BYTES.max}`];
}
