import { readFileSync } from 'node:fs';
import { type Env, secret } from '@vexa/shared/config';
import { z } from 'zod';

/** Where a secret that is replaced now and then comes from: the environment, or a file that is read again while we run. */
export type SecretSource = { name: string; values: readonly string[]; file?: string };

const mostAtOnce = 5;

/** One or more secrets, separated by commas or lines; the first is the one in use. */
export const secretList = (name: string) =>
  z
    .string({ error: `is required: set ${name} to a random value, or ${name}_FILE to a file that can be read` })
    .transform((text) =>
      text
        .split(/[,\n]/)
        .map((value) => value.trim())
        .filter((value) => value !== ''),
    )
    .pipe(z.array(secret(name)).min(1, 'holds no secret').max(mostAtOnce));

/** The environment with each `{name}_FILE` read into `{name}`; a file wins over the variable. */
export function withSecretFiles(env: Env, names: readonly string[]): Env {
  const read = names.flatMap((name) => {
    const file = env[`${name}_FILE`];
    return file ? [[name, textOf(file)] as const] : [];
  });
  return { ...env, ...Object.fromEntries(read) };
}

/** The secrets in the file of `source`; undefined when it cannot be read or one of them is unusable. */
export function readAgain({ name, file }: SecretSource): string[] | undefined {
  return file === undefined ? undefined : secretList(name).safeParse(textOf(file)).data;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // told as a missing secret, with the name of its variable
  }
}
