import type { V1EnvVar, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { type BotFolders, lentFolders } from '../bot-folders.ts';

/** A PersistentVolumeClaim by its name, and perhaps a folder in it: `vexa-bots/profile`. */
export const claimPattern = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?(\/[A-Za-z0-9_-][\w.-]*)*$/;

/** What lends a pod its folders: each claim is one volume, whatever is lent from it. Sources match `claimPattern`. */
export function lentClaims(folders: BotFolders): { env: V1EnvVar[]; mounts: V1VolumeMount[]; volumes: V1Volume[] } {
  const lent = lentFolders(folders).map(({ variable, path, source }) => {
    const [claim = '', ...folder] = source.split('/');
    return { variable, path, claim, subPath: folder.join('/') };
  });
  const claims = [...new Set(lent.map(({ claim }) => claim))];
  const volumeOf = (claim: string) => `lent-${claims.indexOf(claim)}`;
  return {
    env: lent.map(({ variable, path }) => ({ name: variable, value: path })),
    mounts: lent.map(({ path, claim, subPath }) => ({
      name: volumeOf(claim),
      mountPath: path,
      ...(subPath && { subPath }),
    })),
    volumes: claims.map((claim) => ({ name: volumeOf(claim), persistentVolumeClaim: { claimName: claim } })),
  };
}
