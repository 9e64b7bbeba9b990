import { runCommand } from '../process/runCommand.ts';

export type Version = [major: number, minor: number, patch: number];

/** The oldest server with every feature that the event log relies on, see docs/decisions. */
export const minimumNatsVersion: Version = [2, 14, 4];

/** Asks a nats-server binary for its version; undefined when it does not run or does not say. */
export async function natsServerVersion(binary: string): Promise<Version | undefined> {
  const output = await runCommand(binary, ['--version'], { timeoutMs: 20_000 }).catch(() => '');
  return parseVersion(output);
}

/** Reads the first `x.y.z` of a text. */
export function parseVersion(text: string): Version | undefined {
  const found = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3])];
}

/** Negative, zero or positive, as `Array.prototype.sort` wants it. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
