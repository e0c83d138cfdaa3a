import { join } from 'node:path';
import envPaths from 'env-paths';

/** Where models live unless VEXA_MODELS_DIR says otherwise: the user's own cache folder. */
export const defaultModelsDir = (): string => join(envPaths('vexa', { suffix: '' }).cache, 'models');
