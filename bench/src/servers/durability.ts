/** `fsync`: on disk before it is acknowledged. `default`: as the system's server comes. */
export type Durability = 'fsync' | 'default';

export const DURABILITIES: readonly Durability[] = ['fsync', 'default'];
