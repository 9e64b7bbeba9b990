import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';

/** The images and the log folder with which tests start servers in containers. */
export interface ContainerServers {
  readonly natsImage: string;
  readonly postgresImage: string;
  readonly apiImage: string;
  readonly workerImage: string;
  readonly projectorImage: string;
  /** The folder for the logs of the containers. */
  readonly logFolder: string;
}

/** Returns the container images of the test run if `TEST_SERVERS=containers`; undefined if tests use local programs. */
export function chosenServers(env: NodeJS.ProcessEnv = process.env): ContainerServers | undefined {
  if (env['TEST_SERVERS'] !== 'containers') return undefined;
  return {
    natsImage: env['NATS_IMAGE'] || 'nats:2.15-alpine',
    postgresImage: env['POSTGRES_IMAGE'] || 'postgres:17',
    apiImage: env['API_IMAGE'] || 'jobstream/api:0.2.0',
    workerImage: env['WORKER_IMAGE'] || 'jobstream/worker:0.2.0',
    projectorImage: env['PROJECTOR_IMAGE'] || 'jobstream/projector:0.2.0',
    logFolder: env['CONTAINER_LOGS'] || path.join(repositoryRoot, '.data', 'container-logs'),
  };
}
