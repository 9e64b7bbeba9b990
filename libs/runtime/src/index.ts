export { ConfigError } from './configError.ts';
export { readConfig } from './config.ts';
export type { Config } from './config.ts';
export { eventLogSettings } from './eventLogSettings.ts';
export { createLogger } from './logger.ts';
export type { Logger } from './logger.ts';
export { runProcess } from './runProcess.ts';
export type { BuildServices } from './runProcess.ts';
export type { Service } from './service.ts';
