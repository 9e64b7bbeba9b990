/** Whether a key belongs to a field, a dialog or the browser instead of being a shortcut. */
export function isTyping({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  const taken = target instanceof Element && target.closest('input, textarea, select, [role="dialog"]') !== null;
  return taken || ctrlKey || metaKey || altKey;
}
