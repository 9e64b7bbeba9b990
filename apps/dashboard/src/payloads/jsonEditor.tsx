import { type ReactNode, useId } from 'react';
import { readJson, writeJson } from './readJson.ts';

interface JsonEditorProps {
  readonly label: ReactNode;
  readonly text: string;
  readonly onChange: (text: string) => void;
  /** Whether nothing may stand there as well. */
  readonly optional?: boolean;
}

/** A field for a value of JSON, which says where it is none; until it is one, its form is not sent. */
export function JsonEditor({ label, text, onChange, optional = false }: JsonEditorProps) {
  const [id, mistakeId] = [useId(), useId()];
  const read = optional && text.trim() === '' ? { value: undefined } : readJson(text);
  const mistake = 'mistake' in read ? read.mistake : undefined;
  const format = () => 'value' in read && read.value !== undefined && onChange(writeJson(read.value));
  return (
    <div className="json-editor">
      <div className="title">
        <label htmlFor={id}>{label}</label>
        <button type="button" className="quiet" onClick={format} disabled={mistake !== undefined}>
          Format
        </button>
      </div>
      <textarea
        id={id}
        ref={(field) => field?.setCustomValidity(mistake ?? '')}
        className="mono"
        value={text}
        rows={Math.min(24, Math.max(4, text.split('\n').length + 1))}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={mistake !== undefined}
        aria-describedby={mistakeId}
        onChange={({ target }) => onChange(target.value)}
      />
      <p id={mistakeId} className="mistake" aria-live="polite">
        {mistake !== undefined && `This is no JSON yet: ${mistake}`}
      </p>
    </div>
  );
}
