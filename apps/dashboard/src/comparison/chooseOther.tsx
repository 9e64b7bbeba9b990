import { useNavigate } from '@tanstack/react-router';
import type { SubmitEvent } from 'react';

const ID = String.raw`\s*[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\s*`;

/** Asks for the id of the job with which one is compared. */
export function ChooseOther({ id }: { readonly id: string }) {
  const navigate = useNavigate();
  const compare = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const other = new FormData(event.currentTarget).get('other');
    if (typeof other !== 'string') return;
    void navigate({ to: '/jobs/$id/compare/$other', params: { id, other: other.trim().toLowerCase() } });
  };
  return (
    <form className="actions start" onSubmit={compare}>
      <label className="field">
        Compare with another job
        <input
          name="other"
          className="mono"
          pattern={ID}
          title="The id of a job"
          placeholder="Job id"
          required
          autoComplete="off"
        />
      </label>
      <button type="submit">Compare</button>
    </form>
  );
}
