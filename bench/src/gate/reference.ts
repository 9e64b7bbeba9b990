import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { MachineToday } from '../machine.ts';
import type { Measured } from './measureCheck.ts';

/** The ratios that further runs are held against, and what they were drawn from. */
export interface Reference extends MachineToday {
  readonly checks: Readonly<Record<string, Measured>>;
}

const FILE = path.resolve(import.meta.dirname, '../../gate.json');

/** One for each model of processor with accepted figures. */
export async function readReferences(): Promise<readonly Reference[]> {
  return JSON.parse(await readFile(FILE, 'utf8')) as readonly Reference[];
}

/** Replaces the reference of the same model of processor. */
export async function writeReference(reference: Reference): Promise<void> {
  const others = (await readReferences()).filter(({ processor }) => processor !== reference.processor);
  await writeFile(FILE, `${JSON.stringify([...others, reference], rounded, 2)}\n`);
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(2)) : value;
}

/**
 * What a check's ratio is held against: how dear the kernel is beside JavaScript differs between processors, so it is that of the
 * same model; on one that is not known the highest of all. Without any it is 0, which nothing can reach.
 */
export function referenceRatio(references: readonly Reference[], processor: string, check: string): number {
  const own = references.find((reference) => reference.processor === processor)?.checks[check];
  return own?.ratio ?? Math.max(0, ...references.map(({ checks }) => checks[check]?.ratio ?? 0));
}
