export { missingLines } from './containers/environmentFile.ts';
export { buildAppImages } from './containers/appImages.ts';
export { baseImages, provideBaseImages } from './containers/baseImages.ts';
export { containerEngine } from './containers/containerEngine.ts';
export { dockerCommand } from './containers/dockerCommand.ts';
export { NoContainerEngineError } from './containers/dockerCommand.ts';
export { checkPackage, packPackages } from './release/preparePackages.ts';
export { isLibrary } from './release/publishedPackages.ts';
export type { PackedPackage } from './release/packPackage.ts';
