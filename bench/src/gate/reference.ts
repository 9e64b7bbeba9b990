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
 * What a check is held against: how dear the kernel is beside JavaScript differs between processors, so it is what the same model
 * measured; on one that is not known it is the measurement with the highest ratio of all.
 */
export function referenceOf(references: readonly Reference[], processor: string, check: string): Measured | undefined {
  const own = references.find((reference) => reference.processor === processor)?.checks[check];
  if (own !== undefined) return own;
  const all = references.flatMap(({ checks }) => checks[check] ?? []);
  return all.toSorted((a, b) => b.ratio - a.ratio)[0];
}
