import { Archive } from './archive.ts';
import type { ArchiveStore } from './archiveStore.ts';
import { FolderStore } from './folderStore.ts';
import { S3Store } from './s3Store.ts';

/** The settings of an archive, by their names in the environment. */
export interface ArchiveSettings {
  /** A folder, or `s3://<bucket>/<prefix>`; undefined for no archive. */
  readonly ARCHIVE: string | undefined;
  /** The endpoint of a service other than AWS. */
  readonly ARCHIVE_ENDPOINT?: string | undefined;
}

/** Opens the configured archive and its store; undefined without one. */
export function openArchive(config: ArchiveSettings): { archive: Archive; store: ArchiveStore } | undefined {
  const place = config.ARCHIVE;
  if (place === undefined) return undefined;
  const store = place.startsWith('s3://') ? s3Store(new URL(place), config.ARCHIVE_ENDPOINT) : new FolderStore(place);
  return { archive: new Archive(store), store };
}

function s3Store({ host, pathname }: URL, endpoint: string | undefined): S3Store {
  const prefix = pathname.replaceAll(/^\/+|\/+$/g, '');
  return new S3Store({ bucket: host, prefix: prefix === '' ? '' : `${prefix}/`, endpoint });
}
