import { readFileSync } from 'node:fs';

/** Bytes that all processes of this machine have sent to each other over the network, with their headers, since it was started. */
export function loopbackBytes(): number {
  return receivedOf('lo', readFileSync('/proc/net/dev', 'utf8'));
}

/** What a device has received, from the text of /proc/net/dev. */
export function receivedOf(device: string, text: string): number {
  return Number(new RegExp(`^ *${device}: *(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}
