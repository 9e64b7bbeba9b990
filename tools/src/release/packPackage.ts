import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '@jobstream/servers';
import type { BuiltPackage } from './buildPackage.ts';
import { packagesFolder } from './publishedPackages.ts';

/** A package as it would be uploaded. */
export interface PackedPackage extends BuiltPackage {
  /** The path of the tarball. */
  readonly tarball: string;
  /** Bytes of the tarball. */
  readonly packedBytes: number;
  /** Bytes of its files. */
  readonly unpackedBytes: number;
  /** The paths of its files within the package. */
  readonly files: readonly string[];
}

interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Packs a built package as `npm publish` would, into the folder `tarballs` below `staging`. */
export async function packPackage(built: BuiltPackage, staging = packagesFolder): Promise<PackedPackage> {
  const destination = path.join(staging, 'tarballs');
  await mkdir(destination, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const [report] = JSON.parse(await runCommand('npm', args, { cwd: built.folder })) as readonly PackReport[];
  if (report === undefined) throw new Error(`npm pack packed nothing in ${built.folder}`);
  return {
    ...built,
    tarball: path.join(destination, report.filename),
    packedBytes: report.size,
    unpackedBytes: report.unpackedSize,
    files: report.files.map((file) => file.path),
  };
}
