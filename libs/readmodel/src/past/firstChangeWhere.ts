/**
 * Returns SQL for a sequence below which no change meets the condition, while all from it on do; one behind the last change if none
 * does. Found by halving what lies between, in some thirty steps of the primary key.
 *
 * @param condition on `at` alone, which goes up with the sequences: once it is met, it is by all later changes.
 */
export function firstChangeWhere(condition: string): string {
  return `WITH RECURSIVE between(low, high) AS (
      SELECT min(sequence), max(sequence) + 1 FROM past_changes
      UNION ALL
      SELECT CASE WHEN next.sequence IS NULL THEN low ELSE next.sequence + 1 END,
        CASE WHEN next.sequence IS NULL THEN middle ELSE high END
      FROM between, LATERAL (SELECT low + (high - low) / 2 AS middle) AS halved
        LEFT JOIN LATERAL (
          SELECT sequence FROM (
            SELECT sequence, at FROM past_changes WHERE sequence >= middle AND sequence < high ORDER BY sequence LIMIT 1
          ) AS following WHERE NOT (${condition})
        ) AS next ON true
      WHERE low < high
    )
    SELECT low FROM between WHERE low >= high`;
}
