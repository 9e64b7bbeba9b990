import type { ReplacedField, ReplacedValues } from '@jobstream/client';

/** Whether a patch makes one value of several, or may do so unseen. */
export function isHarmless({ sealed, fields }: ReplacedValues): boolean {
  return sealed === 0 && fields.every(({ values }) => values < 2);
}

/** The fields in which a patch makes one value of several, with some of these. */
export function ReplacedList({ replaced }: { readonly replaced: ReplacedValues }) {
  const { sealed, gone, fields } = replaced;
  return (
    <>
      {fields.filter(({ values }) => values > 1).map(Field)}
      {sealed > 0 && (
        <p className="warn">
          The payloads of {jobsOf(sealed)} are encrypted: their values <strong>cannot be compared</strong>.
        </p>
      )}
      {gone > 0 && <p className="dim">{jobsOf(gone)} not in the table any more.</p>}
    </>
  );
}

function Field({ path, jobs, values, examples }: ReplacedField) {
  const rest = values - examples.length;
  return (
    <div key={path}>
      <p className="warn">
        <strong className="mono">{path === '' ? 'the whole payload' : path}</strong>: {values.toLocaleString()}{' '}
        different values of {jobsOf(jobs)} become one.
      </p>
      <ul>
        {examples.map(({ json, jobs: count }) => (
          <li key={json}>
            <bdi className="mono">{json}</bdi> <span className="dim">{jobsOf(count)}</span>
          </li>
        ))}
        {rest > 0 && <li className="dim">and {rest.toLocaleString()} more</li>}
      </ul>
    </div>
  );
}

export function jobsOf(count: number): string {
  return `${count.toLocaleString()} ${count === 1 ? 'job' : 'jobs'}`;
}
