import ipaddr from 'ipaddr.js';

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

/** `::ffff:a.b.c.d` is connected to as plain IPv4; `::a.b.c.d` is obsolete and has no business being used. */
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
