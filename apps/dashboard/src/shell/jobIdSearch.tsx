import { useNavigate } from '@tanstack/react-router';
import { type SubmitEvent, useEffect, useRef } from 'react';
import { isTyping } from '../keys/isTyping.ts';

const ID = /^\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s*$/i;

/** Opens the job of an id, which may be pasted with blanks around it. */
export function JobIdSearch() {
  const field = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || isTyping(event)) return;
      event.preventDefault();
      field.current?.select();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const id = ID.exec(field.current?.value ?? '')?.[1]?.toLowerCase();
    field.current?.setCustomValidity(
      id === undefined ? 'The id of a job, such as 0199f4c2-8d1e-7c33-9b1a-2f60d1a5c7e4' : '',
    );
    if (id === undefined) field.current?.reportValidity();
    else void navigate({ to: '/jobs/$id', params: { id } });
  };
  return (
    <form role="search" onSubmit={submit} noValidate>
      <input
        ref={field}
        type="search"
        aria-label="Job id"
        placeholder="Job id  /"
        spellCheck={false}
        autoComplete="off"
        onInput={({ currentTarget }) => currentTarget.setCustomValidity('')}
      />
    </form>
  );
}
