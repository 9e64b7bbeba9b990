import { Dialog } from '@base-ui/react/dialog';
import { useEffect, useState } from 'react';
import { isTyping } from '../keys/isTyping.ts';

const SHORTCUTS = [
  ['/', 'search a job by its id'],
  ['j', 'next job of the list, or event of a job'],
  ['k', 'the one before'],
  ['Enter', 'open it'],
  ['Esc', 'close what is open: a dialog, a list, a comparison, an editor'],
  ['?', 'this help'],
] as const;

/** The keys of the page, under `?`. */
export function Shortcuts() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === '?' && !isTyping(event)) setOpen(true);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger className="quiet" aria-label="Keyboard shortcuts">
        ?
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>Keys</Dialog.Title>
          <dl className="keys">
            {SHORTCUTS.map(([key, meaning]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
          <div className="actions">
            <Dialog.Close>Close</Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
