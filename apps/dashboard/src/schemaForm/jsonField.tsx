import { type ReactNode, useState } from 'react';
import { JsonEditor } from '../payloads/jsonEditor.tsx';
import { readJson, writeJson } from '../payloads/readJson.ts';

interface JsonFieldProps {
  readonly label: ReactNode;
  /** What it begins with; undefined for what is left out. */
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

/** A field for any JSON, or none; what is no JSON stays in the field, and keeps its form from being sent. */
export function JsonField({ label, value, onChange }: JsonFieldProps) {
  const [text, setText] = useState(() => (value === undefined ? '' : writeJson(value)));
  const change = (changed: string) => {
    setText(changed);
    const read = changed.trim() === '' ? { value: undefined } : readJson(changed);
    if ('value' in read) onChange(read.value);
  };
  return <JsonEditor label={label} text={text} onChange={change} optional />;
}
