import { useState } from 'react';

interface ReasonlessButtonProps {
  readonly label: string;
  /** What it acts on, for those who hear the page. */
  readonly of: string;
  readonly className?: string;
  readonly isDisabled?: boolean;
  readonly onPress: () => Promise<unknown>;
}

/** A button for what can be undone at once; it says when it failed. */
export function ReasonlessButton({ label, of, className, isDisabled = false, onPress }: ReasonlessButtonProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const press = () => {
    setBusy(true);
    setError(undefined);
    onPress()
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <button type="button" className={className} disabled={busy || isDisabled} onClick={press}>
        {label}
        <span className="sr-only"> {of}</span>
      </button>
      {error !== undefined && <span role="alert">{error.message}</span>}
    </>
  );
}
