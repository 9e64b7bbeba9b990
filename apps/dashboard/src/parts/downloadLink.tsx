import { type ReactNode, useEffect, useState } from 'react';

interface DownloadLinkProps {
  readonly blob: Blob;
  /** What the file is called. */
  readonly file: string;
  readonly className: string;
  readonly children: ReactNode;
}

/** Saves what the page has as a file. */
export function DownloadLink({ blob, file, className, children }: DownloadLinkProps) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const address = URL.createObjectURL(blob);
    setUrl(address);
    return () => URL.revokeObjectURL(address);
  }, [blob]);
  return (
    <a className={className} href={url} download={file}>
      {children}
    </a>
  );
}
