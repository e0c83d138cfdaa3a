import { z } from 'zod';
import { ApiError, fieldProblem } from './api-error.ts';

export const maxFileBytes = 25 * 1024 * 1024;
const maxPromptLength = 10_000;

const formats = ['json', 'text', 'srt', 'vtt', 'verbose_json'] as const;
export type ResponseFormat = (typeof formats)[number];
const granularities = ['segment', 'word'] as const;
export type Granularity = (typeof granularities)[number];

/** The fields of a transcription request, checked; `temperature` is accepted and has no effect. */
export interface TranscriptionForm {
  file: File;
  model: string;
  language: string | null;
  prompt: string | undefined;
  format: ResponseFormat;
  stream: boolean;
  /** What verbose_json tells the times of. */
  granularities: ReadonlySet<Granularity>;
}

const one = <T extends z.ZodType>(schema: T) => z.array(schema).max(1, 'was sent more than once');
const Fields = z.object({
  model: one(z.string().min(1)),
  language: one(z.string()).default([]),
  prompt: one(z.string().max(maxPromptLength)).default([]),
  response_format: one(z.enum(formats)).default([]),
  temperature: one(z.coerce.number().min(0).max(1)).default([]),
  stream: one(z.enum(['true', 'false'])).default([]),
  timestamp_granularities: z.array(z.enum(granularities)).default([]),
});

/** Reads OpenAI's multipart form; fields it does not know are left alone. Throws `ApiError` naming the first bad field. */
export function parseForm(form: FormData): TranscriptionForm {
  const parts = [...form].map(([name, value]) => ({ name: name.replace(/\[\d*\]$/, ''), value }));
  const byName = Map.groupBy(parts, ({ name }) => name);
  const given = Object.fromEntries([...byName].map(([name, same]) => [name, same.map(({ value }) => value)]));
  const file = given.file?.[0];
  if (!(file instanceof File)) {
    throw fieldProblem('file', 'file is required: an audio file, as a part with a file name.');
  }
  if (given.file && given.file.length > 1) throw fieldProblem('file', 'file was sent more than once.');
  if (file.size > maxFileBytes) throw tooLarge();
  const fields = Fields.safeParse(given);
  if (!fields.success) throw firstProblem(fields.error, given);
  const { data } = fields;
  const format = data.response_format[0] ?? 'json';
  const stream = data.stream[0] === 'true';
  const asked = data.timestamp_granularities;
  if (asked.length > 0 && format !== 'verbose_json') {
    throw fieldProblem('timestamp_granularities', 'timestamp_granularities needs response_format verbose_json.');
  }
  if (stream && format !== 'json' && format !== 'text') {
    throw fieldProblem('stream', `stream gives text as it is recognised, not ${format}; leave out one of the two.`);
  }
  const [model = ''] = data.model;
  return {
    ...{ file, model, format, stream },
    language: data.language[0] || null,
    prompt: data.prompt[0] || undefined,
    granularities: new Set(asked.length > 0 ? asked : ['segment']),
  };
}

export const tooLarge = (): ApiError =>
  new ApiError(413, 'file_too_large', `The file is over ${maxFileBytes / 1024 / 1024} MiB.`, { param: 'file' });

function firstProblem({ issues: [issue] }: z.ZodError, given: Record<string, unknown[]>): ApiError {
  const param = String(issue?.path[0] ?? 'form');
  if (!Object.hasOwn(given, param)) return fieldProblem(param, `${param} is required.`);
  return fieldProblem(param, `${param}: ${issue?.message ?? 'is not valid'}`);
}
