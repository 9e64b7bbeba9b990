import { buildPackage } from './buildPackage.ts';
import { checkBudget, type PackageCost } from './checkBudget.ts';
import { checkContents } from './checkContents.ts';
import { checkResolution } from './checkResolution.ts';
import { measureBundle } from './measureBundle.ts';
import { measureInstallation } from './measureInstallation.ts';
import { packPackage, type PackedPackage } from './packPackage.ts';
import { publishedPackages, type PublishedPackage } from './publishedPackages.ts';

/** A packed package with all that was found out about it. */
export interface CheckedPackage extends PackedPackage {
  readonly cost: PackageCost;
  /** Why it must not be published, each in a sentence. */
  readonly problems: readonly string[];
}

/** Builds and packs packages, by default all that are published, in the order in which they must be published. */
export async function packPackages(
  definitions: readonly PublishedPackage[] = publishedPackages,
): Promise<PackedPackage[]> {
  const packed: PackedPackage[] = [];
  for (const definition of definitions) packed.push(await packPackage(await buildPackage(definition)));
  return packed;
}

/** Checks a packed package; `all` are the packages of the same release. */
export async function checkPackage(packed: PackedPackage, all: readonly PackedPackage[]): Promise<CheckedPackage> {
  const installation = await measureInstallation(packed, all);
  const bundle = packed.definition.budget.bundleBytes === undefined ? undefined : await measureBundle(packed);
  const cost = { installation, bundle };
  const problems = [...(await checkContents(packed)), ...(await checkResolution(packed)), ...checkBudget(packed, cost)];
  return { ...packed, cost, problems };
}
