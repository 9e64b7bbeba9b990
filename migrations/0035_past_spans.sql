-- Two indexes of past states that cost more than the rows: half of Postgres' time for a change, and a quarter of its WAL.

-- The statuses that held at a sequence, and have changed since: a b-tree by the power of two below how long they held, in sequences,
-- and when they ended, in place of a GiST index over the spans. Whatever held at sequence s for 2^n to 2^(n+1) sequences ended at
-- most 2^(n+1) behind s: libs/readmodel/src/past/readPast.ts.
DROP INDEX past_changes_held;
CREATE INDEX past_changes_held ON past_changes (
  width_bucket(sequence - since, ARRAY[2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536,
    131072, 262144, 524288, 1048576, 2097152, 4194304, 8388608, 16777216, 33554432, 67108864, 134217728, 268435456,
    536870912, 1073741824, 2147483648, 4294967296, 8589934592, 17179869184, 34359738368, 68719476736, 137438953472,
    274877906944, 549755813888, 1099511627776]::bigint[]),
  sequence
) WHERE since IS NOT NULL;

-- The last change until a time is found by halving: times go up with the sequences, which have an index.
DROP INDEX past_changes_at;
