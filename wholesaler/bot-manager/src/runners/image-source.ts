import type Docker from 'dockerode';
import { statusOf } from './api-errors.ts';

export const pullPolicies = ['always', 'missing', 'never'] as const;
export type PullPolicy = (typeof pullPolicies)[number];

const pullDeadlineMs = 10 * 60_000;

/** Makes sure that the image of the bots is there. Those who ask during a pull wait for that one. Rejects saying what to do. */
export function createImageSource(docker: Docker, image: string, policy: PullPolicy): () => Promise<void> {
  let pulling: Promise<void> | undefined;
  const pull = (): Promise<void> => {
    pulling ??= pullImage(docker, image).finally(() => {
      pulling = undefined;
    });
    return pulling;
  };
  return async () => {
    if (policy === 'always') return pull();
    if (await isThere(docker, image)) return;
    if (policy === 'missing') return pull();
    throw new Error(`there is no image ${image}: build or pull it, or set BOT_IMAGE_PULL=missing`);
  };
}

async function isThere(docker: Docker, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

async function pullImage(docker: Docker, image: string): Promise<void> {
  try {
    const stream = await docker.pull(image, { abortSignal: AbortSignal.timeout(pullDeadlineMs) });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    throw new Error(`the image ${image} could not be pulled: build it here, or name another one with BOT_IMAGE`, {
      cause: error,
    });
  }
}
