import type { BundleSizes } from './measureBundle.ts';
import type { Installation } from './measureInstallation.ts';
import type { PackedPackage } from './packPackage.ts';

/** What a package costs those who install it. */
export interface PackageCost {
  readonly installation: Installation;
  /** Undefined for a package that does not run in browsers. */
  readonly bundle: BundleSizes | undefined;
}

/** Returns which limits of its budget a package exceeds, each in a sentence. */
export function checkBudget({ definition, unpackedBytes }: PackedPackage, cost: PackageCost): string[] {
  const { budget } = definition;
  const { bytes, packages } = cost.installation;
  return [
    ...exceeded('its files', unpackedBytes, budget.unpackedBytes),
    ...exceeded('it and its dependencies', bytes, budget.installedBytes),
    ...exceeded('a bundle by esbuild', cost.bundle?.esbuild, budget.bundleBytes),
    ...exceeded('a bundle by vite', cost.bundle?.vite, budget.bundleBytes),
    ...(packages.length > budget.installedPackages
      ? [
          `${packages.length} packages are installed, at most ${budget.installedPackages} may be: ${packages.join(', ')}`,
        ]
      : []),
  ];
}

function exceeded(what: string, bytes = 0, limit = Number.POSITIVE_INFINITY): string[] {
  return bytes > limit ? [`${what}: ${bytes} bytes, at most ${limit} are allowed`] : [];
}
