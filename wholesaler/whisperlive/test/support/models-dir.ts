import { defaultModelsDir } from '../../src/models/models-dir.ts';

/** Tests share the user's cache: a model is downloaded once per machine. */
export const modelsDir = process.env.VEXA_MODELS_DIR || defaultModelsDir();
