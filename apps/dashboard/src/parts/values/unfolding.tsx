import { type ComponentProps, type ReactNode, useState } from 'react';

interface UnfoldingProps extends ComponentProps<'summary'> {
  readonly summary: ReactNode;
  readonly startsOpen?: boolean;
  readonly children: ReactNode;
}

/** Details that are in the document only once they are opened. */
export function Unfolding({ summary, startsOpen = false, children, ...ofSummary }: UnfoldingProps) {
  const [isOpen, setIsOpen] = useState(startsOpen);
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary {...ofSummary}>{summary}</summary>
      {isOpen && children}
    </details>
  );
}
