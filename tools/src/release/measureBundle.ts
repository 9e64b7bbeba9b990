import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build as buildWithEsbuild } from 'esbuild';
import { build as buildWithVite } from 'vite';
import type { BuiltPackage } from './buildPackage.ts';
import path from 'node:path';

const compress = promisify(gzip);

/** Bytes of a minified and gzipped browser bundle of all that a package exports, by bundler. */
export interface BundleSizes {
  readonly esbuild: number;
  readonly vite: number;
}

/** Bundles all that a package exports for browsers. */
export async function measureBundle({ folder }: BuiltPackage): Promise<BundleSizes> {
  const entry = path.join(folder, 'dist/index.js');
  const [esbuild, vite] = await Promise.all([bundleByEsbuild(entry), bundleByVite(entry)]);
  return { esbuild: await gzippedBytes(esbuild), vite: await gzippedBytes(vite) };
}

async function bundleByEsbuild(entry: string): Promise<string> {
  const options = { bundle: true, minify: true, platform: 'browser', format: 'esm', write: false } as const;
  const { outputFiles } = await buildWithEsbuild({ ...options, entryPoints: [entry], logLevel: 'error' });
  return outputFiles.map(({ text }) => text).join('');
}

async function bundleByVite(entry: string): Promise<string> {
  const output = await buildWithVite({
    configFile: false,
    root: path.dirname(entry),
    logLevel: 'error',
    build: { write: false, minify: true, lib: { entry, formats: ['es'], fileName: 'bundle' } },
  });
  const bundles = Array.isArray(output) ? output : [output];
  return bundles
    .flatMap((bundle) => ('output' in bundle ? bundle.output : []))
    .map((chunk) => ('code' in chunk ? chunk.code : ''))
    .join('');
}

async function gzippedBytes(text: string): Promise<number> {
  return (await compress(text)).length;
}
