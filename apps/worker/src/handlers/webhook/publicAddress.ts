import dns from 'node:dns';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { UnrecoverableError } from '@jobstream/worker';

/**
 * Whether an IP address is one of the public internet: not private, loopback, link-local, reserved or multicast, nor an
 * IPv6 address that carries or translates to an IPv4 address in some hidden way.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const { parsed, embedded } = unwrap(address);
  if (embedded) return false;
  return parsed.range() === 'unicast';
}

/** `::ffff:a.b.c.d` is connected to as plain IPv4; `::a.b.c.d` is obsolete, and never public. */
function unwrap(address: string): { parsed: ReturnType<typeof ipaddr.process>; embedded: boolean } {
  const parsed = ipaddr.process(address);
  const embedded =
    parsed.kind() === 'ipv6' &&
    parsed
      .toByteArray()
      .slice(0, 12)
      .every((byte) => byte === 0);
  return { parsed, embedded };
}

/**
 * Resolves like `dns.lookup`, but refuses a name with any address that is not public. It is handed to the socket, so that
 * the address that was checked is the one that is connected to, whatever the name resolves to a moment later.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    const refused = addresses.find(({ address }) => !isPublicAddress(address));
    if (refused !== undefined) return callback(addressRefused(hostname, refused.address), []);
    return succeed(addresses, options.all === true, callback);
  });
};

/** The failure of a delivery to a host that this worker must not reach. */
export function addressRefused(host: string, address: string): UnrecoverableError {
  const at = host === address ? address : `${host} (${address})`;
  return new UnrecoverableError(`${at} is not a public address; WEBHOOK_ALLOW_PRIVATE=true allows it`, {
    code: 'PRIVATE_ADDRESS',
  });
}

function succeed(addresses: LookupAddress[], all: boolean, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses;
  if (all || first === undefined) callback(null, addresses);
  else callback(null, first.address, first.family);
}
