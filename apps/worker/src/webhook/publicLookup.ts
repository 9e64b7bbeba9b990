import dns from 'node:dns';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { UnrecoverableError } from '../handler/unrecoverableError.ts';
import { isPublicAddress } from './publicAddress.ts';

/**
 * Resolves like `dns.lookup`, but refuses a name with any address that is not public. Given to the socket itself, so that the
 * address that was checked is the one that is connected to: a name that resolves differently a moment later gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    const refused = addresses.find(({ address }) => !isPublicAddress(address));
    if (refused !== undefined) return callback(addressRefused(hostname, refused.address), []);
    return answer(addresses, options.all === true, callback);
  });
};

/** The failure of a delivery to a host that this worker must not reach. */
export function addressRefused(host: string, address: string): UnrecoverableError {
  const at = host === address ? address : `${host} (${address})`;
  return new UnrecoverableError(`${at} is not a public address; WEBHOOK_ALLOW_PRIVATE=true allows it`, {
    code: 'PRIVATE_ADDRESS',
  });
}

function answer(addresses: LookupAddress[], all: boolean, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses;
  if (all || first === undefined) callback(null, addresses);
  else callback(null, first.address, first.family);
}
