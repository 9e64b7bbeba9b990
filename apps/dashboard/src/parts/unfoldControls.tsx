import { type ReactNode, useState } from 'react';

/**
 * A button that is there on a phone alone, where what stands beside it is hidden until it is pressed: the style sheet of the view
 * says what.
 */
export function UnfoldControls({ children }: { readonly children: ReactNode }) {
  const [unfolded, setUnfolded] = useState(false);
  return (
    <button type="button" className="unfold" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
      {children}
    </button>
  );
}
