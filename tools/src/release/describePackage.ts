import type { CheckedPackage } from './preparePackages.ts';

/** Returns lines about what would be published, and about what is wrong with it. */
export function describePackage(checked: CheckedPackage): string[] {
  const { definition, version, packedBytes, unpackedBytes, files, cost, problems } = checked;
  const { installation, bundle } = cost;
  const dependencies = Object.entries(checked.dependencies).map(([name, range]) => `${name} ${range}`);
  return [
    `${definition.name} ${version}`,
    `  packed         ${kilobytes(packedBytes)}, ${files.length} files, ${kilobytes(unpackedBytes)} unpacked`,
    `  dependencies   ${dependencies.join(', ') || 'none'}`,
    `  installed      ${kilobytes(installation.bytes)} in ${count(installation.packages.length, 'package')}`,
    ...(bundle === undefined
      ? []
      : [`  in a browser   ${kilobytes(bundle.esbuild)} by esbuild, ${kilobytes(bundle.vite)} by vite, gzipped`]),
    ...problems.map((problem) => `  PROBLEM        ${problem}`),
  ];
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
