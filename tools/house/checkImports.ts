import { isBuiltin } from 'node:module';
import path from 'node:path';
import { isTestFile, packageFolder } from './fileRole.ts';
import { importsOf } from './importsOf.ts';
import type { Manifest, Workspace } from './workspace.ts';

interface Import {
  readonly file: string;
  readonly importer: Manifest;
  readonly specifier: string;
  readonly packageName: string;
  readonly workspace: Workspace;
}

/** The layers: what the code of a package may import of the workspace. Tests may import the testing library as well. */
const LAYERS: readonly { readonly from: RegExp; readonly to: RegExp }[] = [
  { from: /^apps\/worker$/, to: /^libs\/(archive|eventlog|runtime|domain)$/ },
  { from: /^apps\//, to: /^libs\/(archive|eventlog|readmodel|runtime|domain)$/ },
  { from: /^libs\/domain$/, to: /^$/ },
  { from: /^libs\/testing$/, to: /^(tools|libs\/domain)$/ },
  { from: /^libs\//, to: /^libs\/domain$/ },
  { from: /^bench$/, to: /^(libs\/.+|tools|apps\/worker)$/ },
  { from: /^(tools|e2e)$/, to: /^(libs\/.+|tools)$/ },
];

/** Packages that only one part of the system may know. `tools` and `libs/testing` make databases, e2e looks from outside. */
const OWNERS: readonly { readonly packages: RegExp; readonly owners: RegExp }[] = [
  { packages: /^pg$/, owners: /^(libs\/readmodel|libs\/testing|tools|e2e|bench)$/ },
  { packages: /^node-pg-migrate$/, owners: /^libs\/readmodel$/ },
  { packages: /^@nats-io\//, owners: /^(libs\/eventlog|e2e|bench)$/ },
];

const RULES = [staysInPackage, keepsToLayers, ownsWhatItImports, domainIsPure, isDeclared, namesBuiltinsInFull];

/** Every import that breaks a boundary, each as one sentence. */
export function checkImports(workspace: Workspace): readonly string[] {
  return importsIn(workspace).flatMap((one) =>
    RULES.flatMap((rule) => {
      const complaint = rule(one);
      return complaint === undefined ? [] : [`${one.file} imports ${one.specifier}: ${complaint}`];
    }),
  );
}

function importsIn(workspace: Workspace): readonly Import[] {
  const manifests = new Map(workspace.manifests.map((manifest) => [manifest.folder, manifest]));
  return workspace.files.flatMap(({ path: file, text }) => {
    const importer = importerOf(packageFolder(file), manifests);
    return importsOf(text).map((specifier) => {
      return { file, importer, specifier, packageName: packageNameOf(specifier), workspace };
    });
  });
}

/** The bench has a lock file of its own, for the peers alone; it looks at the whole, and may use what any package declares. */
function importerOf(folder: string, manifests: ReadonlyMap<string, Manifest>): Manifest {
  const manifest = manifests.get(folder);
  if (manifest !== undefined && folder !== 'bench') return manifest;
  const dependencies = [...manifests.values()].flatMap(({ name, dependencies: own }) => own.concat(name));
  return { folder, name: folder, dependencies, devDependencies: [] };
}

const isRelative = (specifier: string) => specifier.startsWith('.');
const isPackage = ({ specifier }: Import) => !isRelative(specifier) && !isBuiltin(specifier);

function packageNameOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function staysInPackage({ file, specifier }: Import): string | undefined {
  if (!isRelative(specifier)) return undefined;
  const target = path.posix.join(path.posix.dirname(file), specifier);
  return packageFolder(target) === packageFolder(file) ? undefined : 'another package is imported by its name';
}

function keepsToLayers({ file, importer, specifier, packageName, workspace }: Import): string | undefined {
  const target = workspace.manifests.find((manifest) => manifest.name === packageName);
  if (target === undefined || target === importer) return undefined;
  if (specifier !== packageName) return 'a package is imported by its name alone';
  if (isTestFile(file) && target.folder === 'libs/testing') return undefined;
  const layer = LAYERS.find(({ from }) => from.test(importer.folder));
  return layer?.to.test(target.folder) === true ? undefined : `${importer.folder} must not know ${target.folder}`;
}

function ownsWhatItImports({ importer, packageName }: Import): string | undefined {
  const rule = OWNERS.find(({ packages }) => packages.test(packageName));
  return rule === undefined || rule.owners.test(importer.folder) ? undefined : `${importer.folder} must not know it`;
}

function domainIsPure({ file, importer, specifier, packageName }: Import): string | undefined {
  if (importer.folder !== 'libs/domain' || isTestFile(file)) return undefined;
  return isRelative(specifier) || packageName === 'effect' ? undefined : 'the domain knows nothing but effect';
}

function isDeclared(one: Import): string | undefined {
  const { importer, packageName } = one;
  if (!isPackage(one) || packageName === importer.name || declaredFor(one).includes(packageName)) return undefined;
  return `${importer.folder}/package.json does not declare it`;
}

function declaredFor({ file, importer, workspace }: Import): readonly string[] {
  if (!isTestFile(file) && importer.folder !== 'tools') return importer.dependencies;
  const root = workspace.manifests.filter((manifest) => manifest.folder === '');
  return [importer, ...root].flatMap((manifest) => manifest.dependencies.concat(manifest.devDependencies));
}

function namesBuiltinsInFull({ specifier }: Import): string | undefined {
  return isBuiltin(specifier) && !specifier.startsWith('node:') ? `write node:${specifier}` : undefined;
}
