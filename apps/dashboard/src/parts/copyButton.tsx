import { useState } from 'react';

/** Copies a text, and says so. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [said, setSaid] = useState<string>();
  const copy = () => {
    // Without TLS browsers offer no clipboard to pages of another machine.
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'));
    copied.then(
      () => setSaid('Copied'),
      () => setSaid('Select and copy by hand'),
    );
    setTimeout(setSaid, 2_000, undefined);
  };
  return (
    <button type="button" className="quiet" onClick={copy}>
      <span aria-live="polite">{said ?? label}</span>
    </button>
  );
}
