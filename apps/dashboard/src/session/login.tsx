import { type SubmitEvent, useState } from 'react';
import { logIn } from './session.ts';

/** Asks for a key or a token. */
export function Login({ onLogin }: { readonly onLogin: () => void }) {
  const [error, setError] = useState<Error>();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const credential = new FormData(event.currentTarget).get('credential');
    logIn(typeof credential === 'string' ? credential : '').then(onLogin, setError);
  };
  return (
    <main className="login">
      <h1>Jobstream</h1>
      <form onSubmit={submit}>
        <label>
          API key or token
          <input name="credential" type="password" required autoComplete="current-password" spellCheck={false} />
        </label>
        {error !== undefined && (
          <p className="failure" role="alert">
            {error.message}
          </p>
        )}
        <button type="submit" className="primary">
          Log in
        </button>
      </form>
      <p className="dim">
        It needs the scope <code>jobs:read</code>. A key is made by{' '}
        <code>npm run keys -- create --name me --scopes jobs:read</code>.
      </p>
    </main>
  );
}
