import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { build, type InlineConfig, type TsdownBundle } from 'tsdown';
import { bundlePrograms } from './bundlePrograms.ts';
import { addFloorCheck, commandEntry } from './commandEntry.ts';
import { nodeFloors } from './nodeFloors.ts';
import { publishedManifest, readManifest } from './publishedManifest.ts';
import { checksNode, packagesFolder, replacedFiles, type PublishedPackage } from './publishedPackages.ts';

/** A package that is ready to be packed. */
export interface BuiltPackage {
  readonly definition: PublishedPackage;
  readonly folder: string;
  readonly version: string;
  /** The packages that its code or its declarations import, with their version ranges. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Builds a package into a folder of its own below `staging`, with all that its tarball will have. */
export async function buildPackage(definition: PublishedPackage, staging = packagesFolder): Promise<BuiltPackage> {
  const folder = path.join(staging, definition.name.replace('@jobstream/', ''));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const imported = await buildCode(definition, folder);
  const manifest = await publishedManifest(definition, imported);
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await copyFile(path.join(repositoryRoot, 'LICENSE'), path.join(folder, 'LICENSE'));
  await copyFile(path.join(repositoryRoot, definition.folder, 'README.md'), path.join(folder, 'README.md'));
  return { definition, folder, version: manifest.version, dependencies: manifest.dependencies };
}

/** Builds the code, and returns the packages that it imports. */
async function buildCode(definition: PublishedPackage, folder: string): Promise<readonly string[]> {
  if (definition.bundled !== undefined) {
    await bundlePrograms(definition.bundled, folder);
    return [];
  }
  const { peerDependencies = {} } = await readManifest(definition.folder);
  const external = [...definition.dependencies, ...Object.keys(peerDependencies)];
  const [bundle] = await build({ ...buildOptions(definition, external), outDir: path.join(folder, 'dist') });
  if (bundle === undefined) throw new Error(`${definition.name} was not built`);
  await cleanDeclarations(bundle, path.join(folder, 'dist'));
  await writeCommands(definition, path.join(folder, 'dist'));
  const { name } = definition;
  if (checksNode(definition)) await addFloorCheck({ name, floor: nodeFloors[name] }, path.join(folder, 'dist'));
  return importedPackages(bundle, definition);
}

/** A command is entered through files that an old Node can read, and that tell it which is needed. */
async function writeCommands({ name, commands = {} }: PublishedPackage, folder: string): Promise<void> {
  for (const [command, main] of Object.entries(commands)) {
    const entry = commandEntry({ command, floor: nodeFloors[name], main });
    await writeFile(path.join(folder, `${command}.cjs`), entry, { mode: 0o755 });
    await writeFile(path.join(folder, `${main}.cjs`), `import('./${main}.js');\n`);
  }
}

function buildOptions(definition: PublishedPackage, external: readonly string[]): InlineConfig {
  const { folder, entries, internalEntries, replaced, platform, target } = definition;
  const sources = Object.entries({ ...entries, ...internalEntries }).map(([name, file]) => [
    name,
    path.join(folder, file),
  ]);
  const tsconfig = path.join(repositoryRoot, 'tsconfig.packages.json');
  return {
    config: false,
    cwd: repositoryRoot,
    entry: Object.fromEntries(sources) as Record<string, string>,
    format: 'esm',
    fixedExtension: false,
    hash: false,
    platform,
    target,
    tsconfig,
    alias: replacedFiles(replaced),
    // Declaration maps would lead to sources that are not in the package; the maps of the code contain theirs.
    sourcemap: true,
    dts:
      entries['index'] === undefined
        ? false
        : { entry: path.join(folder, entries['index']), sourcemap: false, tsconfig },
    outputOptions: { sourcemapPathTransform: (source, map) => sourceName(path.resolve(path.dirname(map), source)) },
    deps: {
      neverBundle: (id) => isOneOf(external, id),
      alwaysBundle: (id) => !isOneOf(external, id) && !isBuiltin(id),
      onlyImport: [...external],
      onlyBundle: false,
    },
    logLevel: 'error',
  };
}

/** Whether an import is of one of the packages, or of a subpath of one. */
function isOneOf(packages: readonly string[], id: string): boolean {
  return packages.some((name) => id === name || id.startsWith(`${name}/`));
}

/** How a debugger names a source: its path in the repository. */
function sourceName(file: string): string {
  return `jobstream:///${path.relative(repositoryRoot, file)}`;
}

/** The packages of the list that any chunk, of code or declarations, imports. */
function importedPackages({ chunks }: TsdownBundle, { dependencies }: PublishedPackage): readonly string[] {
  const imports = chunks.flatMap((chunk) =>
    chunk.type === 'chunk' ? [...chunk.imports, ...chunk.dynamicImports] : [],
  );
  return dependencies.filter((name) => imports.some((id) => isOneOf([name], id)));
}

/** Removes from declarations what the bundler leaves behind: references to maps, and imports that import no name. */
async function cleanDeclarations({ chunks }: TsdownBundle, folder: string): Promise<void> {
  const declarations = chunks
    .map(({ fileName }) => path.join(folder, fileName))
    .filter((name) => name.endsWith('.d.ts'));
  for (const file of declarations) {
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(/^(?:import "[^"]+";|\/\/# sourceMappingURL=.*)\n?/gmu, ''));
  }
}
